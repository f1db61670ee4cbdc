"""Schedules for Transformers, called with the optimizer after each update."""

from __future__ import annotations

from collections.abc import Sequence

from gradatim.core.closed_forms import Noam
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay, PowerDecay, Table
from gradatim.core.ramps import Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, NonNegativeInt, Positive
from gradatim.errors import invalid_value
from gradatim.speechbrain.arguments import cached_curve, first_steps, number, step_count
from gradatim.speechbrain.checkpoints import SavedEntry
from gradatim.speechbrain.optimizer import PerUpdate


class NoamScheduler(PerUpdate):
    """Linear warm-up, then one over the square root of the number of updates.

    Args:
        lr_initial: The highest rate, unless ``model_size`` is given.
        n_warmup_steps: Updates of warm-up; 0 starts at the peak.
        model_size: The width of the model; the curve is then ``1 / sqrt(model_size)`` times
            ``lr_initial`` times the bare powers of the step.

    Source: Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = NoamScheduler(optim.param_groups[0]["lr"], 3)
    >>> curr_lr, next_lr = scheduler(optim)
    >>> optim.param_groups[0]["lr"]
    0.3333333333333333
    >>> curr_lr, next_lr = scheduler(optim)
    >>> optim.param_groups[0]["lr"]
    0.6666666666666666
    >>> curr_lr, next_lr = scheduler(optim)
    >>> optim.param_groups[0]["lr"]
    0.9999999999999999
    """

    def __init__(
        self, lr_initial: float, n_warmup_steps: int, model_size: float | None = None
    ) -> None:
        self.lr_initial = lr_initial
        self.n_warmup_steps = n_warmup_steps
        self.model_size = model_size
        self.current_lr = lr_initial
        self.losses = []
        self.n_steps = 0
        self._validate()

    @property
    def normalize(self) -> float:
        """The factor of the powers of the step, beside ``lr_initial``."""
        return _noam("NoamScheduler", self.n_warmup_steps, self.model_size).normalize

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        return _noam_curve(
            "NoamScheduler", self.lr_initial, self.n_warmup_steps, self.model_size, (), ()
        )


class NoamIntervalScheduler(PerUpdate):
    """The Noam schedule, with a further factor from given steps on.

    Args:
        lr_initial: The highest rate, unless ``model_size`` is given.
        n_warmup_steps: Updates of warm-up; 0 starts at the peak.
        anneal_steps: The updates after which each factor applies.
        anneal_rates: The factor for each of them; they accumulate.
        model_size: The width of the model, as for ``NoamScheduler``.

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = NoamIntervalScheduler(
    ...     lr_initial=optim.param_groups[0]["lr"],
    ...     n_warmup_steps=3,
    ...     anneal_steps=[6, 9],
    ...     anneal_rates=[0.5, 0.1],
    ... )
    >>> for _ in range(10):
    ...     curr_lr, next_lr = scheduler(optim)
    ...     print(optim.param_groups[0]["lr"])
    0.3333333333333333
    0.6666666666666666
    0.9999999999999999
    0.8660254037844386
    0.7745966692414833
    0.7071067811865475
    0.3273268353539886
    0.3061862178478973
    0.28867513459481287
    0.027386127875258306
    """

    def __init__(
        self,
        lr_initial: float,
        n_warmup_steps: int,
        anneal_steps: Sequence[int],
        anneal_rates: Sequence[float],
        model_size: float | None = None,
    ) -> None:
        self.lr_initial = lr_initial
        self.n_warmup_steps = n_warmup_steps
        self.anneal_steps = anneal_steps
        self.anneal_rates = anneal_rates
        self.model_size = model_size
        self.current_lr = lr_initial
        self.losses = []
        self.n_steps = 0
        self._validate()

    @property
    def normalize(self) -> float:
        """The factor of the powers of the step, beside ``lr_initial``."""
        return _noam("NoamIntervalScheduler", self.n_warmup_steps, self.model_size).normalize

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        where = "NoamIntervalScheduler"
        try:
            steps, rates = tuple(self.anneal_steps), tuple(self.anneal_rates)
        except TypeError:
            given = (self.anneal_steps, self.anneal_rates)
            raise invalid_value(
                where, "anneal_steps and anneal_rates", given, "two lists"
            ) from None
        if len(steps) != len(rates):
            raise invalid_value(
                where,
                "anneal_rates",
                self.anneal_rates,
                f"{len(steps)} numbers, one for each of anneal_steps",
            )
        return _noam_curve(
            where, self.lr_initial, self.n_warmup_steps, self.model_size, steps, rates
        )


class LinearNoamScheduler(PerUpdate):
    """Linear warm-up, hold at the peak, then one over the number of updates.

    Args:
        lr_initial: The highest rate.
        n_warmup_steps: Updates of warm-up; 0 decays like a warm-up of 1.
        n_keep_steps: Updates at the peak.

    Source: Kim et al., "Squeezeformer", 2022 (arXiv:2206.00888).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = LinearNoamScheduler(optim.param_groups[0]["lr"], 2, 2)
    >>> for _ in range(5):
    ...     curr_lr, next_lr = scheduler(optim)
    ...     print(optim.param_groups[0]["lr"])
    0.5
    1.0
    1.0
    1.0
    0.6666666666666666
    """

    def __init__(self, lr_initial: float, n_warmup_steps: int, n_keep_steps: int) -> None:
        self.lr_initial = lr_initial
        self.n_warmup_steps = n_warmup_steps
        self.n_keep_steps = n_keep_steps
        self.current_lr = lr_initial
        self.losses = []
        self.n_steps = 0
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        return _linear_noam(self.lr_initial, self.n_warmup_steps, self.n_keep_steps)


class InverseSquareRootScheduler(PerUpdate):
    """One over the square root of the number of updates; constant before ``warmup_steps``.

    The optimizer's own rate is not used: the first rate is one over the root of ``warmup_steps``.

    Args:
        warmup_steps: Updates at the first rate.

    Source: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
    Transformer", 2020 (arXiv:1910.10683).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> InverseSquareRootScheduler(warmup_steps=4)(optim)
    (1, 0.5)
    """

    saved = (SavedEntry("n_steps", NonNegativeInt),)

    def __init__(self, warmup_steps: int) -> None:
        self.warmup_steps = warmup_steps
        self.n_steps = 0
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        return _inverse_sqrt(self.warmup_steps)


@cached_curve
def _noam(where: str, warmup: int, model_size: float | None) -> Noam:
    if model_size is not None:
        model_size = number(where, "model_size", model_size, Positive)
    return Noam(max(step_count(where, "n_warmup_steps", warmup), 1), model_size)


@cached_curve
def _noam_curve(
    where: str,
    lr: float,
    warmup: int,
    model_size: float | None,
    steps: Sequence[int],
    rates: Sequence[float],
) -> Schedule:
    curve: Schedule = _noam(where, warmup, model_size)
    for i, (step, rate) in enumerate(zip(steps, rates, strict=True)):
        begin = step_count(where, f"anneal_steps[{i}]", step) + 1
        rate = number(where, f"anneal_rates[{i}]", rate, NonNegative)
        curve = curve * Table(((0, 1.0), (begin, rate)), "hold")
    return number(where, "lr_initial", lr) * curve


@cached_curve
def _linear_noam(lr: float, warmup: int, keep: float) -> Schedule:
    where = "LinearNoamScheduler"
    rise = step_count(where, "n_warmup_steps", warmup)
    up = (Linear(0.0, 1.0, rise),) if rise else ()
    level = first_steps(Constant(1.0), step_count(where, "n_keep_steps", keep))
    return number(where, "lr_initial", lr) * join(*up, *level, PowerDecay(1.0, 1.0, max(rise, 1)))


@cached_curve
def _inverse_sqrt(warmup: int) -> Schedule:
    first = max(step_count("InverseSquareRootScheduler", "warmup_steps", warmup), 1)
    # The root of the step from ``first`` on, and its value there before.
    return InverseSqrtDecay(1.0, 1).shift(1 - first).shift(first)

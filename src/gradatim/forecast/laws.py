"""Laws of the loss after any step, as a function of the schedule up to that step.

All have the form

    L = L0 + A * total^-alpha + B * sum over changes of the rate (change * kernel(time since)).

The power law is the loss under a constant rate. A falling rate, a negative change, lowers the loss,
and the kernel, which rises from 0 to 1, is the part of that effect reached so far. The laws differ
in their measure of time and of the rate. The loss at step k is the loss after updates 0 to k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gradatim.errors import GradatimError, unknown_name
from gradatim.forecast.rate_changes import Changes, LawInputs, merge_changes
from gradatim.forecast.weight_norm import squared_norm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.curve import LossCurve
    from gradatim.logs.rates import Array

Limits = tuple[float, float]
_POWER: Limits = (0.02, 3.0)
_AMOUNT: Limits = (1e-6, 1e6)


@dataclass(frozen=True)
class Law:
    """A law: its parameters with their limits, what it depends on in a run, and the loss."""

    parameters: ClassVar[Mapping[str, Limits]]
    knows_weight_norm: ClassVar[bool] = False
    """Whether it depends on the weight decay, and takes a second schedule."""
    one_time_scale: ClassVar[bool] = False
    """Whether the effect of a change depends on its size and its time only, not on a context."""

    def changes(self, curve: LossCurve, steps: NDArray[np.int64]) -> Changes:
        """The changes of the rate in a logged run, for the loss at these steps, for a fit."""
        merged = merge_changes(self.inputs(curve.rates, curve.weight_decay, curve.rest), steps)
        return merged.binned() if self.one_time_scale else merged

    def inputs(
        self, rates: Array, weight_decay: float | None, rest: Array | None = None
    ) -> LawInputs:
        """The quantities that the law depends on, for a run with these rates.

        Args:
            rates: The rate of each update.
            weight_decay: The decoupled weight decay; None if it is not known.
            rest: The rates of the other parameters, if they have a schedule of their own.
        """
        raise NotImplementedError

    def effect(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The sum over changes, without its factor B, and its derivatives by the log of p."""
        raise NotImplementedError

    def loss(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The loss at each logged step, and its derivative by the logarithm of each parameter.

        Args:
            p: The parameters, in the order of ``parameters``: L0, A, alpha, B, then the law's own.
            changes: The changes of the rate, for the logged steps of the run.
        """
        floor, amount, alpha, factor = p[:4]
        effect, slope = self.effect(p, changes)
        constant = amount * changes.total**-alpha
        slope *= factor
        slope[:, 0] = floor
        slope[:, 1] = constant
        slope[:, 2] -= constant * alpha * np.log(changes.total)
        slope[:, 3] = factor * effect
        return floor + constant + factor * effect, slope

    def variants(self, two_schedules: bool = False) -> Iterator[Law]:
        """The laws of an ensemble, this one first; their spread is the sensitivity to constants."""
        yield self


def power_kernel(x: Array, beta: float) -> tuple[Array, Array, Array]:
    """``1 - (1 + x)^-beta``, and its derivatives by the logarithms of x and of beta."""
    log = np.log1p(x)
    left = np.exp(-beta * log)
    return 1.0 - left, beta * left * x / (1.0 + x), beta * left * log


@dataclass(frozen=True)
class MultiPower(Law):
    """The multi-power law: the earlier and the lower the rate falls, the lower the loss.

    ``L0 + A S^-alpha + B sum (eta_k - eta_{k-1}) (1 - (1 + C eta_k^-gamma S_k)^-beta)`` with S the
    sum of all rates and S_k the sum from update k on. The sum begins with the second update, so a
    warm-up counts, with the other sign.

    Source: Luo et al., "A Multi-Power Law for Loss Curve Prediction Across Learning Rate
    Schedules", 2025 (arXiv:2503.12811).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
        "gamma": (0.02, 2.0),
    }

    def inputs(
        self, rates: Array, weight_decay: float | None, rest: Array | None = None
    ) -> LawInputs:
        """Time is the sum of the rates; the context of a change is the log of the rate after it."""
        total = np.cumsum(rates)
        change = np.diff(rates, prepend=rates[0])
        return LawInputs(total, total, change, np.log(np.maximum(rates, 1e-30)))

    def effect(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The sum over changes; the time scale of each depends on the rate after it."""
        c, beta, gamma = p[4:]
        kernel, by_x, by_beta = power_kernel(
            c * np.exp(-gamma * changes.context) * changes.gap, beta
        )
        slope = np.zeros((len(changes.total), 7))
        slope[:, 4] = changes.sum(by_x)
        slope[:, 5] = changes.sum(by_beta)
        slope[:, 6] = -gamma * (by_x @ (changes.change * changes.context))
        return changes.sum(kernel), slope


@dataclass(frozen=True)
class Effective(Law):
    """The effective-rate law: the loss depends on the rate divided by the norm of the weights.

    The norm is simulated: ``w_0^2 = 1``, ``w^2 <- (1 - 2 eta lambda) w^2 + kappa eta^2`` with
    lambda the weight decay. With ``h = eta / w``, P the sum of h and X the sum of ``h^r``:
    ``L0 + A P^-alpha + B sum (h_k^p - h_{k-1}^p) (1 - (1 + C (X - X_k))^-beta)``.

    Args:
        log_kappa: The logarithm of kappa, for rates as they are given to the optimizer.
        r: Time is the sum of this power of h.
        p: A change is the difference of this power of h.
        share: The share of the effect of the rate that parameters outside the matrices have, if
            they follow another schedule: eta is then the mean of both, weighted with it.
    """

    log_kappa: float = 8.0
    r: float = 0.5
    p: float = 1.0
    share: float = 0.0

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
    }
    knows_weight_norm: ClassVar[bool] = True
    one_time_scale: ClassVar[bool] = True

    def inputs(
        self, rates: Array, weight_decay: float | None, rest: Array | None = None
    ) -> LawInputs:
        """Rates divided by simulated norms."""
        if weight_decay is None:
            raise GradatimError(
                "forecast: the law 'effective' needs the weight decay of the optimizer, and it is "
                "not given. Write weight_decay=..., in the command --weight-decay, for a race "
                "@task(weight_decay=...); 0 for none."
            )
        norm = np.sqrt(squared_norm(rates, weight_decay, np.exp(self.log_kappa)))
        if rest is not None:
            rates = (1.0 - self.share) * rates + self.share * rest
        h = rates / norm
        change = np.diff(h**self.p, prepend=0.0)
        return LawInputs(np.cumsum(h), np.cumsum(h**self.r), change, np.zeros_like(h))

    def effect(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The sum over changes, all with one time scale."""
        kernel, by_x, by_beta = power_kernel(p[4] * changes.gap, p[5])
        slope = np.zeros((len(changes.total), 6))
        slope[:, 4] = changes.sum(by_x)
        slope[:, 5] = changes.sum(by_beta)
        return changes.sum(kernel), slope

    def variants(self, two_schedules: bool = False) -> Iterator[Effective]:
        """Thirty laws: five kappa, three r, two p; those nearest to this one first.

        For runs with two schedules: three kappa, one r, two p, and four shares.
        """
        kappas = (-1.0, 0.0, 1.0) if two_schedules else (-1.0, -0.5, 0.0, 0.5, 1.0)
        every = product(
            kappas,
            (0.0,) if two_schedules else (-0.25, 0.0, 0.25),
            (0.0, -0.15),
            (0.0, 0.25, 0.5, 0.75) if two_schedules else (0.0,),
        )
        for kappa, r, p, share in sorted(
            every, key=lambda v: abs(v[0]) + 2 * abs(v[1]) - 0.1 * v[2] + v[3]
        ):
            yield Effective(self.log_kappa + kappa, self.r + r, self.p + p, self.share + share)


@dataclass(frozen=True)
class Momentum(Law):
    """The momentum law: a change of the rate takes effect with a delay measured in steps.

    ``L0 + A S^-alpha + B sum (eta_k - eta_{k-1}) (1 - exp(-C (t - k + 1)))``: the ``-C S2`` of the
    source, with the sum over its decaying momentum carried out; ``exp(-C)`` is its lambda.

    Source: Tissue et al., "Scaling Law with Learning Rate Annealing", 2024 (arXiv:2408.11029).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": (1e-5, 1.0),
    }
    one_time_scale: ClassVar[bool] = True

    def inputs(
        self, rates: Array, weight_decay: float | None, rest: Array | None = None
    ) -> LawInputs:
        """Time is the number of updates."""
        change = np.diff(rates, prepend=rates[0])
        place = np.arange(1.0, len(rates) + 1.0)
        return LawInputs(np.cumsum(rates), place, change, np.zeros_like(rates))

    def effect(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The sum over changes, all with the same exponential decay."""
        x = p[4] * changes.gap
        slope = np.zeros((len(changes.total), 5))
        slope[:, 4] = changes.sum(x * np.exp(-x))
        return changes.sum(-np.expm1(-x)), slope


@dataclass(frozen=True)
class Functional(Law):
    """The functional scaling law, in its practical form: only falling rates count.

    ``L0 + A T^-alpha - B sum (eta_{k-1} - eta_k)+ (D + T_k^-alpha) (1 - (1 + C (T - T_k))^-beta)``
    with T the sum of the rates and T_k that before update k.

    Source: Li et al., "Functional Scaling Laws in Kernel Regression", 2025 (arXiv:2509.19189).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
        "D": (1e-4, 1e4),
    }

    def inputs(
        self, rates: Array, weight_decay: float | None, rest: Array | None = None
    ) -> LawInputs:
        """Time is the sum of the rates; the context of a change is the log of the sum before it."""
        total = np.cumsum(rates)
        change = np.minimum(np.diff(rates, prepend=rates[0]), 0.0)
        return LawInputs(total, total, change, np.log(np.maximum(total - rates, 1e-30)))

    def effect(self, p: Array, changes: Changes) -> tuple[Array, Array]:
        """The sum over falls of the rate; earlier ones have more weight."""
        alpha, c, beta, offset = p[2], *p[4:]
        kernel, by_x, by_beta = power_kernel(c * changes.gap, beta)
        early = np.exp(-alpha * changes.context)
        change = changes.change * (offset + early)
        slope = np.zeros((len(changes.total), 7))
        slope[:, 2] = -alpha * (kernel @ (changes.change * early * changes.context))
        slope[:, 4] = by_x @ change
        slope[:, 5] = by_beta @ change
        slope[:, 6] = offset * (kernel @ changes.change)
        return kernel @ change, slope


_LAWS: dict[str, type[Law]] = {
    "effective": Effective,
    "multipower": MultiPower,
    "momentum": Momentum,
    "functional": Functional,
}


def law_by_name(law: str | Law) -> Law:
    """The law of this name.

    >>> law_by_name("multipower")
    MultiPower()
    """
    if isinstance(law, Law):
        return law
    if law not in _LAWS:
        raise unknown_name("forecast", "law", law, _LAWS)
    return _LAWS[law]()

"""Schedulers called once an epoch with a metric; the recipe sets the rate they return."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from torch.optim import Optimizer

from gradatim.core.rules import NewBob, Plateau
from gradatim.core.values.fields import NonNegative, NonNegativeInt, Number, SignedSteps
from gradatim.errors import invalid_value
from gradatim.speechbrain.arguments import (
    Compat,
    as_python_number,
    checked_compat,
    detached,
    metric_number,
    number,
    step_count,
)
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry

_NO_ANCHOR = 99999
"""SpeechBrain's value for a best loss before the first one, also in its files."""


class NewBobScheduler(Recoverable):
    """Multiplies a value by a factor whenever the metric improves too little.

    Args:
        initial_value: The value, usually a rate.
        annealing_factor: The factor.
        improvement_threshold: The required improvement, as a fraction of the last metric.
        patient: How many too small improvements are tolerated, in a row or not; the next one
            lowers the value.
        mode: "min" if a smaller metric is better, "max" if a larger one is.
        compat: "1.1" for SpeechBrain's sign: a larger metric is better if the last one was
            negative, whatever ``mode`` is.

    A NaN metric changes nothing, and the next metric is compared with nothing.

    >>> scheduler = NewBobScheduler(initial_value=1.0)
    >>> scheduler(metric_value=10.0)
    (1.0, 1.0)
    >>> scheduler(metric_value=2.0)
    (1.0, 1.0)
    >>> scheduler(metric_value=2.5)
    (1.0, 0.5)
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("hyperparam_value", Number),
        SavedEntry("metric_values", list),
        SavedEntry("current_patient", SignedSteps),
    )

    def __init__(
        self,
        initial_value: float,
        annealing_factor: float = 0.5,
        improvement_threshold: float = 0.0025,
        patient: int = 0,
        *,
        mode: Literal["min", "max"] = "min",
        compat: Compat = None,
    ) -> None:
        where = type(self).__name__
        number(where, "initial_value", initial_value)
        self.hyperparam_value = as_python_number(initial_value)
        self.annealing_factor = annealing_factor
        self.improvement_threshold = improvement_threshold
        self.patient = step_count(where, "patient", patient)
        self.mode = mode
        self.compat = checked_compat(where, compat)
        self.metric_values: list[Any] = []
        self.current_patient = self.patient
        self.rule  # noqa: B018  raises if the arguments are invalid

    @property
    def rule(self) -> NewBob:
        """The rule that decides, as a value; the scheduler keeps its state."""
        return NewBob(
            mode=self.mode,
            nan="ignore",
            factor=as_python_number(self.annealing_factor),
            threshold=as_python_number(self.improvement_threshold),
            patience=self.patient,
        )

    def __call__(self, metric_value: Any) -> tuple[Any, Any]:
        """The old value and the new one."""
        where, old = type(self).__name__, self.hyperparam_value
        metric = metric_number(where, "metric_value", metric_value)
        rule, state = self.rule, self.rule.init(old)
        if self.metric_values:
            last = metric_number(where, "metric_values[-1]", self.metric_values[-1])
            if self.compat and last < 0:
                rule = rule.replace(mode="max")
            state = rule.update(state, last)  # only sets the reference
        if metric == (math.inf if rule.mode == "min" else -math.inf):
            rule = rule.replace(nan="worse")  # an infinite metric is worse, not missing
        state = rule.update(state._replace(worse=self.patient - self.current_patient), metric)
        self.metric_values.append(detached(metric_value))
        self.hyperparam_value, self.current_patient = state.scale, self.patient - state.worse
        return old, self.hyperparam_value


class ReduceLROnPlateau(Recoverable):
    """Multiplies the optimizer's learning rate by a factor when the loss stops improving.

    Args:
        lr_min: The lowest rate; a lower one is raised to it.
        factor: The factor.
        patience: How many epochs without improvement in a row are tolerated; the next one lowers.
        dont_halve_until_epoch: Up to this epoch the rate stays, and the last loss is the reference.

    A NaN or infinite loss counts as no improvement and never becomes the reference.

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 10).parameters(), lr=1.0)
    >>> scheduler = ReduceLROnPlateau(0.25, 0.5, 2, 1)
    >>> for epoch, loss in enumerate([10.0, 11.0, 13.0, 14.0], start=1):
    ...     curr_lr, next_lr = scheduler([optim], current_epoch=epoch, current_loss=loss)
    >>> next_lr
    0.5
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("losses", list),
        SavedEntry("anchor", object),
        SavedEntry("patience_counter", NonNegativeInt),
    )

    def __init__(
        self,
        lr_min: float = 1e-8,
        factor: float = 0.5,
        patience: int = 2,
        dont_halve_until_epoch: int = 65,
    ) -> None:
        where = type(self).__name__
        self.lr_min = lr_min
        self.factor = factor
        self.patience = step_count(where, "patience", patience)
        self.patience_counter = 0
        self.losses: list[Any] = []
        self.dont_halve_until_epoch = dont_halve_until_epoch
        self.anchor: Any = _NO_ANCHOR
        number(where, "lr_min", lr_min, NonNegative)
        number(where, "dont_halve_until_epoch", dont_halve_until_epoch)
        self.rule  # noqa: B018  raises if the arguments are invalid

    @property
    def rule(self) -> Plateau:
        """The rule that decides, as a value; the scheduler keeps its state."""
        return Plateau(
            mode="min",
            nan="worse",
            factor=as_python_number(self.factor),
            patience=self.patience,
            threshold=0.0,
            floor=as_python_number(self.lr_min),
            ties=True,
        )

    def __call__(
        self, optim_list: Sequence[Optimizer], current_epoch: int, current_loss: Any
    ) -> tuple[Any, Any]:
        """The rate of the last optimizer of the list, and the new rate."""
        if not isinstance(optim_list, Sequence) or not optim_list:
            raise invalid_value(
                "ReduceLROnPlateau",
                "optim_list",
                optim_list,
                "a list of optimizers",
                "Write [optimizer].",
            )
        where, rule = type(self).__name__, self.rule
        loss = metric_number(where, "current_loss", current_loss)
        old = as_python_number(optim_list[-1].param_groups[0]["lr"])
        state = rule.init(max(old, as_python_number(self.lr_min)))
        if current_epoch <= self.dont_halve_until_epoch:
            improved = math.isfinite(loss)
        else:
            anchor = metric_number(where, "anchor", self.anchor)
            if anchor != _NO_ANCHOR and math.isfinite(anchor):  # SpeechBrain's file may hold a NaN
                state = rule.update(state, anchor)  # only sets the reference
            before = state.reference, state.seen
            state = rule.update(state._replace(worse=self.patience_counter), loss)
            improved = (state.reference, state.seen) != before
            self.patience_counter = state.worse
        if improved:
            self.anchor = detached(current_loss)
        self.losses.append(detached(current_loss))
        return old, state.scale

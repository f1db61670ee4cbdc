"""Rules that scale a schedule by a metric, as pure functions from a state to the next one.

A rule multiplies a schedule: *value = schedule(position) * state.scale*. So it works on top of any
schedule, warm-up included. A state is a tuple of numbers, and ``update`` uses ``xp`` only, so the
same code runs on Python numbers and inside a JAX scan.

**Patience** is the number of evaluations without improvement that are tolerated; the next one
lowers the scale. With patience 0 the first one does. torch, MMEngine and SpeechBrain count like
this; for Keras, Optax and fastai, whose patience p lowers at the p-th, write ``patience=p - 1``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from numbers import Real
from typing import Any, Literal, NamedTuple

from gradatim.core.values.fields import (
    DecayFactor,
    NonNegative,
    NonNegativeInt,
    Number,
    OpenFraction,
    Positive,
)
from gradatim.core.values.value import Value
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import known_true
from gradatim.xp.numeric import Condition, Numeric
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON


class RuleState(NamedTuple):
    """The state of a rule between evaluations: numbers only."""

    scale: Any
    """The factor of the schedule."""
    reference: Any = 0.0
    """The metric to compare with; undefined until ``seen`` is 1."""
    seen: Any = 0
    """1 after the first usable metric."""
    worse: Any = 0
    """Evaluations without improvement that count towards patience."""
    better: Any = 0
    """Evaluations with improvement in a row."""
    pause: Any = 0
    """Further evaluations to ignore."""


class Rule(Value, ABC, abstract=True):
    """How a metric changes the scale that a schedule is multiplied with.

    Your own rule declares fields, as a schedule does, and writes ``next_state``: the numbers of a
    ``RuleState`` are its memory, to use as it needs them.
    """

    mode: Literal["min", "max"]
    nan: Literal["error", "ignore", "worse"] = "error"

    def init(self, scale: float = 1.0) -> RuleState:
        """The state before the first evaluation."""
        return RuleState(scale)

    def update(self, state: RuleState, metric: Numeric, xp: Operations = PYTHON) -> RuleState:
        """The state after one more evaluation.

        Args:
            state: The state before it.
            metric: The value that the evaluation gave, in the sense of ``mode``.
            xp: The operations to use; the default is for Python numbers.

        Raises:
            GradatimError: If the metric is no number, or is NaN or infinite and ``nan`` is
                "error". The state is a value, so the old one is untouched.
        """
        if xp is PYTHON:
            metric = self._number(metric)
        elif self.nan == "error":
            raise GradatimError(
                f"{type(self).__name__}: nan='error' cannot stop compiled code. "
                "Write nan='ignore' or nan='worse'."
            )
        usable = metric - metric == 0
        # From here on smaller is better, whatever the mode.
        downwards = xp.where(usable, metric if self.mode == "min" else -metric, 0.0 * state.scale)
        following = self.next_state(state, downwards, usable, xp)
        if self.nan == "worse":
            return following
        return RuleState(
            *(xp.where(usable, new, old) for new, old in zip(following, state, strict=True))
        )

    @abstractmethod
    def next_state(
        self, state: RuleState, metric: Numeric, usable: Condition, xp: Operations
    ) -> RuleState:
        """The state after one more evaluation, written with ``xp``, so that it can be compiled.

        Args:
            state: The state before it.
            metric: The metric, of which smaller is better whatever the mode.
            usable: Whether the metric is a finite number.
            xp: The operations to use.
        """

    def _number(self, metric: Numeric) -> float:
        if isinstance(metric, bool) or not isinstance(metric, Real):
            raise invalid_value(
                type(self).__name__, "metric", metric, "a number", "Write float(metric)."
            )
        try:
            number = float(metric)
        except OverflowError:
            number = math.inf
        if self.nan == "error" and not math.isfinite(number):
            raise invalid_value(
                type(self).__name__,
                "metric",
                number,
                "finite",
                "A diverged run is not a plateau. To continue anyway, write nan='ignore' "
                "(the evaluation is ignored) or nan='worse' (counts as no improvement).",
            )
        return number

    def replay(self, metrics: Iterable[float]) -> list[float]:
        """The scale after each of the recorded metrics.

        >>> from gradatim import Plateau
        >>> Plateau(mode="min", factor=0.5, patience=1).replay([3.0, 2.0, 2.0, 2.0, 1.0])
        [1.0, 1.0, 1.0, 0.5, 0.5]
        """
        state, scales = self.init(), []
        for metric in metrics:
            state = self.update(state, metric)
            scales.append(state.scale)
        return scales


def _improved(
    state: RuleState,
    metric: Numeric,
    threshold: float,
    relative: bool,
    xp: Operations,
    ties: bool = False,
) -> Condition:
    # The margin is relative to the absolute value of the reference, so that a negative metric that
    # gets worse never counts as better.
    size = xp.where(state.reference < 0, -state.reference, state.reference)
    margin = threshold * size if relative else threshold
    bar: Numeric = state.reference - margin
    first: Condition = state.seen == 0
    return first | (metric < bar) | (ties & (metric == bar))


class Plateau(Rule):
    """Lowers the scale when the metric stops improving.

    Args:
        mode: "min" if a smaller metric is better, "max" if a larger one is.
        nan: What a NaN or infinite metric does: "error", "ignore" (the evaluation is ignored) or
            "worse" (counts as no improvement; it never becomes the reference).
        factor: The scale is multiplied by it when it is lowered.
        patience: Evaluations without improvement that are tolerated; the next one lowers.
        threshold: The smallest improvement that counts.
        relative: Whether the threshold is a fraction of the reference, or an absolute difference.
        cooldown: Evaluations after lowering that do not count towards patience.
        floor: The scale is never lowered below this.
        reference: What the metric is compared with: the "best" so far or the "previous" one.
        ties: Whether an improvement of exactly the threshold counts.

    With its defaults ``ReduceLROnPlateau`` of torch makes the same decisions for positive
    metrics; a negative one that gets worse counts as better there.

    >>> Plateau(mode="max", factor=0.1, patience=0).replay([-3.0, -2.0, -2.5])
    [1.0, 1.0, 0.1]
    """

    factor: DecayFactor = 0.1
    patience: NonNegativeInt = 10
    threshold: NonNegative = 1e-4
    relative: bool = True
    cooldown: NonNegativeInt = 0
    floor: NonNegative = 0.0
    reference: Literal["best", "previous"] = "best"
    ties: bool = False

    def next_state(
        self, state: RuleState, metric: Numeric, usable: Condition, xp: Operations
    ) -> RuleState:
        better = usable & _improved(state, metric, self.threshold, self.relative, xp, self.ties)
        counts = (state.pause == 0) & (better == 0)
        worse = xp.where(counts, state.worse + 1, 0)
        fall = worse > self.patience
        lowered = xp.clip(state.scale * self.factor, self.floor, None)
        follow = better if self.reference == "best" else usable
        return RuleState(
            scale=xp.where(fall & (lowered < state.scale), lowered, state.scale),
            reference=xp.where(follow, metric, state.reference),
            seen=xp.where(usable, 1, state.seen),
            worse=xp.where(fall, 0, worse),
            pause=xp.where(fall, self.cooldown, xp.where(state.pause > 0, state.pause - 1, 0)),
        )


class NewBob(Rule):
    """Lowers the scale after each evaluation that improves too little on the previous one.

    Args:
        mode: "min" if a smaller metric is better, "max" if a larger one is.
        nan: What a NaN or infinite metric does: "error", "ignore" or "worse".
        factor: The scale is multiplied by it when it is lowered.
        threshold: The smallest sufficient improvement, as a fraction of the previous metric. A
            negative one tolerates a metric that gets so much worse.
        patience: Evaluations with too little improvement that are tolerated, consecutive or not;
            the next one lowers.
        floor: The scale is never lowered below this.

    The rule of the QuickNet and Kaldi recipes. SpeechBrain's ``NewBobScheduler`` divides by the
    signed previous metric, so that it lowers when a negative metric improves.

    >>> NewBob(mode="min", factor=0.5, threshold=0.1).replay([10.0, 5.0, 4.9, 3.0])
    [1.0, 1.0, 0.5, 0.5]
    """

    factor: DecayFactor = 0.5
    threshold: Number = 0.0025
    patience: NonNegativeInt = 0
    floor: NonNegative = 0.0

    def next_state(
        self, state: RuleState, metric: Numeric, usable: Condition, xp: Operations
    ) -> RuleState:
        size = xp.where(state.reference < 0, -state.reference, state.reference)
        gain = state.reference - metric
        share = xp.where(size > 0, gain / xp.where(size > 0, size, 1.0), gain)
        little = (state.seen == 1) & ((share < self.threshold) | (usable == 0))
        worse = xp.where(little, state.worse + 1, state.worse)
        fall = worse > self.patience
        lowered = xp.clip(state.scale * self.factor, self.floor, None)
        return state._replace(
            scale=xp.where(fall & (lowered < state.scale), lowered, state.scale),
            reference=xp.where(usable, metric, state.reference),
            seen=xp.where(usable, 1, state.seen),
            worse=xp.where(fall, 0, worse),
        )


class Greedy(Rule):
    """Raises the scale while the metric improves and lowers it while it does not.

    Args:
        mode: "min" if a smaller metric is better, "max" if a larger one is.
        nan: What a NaN or infinite metric does: "error", "ignore" or "worse".
        factor: Lowering multiplies the scale by it, raising divides by it.
        patience: Consecutive evaluations, without or with improvement, that are tolerated; the
            next one lowers or raises.
        threshold: The smallest improvement that counts.
        relative: Whether the threshold is a fraction of the reference, or an absolute difference.
        cooldown: Evaluations after lowering that are ignored.
        warmup: Evaluations after raising that are ignored.
        floor: The scale is never lowered below this.
        ceiling: The scale is never raised above this.

    Source: "GreedyLR: A Novel Adaptive Learning Rate Scheduler", 2025 (arXiv:2512.14527).
    ``GreedyLR`` of transformers makes the same decisions, with these differences. Its bounds are
    absolute rates, 1e-3 and 1.0 by default; here they are bounds of the scale. It skips changes of
    the rate below 1e-8, can average the metric over a window, and restarts after 500
    lowerings in vain at the lower bound; here no change is skipped, the metric is not averaged, and
    the scale stays at the floor until the metric improves. Its relative margin has the sign of the
    metric, so that a negative metric that gets worse raises the rate.

    >>> Greedy(mode="min", factor=0.5, patience=0, ceiling=4.0).replay([3.0, 2.0, 1.0, 5.0])
    [2.0, 4.0, 4.0, 2.0]
    """

    factor: OpenFraction = 0.95
    patience: NonNegativeInt = 10
    threshold: NonNegative = 1e-6
    relative: bool = False
    cooldown: NonNegativeInt = 0
    warmup: NonNegativeInt = 0
    floor: NonNegative = 0.01
    ceiling: Positive = 10.0

    def _validate(self) -> None:
        if known_true(self.floor > self.ceiling):
            raise invalid_value("Greedy", "floor", self.floor, f"at most ceiling, {self.ceiling!r}")

    def next_state(
        self, state: RuleState, metric: Numeric, usable: Condition, xp: Operations
    ) -> RuleState:
        counts = state.pause == 0
        good = counts & usable & _improved(state, metric, self.threshold, self.relative, xp)
        worse = xp.where(counts & (good == 0), state.worse + 1, 0)
        better = xp.where(good, state.better + 1, 0)
        fall, rise = worse > self.patience, better > self.patience
        lowered = xp.clip(state.scale * self.factor, self.floor, None)
        raised = xp.clip(state.scale / self.factor, None, self.ceiling)
        scale = xp.where(fall & (lowered < state.scale), lowered, state.scale)
        rest = xp.where(state.pause > 0, state.pause - 1, 0)
        return RuleState(
            scale=xp.where(rise & (raised > state.scale), raised, scale),
            reference=xp.where(good, metric, state.reference),
            seen=xp.where(good, 1, state.seen),
            worse=xp.where(fall, 0, worse),
            better=xp.where(rise, 0, better),
            pause=xp.where(fall, self.cooldown, xp.where(rise, self.warmup, rest)),
        )

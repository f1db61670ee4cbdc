"""Checks of a rule: whether it can act, and how far it may raise the value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.findings.bounds import HIGHEST_RATE, RATES, SHARES
from gradatim.findings.curve import Curve
from gradatim.findings.finding import Finding

_MOST_EVALUATIONS = 1000
"""In a run with more evaluations every rule has time to act."""


def rule_findings(value: str, rule: Rule, curves: Sequence[Curve], run: Run) -> Iterator[Finding]:
    """Problems of the rule of a value, given the curves of all targets that it scales."""
    yield from _may_act(rule, run)
    if not curves:
        return
    highest = max(curve.peak for curve in curves)
    if all(curve.peak == curve.lowest == 0.0 for curve in curves):
        yield Finding(
            "warning",
            "",
            f"Every schedule of {value} is 0, so a rule, which multiplies it, has no effect.",
            "Leave the rule out, or give a peak above 0.",
        )
        return
    yield from _may_raise(value, rule, highest)
    falling = [c for c in curves if c.peak > 0.0 and c.schedule.length and c.at(c.steps) == 0.0]
    if falling:
        yield Finding(
            "note",
            falling[0].place(falling[0].steps - 1),
            "The schedule falls to 0 by itself, and the rule lowers it further.",
            "If only the rule should lower the value, write warmup_constant(...) or Constant(...).",
        )


def _may_raise(value: str, rule: Rule, highest: float) -> Iterator[Finding]:
    """A rule that raises the value out of its range."""
    ceiling: Any = getattr(rule, "ceiling", 1.0)
    limit = 1.0 if value.partition("[")[0] in SHARES else HIGHEST_RATE if value in RATES else None
    if limit is not None and 0.0 < highest < limit <= highest * ceiling and ceiling > 1.0:
        yield Finding(
            "warning",
            "",
            f"The rule may raise the value to {highest * ceiling:g}, but {value} must be below "
            f"{limit:g}.",
            f"Write ceiling={0.999 * limit / highest:.4g}: the value is at most {highest:g}.",
        )


def _may_act(rule: Rule, run: Run) -> Iterator[Finding]:
    """A rule that cannot change the value, whatever the metric does."""
    floor: Any = getattr(rule, "floor", 0.0)
    if floor >= 1.0 and getattr(rule, "ceiling", 1.0) <= 1.0:
        yield Finding(
            "warning",
            "",
            f"The rule never lowers the scale, which starts at 1: its floor is {floor:g}.",
            "The floor is relative to the scheduled value: write for example floor=0.01.",
        )
        return
    if run.epochs is None:
        return
    evaluations = ceil(run.epochs)
    if evaluations > _MOST_EVALUATIONS or not hasattr(rule, "patience"):
        return
    falling = [float(-i) for i in range(evaluations)]
    if all(
        scale == 1.0
        for metrics in (falling, falling[::-1], [0.0] * evaluations)
        for scale in rule.replay(metrics)[:-1]  # after the last evaluation no update follows
    ):
        yield Finding(
            "note",
            "",
            f"With one evaluation an epoch there are {evaluations}, too few for the rule to change "
            f"anything with patience={rule.patience}.",
            "Evaluate more often, or lower the patience.",
        )

"""Which plan to resume with if the state's is not the script's, or the error that explains it."""

from __future__ import annotations

from typing import Literal

from gradatim.drive.plan import Plan
from gradatim.drive.resume.continued import AlreadyEnded
from gradatim.drive.resume.differences import differences_of
from gradatim.drive.resume.policies import (
    changed_update,
    check_clock,
    check_same_past,
    extended,
    rescaled,
    saved_plan,
)
from gradatim.drive.resume.state import SavedState, rule_states
from gradatim.drive.rule_states import RuleStates
from gradatim.drive.values import columns_of, values_at
from gradatim.errors import GradatimError

OnMismatch = Literal["strict", "keep", "override", "rescale", "extend", "same-past"]
"""What a load does if the state's schedules, rules or run are not the script's."""

OF_THE_SCRIPT = ("override", "rescale", "extend", "same-past")
"""Those that compare with what the script was built with, whatever an earlier load kept."""

_MOST_LINES = 8


def resolve(saved: SavedState, ours: Plan, on_mismatch: OnMismatch) -> tuple[Plan, int]:
    """Choose plan and tick for ``on_mismatch``, or raise an error with every difference."""
    check_clock(saved, ours)
    try:
        differences = _differences(saved, ours)
        if on_mismatch == "rescale":
            return ours, rescaled(saved, ours)
        if not differences or on_mismatch == "override":
            return ours, saved.point.tick
        if on_mismatch == "keep":
            return saved_plan(saved, ours), saved.point.tick
        if on_mismatch == "extend":
            return extended(saved, ours), saved.point.tick
        if on_mismatch == "same-past":
            check_same_past(saved, ours)
            return ours, saved.point.tick
        raise _refusal(differences, saved, ours)
    except RecursionError:
        raise GradatimError("load: the state is nested too deeply to be one of ours.") from None


def _differences(saved: SavedState, ours: Plan) -> list[str]:
    config = ours.config()
    # A run that only one side states is no difference: it changes no value.
    both = saved.run is not None and ours.run is not None
    return list(
        differences_of(saved.config if both else {**saved.config, "run": config["run"]}, config)
    )


def _refusal(differences: list[str], saved: SavedState, ours: Plan) -> GradatimError:
    lines = differences[:_MOST_LINES]
    if len(differences) > _MOST_LINES:
        lines.append(f"and {len(differences) - _MOST_LINES} more")
    try:
        theirs: Plan | None = saved_plan(saved, ours)
    except GradatimError:
        theirs = None  # the checkpoint's plan cannot be built here
    if theirs is not None:
        before, after = _next_values(saved, theirs), _next_values(saved, ours)
        lines += [
            f"{name} of the next update: {before[name]!r} -> {after[name]!r}" for name in after
        ]
    return GradatimError(
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n  "
        + "\n  ".join(lines)
        + f"\n{_what_to_write(saved, ours, theirs)}"
    )


def _next_values(saved: SavedState, plan: Plan) -> dict[str, float]:
    """What the update after a state would use under a plan."""
    columns = columns_of(plan, RuleStates(plan.rules, rule_states(saved, plan)).scales)
    row = values_at(columns, saved.point.tick, saved.point.position)
    return dict(zip(map(str, plan), row, strict=True))


def _what_to_write(saved: SavedState, ours: Plan, theirs: Plan | None) -> str:
    position = saved.point.position
    if theirs is None:
        return (
            f"To go on with the script's at position {position}, on_mismatch='override'; without "
            f"the state, seek({position})."
        )
    ways = [
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position "
        f"{position}, on_mismatch='override'"
    ]
    if changed_update(saved, ours):
        ways[0] += "; or at the same place in the data, on_mismatch='rescale'"
    if position and _has_same_past(saved, ours):
        ways.append(
            "The script's schedules have had the checkpoint's values so far: "
            "on_mismatch='same-past' accepts such schedules"
        )
    if (ours.ticks or 0) > (theirs.ticks or 0):
        ways.append(_longer(saved, ours))
    return f"{'. '.join(ways)}."


def _has_same_past(saved: SavedState, ours: Plan) -> bool:
    try:
        check_same_past(saved, ours)
    except GradatimError:
        return False
    return True


def _longer(saved: SavedState, ours: Plan) -> str:
    """How to train longer than the checkpoint's schedules last."""
    tick = saved.point.tick
    try:
        extended(saved, ours)
    except AlreadyEnded:
        return (
            "The checkpoint's rate has come to its end. To train longer, write rewarm(schedule, "
            f"at={tick}, steps=..., peak=...) with the checkpoint's schedule"
        )
    except GradatimError:
        return (
            f"To train longer, write extend(schedule, at={tick}, steps=...) with the checkpoint's "
            "schedule"
        )
    return (
        "To train longer, on_mismatch='extend' continues the checkpoint's to the end of this "
        "script's"
    )

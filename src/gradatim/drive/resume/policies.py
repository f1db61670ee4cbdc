"""What each ``on_mismatch`` makes of a saved state and the script's plan."""

from __future__ import annotations

from typing import Any

from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.run.run import Run
from gradatim.drive.plan import Plan
from gradatim.drive.resume.continued import AlreadyEnded, continued
from gradatim.drive.resume.differences import differences_of
from gradatim.drive.resume.past import first_difference, used_ticks
from gradatim.drive.resume.plan_data import functions_in, rules_in, schedules_in
from gradatim.drive.resume.state import ResumePoint, SavedState, name_list
from gradatim.errors import GradatimError, invalid_value

_OF_AN_UPDATE = ("batch", "accumulate", "processes", "drop_last")
"""What decides how much of the data an update sees."""


def clock_name(run: Run | None) -> str:
    """What a run is measured in."""
    return "updates" if run is None else run.clock


def check_clock(saved: SavedState, ours: Plan) -> None:
    """Refuse a state that was measured by another clock: its tick means something else."""
    theirs, mine = clock_name(saved.run), clock_name(ours.run)
    if theirs != mine:
        raise GradatimError(
            f"load: the state was measured in {theirs}, this plan is measured in {mine}, so its "
            f"tick, {saved.point.tick}, means nothing here. Use a run with the clock {theirs!r}, "
            f"or say where this run stands: seek({saved.point.position}, tick=...)."
        )


def saved_plan(saved: SavedState, ours: Plan) -> Plan:
    """The plan of a state. Its functions are only called if the script names them too."""
    foreign = set(functions_in(saved.config)) - set(functions_in(ours.config()))
    if foreign:
        raise GradatimError(
            f"load: the state would import and run {', '.join(sorted(foreign))}, which this "
            "script does not use. Use it in the script, or load with on_mismatch='override'."
        )
    schedules = schedules_in(saved.config, "load")
    if set(schedules) != set(ours.schedules):
        raise invalid_value(
            "load",
            "the targets of the state",
            name_list(schedules),
            f"{name_list(ours.schedules)}",
        )
    rules = rules_in(saved.config, "load")
    if not set(rules) <= set(ours.values):
        raise invalid_value(
            "load", "the rules of the state", name_list(rules), "for its own values"
        )
    return ours.replaced(schedules, rules, ours.run if saved.run is None else saved.run)


def rescaled(saved: SavedState, ours: Plan) -> int:
    """The tick in our run at which as much data has been seen as in the run of the state."""
    if saved.run is None or ours.run is None:
        whose = "this script" if ours.run is None else "the state"
        raise GradatimError(
            f"load: {whose} does not say what run it is, so there is nothing to rescale by. Give "
            "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
        )
    if ours.run.clock != "updates":
        return saved.point.tick  # samples, tokens and seconds stay what they are
    tick = ours.run.position_after(saved.point.tick, saved.run)
    for target, schedule in ours.schedules.items():
        same = saved.config["schedules"].get(str(target)) == schedule.config()
        if same and saved.run.steps != ours.run.steps and schedule.stretched(2) != schedule:
            raise GradatimError(
                f"load: {target} is the same schedule as before, for {saved.run.steps} updates; "
                f"the run has {ours.run.steps} now. Build it from the new run: steps=run.steps."
            )
    return tick


def extended(saved: SavedState, ours: Plan) -> Plan:
    """The plan of a state, with its schedules continued to the ends of the script's.

    Raises:
        GradatimError: If a schedule of the script is not the same recipe, or something else than
            schedules and the length of the run differs.
    """
    theirs = saved_plan(saved, ours)
    _check_the_rest(saved, ours, "extend")
    point, clock, schedules = saved.point, clock_name(ours.run), dict(ours.schedules)
    for target, schedule in ours.schedules.items():
        begin = f"load: on_mismatch='extend' cannot continue {target}: "
        try:
            schedules[target] = continued(target, theirs.schedules[target], schedule, point, clock)
        except AlreadyEnded as error:
            raise AlreadyEnded(f"{begin}{error} {_rewarm(point)}") from None
        except GradatimError as error:
            raise GradatimError(
                f"{begin}{error} A schedule that is continued by hand, with extend(schedule, "
                f"at={point.tick}, steps=...), is accepted by on_mismatch='same-past'."
            ) from None
    return ours.replaced(schedules, ours.rules, ours.run)


def _rewarm(point: ResumePoint) -> str:
    return (
        f"To train longer, give the script rewarm(schedule, at={point.tick}, steps=..., peak=...), "
        "a second warm-up after the checkpoint's schedule, and load with on_mismatch='same-past'."
    )


def check_same_past(saved: SavedState, ours: Plan) -> None:
    """Refuse a script whose schedules gave other values before the state was taken.

    In updates, the values of the updates so far are compared, by another clock those of all ticks
    so far, whether an update used them or not: every one up to 100,000; beyond that, 10,000 at
    equal distances and those around each join of either schedule.

    Raises:
        GradatimError: If a value, or anything but schedules and the length of the run, differs.
    """
    theirs = saved_plan(saved, ours)
    _check_the_rest(saved, ours, "same-past")
    clock, found = clock_name(ours.run), []
    for target, mine in ours.schedules.items():
        one = theirs.schedules[target]
        by_updates = isinstance(mine, ByUpdates)
        if clock != "updates" and isinstance(one, ByUpdates) != by_updates:
            raise GradatimError(
                f"load: {target} follows the updates on one side and the clock, {clock}, on the "
                "other, so they have no past in common."
            )
        used = saved.point.position if by_updates else used_ticks(saved.point, clock)
        step = first_difference(one, mine, used)
        if step is not None:
            when = f"tick {step} in {clock}"
            if by_updates or clock == "updates":
                when = f"update {step + 1}"
            found.append((step, f"{target} was {one(step)!r} in {when}, and {mine(step)!r} here"))
    if found:
        raise GradatimError(
            "load: the checkpoint's schedules had another past than this script's: "
            f"{min(found)[1]}. To go on with the checkpoint's, on_mismatch='keep'; with the "
            "script's all the same, on_mismatch='override'."
        )


def _check_the_rest(saved: SavedState, ours: Plan, policy: str) -> None:
    """Refuse what a longer schedule does not explain."""
    config = ours.config()
    rest: dict[str, Any] = {"schedules": {}, "run": None}
    listed = list(differences_of({**saved.config, **rest}, {**config, **rest}))
    if listed:
        raise GradatimError(
            f"load: on_mismatch={policy!r} is for schedules alone, and more differs (checkpoint "
            f"-> script): {'; '.join(listed)}. To begin with new rules, on_mismatch='override'."
        )
    changed = changed_update(saved, ours)
    if changed is not None:
        raise GradatimError(
            f"load: on_mismatch={policy!r} is for a longer run, and an update sees another share "
            f"of the data now ({changed}). on_mismatch='rescale' goes on at the same place in it."
        )


def changed_update(saved: SavedState, ours: Plan) -> str | None:
    """How an update of the script differs in what it sees; None if it does not, or none counts."""
    if saved.run is None or ours.run is None or ours.run.clock != "updates":
        return None
    for name in _OF_AN_UPDATE:
        one, other = getattr(saved.run, name), getattr(ours.run, name)
        if one != other and None not in (one, other):
            return f"{name}: {one} -> {other}"
    return None

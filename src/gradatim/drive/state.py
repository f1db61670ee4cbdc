"""A saved state: reading it, comparing it with the script's plan, deciding what to go on with.

Everything is read and checked here before the driver changes anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from gradatim.core._config import build
from gradatim.core._fields import Count, NotNegative, Number, check
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.renames import current_config
from gradatim.core.rules import Rule, RuleState
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive.plan import Plan, Target
from gradatim.drive.values import columns_of, values_at

OnMismatch = Literal["strict", "keep", "override", "rescale"]

FORMAT = 2
_KEYS = {"format", "position", "tick", "last", "schedules", "external", "rules", "run", "states"}
# A state of version 0.1 is measured in updates and has no values outside of the optimizer.
_NEW_IN_2 = {"tick", "last", "external"}
_MAX_POSITION = 2**63
_RULE_STATE_TYPES = RuleState(NotNegative, Number, Count, Count, Count, Count)

T = TypeVar("T")


class Last(NamedTuple):
    """The last step before a state was taken, where several optimizers share a plan."""

    optimizer: int
    """The index of the optimizer that made it."""
    tick: int
    """The tick of the update that it belongs to, which others may still have to make."""


class Place(NamedTuple):
    """Where in its run a driver is."""

    position: int
    """The completed updates."""
    tick: int
    """What its clock shows."""
    last: Last | None
    """The last step; None if there was none since the start or the last load."""


class SavedState(NamedTuple):
    """The parts of a state, each of the right form."""

    place: Place
    config: Mapping[str, Any]
    """The schedules, rules and run, as plain data."""
    states: Mapping[str, RuleState]
    run: Run | None


def state_of(plan: Plan, place: Place, states: Mapping[str, RuleState]) -> dict[str, Any]:
    """Everything needed to go on exactly here, as plain numbers and strings."""
    return {
        "format": FORMAT,
        "position": place.position,
        "tick": place.tick,
        "last": None if place.last is None else list(place.last),
        **plan.config(),
        "states": {name: list(state) for name, state in states.items()},
    }


def scales_of(states: Mapping[str, RuleState]) -> dict[str, float]:
    """What each rule multiplies its value with."""
    return {name: state.scale for name, state in states.items()}


def read_file(path: str | os.PathLike[str]) -> Any:
    """What a file holds that ``Driver.save`` wrote."""
    import json  # only here: importing gradatim must stay cheap

    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError) as error:
        raise GradatimError(f"{os.fspath(path)}: not a saved state: {error}.") from None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} comes twice")
    return found


def read_state(state: Mapping[str, Any]) -> SavedState:
    """The parts of a state, each of them checked."""
    if not isinstance(state, Mapping) or "format" not in state:
        raise _foreign_state(state)
    if type(state["format"]) is not int or not 1 <= state["format"] <= FORMAT:
        raise refuse(
            "load",
            "format",
            state["format"],
            f"1 to {FORMAT}, those this version reads",
            "A larger one was written by a newer version: update gradatim.",
        )
    keys = _KEYS - _NEW_IN_2 if state["format"] == 1 else _KEYS
    if set(state) != keys:
        raise refuse("load", "the keys of the state", _sorted(state), f"{_sorted(keys)}")
    if state["format"] == 1:
        state = {**state, "tick": state["position"], "last": None, "external": []}
    for part in ("schedules", "rules", "states"):
        if not isinstance(state[part], Mapping):
            raise refuse("load", part, state[part], "a mapping from names")
    external = state["external"]
    if not isinstance(external, list) or not all(isinstance(name, str) for name in external):
        raise refuse("load", "external", external, "a list of names")
    if not set(external) <= set(state["schedules"]):
        raise refuse("load", "external", external, f"among {_sorted(state['schedules'])}")
    if set(state["rules"]) != set(state["states"]):
        raise refuse("load", "states", _sorted(state["states"]), f"for {_sorted(state['rules'])}")
    states = {name: _rule_state(name, entry) for name, entry in state["states"].items()}
    config = {part: current_config(state[part]) for part in ("schedules", "rules", "run")}
    place = Place(
        _whole(state, "position"),
        _whole(state, "tick"),
        _last(state["last"], state["position"]),
    )
    return SavedState(place, {**config, "external": external}, states, _run(config["run"]))


def _last(given: Any, position: int) -> Last | None:
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or len(given) != 2 or position < 1:
        raise refuse("load", "last", given, "None, or an optimizer's index and a tick")
    last = dict(zip(Last._fields, given, strict=True))
    return Last(_whole(last, "optimizer"), _whole(last, "tick"))


def _whole(state: Mapping[str, Any], part: str) -> int:
    number: object = state[part]
    if type(number) is not int or not 0 <= number < _MAX_POSITION:
        raise refuse("load", part, number, "a whole number, 0 or more")
    return number


def _foreign_state(state: object) -> GradatimError:
    """The error for a state that another scheduler wrote."""
    steps = state.get("last_epoch") if isinstance(state, Mapping) else None
    if type(steps) is int and steps >= 0:
        return GradatimError(
            "load: this is the state of another scheduler, such as one of torch: it has a "
            f"'last_epoch', {steps}, and no 'format'. If that scheduler was stepped once per "
            f"update, write scheduler.seek({steps}) instead of loading it. "
            "gradatim.torch.from_torch(...) translates the scheduler itself."
        )
    return refuse(
        "load",
        "state",
        state,
        "what state_dict() gave: it has a 'format'",
        "To go on at a position that you know, write scheduler.seek(position).",
    )


def _rule_state(name: str, entry: Any) -> RuleState:
    if not isinstance(entry, (list, tuple)) or len(entry) != len(_RULE_STATE_TYPES):
        raise refuse(
            "load", f"states[{name!r}]", entry, f"a list of {len(_RULE_STATE_TYPES)} numbers"
        )
    fields = zip(RuleState._fields, _RULE_STATE_TYPES, entry, strict=True)
    return RuleState(*(check("load", f"states[{name!r}].{f}", kind, n) for f, kind, n in fields))


def _run(config: Any) -> Run | None:
    try:
        return None if config is None else _built("run", config, Run)
    except GradatimError as error:
        raise GradatimError(f"load: the run of the state: {error}") from None


def _built(name: str, config: Any, kind: type[T]) -> T:
    value = build(config, imports=True)
    if not isinstance(value, kind):
        raise refuse("load", name, value, f"a {kind.__name__.lower()}")
    return value


def rule_states(saved: SavedState, plan: Plan) -> dict[str, RuleState]:
    """The state of each rule of a plan: the saved one, or a new one if the rule was replaced."""
    rules = saved.config["rules"]
    return {
        name: saved.states[name] if rules.get(name) == rule.config() else rule.init()
        for name, rule in plan.rules.items()
    }


def resolve(saved: SavedState, ours: Plan, on_mismatch: OnMismatch) -> tuple[Plan, int]:
    """Choose plan and tick for ``on_mismatch``, or raise an error with every difference."""
    _check_clock(saved, ours)
    try:
        differences = differences_of(saved, ours)
        if on_mismatch == "rescale":
            return ours, _rescaled(saved, ours)
        if not differences or on_mismatch == "override":
            return ours, saved.place.tick
        if on_mismatch == "keep":
            return saved_plan(saved, ours), saved.place.tick
        raise _mismatch(differences, saved, ours)
    except RecursionError:
        raise GradatimError("load: the state is nested too deeply to be one of ours.") from None


def _check_clock(saved: SavedState, ours: Plan) -> None:
    """Refuse a state that was measured by another clock: its tick means something else."""
    theirs, mine = clock_name(saved.run), clock_name(ours.run)
    if theirs != mine:
        raise GradatimError(
            f"load: the state was measured in {theirs}, this plan is measured in {mine}, so its "
            f"tick, {saved.place.tick}, means nothing here. Use a run with the clock {theirs!r}, "
            f"or say where this run stands: seek({saved.place.position}, tick=...)."
        )


def clock_name(run: Run | None) -> str:
    """What a run is measured in."""
    return "updates" if run is None else run.clock


Difference = tuple[str, Any, Any]
"""Where two plans differ, what the state has there, and what the script has."""


def differences_of(saved: SavedState, ours: Plan) -> list[Difference]:
    """Every difference between the plan of a state and the script's."""
    config = ours.config()
    # A run that only one side states is no difference: it changes no value.
    both = saved.run is not None and ours.run is not None
    theirs = dict(saved.config) if both else {**saved.config, "run": config["run"]}
    return list(_differences(theirs, config))


def _differences(saved: Any, ours: Any, where: str = "") -> Iterator[Difference]:
    if isinstance(saved, Mapping) and isinstance(ours, Mapping):
        for key in [*saved, *(key for key in ours if key not in saved)]:
            inner = f"{where}.{key}" if where else str(key)
            yield from _differences(saved.get(key), ours.get(key), inner)
    elif isinstance(saved, list) and isinstance(ours, list) and len(saved) == len(ours):
        for i, (one, other) in enumerate(zip(saved, ours, strict=True)):
            yield from _differences(one, other, f"{where}[{i}]")
    elif saved != ours:
        yield where, saved, ours


def _rescaled(saved: SavedState, ours: Plan) -> int:
    """The tick in our run at which as much data has been seen as in the run of the state."""
    if saved.run is None or ours.run is None:
        whose = "this script" if ours.run is None else "the state"
        raise GradatimError(
            f"load: {whose} does not say what run it is, so there is nothing to rescale by. Give "
            "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
        )
    if ours.run.clock != "updates":
        return saved.place.tick  # samples, tokens and seconds stay what they are
    tick = ours.run.position_after(saved.place.tick, saved.run)
    for target, schedule in ours.schedules.items():
        same = saved.config["schedules"].get(str(target)) == schedule.config()
        if same and saved.run.steps != ours.run.steps and schedule.stretched(2) != schedule:
            raise GradatimError(
                f"load: {target} is the same schedule as before, for {saved.run.steps} updates; "
                f"the run has {ours.run.steps} now. Build it from the new run: steps=run.steps."
            )
    return tick


def saved_plan(saved: SavedState, ours: Plan) -> Plan:
    """The plan of a state. Its functions are only called if the script names them too."""
    foreign = set(_functions(saved.config)) - set(_functions(ours.config()))
    if foreign:
        raise GradatimError(
            f"load: the state would import and run {', '.join(sorted(foreign))}, which this "
            "script does not use. Use it in the script, or load with on_mismatch='override'."
        )
    schedules = {
        Target.read(name): _built(name, entry, Schedule)  # type: ignore[type-abstract]
        for name, entry in saved.config["schedules"].items()
    }
    if set(schedules) != set(ours.schedules):
        raise refuse(
            "load", "the targets of the state", _sorted(schedules), f"{_sorted(ours.schedules)}"
        )
    rules = {
        name: _built(name, entry, Rule)  # type: ignore[type-abstract]
        for name, entry in saved.config["rules"].items()
    }
    if not set(rules) <= set(ours.values):
        raise refuse("load", "the rules of the state", _sorted(rules), "for its own values")
    run = ours.run if saved.run is None else saved.run
    return ours.replaced(schedules, rules, run)


def _functions(config: Any) -> Iterator[str]:
    if isinstance(config, Mapping):
        if isinstance(config.get("Function"), Mapping):
            yield str(config["Function"].get("function"))
        for entry in config.values():
            yield from _functions(entry)
    elif isinstance(config, (list, tuple)):
        for entry in config:
            yield from _functions(entry)


def _next_values(saved: SavedState, plan: Plan) -> dict[str, float]:
    """What the update after a state would use under a plan."""
    columns = columns_of(plan, scales_of(rule_states(saved, plan)))
    row = values_at(columns, saved.place.tick, saved.place.position)
    return dict(zip(map(str, plan), row, strict=True))


def _mismatch(differences: list[Difference], saved: SavedState, ours: Plan) -> GradatimError:
    lines = [f"{where}: {_short(one)} -> {_short(two)}" for where, one, two in differences[:8]]
    if len(differences) > 8:
        lines.append(f"and {len(differences) - 8} more")
    try:
        before, after = _next_values(saved, saved_plan(saved, ours)), _next_values(saved, ours)
    except GradatimError:
        before = after = {}  # the checkpoint's plan cannot be built here
    lines.extend(
        f"{name} of the next update: {before[name]!r} -> {after[name]!r}" for name in after
    )
    both = saved.run is not None and ours.run is not None
    return GradatimError(
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n  "
        + "\n  ".join(lines)
        + "\nTo go on with the checkpoint's, on_mismatch='keep'; with the script's at position "
        f"{saved.place.position}, on_mismatch='override'"
        + ("; or at the same place in the data, on_mismatch='rescale'." if both else ".")
    )


def _sorted(names: Iterable[Any]) -> list[str]:
    return sorted(map(str, names))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

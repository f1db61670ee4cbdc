"""A saved state: what it must hold, how it differs from the script, what to go on with.

Everything is read and checked here before a driver changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from gradatim.core._config import build
from gradatim.core._fields import Count, NotNegative, Number, check
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.rules import Rule, RuleState
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule

FORMAT = 1
_FARTHEST = 2**63
_OF_A_RULE = RuleState(NotNegative, Number, Count, Count, Count, Count)
OnMismatch = Literal["strict", "keep", "override", "rescale"]


class Plan(NamedTuple):
    """What is driven, by name, the rules on top, the run: replaced as a whole, never changed."""

    schedules: Mapping[str, Schedule]
    rules: Mapping[str, Rule]
    run: Run | None

    def config(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "schedules": {name: schedule.config() for name, schedule in self.schedules.items()},
            "rules": {name: rule.config() for name, rule in self.rules.items()},
            "run": None if self.run is None else self.run.config(),
        }

    def value(self, scales: Mapping[str, float], name: str, position: int) -> float:
        """The value of one name for the update after ``position``."""
        value: float = self.schedules[name](position)
        scale = scales.get(quantity(name)) if scales else None
        value = value if scale is None else value * scale
        if value - value != 0:
            raise GradatimError(
                f"{name}: the value for update {position + 1} is {value!r}, which no optimizer can "
                f"take. It comes from {_short(self.schedules[name])}."
            )
        return value

    def values(self, scales: Mapping[str, float], position: int) -> dict[str, float]:
        """The value of every name for the update after ``position``."""
        return {name: self.value(scales, name, position) for name in self.schedules}


def quantity(name: str) -> str:
    """What a name drives, whichever part of the model it is for: "lr" of "lr/head"."""
    return name.partition("/")[0]


class SavedState(NamedTuple):
    """The parts of a state, each of the right form."""

    position: int
    config: Mapping[str, Any]
    states: Mapping[str, RuleState]
    run: Run | None


def read(state: Mapping[str, Any]) -> SavedState:
    """The parts of a state, each checked, before anything is changed."""
    keys = {"format", "position", "schedules", "rules", "run", "states"}
    if not isinstance(state, Mapping) or "format" not in state:
        raise refuse("load", "state", state, "what state() gave: it has a 'format'")
    if type(state["format"]) is not int or state["format"] != FORMAT:
        raise refuse(
            "load", "format", state["format"], f"{FORMAT}, the one this version reads",
            "A larger one was written by a newer version: update gradatim.",
        )  # fmt: skip
    if set(state) != keys:
        raise refuse("load", "the keys of the state", _sorted(state), f"{_sorted(keys)}")
    position = state["position"]
    if type(position) is not int or not 0 <= position < _FARTHEST:
        raise refuse("load", "position", position, "a whole number of updates, 0 or more")
    for part in ("schedules", "rules", "states"):
        if not isinstance(state[part], Mapping):
            raise refuse("load", part, state[part], "a mapping from names")
    if set(state["rules"]) != set(state["states"]):
        raise refuse("load", "states", _sorted(state["states"]), f"for {_sorted(state['rules'])}")
    states = {name: _rule_state(name, entry) for name, entry in state["states"].items()}
    config = {part: state[part] for part in ("schedules", "rules", "run")}
    return SavedState(position, config, states, _run(state["run"]))


def _rule_state(name: str, entry: Any) -> RuleState:
    if not isinstance(entry, (list, tuple)) or len(entry) != len(_OF_A_RULE):
        raise refuse("load", f"states[{name!r}]", entry, f"a list of {len(_OF_A_RULE)} numbers")
    kinds = zip(RuleState._fields, _OF_A_RULE, entry, strict=True)
    return RuleState(*(check("load", f"states[{name!r}].{f}", kind, n) for f, kind, n in kinds))


def _run(config: Any) -> Run | None:
    try:
        return None if config is None else _one("run", config, Run)
    except GradatimError as error:
        raise GradatimError(f"load: the run of the state: {error}") from None


def _sorted(names: Iterable[Any]) -> list[str]:
    return sorted(map(str, names))


def carried(saved: SavedState, plan: Plan) -> dict[str, RuleState]:
    """The states of a plan's rules: the saved ones, and new ones for rules that were replaced."""
    rules = saved.config["rules"]
    return {
        name: saved.states[name] if rules.get(name) == rule.config() else rule.init()
        for name, rule in plan.rules.items()
    }


def resolve(saved: SavedState, ours: Plan, on_mismatch: OnMismatch) -> tuple[Plan, int]:
    """The plan to go on with and where, or the error that names every difference."""
    try:
        differences = list(_differences(_comparable(saved, ours), ours.config()))
        if on_mismatch == "rescale":
            return ours, _rescaled(saved, ours)
        if not differences or on_mismatch == "override":
            return ours, saved.position
        if on_mismatch == "keep":
            return _built(saved, ours), saved.position
        raise _mismatch(differences, saved, ours)
    except RecursionError:
        raise GradatimError("load: the state is nested too deeply to be one of ours.") from None


def _comparable(saved: SavedState, ours: Plan) -> Mapping[str, Any]:
    """A saved config. To have told of a run on one side only makes no difference."""
    told = saved.run is not None and ours.run is not None
    return saved.config if told else {**saved.config, "run": ours.config()["run"]}


def _rescaled(saved: SavedState, ours: Plan) -> int:
    """The position in our run where as much data has been seen as in the run of the state."""
    if saved.run is None or ours.run is None:
        whose = "this script" if ours.run is None else "the state"
        raise GradatimError(
            f"load: {whose} does not say what run it is, so there is nothing to rescale by. Give "
            "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
        )
    position = ours.run.position_after(saved.position, saved.run)
    for name, schedule in ours.schedules.items():
        same = saved.config["schedules"].get(name) == schedule.config()
        if same and saved.run.steps != ours.run.steps and schedule.stretched(2) != schedule:
            raise GradatimError(
                f"load: {name} is the same schedule as before, for {saved.run.steps} updates; the "
                f"run has {ours.run.steps} now. Build it from the new run: steps=run.steps."
            )
    return position


def _built(saved: SavedState, ours: Plan) -> Plan:
    """The plan of a checkpoint. Its functions are called only if the script names them too."""
    foreign = set(_functions(saved.config)) - set(_functions(ours.config()))
    if foreign:
        raise GradatimError(
            f"load: the state would import and run {', '.join(sorted(foreign))}, which this "
            "script does not use. Use it in the script, or load with on_mismatch='override'."
        )
    plan = Plan(
        {name: _one(name, entry, Schedule) for name, entry in saved.config["schedules"].items()},
        {name: _one(name, entry, Rule) for name, entry in saved.config["rules"].items()},
        ours.run if saved.run is None else saved.run,
    )
    if set(plan.schedules) != set(ours.schedules):
        raise refuse(
            "load", "the values of the state", sorted(plan.schedules), f"{sorted(ours.schedules)}"
        )
    if not set(plan.rules) <= {quantity(name) for name in plan.schedules}:
        raise refuse("load", "the rules of the state", sorted(plan.rules), "for its own values")
    return plan


def _one(name: str, config: Any, kind: type) -> Any:
    value = build(config, imports=True)
    if not isinstance(value, kind):
        raise refuse("load", name, value, f"a {kind.__name__.lower()}")
    return value


def _functions(config: Any) -> Iterator[str]:
    if isinstance(config, Mapping):
        if isinstance(config.get("Function"), Mapping):
            yield str(config["Function"].get("function"))
        for entry in config.values():
            yield from _functions(entry)
    elif isinstance(config, (list, tuple)):
        for entry in config:
            yield from _functions(entry)


def _differences(saved: Any, ours: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each place where two configs differ: where, what the state has, what the script has."""
    if isinstance(saved, Mapping) and isinstance(ours, Mapping):
        for key in [*saved, *(key for key in ours if key not in saved)]:
            inner = f"{where}.{key}" if where else str(key)
            yield from _differences(saved.get(key), ours.get(key), inner)
    elif isinstance(saved, list) and isinstance(ours, list) and len(saved) == len(ours):
        for i, (one, other) in enumerate(zip(saved, ours, strict=True)):
            yield from _differences(one, other, f"{where}[{i}]")
    elif saved != ours:
        yield where, saved, ours


def _mismatch(
    differences: list[tuple[str, Any, Any]], saved: SavedState, ours: Plan
) -> GradatimError:
    position = saved.position
    lines = [f"{where}: {_short(one)} -> {_short(two)}" for where, one, two in differences[:8]]
    if len(differences) > 8:
        lines.append(f"and {len(differences) - 8} more")
    try:
        before, after = _next(saved, _built(saved, ours)), _next(saved, ours)
    except GradatimError:
        before = after = {}  # the checkpoint's cannot be built here: there is nothing to compare
    lines.extend(
        f"{name} of the next update: {before[name]!r} -> {after[name]!r}" for name in after
    )
    known = saved.run is not None and ours.run is not None
    return GradatimError(
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n  "
        + "\n  ".join(lines)
        + "\nTo go on with the checkpoint's, on_mismatch='keep'; with the script's at position "
        f"{position}, on_mismatch='override'"
        + ("; or at the same place in the data, on_mismatch='rescale'." if known else ".")
    )


def _next(saved: SavedState, plan: Plan) -> dict[str, float]:
    scales = {name: state.scale for name, state in carried(saved, plan).items()}
    return plan.values(scales, saved.position)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

"""A saved state: what is in it, how it is written, how it is read.

Everything is read and checked here before the driver changes anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gradatim.core.json_objects import no_key_twice
from gradatim.core.paths import name_of, refuse_irregular
from gradatim.core.rules import RuleState
from gradatim.core.run.run import Run
from gradatim.core.values.fields import NonNegative, NonNegativeInt, Number, check_argument
from gradatim.core.values.limits import FARTHEST
from gradatim.core.values.renames import current_config
from gradatim.drive.plan import Plan
from gradatim.drive.resume.foreign import foreign_state
from gradatim.drive.resume.plan_data import built
from gradatim.errors import GradatimError, invalid_value

FORMAT = 2
_KEYS = {"format", "position", "tick", "last", "schedules", "external", "rules", "run", "states"}
# A state of version 0.1 is measured in updates and has no values outside of the optimizer.
_NEW_IN_2 = {"tick", "last", "external"}
_RULE_STATE_TYPES = RuleState(
    NonNegative, Number, NonNegativeInt, NonNegativeInt, NonNegativeInt, NonNegativeInt
)


class UnfinishedUpdate(NamedTuple):
    """An update that some of several optimizers have made, and others not yet."""

    optimizer: int
    """The index of the optimizer that stepped last."""
    values: Mapping[str, float]
    """What the update uses, by target."""


class ResumePoint(NamedTuple):
    """Where in its run a driver is."""

    position: int
    """The completed updates."""
    tick: int
    """What its clock shows."""
    unfinished: UnfinishedUpdate | None
    """The update that only some optimizers have made; None if all have, or there is only one."""


class SavedState(NamedTuple):
    """The parts of a state, each of the right form."""

    point: ResumePoint
    config: Mapping[str, Any]
    """The schedules, rules and run, as plain data."""
    states: Mapping[str, RuleState]
    run: Run | None


def state_of(plan: Plan, point: ResumePoint, states: Mapping[str, RuleState]) -> dict[str, Any]:
    """Everything needed to go on exactly here, as plain numbers and strings."""
    return {
        "format": FORMAT,
        "position": point.position,
        "tick": point.tick,
        "last": _plain(point.unfinished),
        **plan.config(),
        "states": {name: list(state) for name, state in states.items()},
    }


def _plain(unfinished: UnfinishedUpdate | None) -> list[Any] | None:
    return None if unfinished is None else [unfinished.optimizer, dict(unfinished.values)]


def read_file(path: str | os.PathLike[str]) -> Any:
    """What a file holds that ``Driver.save`` wrote.

    Raises:
        OSError: If it cannot be read.
        GradatimError: If it is no regular file, or holds something else.
    """
    import json  # only here: importing gradatim must stay cheap

    name = name_of(path)
    refuse_irregular(name, name)
    try:
        with open(name, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=no_key_twice)
    except (ValueError, RecursionError) as error:
        raise GradatimError(f"{name}: not a saved state: {error}.") from None


def read_state(state: Mapping[str, Any]) -> SavedState:
    """The parts of a state, each of them checked."""
    if not isinstance(state, Mapping) or "format" not in state:
        raise foreign_state(state)
    if type(state["format"]) is not int or not 1 <= state["format"] <= FORMAT:
        raise invalid_value(
            "load",
            "format",
            state["format"],
            f"1 to {FORMAT}, those this version reads",
            "A larger one was written by a newer version: update gradatim.",
        )
    keys = _KEYS - _NEW_IN_2 if state["format"] == 1 else _KEYS
    if set(state) != keys:
        raise invalid_value("load", "the keys of the state", name_list(state), f"{name_list(keys)}")
    if state["format"] == 1:
        state = {**state, "tick": state["position"], "last": None, "external": []}
    for part in ("schedules", "rules", "states"):
        if not isinstance(state[part], Mapping):
            raise invalid_value("load", part, state[part], "a mapping from names")
    external = state["external"]
    if not isinstance(external, list) or not all(isinstance(name, str) for name in external):
        raise invalid_value("load", "external", external, "a list of names")
    if not set(external) <= set(state["schedules"]):
        raise invalid_value("load", "external", external, f"among {name_list(state['schedules'])}")
    if set(state["rules"]) != set(state["states"]):
        raise invalid_value(
            "load", "states", name_list(state["states"]), f"for {name_list(state['rules'])}"
        )
    states = {name: _rule_state(name, entry) for name, entry in state["states"].items()}
    config = {part: current_config(state[part]) for part in ("schedules", "rules", "run")}
    point = ResumePoint(
        _whole(state, "position"),
        _whole(state, "tick"),
        _unfinished(state["last"], state["position"]),
    )
    return SavedState(point, {**config, "external": external}, states, _run(config["run"]))


def _unfinished(given: Any, position: int) -> UnfinishedUpdate | None:
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or len(given) != 2 or position < 1:
        raise invalid_value("load", "last", given, "None, or an optimizer's index and its values")
    optimizer, values = given
    if not isinstance(values, Mapping):
        raise invalid_value("load", "the values of last", values, "a mapping from targets")
    numbers = {
        str(name): check_argument("load", f"last[{name!r}]", Number, n)
        for name, n in values.items()
    }
    return UnfinishedUpdate(_whole({"last": optimizer}, "last"), numbers)


def _whole(state: Mapping[str, Any], part: str) -> int:
    number: object = state[part]
    if type(number) is not int or not 0 <= number <= FARTHEST:
        raise invalid_value("load", part, number, "a whole number, 0 or more")
    return number


def _rule_state(name: str, entry: Any) -> RuleState:
    if not isinstance(entry, (list, tuple)) or len(entry) != len(_RULE_STATE_TYPES):
        raise invalid_value(
            "load", f"states[{name!r}]", entry, f"a list of {len(_RULE_STATE_TYPES)} numbers"
        )
    fields = zip(RuleState._fields, _RULE_STATE_TYPES, entry, strict=True)
    return RuleState(
        *(check_argument("load", f"states[{name!r}].{f}", kind, n) for f, kind, n in fields)
    )


def _run(config: Any) -> Run | None:
    try:
        return None if config is None else built("load", "run", config, Run)
    except GradatimError as error:
        raise GradatimError(f"load: the run of the state: {error}") from None


def rule_states(saved: SavedState, plan: Plan) -> dict[str, RuleState]:
    """The state of each rule of a plan: the saved one, or a new one if the rule was replaced."""
    rules = saved.config["rules"]
    return {
        name: saved.states[name] if rules.get(name) == rule.config() else rule.init()
        for name, rule in plan.rules.items()
    }


def name_list(names: Iterable[object]) -> list[str]:
    """Names in an order that does not depend on the dictionary they come from, for an error."""
    return sorted(map(str, names))

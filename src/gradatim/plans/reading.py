"""Reads a plan from the data of a file: its run, then schedules and rules on that run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from gradatim.core.build import (
    Builder,
    Call,
    Node,
    Scope,
    at_line,
    content_of,
    entries_of,
    located,
    without_none,
)
from gradatim.core.recipes import scale_with_batch
from gradatim.core.rules import Rule
from gradatim.core.run.by_updates import ByUpdates, by_updates
from gradatim.core.run.durations import Length, in_ticks, refuse_without_unit
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.core.values.value import parameters_of
from gradatim.errors import GradatimError, invalid_value, shown, unknown_name
from gradatim.plans.tree import FARTHEST

FORMAT = 1
_KEYS = ("format", "run", "schedules", "external", "rules")
_BY_UPDATES = (ByUpdates, by_updates)
_VALUE = r"[A-Za-z_]\w*(\[\d{1,3}\])?"
# Behind "/" stands a group, or an optimizer and one of its groups.
_TARGET = (
    re.compile(_VALUE + r"(/[^/\s][^/]*){0,2}", re.ASCII),
    'like "lr", "betas[0]", "lr/head" or "lr/adamw/head"',
)
_NAMES = {
    "external": (re.compile(_VALUE, re.ASCII), 'like "kl" or "betas[0]"'),
    "schedules": _TARGET,
    "rules": _TARGET,
}


def required(make: Callable[..., Any]) -> list[str]:
    """The arguments that have no default."""
    return [name for name, p in parameters_of(make).items() if p.default is p.empty]


def is_length(wanted: Any) -> bool:
    """Whether a declared type is a length: steps, or a text such as "5%"."""
    wanted = without_none(wanted)
    metadata = [part for part in get_args(wanted) if isinstance(part, FieldType)]
    annotated = get_origin(wanted) is Annotated
    return wanted in (Length, Total) or (annotated and metadata[0].is_length)


class PlanBuilder(Builder):
    """Builds the values of a plan: on its run, which resolves lengths and gives their ``steps``."""

    around = (*_BY_UPDATES, scale_with_batch)
    nested = Schedule

    def __init__(self) -> None:
        super().__init__()
        self.run: Run | None = None
        self._in_updates = False

    def why_no_code(self, name: str) -> str:
        """A plan file may run no code, whatever its reader trusts."""
        return f"{name} runs code, which a plan file may not."

    def call(self, make: Callable[..., Any], call: Call, scope: Scope, line: int | None) -> Any:
        """The value of a call; lengths inside ``by_updates`` are updates, whatever the clock."""
        if make not in _BY_UPDATES:
            return super().call(make, call, scope, line)
        run, in_updates = self.run, self._in_updates
        self.run = None if run is None or run.steps is None else run.in_updates
        self._in_updates = True
        try:
            return super().call(make, call, scope, line)
        finally:
            self.run, self._in_updates = run, in_updates

    def arguments(
        self, make: Callable[..., Any], call: Call, scope: Scope, line: int | None
    ) -> dict[str, Any]:
        """The arguments of a class or recipe; ``run`` and ``steps`` are those of the plan."""
        declared, needed = declared_types(make), required(make)
        for name, entry in call.arguments.items():
            if declared.get(name) is Run:
                raise at_line(
                    content_of(entry)[1], f"{scope.where}: run is that of the plan. Leave it out."
                )
        given = super().arguments(make, call, scope, line)
        for name, value in given.items():
            if any(number > FARTHEST for number in _whole_numbers(value)):
                written, its_line = content_of(call.arguments[name])
                what = "a number in it" if isinstance(value, tuple) else shown(written)
                raise at_line(
                    its_line,
                    f"{scope.where}.{name}: {what} is above 2**63, the last update that can be "
                    "counted.",
                )
        # A class whose steps are optional, such as Constant, needs no end.
        has_end = "steps" in declared and ("steps" in needed or not isinstance(make, type))
        if scope.lasts_run and self.run and has_end:
            given.setdefault("steps", self.run.ticks)
        if declared.get("run") is Run and self.run:
            given["run"] = self.run
        missing = [name for name in needed if name not in given]
        if missing == ["run"]:
            raise at_line(line, f"{scope.where}: the plan has no run. Write run: with its batch.")
        if missing:
            raise at_line(line, f"{scope.where}: {missing[0]} is missing.")
        return given

    def scalar(self, data: Any, wanted: Any, scope: Scope) -> Any:
        """A scalar; a length such as "5%" as the ticks that it is on this run."""
        value, line = content_of(data)
        if not is_length(wanted):
            return value
        where, _, name = scope.where.rpartition(".")
        if not isinstance(value, str):
            if isinstance(value, int | float) and self.run is not None:
                located(line, refuse_without_unit, where, name, value, self.run)
            return value
        if self.run is None and not self._in_updates:
            raise at_line(
                line,
                f"{scope.where}: {value[:40]!r} needs a run to be a length. Write run: with "
                "steps, or with samples, batch and epochs; or write the updates.",
            )
        return located(line, in_ticks, where, name, value, self.run)


def _whole_numbers(value: object) -> Iterator[int]:
    """The whole numbers of an argument, of its entries if it is a list."""
    if isinstance(value, tuple):
        for entry in value:
            yield from _whole_numbers(entry)
    elif type(value) is int:
        yield value


class PlanReader:
    """Reads one plan. The format and the run come first: the rest is read with them."""

    def __init__(self, root: Node) -> None:
        self.top = entries_of(root, "the plan", "format, run and schedules")
        for key, node in self.top.items():
            if key not in _KEYS:
                raise at_line(node.line, f"{unknown_name('plan', 'key', key, _KEYS)}")
        if "format" not in self.top:
            raise GradatimError("plan: format is missing. Write format: 1 and schedules.")
        if not {"schedules", "external"} & self.top.keys():
            raise GradatimError("plan: schedules is missing. Write format: 1 and schedules.")
        _check_format(self.top["format"])
        self._builder = PlanBuilder()
        if "run" in self.top:
            self._builder.run = self._read_run(self.top["run"])

    @property
    def run(self) -> Run | None:
        """The run of the plan."""
        return self._builder.run

    def _read_run(self, node: Node) -> Run:
        call = Call("Run", entries_of(node, "run", "a mapping of arguments"))
        run: Run = self._builder.value(Node(call, node.line), Scope(""), Run)
        return run

    def schedules(self) -> dict[str, Schedule]:
        """The schedule of each value in an optimizer."""
        entries = self._entries("schedules", "a schedule for each value, such as lr")
        for name, node in entries.items():
            value = name.partition("/")[0]
            if name != value and value in entries:
                raise at_line(
                    node.line,
                    f"schedules: {name!r} is for a part, and there is one for all of it too. "
                    f"Write '{value}/*' for the others.",
                )
        return self._schedules("schedules", entries)

    def external(self) -> dict[str, Schedule]:
        """The schedule of each value outside of any optimizer."""
        entries = self._entries("external", "a schedule for each value, such as kl")
        return self._schedules("external", entries)

    def _schedules(self, key: str, entries: Mapping[str, Node]) -> dict[str, Schedule]:
        if key in self.top and not entries:
            hint = "Give lr one." if key == "schedules" else "Leave it out."
            raise at_line(self.top[key].line, f"plan: {key} is empty. {hint}")
        return {
            name: self._builder.value(node, Scope(f"{key}.{name}", lasts_run=True), Schedule)
            for name, node in entries.items()
        }

    def rules(self) -> dict[str, Rule]:
        """The rule of each value that has one."""
        entries = self._entries("rules", "a rule for some of the values")
        driven = {
            name.partition("/")[0]
            for key in ("schedules", "external")
            if key in self.top
            for name in entries_of(self.top[key], key, "schedules")
        }
        for name, node in entries.items():
            if name not in driven:
                raise at_line(node.line, f"{unknown_name('rules', 'value', name, driven)}")
        return {
            name: self._builder.value(node, Scope(f"rules.{name}"), Rule)
            for name, node in entries.items()
        }

    def _entries(self, key: str, what: str) -> Mapping[str, Node]:
        """The named entries of one part of the plan."""
        if key not in self.top:
            return {}
        found = entries_of(self.top[key], key, what)
        pattern, allowed = _NAMES[key]
        for name, node in found.items():
            if not pattern.fullmatch(name):
                raise at_line(node.line, f"{invalid_value(key, 'a name', name, allowed)}")
        return found


def _check_format(node: Node) -> None:
    """Refuse a format that this version does not read."""
    if type(node.value) is not int or node.value != FORMAT:
        newer = type(node.value) is int and node.value > FORMAT
        hint = "It was written for a newer gradatim; upgrade." if newer else ""
        names: dict[type, str] = {list: "a list", dict: "a mapping"}
        nested = names.get(type(node.value))
        wrong = invalid_value("plan", "format", node.value, f"{FORMAT}", hint)
        raise at_line(
            node.line, f"plan: format must be {FORMAT}, got {nested}." if nested else f"{wrong}"
        )

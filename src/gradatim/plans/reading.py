"""From the tree of a file to its values: names, arguments, lengths of time, each at its line."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Union, get_args, get_origin

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.recipes import scale_with_batch
from gradatim.core.rules import Rule
from gradatim.core.run.by_updates import ByUpdates, by_updates
from gradatim.core.run.durations import Length, in_ticks, refuse_without_unit
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, check_argument, declared_types
from gradatim.core.values.foreign_names import unknown_argument
from gradatim.core.values.renames import CLASSES, current_names
from gradatim.core.values.value import buildable, parameters_of
from gradatim.plans.tree import FARTHEST, Node, failure

FORMAT = 1
KEYS = ("format", "run", "schedules", "external", "rules")
_BY_UPDATES = (ByUpdates, by_updates)
_VALUE = r"[A-Za-z_]\w*(\[\d{1,3}\])?"
# A part is a group, or an optimizer and one of its groups.
_NAMES = {
    "external": (re.compile(_VALUE, re.ASCII), 'like "kl" or "betas[0]"'),
    "schedules": (
        re.compile(_VALUE + r"(/[^/\s][^/]*){0,2}", re.ASCII),
        'like "lr", "betas[0]", "lr/head" or "lr/adamw/head"',
    ),
}
_NAMES["rules"] = _NAMES["schedules"]


def required(make: Callable[..., Any]) -> list[str]:
    """The arguments that have no default."""
    return [name for name, p in parameters_of(make).items() if p.default is p.empty]


def inner(type_: Any) -> Any:
    """The type without "or nothing"."""
    if get_origin(type_) in (Union, types.UnionType):
        return next(part for part in get_args(type_) if part is not type(None))
    return type_


def is_length(type_: Any) -> bool:
    """Whether this type is a length of time."""
    type_ = inner(type_)
    kinds = [part for part in get_args(type_) if isinstance(part, FieldType)]
    return type_ in (Length, Total) or (get_origin(type_) is Annotated and kinds[0].is_length)


class Reader:
    """Reads one plan. The format and the run come first: the rest is read with them."""

    def __init__(self, root: Node) -> None:
        top = mapping(root, "the plan", "format, run and schedules")
        for key, node in top.items():
            if key not in KEYS:
                raise failure(node.line, f"{unknown('plan', 'key', key, KEYS)}")
        missing = "format" if "format" not in top else "schedules"
        if missing == "format" or not {"schedules", "external"} & top.keys():
            raise GradatimError(f"plan: {missing} is missing. Write format: 1 and schedules.")
        self.format(top["format"])
        self.top = top
        self.run: Run | None = None
        self._in_updates = False
        self.run = self.arguments_of(Run, top["run"], "run") if "run" in top else None

    def format(self, node: Node) -> None:
        """Refuse a format that this version does not know."""
        if type(node.value) is not int or node.value != FORMAT:
            newer = type(node.value) is int and node.value > FORMAT
            hint = "It was written for a newer gradatim; upgrade." if newer else ""
            raise failure(node.line, f"{refuse('plan', 'format', node.value, f'{FORMAT}', hint)}")

    def schedules(self) -> dict[str, Schedule]:
        """The schedule of each value in an optimizer."""
        entries = self.entries("schedules", "a schedule for each value, such as lr")
        for name, node in entries.items():
            value = name.partition("/")[0]
            if name != value and value in entries:
                raise failure(
                    node.line,
                    f"schedules: {name!r} is for a part, and there is one for all of it too. "
                    f"Write '{value}/*' for the others.",
                )
        return self._schedules("schedules", entries)

    def external(self) -> dict[str, Schedule]:
        """The schedule of each value outside of any optimizer."""
        entries = self.entries("external", "a schedule for each value, such as kl")
        return self._schedules("external", entries)

    def _schedules(self, key: str, entries: Mapping[str, Node]) -> dict[str, Schedule]:
        if key in self.top and not entries:
            hint = "Give lr one." if key == "schedules" else "Leave it out."
            raise failure(self.top[key].line, f"plan: {key} is empty. {hint}")
        return {
            name: self.value(node, f"{key}.{name}", Schedule, whole=True)
            for name, node in entries.items()
        }

    def rules(self) -> dict[str, Rule]:
        """The rule of each value that has one."""
        entries = self.entries("rules", "a rule for some of the values")
        driven = {
            name.partition("/")[0]
            for key in ("schedules", "external")
            if key in self.top
            for name in mapping(self.top[key], "", "")
        }
        for name, node in entries.items():
            if name not in driven:
                raise failure(node.line, f"{unknown('rules', 'value', name, driven)}")
        return {name: self.value(node, f"rules.{name}", Rule) for name, node in entries.items()}

    def entries(self, key: str, what: str) -> Mapping[str, Node]:
        """The named entries of one part of the plan."""
        if key not in self.top:
            return {}
        found = mapping(self.top[key], key, what)
        pattern, allowed = _NAMES[key]
        for name, node in found.items():
            if not pattern.fullmatch(name):
                raise failure(node.line, f"{refuse(key, 'a name', name, allowed)}")
        return found

    def value(self, node: Node, where: str, kind: type, whole: bool = False) -> Any:
        """The value that a name and its arguments stand for."""
        what = "one name and its arguments, such as warmup_cosine: {peak: 3e-4}"
        found = mapping(node, where, what)
        if len(found) != 1:
            raise failure(node.line, f"{where}: must be {what}, got {len(found)} names.")
        ((name, inside),) = found.items()
        name = CLASSES.get(name, name)
        known = {n: make for n, make in buildable().items() if _makes(make, kind)}
        if name not in known:
            raise failure(inside.line, f"{unknown(where, kind.__name__.lower(), name, known)}")
        if getattr(known[name], "imports_code", False):
            raise failure(inside.line, f"{where}: {name} runs code, which a plan file may not.")
        if known[name] in _BY_UPDATES:
            with self.in_updates():
                return self.arguments_of(known[name], inside, f"{where}.{name}", whole)
        return self.arguments_of(known[name], inside, f"{where}.{name}", whole)

    @contextmanager
    def in_updates(self) -> Iterator[None]:
        """Read lengths as updates, whatever the clock of the run."""
        run, before = self.run, self._in_updates
        if run is not None:
            self.run = None if run.steps is None else run.in_updates
        self._in_updates = True
        try:
            yield
        finally:
            self.run, self._in_updates = run, before

    def arguments_of(
        self, make: Callable[..., Any], node: Node, where: str, whole: bool = False
    ) -> Any:
        """What ``make`` gives for these arguments; ``whole`` if it lasts for the whole run."""
        name, types = make.__name__, declared_types(make)
        given: dict[str, Any] = {}
        _, entries = current_names(name, mapping(node, where, "a mapping of arguments"))
        for key, entry in entries.items():
            if types.get(key) is Run:
                raise failure(entry.line, f"{where}: run is that of the plan. Leave it out.")
            if key not in types:
                error = unknown_argument(name, key, _scalar(entry), types, where)
                raise failure(entry.line, f"{error}")
            # What they are around lasts as long as they do.
            inside = whole and make in (*_BY_UPDATES, scale_with_batch)
            value = self.argument(entry, types[key], f"{where}.{key}", inside)
            with_line = _AtLine(entry.line)
            given[key] = with_line(check_argument, name, key, types[key], value)
        # Only where it says how long the run is: a constant needs no end.
        says = "steps" in types and ("steps" in required(make) or not isinstance(make, type))
        if whole and self.run and says:
            given.setdefault("steps", self.run.ticks)
        if types.get("run") is Run and self.run:
            given["run"] = self.run
        missing = [key for key in required(make) if key not in given]
        if missing == ["run"]:
            raise failure(node.line, f"{where}: the plan has no run. Write run: with its batch.")
        if missing:
            raise failure(node.line, f"{where}: {missing[0]} is missing.")
        return _AtLine(node.line)(make, **given)

    def argument(self, node: Node, type_: Any, where: str, whole: bool = False) -> Any:
        """One argument as plain data, with its lengths of time in ticks."""
        if isinstance(node.value, dict):
            return self.value(node, where, Schedule, whole)
        if isinstance(node.value, list):
            parts = get_args(inner(type_)) if get_origin(inner(type_)) is tuple else ()
            if not parts or parts[-1] is Ellipsis:
                parts = (parts[0] if parts else None,) * len(node.value)
            padded = (*parts, *(None,) * len(node.value))
            return tuple(
                self.argument(entry, part, f"{where}[{i}]")
                for i, (entry, part) in enumerate(zip(node.value, padded, strict=False))
            )
        if is_length(type_):
            return self.length(node, where)
        return node.value

    def length(self, node: Node, where: str) -> Any:
        """The ticks that a text such as "5%" stands for in this run; anything else as it is."""
        place, _, name = where.rpartition(".")
        if not isinstance(node.value, str):
            if isinstance(node.value, int | float) and self.run is not None:
                _AtLine(node.line)(refuse_without_unit, place, name, node.value, self.run)
            return node.value
        text = node.value[:40]
        if self.run is None and not self._in_updates:
            raise failure(
                node.line, f"{where}: {text!r} needs a run to be a length. Write run: with "
                "steps, or with samples, batch and epochs; or write the updates.",
            )  # fmt: skip
        ticks: int = _AtLine(node.line)(in_ticks, place, name, node.value, self.run)
        if ticks > FARTHEST:
            raise failure(node.line, f"{where}: {text!r} is more than 2**63 updates.")
        return ticks


class _AtLine:
    """Calls something and puts the line before the sentence of its error."""

    def __init__(self, line: int | None) -> None:
        self.line = line

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except GradatimError as error:
            raise failure(self.line, str(error)) from None
        except (ArithmeticError, RecursionError, MemoryError) as error:
            name = getattr(function, "__name__", "this")
            raise failure(self.line, f"{name}: its numbers do not fit: {error}.") from None


def _scalar(node: Node) -> object:
    """A value to quote in an error; of a list or a mapping only that it is one."""
    return ... if isinstance(node.value, (dict, list)) else node.value


def mapping(node: Node, where: str, what: str) -> dict[str, Node]:
    """The entries of a node that must be a mapping."""
    if not isinstance(node.value, dict):
        got = "a list" if isinstance(node.value, list) else repr(node.value)[:60]
        got = "nothing" if node.value is None else got
        raise failure(node.line, f"{where}: must be {what}, got {got}.")
    return node.value


def _makes(make: Callable[..., Any], kind: type) -> bool:
    return issubclass(make, kind) if isinstance(make, type) else kind is Schedule

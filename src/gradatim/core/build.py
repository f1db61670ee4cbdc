"""Builds values from plain data: one name with its arguments, lists and scalars.

Configs, the text form and plan files are readers that yield such data; what a name means, which
names are unknown, renamed or run code, and how large the data may be is decided here.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar, Union, get_args, get_origin

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import check_argument, declared_types
from gradatim.core.values.foreign_names import unknown_argument
from gradatim.core.values.limits import DEEPEST, MOST_ENTRIES
from gradatim.core.values.renames import current_names
from gradatim.core.values.value import Value, buildable
from gradatim.errors import GradatimError, shown, unknown_name

P = ParamSpec("P")
R = TypeVar("R")

# Plain data has up to four levels where a value has one: its name, its fields, lists in them.
_MOST_LEVELS = 4 * DEEPEST
_EXAMPLE = 'one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}'

Scalar = str | int | float | bool | None


class Node(NamedTuple):
    """Plain data of a file, and the line where it begins; None if the line is not known."""

    value: Scalar | Call | list[Node] | dict[str, Node]
    line: int | None


class Call(NamedTuple):
    """A name and its arguments, where these may be positional, or the name an operation."""

    name: str
    arguments: Mapping[str, Any]
    positional: Sequence[Any] = ()
    operation: Callable[..., Any] | None = None
    """What to call; None if it is the class or recipe of this name."""


class Scope(NamedTuple):
    """A place in the data, and what holds there."""

    where: str
    """The path to it, for errors: "schedules.lr.Join.pieces[0]"."""
    depth: int = 0
    lasts_run: bool = False
    """Whether a schedule here lasts for the whole run."""

    def inside(self, step: str, lasts_run: bool = False) -> Scope:
        """The place one level deeper: ".name" or "[index]"."""
        where = f"{self.where}{step}".removeprefix(".")
        return Scope(where, self.depth + 1, lasts_run)


def build(config: Mapping[str, Any], *, imports: bool = False) -> Any:
    """The value that a config describes: ``build(value.config()) == value``.

    Args:
        config: One name, of a class or a recipe, and under it the arguments.
        imports: Allow a ``Function`` to import and call the code it names. Only for configs that
            you trust as you trust code.

    Raises:
        GradatimError: For an unknown name or argument, a wrong value, or a structure that is too
            deep or too large.

    >>> build({"Linear": {"start": 0.0, "end": 1.0, "steps": 10}})
    Linear(start=0.0, end=1.0, steps=10)
    """
    return Builder(imports).value(config, Scope("config"))


def content_of(data: Any) -> tuple[Any, int | None]:
    """Plain data without its line, and the line."""
    return (data.value, data.line) if isinstance(data, Node) else (data, None)


def at_line(line: int | None, sentence: str) -> GradatimError:
    """The error for one place of a file, or of data without lines."""
    return GradatimError(f"line {line}: {sentence}" if line else sentence)


def entries_of(data: Any, where: str, what: str) -> Mapping[str, Any]:
    """The entries of data that must be a mapping from names.

    Raises:
        GradatimError: If it is something else; ``what`` says what it must be.
    """
    content, line = content_of(data)
    if isinstance(content, Mapping) and all(isinstance(name, str) for name in content):
        return content
    got = "a list" if isinstance(content, list | tuple) else shown(content)
    got = "nothing" if content is None else got
    raise at_line(line, f"{where}: must be {what}, got {got}.")


class Builder:
    """Builds one value, or several that share the bound on their size."""

    around: tuple[Callable[..., Any], ...] = ()
    """What lasts as long as the schedule inside it."""
    nested: type[Value] = Value
    """What a value inside of another must be."""

    def __init__(self, imports: bool = False) -> None:
        self.imports = imports
        self._entries = 0

    def value(self, data: Any, scope: Scope, kind: type[Value] = Value) -> Any:
        """The value of a name and its arguments.

        Args:
            data: A mapping from one name to its arguments, or a ``Call``.
            scope: Where the data stands.
            kind: What the value must be.

        Raises:
            GradatimError: If the data is no such mapping, or no value can be built from it.
        """
        content, line = content_of(data)
        if not isinstance(content, Call):
            entries = entries_of(data, scope.where, _EXAMPLE)
            if len(entries) != 1:
                names = f"{len(entries)} names"
                raise at_line(line, f"{scope.where}: must be {_EXAMPLE}, got {names}.")
            ((name, arguments),) = entries.items()
            line = content_of(arguments)[1]
            where = f"{scope.where}.{shown(name)[1:-1]}"
            content = Call(name, entries_of(arguments, where, "a mapping of arguments"))
        name, arguments = current_names(content.name, content.arguments)
        call = content._replace(name=name, arguments=arguments)
        make = call.operation or self._maker(name, scope.where, line, kind)
        return self.call(make, call, scope, line)

    def _maker(
        self, name: str, where: str, line: int | None, kind: type[Value]
    ) -> Callable[..., Any]:
        make = buildable().get(name)
        if make is None or not _makes(make, kind):
            known = (other for other, make in buildable().items() if _makes(make, kind))
            what = "schedule" if kind is Value else kind.__name__.lower()
            raise at_line(line, f"{unknown_name(where, what, name, known)}")
        if getattr(make, "imports_code", False) and not self.imports:
            raise at_line(line, f"{where}: {self.why_no_code(name)}")
        return make

    def why_no_code(self, name: str) -> str:
        """The sentence for a class that runs code, where that is not allowed."""
        return (
            f"{name} would import and run code. If you trust where this comes from as you trust "
            "code, write imports=True."
        )

    def call(self, make: Callable[..., Any], call: Call, scope: Scope, line: int | None) -> Any:
        """What a class, recipe or operation makes of the arguments of a call."""
        positional = [
            self.argument(entry, None, scope._replace(depth=scope.depth + 1))
            for entry in call.positional
        ]
        if call.operation is None:
            given = self.arguments(make, call, scope.inside(f".{call.name}", scope.lasts_run), line)
        else:
            given = {name: self.argument(a, None, scope) for name, a in call.arguments.items()}
        return located(line, make, *positional, **given)

    def arguments(
        self, make: Callable[..., Any], call: Call, scope: Scope, line: int | None
    ) -> dict[str, Any]:
        """The arguments of a class or recipe, with every value in them built.

        Args:
            make: The class or recipe.
            call: Its name and arguments.
            scope: Where the arguments stand.
            line: The line of the name.

        Raises:
            GradatimError: For an unknown argument, and in a file for one of a wrong type.
        """
        declared = declared_types(make)
        given: dict[str, Any] = {}
        for name, entry in call.arguments.items():
            content, entry_line = content_of(entry)
            if name not in declared:
                value = ... if isinstance(content, list | dict) else content
                where = "" if line is None else scope.where
                error = unknown_argument(call.name, name, value, declared, where)
                raise at_line(entry_line, f"{error}")
            lasts_run = scope.lasts_run and make in self.around
            given[name] = self.argument(entry, declared[name], scope.inside(f".{name}", lasts_run))
            if entry_line is not None:  # make does not know the line of each argument
                given[name] = located(
                    entry_line, check_argument, call.name, name, declared[name], given[name]
                )
        return given

    def argument(self, data: Any, wanted: Any, scope: Scope) -> Any:
        """One argument, with every value in it built.

        Args:
            data: A scalar, a list, a mapping or a ``Call``.
            wanted: Its declared type; None if it has none.
            scope: Where it stands.

        Raises:
            GradatimError: If it is too deep or too large, or no value can be built from it.
        """
        content, _ = content_of(data)
        self._entries += 1
        if scope.depth > _MOST_LEVELS or self._entries > MOST_ENTRIES:
            raise GradatimError(
                f"{scope.where}: more than {_MOST_LEVELS} levels or {MOST_ENTRIES} entries. "
                "Nothing that was written by config() has as many."
            )
        if isinstance(content, Call | Mapping):
            return self.value(data, scope, self.nested)
        if isinstance(content, list | tuple):
            wanted_each = _entry_types(wanted, len(content))
            return tuple(
                self.argument(entry, type_, scope.inside(f"[{i}]"))
                for i, (entry, type_) in enumerate(zip(content, wanted_each, strict=True))
            )
        return self.scalar(data, wanted, scope)

    def scalar(self, data: Any, wanted: Any, scope: Scope) -> Any:
        """A scalar; plan files resolve lengths such as "5%" here."""
        return content_of(data)[0]


def located(line: int | None, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function, and put the line in front of the sentence of its error."""
    try:
        return function(*args, **kwargs)
    except GradatimError as error:
        if line is None:
            raise
        raise at_line(line, f"{error}") from None
    except (ArithmeticError, RecursionError, MemoryError) as error:
        name = getattr(function, "__name__", "this")
        raise at_line(line, f"{name}: its numbers do not fit: {error}.") from None


def _makes(make: Callable[..., Any], kind: type[Value]) -> bool:
    """Whether a registered class or recipe makes values of this kind; a recipe makes schedules."""
    return issubclass(make, kind) if isinstance(make, type) else issubclass(Schedule, kind)


def without_none(wanted: Any) -> Any:
    """The declared type of an argument, without "or None"."""
    if get_origin(wanted) in (Union, types.UnionType):
        return next(part for part in get_args(wanted) if part is not type(None))
    return wanted


def _entry_types(wanted: Any, count: int) -> Sequence[Any]:
    """The declared types of the entries of a list; None for an entry that has none."""
    wanted = without_none(wanted)
    each = get_args(wanted) if get_origin(wanted) is tuple else ()
    if len(each) == 2 and each[1] is Ellipsis:
        return (each[0],) * count
    return (*each, *(None,) * count)[:count]

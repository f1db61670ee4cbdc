"""``Value``: an immutable object made of declared fields, and building one from its config.

Checking, comparing, hashing, printing, pickling and the config all follow from the declared fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeAlias, TypeVar, dataclass_transform

from gradatim.core.deprecated import warn_deprecated
from gradatim.core.values.fields import check_argument, declared_types
from gradatim.core.values.foreign_names import unknown_argument
from gradatim.core.values.limits import Extent, extent_of, refuse_unreadable
from gradatim.core.values.renames import ARGUMENTS, current_names
from gradatim.errors import GradatimError, shown

if TYPE_CHECKING:
    import inspect

P = ParamSpec("P")
R = TypeVar("R", bound="Value")
Plain: TypeAlias = "float | str | Sequence[Plain] | Mapping[str, Plain] | None"
"""What JSON can hold."""

_BUILDABLE: dict[str, Callable[..., Value]] = {}
"""All that a config or a text may name: concrete Value classes and recipes, by name."""

_listeners: list[Callable[[type[Value]], object]] = []
"""Callbacks run once per Value class, including classes defined later."""

_NO_DEFAULT = object()


def buildable() -> Mapping[str, Callable[..., Value]]:
    """Every class and recipe that can be built by name, in the order they were defined."""
    return _BUILDABLE


def register(name: str, make: Callable[..., Value]) -> None:
    """Make this buildable by name; reusing a name is an error."""
    other = _BUILDABLE.get(name)
    if other is not None and (other.__module__, other.__qualname__) != (
        make.__module__,
        make.__qualname__,
    ):
        raise GradatimError(
            f"{make.__module__}.{name}: the name {name!r} is taken by {other.__module__}.{name}. "
            "Give the new one another name."
        )
    _BUILDABLE[name] = make


def on_register(callback: Callable[[type[Value]], object]) -> None:
    """Call this with every concrete Value class, including classes defined later."""
    for make in _BUILDABLE.values():
        if isinstance(make, type):
            callback(make)
    _listeners.append(callback)


@dataclass_transform(frozen_default=True)
class Value:
    """An immutable object, defined by its declared fields.

    A subclass declares fields with the types of ``fields.py``. ``__init__`` checks each of them,
    then ``_validate`` may check them together. A class with ``abstract=True`` is an interface: it
    is not registered and not built.
    """

    _computed = tuple[str, ...]()
    """Attributes computed at construction from lengths, which JAX treats as static."""

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not abstract:
            register(cls.__name__, cls)
            for callback in _listeners:
                callback(cls)

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        given = self._bind(args, kwargs)
        for name, wanted in declared_types(cls).items():
            value = check_argument(cls.__name__, name, wanted, given[name])
            object.__setattr__(self, name, value)
        try:
            self._validate()
        except GradatimError:
            raise
        except ValueError as error:
            raise GradatimError(f"{cls.__name__}: {error}") from error
        extent = self._extent
        refuse_unreadable(cls.__name__, extent)
        # Not a cached property, which would make every later access to a field slower.
        object.__setattr__(self, "_measured", extent)

    @property
    def _extent(self) -> Extent:
        measured: Extent | None = getattr(self, "_measured", None)
        if measured is not None:
            return measured
        inside = extent_of(tuple(value for _, value in self.items()))
        opaque = inside.opaque or getattr(self, "imports_code", False)
        return Extent(inside.levels + 1, inside.entries, opaque)

    def _validate(self) -> None:
        """Raise a ValueError if the fields do not fit each other.

        A subclass may define it. It runs once, at construction, after each field was checked by
        itself. The message of a ``ValueError`` is prefixed with the name of the class; a
        ``GradatimError`` is passed on unchanged.
        """

    @classmethod
    def _bind(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = list(declared_types(cls))
        if len(args) > len(names):
            raise GradatimError(
                f"{cls.__name__}: takes {len(names)} arguments ({', '.join(names)}), "
                f"got {len(args)}."
            )
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names:
                raise unknown_argument(cls.__name__, name, value, names)
            if name in given:
                raise GradatimError(f"{cls.__name__}: {name} is given twice.")
            given[name] = value
        for name in names:
            if name not in given and not hasattr(cls, name):
                raise GradatimError(
                    f"{cls.__name__}: {name} is missing. Write {cls.__name__}({name}=...)."
                )
            given.setdefault(name, getattr(cls, name, None))
        return given

    if not TYPE_CHECKING:  # or type checkers would accept any attribute

        def __getattr__(self, name: str):
            """A field under its name of version 0.1, with a warning."""
            cls = type(self).__name__
            if name not in ARGUMENTS.get(cls, ()):
                text = f"{cls!r} object has no attribute {name!r}"
                raise AttributeError(text, name=name, obj=self)
            new = ARGUMENTS[cls][name]
            warn_deprecated(f"{cls}.{name}", f"{cls}.{new}")
            return getattr(self, new)

    def __setattr__(self, name: str, value: object) -> None:
        raise GradatimError(
            f"{type(self).__name__}: {name} cannot be set: a {type(self).__name__} is immutable. "
            f"Build a new one with .replace({name}=...)."
        )

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def replace(self, /, **fields: Any) -> Self:
        """A copy with some fields changed.

        >>> from gradatim import Linear
        >>> Linear(start=0.0, end=1.0, steps=10).replace(steps=20)
        Linear(start=0.0, end=1.0, steps=20)
        """
        return type(self)(**{**dict(self.items()), **fields})

    def items(self) -> Iterator[tuple[str, Any]]:
        """The declared fields and their values, in order."""
        return ((name, getattr(self, name)) for name in declared_types(type(self)))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or tuple(self.items()) == tuple(other.items())

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self.items()))

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.items())

    def __setstate__(self, state: dict[str, Any]) -> None:
        _, fields = current_names(type(self).__name__, state)
        self.__init__(**fields)  # type: ignore[misc]

    def __repr__(self) -> str:
        cls = type(self)
        said = (item for item in self.items() if item[1] != getattr(cls, item[0], _NO_DEFAULT))
        return f"{cls.__name__}({', '.join(f'{name}={value!r}' for name, value in said)})"

    def config(self) -> dict[str, dict[str, Plain]]:
        """The value as plain data: {name of the class: {field: value}}.

        >>> from gradatim import Linear
        >>> Linear(start=0.0, end=1.0, steps=10).config()
        {'Linear': {'start': 0.0, 'end': 1.0, 'steps': 10}}
        """
        return {type(self).__name__: {name: _plain(value) for name, value in self.items()}}


def _plain(value: Value | Plain) -> Plain:
    if isinstance(value, Value):
        return value.config()
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value


def parameters_of(make: Callable[..., Value]) -> dict[str, inspect.Parameter]:
    """The parameters of a Value class or of a recipe."""
    import inspect

    if isinstance(make, type):
        return {
            name: inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=getattr(make, name, inspect.Parameter.empty),
                annotation=wanted,
            )
            for name, wanted in declared_types(make).items()
        }
    return dict(inspect.signature(make).parameters)


def recipe(function: Callable[P, R]) -> Callable[P, R]:
    """Register a function under its name, and check its arguments by their declared types.

    Only the first argument may be positional.
    """
    where = function.__name__

    @cache
    def signature() -> inspect.Signature:
        import inspect  # imported late: it takes as long to import as all of gradatim

        return inspect.signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        parameters = signature().parameters
        for name, value in kwargs.items():
            if name not in parameters:
                raise unknown_argument(where, name, value, parameters)
        if len(args) > 1:
            raise _by_name(where, list(parameters), args)
        try:
            given = signature().bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(
                name if p.default is p.empty else f"{name}={p.default!r}"
                for name, p in parameters.items()
            )
            said = str(error).replace("keyword-only ", "")  # which Python says from 3.12 on
            raise GradatimError(f"{where}: {said}. It takes {where}({takes}).") from None
        wanted = declared_types(function)
        for name, value in given.arguments.items():
            given.arguments[name] = check_argument(where, name, wanted[name], value)
        made = function(*given.args, **given.kwargs)
        for value in given.arguments.values():
            if isinstance(made, Value) and getattr(value, "clock", "updates") != "updates":
                # Lets a plan detect that the run has another clock. Not part of the value.
                object.__setattr__(made, "_built_by", value.clock)
        return made

    register(where, checked)
    return checked


def _by_name(where: str, names: list[str], args: tuple[Any, ...]) -> GradatimError:
    """The error for a second positional argument: other libraries order arguments differently."""
    first, *others = zip(names, args, strict=False)
    named = "".join(f", {name}={shown(value)}" for name, value in others)
    return GradatimError(
        f"{where}: only {first[0]} may be positional. Write {where}({shown(first[1])}{named}, ...)."
    )

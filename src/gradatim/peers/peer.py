"""The one mechanism: a foreign scheduler is a name and arguments, and a function is its meaning.

Each file of a project declares a function for each scheduler. Its positional parameters are the
signature of the foreign one: names, order, defaults, and the types that its arguments are checked
with; what nearly all schedulers of a project take besides, the project declares once. Its
keyword-only parameters are what the run adds: ``lr``, the rate of the optimizer, and ``steps``, the
updates of the run. Code, settings and objects all end in a call of that function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import check_argument, declared_types
from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import Ignored
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.python.script import Script
from gradatim.peers.settings import Setting
from gradatim.peers.shell import Command
from gradatim.peers.stages import Written

T = TypeVar("T")
_WRONG = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_RUN = {
    "lr": "Write --lr, the rate of the optimizer, such as --lr 0.1.",
    "steps": "Write --steps, how long the run is.",
}


Meaning = Callable[..., Schedule | Rule | Read]
M = TypeVar("M", bound=Callable[..., Schedule | Rule | Read])
ReadsObject = Callable[[Any, int], "Call"]
ReadsText = Callable[[str, Given], Read]
Writes = Callable[[Schedule, int], Written]
FindsInCode = Callable[[Script, Collection[int]], Iterable[Found]]
FindsInSettings = Callable[[Setting], Iterable[Found]]
FindsInCommand = Callable[[Command], Iterable[Found]]


class Peer:
    """A project: what its schedulers mean, and how they are read and written.

    Args:
        name: Its name, which is also that of its Python package.
        before: What nearly all its schedulers take before their own arguments, with the types.
        after: What they take after them.
        ignored: Keywords that any of its calls may have and that change no rate.
        inside: The projects whose schedulers may stand in its own.

    >>> from gradatim import step_decay
    >>> from gradatim.peers.arguments import Number, PositiveSteps
    >>> from gradatim.peers.code import find_in_code
    >>> peer = Peer("example", before={"optimizer": Ignored})
    >>> @peer.scheduler("HalvingLR")
    ... def halving(every: PositiveSteps, *, lr: Number) -> Schedule:
    ...     return step_decay(lr, every=every, factor=0.5)
    >>> (found,) = find_in_code("HalvingLR(optimizer, every=3 * 10)", [peer])
    >>> found.read(Given(lr=0.1)).schedule
    Staircase(schedule=ExponentialDecay(start=0.1, factor=0.5, every=30), every=30)
    """

    def __init__(
        self,
        name: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        ignored: Sequence[str] = (),
        inside: Sequence[Peer] = (),
    ) -> None:
        self.name, self.ignored, self.inside = name, ignored, inside
        self.before, self.after = before or {}, after or {}
        self.whole: set[str] = set()
        self.meanings: dict[str, Meaning] = {}
        self.refused: dict[str, str] = {}
        self.objects: dict[str, ReadsObject] = {}
        self.read_text: ReadsText | None = None
        self.in_code: list[FindsInCode] = []
        self.in_settings: list[FindsInSettings] = []
        self.in_commands: list[FindsInCommand] = []
        self.write: Writes | None = None

    def scheduler(self, *names: str, whole: bool = False) -> Callable[[M], M]:
        """Declare what the schedulers of these names mean.

        Args:
            names: The names of the scheduler.
            whole: Whether the function has all arguments, ``before`` and ``after`` included.
        """

        def register(meaning: M) -> M:
            self.whole.update(names if whole else ())
            self.meanings.update(dict.fromkeys(names, meaning))
            return meaning

        return register

    def reads_object(self, *names: str) -> Callable[[ReadsObject], ReadsObject]:
        """Declare how objects are read whose attributes are not their arguments."""

        def register(reader: ReadsObject) -> ReadsObject:
            self.objects.update(dict.fromkeys(names, reader))
            return reader

        return register

    def reads_text(self, reader: ReadsText) -> ReadsText:
        """Declare how settings are read, where they are no Python code."""
        self.read_text = reader
        return reader

    def finds_in_code(self, finder: FindsInCode) -> FindsInCode:
        """Declare how else its schedulers are found in Python code than by calls of their names.

        The finder takes the file, and the ``id`` of each function that is part of a scheduler.
        """
        self.in_code.append(finder)
        return finder

    def finds_in_settings(self, finder: FindsInSettings) -> FindsInSettings:
        """Declare how its schedulers are found in a settings file: YAML, JSON, TOML, INI."""
        self.in_settings.append(finder)
        return finder

    def finds_in_commands(self, finder: FindsInCommand) -> FindsInCommand:
        """Declare how its schedulers are found in a command line of a shell script."""
        self.in_commands.append(finder)
        return finder

    def writes(self, writer: Writes) -> Writes:
        """Declare how schedules are written for the project."""
        self.write = writer
        return writer

    def refuses(self, reason: str, *names: str) -> None:
        """Declare schedulers that are known and cannot be read, and why."""
        self.refused.update(dict.fromkeys(names, reason))

    @property
    def known(self) -> set[str]:
        """The names of all schedulers that are read, or refused with a reason."""
        return {*self.meanings, *self.refused, *self.objects}

    def meaning(self, name: str | None) -> Meaning:
        """The function that says what a scheduler means.

        Raises:
            GradatimError: If it is not known, or known to be unreadable.
        """
        if name in self.refused:
            raise GradatimError(f"{name}: {self.refused[name]}")
        if name is None or name not in self.meanings:
            raise unknown_name(self.name, "schedule", name, {*self.meanings, *self.refused})
        return self.meanings[name]

    def parameters(self, name: str) -> dict[str, Any]:
        """The arguments that a scheduler takes, in order, and their types."""
        meaning = self.meaning(name)
        wanted = declared_types(meaning)
        own = {name: wanted[name] for name in signature(meaning)}
        return own if name in self.whole else {**self.before, **own, **self.after}

    def needs_rate(self, name: str) -> bool:
        """Whether a scheduler multiplies the rate of the optimizer, so that it must be known."""
        rate = inspect.signature(self.meaning(name)).parameters.get("lr")
        of_run = rate is not None and rate.kind is rate.KEYWORD_ONLY
        return rate is not None and of_run and rate.default is rate.empty

    def bind(self, name: str, given: Sequence[T], named: Mapping[str, T]) -> dict[str, T]:
        """The arguments of a call by their names.

        Raises:
            GradatimError: For an argument too many, one that is not known, and one given twice.
        """
        names = list(self.parameters(name))
        if len(given) > len(names):
            listed = ", ".join(names)
            raise GradatimError(f"{name} takes {len(names)} arguments: {listed}.")
        bound = dict(zip(names, given, strict=False))
        for key, value in named.items():
            if key in self.ignored:
                continue
            if key not in names:
                raise unknown_name(name, "argument", key, names)
            if key in bound:
                raise GradatimError(f"{name}: {key} is given twice.")
            bound[key] = value
        return bound

    def means(
        self, name: str, arguments: Mapping[str, Any], lr: float | None, steps: int | None = None
    ) -> Read:
        """What a scheduler with these arguments means.

        Args:
            name: Its name.
            arguments: Its arguments.
            lr: The rate of the optimizer, if known.
            steps: The updates of the run, if known.

        Raises:
            GradatimError: If an argument is missing or wrong, or has no form here.
        """
        meaning = self.meaning(name)
        named = f"{name}: "
        try:
            for key in arguments.keys() & self.after.keys():
                check_argument(name, key, self.after[key], arguments[key])
            found = meaning(**_checked(name, meaning, arguments, {"lr": lr, "steps": steps}))
        except GradatimError as error:
            said = str(error)
            raise GradatimError(said if said.startswith(name) else named + said) from None
        except _WRONG as error:
            raise GradatimError(f"{named}an argument has a wrong type or size: {error}.") from None
        if isinstance(found, Read):
            return found
        return Read(rule=found) if isinstance(found, Rule) else Read({"lr": found})


def signature(meaning: Meaning) -> dict[str, inspect.Parameter]:
    """The parameters of the foreign scheduler: the positional ones of its meaning."""
    parameters = inspect.signature(meaning).parameters
    return {n: p for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY}


def _checked(
    where: str, meaning: Meaning, arguments: Mapping[str, Any], run: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a meaning, each in its declared form."""
    wanted = declared_types(meaning)
    checked: dict[str, Any] = {}
    for name, parameter in inspect.signature(meaning).parameters.items():
        of_run = parameter.kind is parameter.KEYWORD_ONLY
        given = {k: v for k, v in run.items() if v is not None} if of_run else arguments
        if name in given:
            value = given[name]
            checked[name] = (
                value if wanted[name] is Any else check_argument(where, name, wanted[name], value)
            )
        elif parameter.default is not parameter.empty:
            checked[name] = parameter.default
        elif wanted[name] == Ignored:
            checked[name] = None
        else:
            raise GradatimError(f"{where}: {name} is missing. {_RUN.get(name, '')}".rstrip())
    return checked


class Call(NamedTuple):
    """A scheduler as it stands in code or in another scheduler: its name and its arguments."""

    peer: Peer
    name: str
    arguments: Mapping[str, Any] = {}
    lr: float | None = None
    """The rate that it was built with, if it says so."""
    make: Callable[[float | None], Read] | None = None
    """In place of the meaning of its arguments, for objects that keep others."""

    def means(self, lr: float | None = None, steps: int | None = None) -> Read:
        """What it means, for this rate of the optimizer or else for its own."""
        lr = self.lr if lr is None else lr
        if self.make is not None:
            return self.make(lr)
        return self.peer.means(self.name, self.arguments, lr, steps)


Calls = tuple[Call, ...]
"""The type of an argument that is a list of schedulers."""

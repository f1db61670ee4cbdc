"""Which reader knows a scheduler, and what it hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from torch.optim.lr_scheduler import LRScheduler

from gradatim.core.errors import GradatimError, shown
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.torch.scheduler import Scheduler

Values = Mapping[tuple[str, int], Schedule]
"""A schedule for each value's name and the index of the group."""
Rates = Sequence[float]


class Carried(NamedTuple):
    """What a scheduler drives."""

    values: Values
    rule: Rule | None = None
    groups: Sequence[Mapping[str, Any]] = ()
    """All groups of the optimizer, if some may be none of the scheduler's business."""


Reader = Callable[[Any, "Rates | None"], Carried]
_READERS: dict[tuple[str, str], Reader] = {}
_PROJECTS = "torch.optim.lr_scheduler, transformers, timm.scheduler and ignite.handlers"
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# What a subclass may change without changing a rate.
_HARMLESS = {"__init__", "__repr__", "__doc__", "__module__", "state_dict", "load_state_dict"}


def reads(project: str, *names: str) -> Callable[[Reader], Reader]:
    """Let a function read these classes of a project, which need not be installed."""

    def register(reader: Reader) -> Reader:
        _READERS.update({(project, name): reader for name in names})
        return reader

    return register


def known(project: str) -> set[str]:
    """The names of the classes of a project that are carried, or refused with a reason."""
    return {name for where, name in _READERS if where == project}


def carry(scheduler: Any, rates: Rates | None = None) -> Carried:
    """What a scheduler drives.

    Args:
        scheduler: The scheduler.
        rates: The rate of each group to begin with; None for those it was built with. Given for a
            scheduler that multiplies others, which then must be one that multiplies.

    Raises:
        GradatimError: If it is not known, or cannot be carried.
    """
    kind = type(scheduler)
    if isinstance(scheduler, Scheduler):
        raise GradatimError("this is a Scheduler of gradatim already. Use it as it is.")
    for base in kind.__mro__:
        reader = _READERS.get((base.__module__.partition(".")[0], base.__name__))
        if reader is not None:
            _unchanged(kind, base)
            try:
                return reader(scheduler, rates)
            except GradatimError as error:
                said = str(error).removeprefix("convert: ")
                where = "" if said.startswith(base.__name__) else f"{base.__name__}: "
                raise GradatimError(f"{where}{said}") from None
            except _BROKEN as error:
                raise GradatimError(
                    f"{base.__name__}: what it holds cannot be read: {type(error).__name__}: "
                    f"{error}. Build it anew, with numbers."
                ) from error
    if isinstance(scheduler, LRScheduler):
        raise own_code(f"{kind.__name__}.get_lr", kind.__module__)
    raise GradatimError(f"{_shown(scheduler)} is no scheduler of {_PROJECTS}.")


def number(rate: Any) -> float:
    """A rate, also one that an optimizer holds as a tensor."""
    return float(rate)


def own_code(name: str, module: str) -> GradatimError:
    """The error for rates that come out of code of the user's own."""
    return GradatimError(
        f"{name} (in {module}) is code of your own, which is no value. Write the schedule it "
        "means, or put a function of the step that returns the rate at the top of a module and "
        "write lr=Function('package.module:name')."
    )


def _unchanged(kind: type, base: type) -> None:
    for between in kind.__mro__[: kind.__mro__.index(base)]:
        changed = [
            name for name in vars(between) if hasattr(base, name) and name not in _HARMLESS
            and not name.startswith("__")
        ]  # fmt: skip
        if changed:
            raise own_code(f"{between.__name__}.{changed[0]}", between.__module__)


def _shown(value: Any) -> str:
    kind = type(value)
    if kind.__module__ == "builtins":
        return shown(value)
    return f"{kind.__module__}.{kind.__qualname__}"

"""Public names of earlier versions that have moved or are gone, and what to write instead.

A name that only moved still works and gives a ``DeprecationWarning``. One that has no equivalent
raises an error with what to write. Renamed fields of schedules, rules and runs are in
``values/renames.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, NoReturn, ParamSpec, TypeVar
from warnings import warn

from gradatim.errors import GradatimError

P = ParamSpec("P")
R = TypeVar("R")

_PIECES = "Clip Cut Join KDecay Logistic Product REX Repeat Scale Shift SquareRoot Staircase Sum"
_CLOSED_FORMS = "CosineWave GeometricDecay Line NaturalDecay Noam Tanh Triangle"
_RECIPES = (
    "infinite inverse_sqrt_t5 linear_noam noam_interval power slanted_triangular tri_stage "
    "warm_cool_decay"
)
_RACE = "Comparison Dropped FinishedRun Race Standing Task race task write_report"

MOVED: Mapping[str, Mapping[str, str]] = {
    "gradatim": {
        **{name: f"gradatim.pieces.{name}" for name in _PIECES.split()},
        **{name: f"gradatim.closed_forms.{name}" for name in _CLOSED_FORMS.split()},
        **{name: f"gradatim.recipes.{name}" for name in _RECIPES.split()},
        "Glide": "gradatim.pieces.FractionalRamp",
        "RuleState": "gradatim.rules.RuleState",
    },
    "gradatim.choose": {
        **{name: f"gradatim.race.{name}" for name in _RACE.split()},
        "LossCurve": "gradatim.logs.LossCurve",
        "bound": "gradatim.theory.bound",
        "forecast": "gradatim.forecast",
        "logs": "gradatim.logs",
        "memory": "gradatim.theory.adamw_memory",
        "optimise": "gradatim.forecast.optimise",
        "seesaw": "gradatim.theory.seesaw",
    },
    "gradatim.convert": {
        name: f"gradatim.peers.{name}" for name in ["TARGETS", "Read", "Written", "convert", "read"]
    },
    "gradatim.fields": {
        "Count": "gradatim.fields.NonNegativeInt",
        "Falling": "gradatim.fields.DecayFactor",
        "NotNegative": "gradatim.fields.NonNegative",
        "Offset": "gradatim.fields.SignedSteps",
        "Phase": "gradatim.fields.Steps",
        "Share": "gradatim.fields.OpenFraction",
        "Span": "gradatim.fields.RealSteps",
        "Times": "gradatim.fields.PositiveInt",
    },
    "gradatim.plans": {"Plan": "gradatim.drive.Plan"},
}
"""Module of version 0.1: {name: where it is now}."""


def moved_name(module: str, name: str) -> Any:
    """What a name that has moved stands for, with a warning; a module's ``__getattr__`` calls this.

    Raises:
        AttributeError: If the module never had this name.
    """
    if name not in MOVED[module]:
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
    now = MOVED[module][name]
    warn_deprecated(f"{module}.{name}", now, stacklevel=4)
    place, _, attribute = now.rpartition(".")
    return getattr(import_module(place), attribute)


def divided(module: str) -> ImportError:
    """The error for a package that is several now; its file raises it."""
    moved = ", ".join(f"{now} for {name}" for name, now in MOVED[module].items())
    return ImportError(f"{module} was divided in version 0.2. Write {moved}.", name=module)


def warn_deprecated(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn the user's code, by default the caller of the caller, of an old name."""
    text = f"{old} is deprecated since version 0.2. Write {new}."
    warn(text, DeprecationWarning, stacklevel=stacklevel)


def renamed_arguments(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take arguments under old names, with a warning: ``old="new"``.

    Raises:
        GradatimError: When it is called with both names of an argument.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def renamed(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in names.keys() & kwargs.keys():
                where, new = function.__qualname__.removesuffix(".__init__"), names[old]
                if new in kwargs:
                    raise GradatimError(f"{where}: {old} is the old name of {new}. Give that one.")
                warn_deprecated(f"{where}({old}=)", f"{new}=")
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return renamed

    return decorate


class Removed:
    """An attribute of an earlier version: to read it is an error that says what to write."""

    def __init__(self, instead: str) -> None:
        self.instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__name__}.{name}"

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError(f"{self.name} was removed in version 0.2. {self.instead}")

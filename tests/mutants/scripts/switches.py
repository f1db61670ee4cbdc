"""A switch in front of each mutated function, in place of mutmut's trampoline.

A trampoline asks at every call which mutant is under test, and while tests are traced it records
every call: twenty times the time of a short function. A switch is set once for each mutant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mutmut.mutation import trampoline

_SWITCHES: dict[str, Switch] = {}


class Switch:
    """What a call of one function runs: the function, one of its mutants, or a note and then it.

    Args:
        name: The module and the name of the function, as they stand in the name of a mutant.
        function: The function.
        mutants: Its mutants by name; they are put in after the module is loaded.
    """

    def __init__(self, name: str, function: Callable[..., Any], mutants: dict[str, Any]) -> None:
        self.name, self.function, self.mutants = name, function, mutants
        self.run = function


def mutated(mutants: dict[str, Any], is_classmethod: bool = False) -> Callable[..., Any]:
    """The decorator that mutmut puts in front of a function."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        owner, _, bare = function.__qualname__.rpartition(".")
        key = f"xǁ{owner.rpartition('.')[2]}ǁ{bare}" if owner else f"x_{bare}"
        switch = Switch(f"{function.__module__}.{key}", function, mutants)
        _SWITCHES[switch.name] = switch

        @wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            return switch.run(*args, **kwargs)

        # A warning that looks for the line of the user's code passes over installed packages.
        switched.__code__ = switched.__code__.replace(co_filename="-packages")
        return switched

    return decorate


def install() -> None:
    """Use switches in every module that is imported from now on."""
    trampoline.wrap_in_trampoline = mutated


def trace() -> set[str]:
    """The functions that are called from now on are put into this set."""
    called: set[str] = set()
    for switch in _SWITCHES.values():
        switch.run = _noting(switch, called)
    return called


def _noting(switch: Switch, called: set[str]) -> Callable[..., Any]:
    def note(*args: Any, **kwargs: Any) -> Any:
        called.add(switch.name)
        switch.run = switch.function
        return switch.function(*args, **kwargs)

    note.__code__ = note.__code__.replace(co_filename="-packages")
    return note


def turn_on(mutant: str) -> None:
    """Run this mutant wherever its function is called."""
    name, _, number = mutant.rpartition("__mutmut_")
    switch = _SWITCHES[name]
    chosen = switch.mutants[f"{name.rpartition('.')[2]}__mutmut_{number}"]
    switch.run = getattr(chosen, "__func__", chosen)  # that of a class method takes the class

"""Functions of the step, read as schedules: evaluated at many steps, and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.found import Read
from gradatim.peers.functions.arithmetic import entries, number
from gradatim.peers.functions.curve import Curve
from gradatim.peers.functions.expressions import Function, Outside
from gradatim.peers.functions.joined import NoShape, schedule_of
from gradatim.peers.functions.machine import Machine, NoValue, Value
from gradatim.peers.functions.statements import Functions

_ARRAYS = {"jnp", "jax", "tf", "tensorflow"}
Meaning = Literal["rate", "factor", "change"]
"""What a function gives: a rate, a factor of the first rate, or one of the rate before."""


@dataclass(frozen=True)
class Formula:
    """A function of the step in some code, and the file around it."""

    node: Function
    outside: Outside
    step: Mapping[str, Callable[[int], Value]] = field(default_factory=dict)
    """The parameters that change with the update, and how."""
    rate: str = ""
    """The parameter that is the rate before this step, or ""."""
    given: Mapping[str, Value] = field(default_factory=dict)
    """The parameters that do not change."""
    method: bool = False
    """Whether it is a method of a scheduler, which counts in ``self.last_epoch``."""

    def read(self, meaning: Meaning, base: float | None, steps: int | None) -> Read:
        """The schedule that the function means.

        Args:
            meaning: What the function gives.
            base: The rate that the optimizer was made with.
            steps: The updates of the run.

        Raises:
            GradatimError: If it has parts that are not evaluated, or a shape that is not known.
        """
        machine = Machine(base=base, rate=base, arrays=_uses_arrays(self.node))
        compiler = Functions(machine, self.outside)
        made = compiler.closure(self.node)(())
        assert callable(made)
        curve = Curve(machine, _rate(self, machine, made, meaning, base), steps, self.node.lineno)
        numbers = sorted({*_literals(self.node), *compiler.numbers()})
        try:
            schedule, over = schedule_of(curve, steps, numbers)
        except NoShape as error:
            raise GradatimError(_no_shape(self.node, curve, error.step, steps)) from None
        return Read({"lr": schedule}, differences=(*_after(curve, schedule, over), *machine.notes))


def _rate(
    formula: Formula,
    machine: Machine,
    function: Callable[[list[Value], dict[str, Value]], Value],
    meaning: Meaning,
    base: float | None,
) -> Callable[[int], float]:
    steps, fixed = tuple(formula.step.items()), dict(formula.given)

    def rate(step: int) -> float:
        named = {name: at(step) for name, at in steps}
        if formula.rate:
            named[formula.rate] = machine.current()
        if formula.method:
            machine.step = step
        found = function([], {**fixed, **named})
        if machine.written:
            return machine.written[0]
        if found is None:
            return machine.current()  # it leaves the rate as it is
        value = number(entries(found)[0]) if isinstance(found, tuple) else number(found)
        if meaning == "factor":
            value *= base or 0.0
        elif meaning == "change":
            value = machine.current() if step == 0 else value * machine.current()
        machine.rate = value
        return value

    return rate


def _uses_arrays(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id in _ARRAYS for part in ast.walk(node))


def _literals(node: ast.AST) -> set[float]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and type(part.value) in (int, float)
    }


def _after(curve: Curve, schedule: Schedule, over: int | None) -> list[str]:
    """What the function does behind the end of the schedule."""
    if over is not None and over <= curve.last:
        later = next(
            (k for k in range(over, min(over + 1000, curve.last)) if not curve.same(
                curve.value(k), schedule(k))),
            None,
        )
        if later is not None:
            return [
                f"After step {over} their formula goes on, to {curve.value(later):.6g} at step "
                f"{later}; here the last value holds."
            ]
    if curve.why_no_more:
        return [
            f"Their function has no value from step {curve.last + 1} on ({curve.why_no_more}); "
            "here the last value holds."
        ]
    return []


def _no_shape(node: Function, curve: Curve, step: int, steps: int | None) -> str:
    name = f"{node.name} " if isinstance(node, ast.FunctionDef) else "the function "
    asked = "" if steps else "Write --steps, how long the run is; or "
    return (
        f"line {node.lineno}: {name}has no known shape from step {step} on. {asked or 'Write '}"
        "the schedule that it means, or put it at the top of a module and write "
        "Function('package.module:name')."
    )

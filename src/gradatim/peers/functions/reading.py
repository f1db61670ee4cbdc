"""Functions of the step, read as schedules: evaluated at many steps, and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.evaluation.arithmetic import entries, number
from gradatim.peers.evaluation.machine import Callee, Machine, Previous, Value
from gradatim.peers.evaluation.names import Function
from gradatim.peers.evaluation.statements import Functions, parameter_names
from gradatim.peers.found import Missing, Read
from gradatim.peers.functions.curve import Curve
from gradatim.peers.functions.joined import NoShape, schedule_of
from gradatim.peers.functions.named import Named

_ARRAYS = {"jnp", "jax", "tf", "tensorflow"}
Meaning = Literal["rate", "factor", "change"]
"""What a function gives: a rate, a factor of the first rate, or one of the rate before."""
Formulas = tuple[Named, ...]
"""The type of an argument that is a function of the step, or a list of them."""


@dataclass(frozen=True)
class Counting:
    """How the arguments of a function follow the count of steps."""

    steps: Mapping[str, Callable[[int], Value]]
    """The parameters that change with the step, and how."""
    rate: str = ""
    """The parameter that is the rate before this step, or ""."""
    method: bool = False
    """Whether it is a method of a scheduler, which counts in ``self.last_epoch``."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Attributes of ``self`` that count the steps, and their values at the first."""


def read_function(
    named: Named, counting: Counting, meaning: Meaning, base: float | None, steps: int | None
) -> Read:
    """The schedule that a function means.

    Args:
        named: The function.
        counting: How its arguments follow the count of steps.
        meaning: What it gives.
        base: The rate that the optimizer was made with.
        steps: The length of the run, in what the function counts.

    Raises:
        GradatimError: If it has parts that are not evaluated, or a shape that is not known.
    """
    machine = Machine(base=base, rate=base, arrays=_uses_arrays(named.node))
    machine.counts = counting.counts
    compiler = Functions(machine, named.file)
    try:
        made = compiler.closure(named.node)(())
        assert callable(made)
        rate = _rate(named, counting, machine, made, meaning)
        return _read(Curve(machine, rate, steps, named.node.lineno), named, compiler, steps)
    except Missing as error:
        raise Missing({**error.reasons, **compiler.missing()}) from None
    except RecursionError:
        raise GradatimError(
            f"line {named.node.lineno}: the function is too deeply nested."
        ) from None


def _read(curve: Curve, named: Named, compiler: Functions, steps: int | None) -> Read:
    numbers = sorted({*_literals(named.node), *compiler.numbers()})
    said: tuple[str, ...] = ()
    try:
        schedule, over = schedule_of(curve, steps, numbers)
    except NoShape as error:
        longest = compiler.longest()
        if steps is not None or longest is None:
            raise GradatimError(_no_shape(named.node, error.step, steps)) from None
        # Behind the end of the run a formula may do anything: it is read up to the longest length.
        curve = curve.up_to(longest)
        try:
            schedule, over = schedule_of(curve, longest, numbers)
        except NoShape:
            raise GradatimError(_no_shape(named.node, error.step, steps)) from None
        said = (
            f"It is read up to step {longest}, the length of the run in its code. For another one "
            "write --steps.",
        )
    differences = (*said, *_after(curve, schedule, over), *curve.machine.notes)
    return Read({"lr": schedule}, differences=differences)


def read_functions(
    functions: Formulas, meaning: Meaning, base: float | None, steps: int | None
) -> Read:
    """The schedule of the first of several functions, one for each parameter group.

    Their first argument is the step; of a function that gives a rate, the second is the rate
    before this step.
    """
    if not functions:
        raise GradatimError("its list of functions must be a list of one or more.")
    reads = []
    for named in functions:
        names = [name for name in parameter_names(named.node) if name not in ("self", *named.given)]
        if not names:
            raise GradatimError(
                f"line {named.node.lineno}: the function has no argument, the step."
            )
        previous = names[1] if meaning == "rate" and len(names) > 1 else ""
        counting = Counting({names[0]: int}, previous)
        reads.append(read_function(named, counting, meaning, base, steps))
    first, *others = reads
    said = [
        f"Group {i} has a function of its own: {other.schedule!r}"
        for i, other in enumerate(others, 1)
        if other.schedule != first.schedule
    ]
    return first.saying(*said)


def _rate(
    named: Named, counting: Counting, machine: Machine, function: Callee, meaning: Meaning
) -> Callable[[int], float]:
    steps, fixed, base = tuple(counting.steps.items()), dict(named.given), machine.base

    def rate(step: int) -> float:
        arguments = {name: at(step) for name, at in steps}
        if counting.rate:
            arguments[counting.rate] = Previous()
        if counting.method or counting.counts:
            machine.step = step
        found = function([], {**fixed, **arguments})
        if machine.written:
            return machine.written[0]
        if found is None and machine.writes:
            return machine.current()  # it leaves the rate as it is
        value = number(entries(found)[0]) if counting.method else number(found)
        if meaning == "factor":
            value *= 1.0 if base is None else base
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
        if isinstance(part, ast.Constant)
        and isinstance(part.value, int | float)
        and not isinstance(part.value, bool)
    }


def _after(curve: Curve, schedule: Schedule, over: int | None) -> list[str]:
    """What the function does behind the end of the schedule."""
    if over is not None:
        for later in (over + over // 10, 2 * over, over + 1):
            if over < later <= curve.last and not curve.same(curve.value(later), schedule(later)):
                return [
                    f"After step {over} their formula goes on, to {curve.value(later):.4g} at step "
                    f"{later}; here the last value holds."
                ]
    if curve.why_no_more:
        return [
            f"Their function has no value from step {curve.last + 1} on ({curve.why_no_more}); "
            "here the last value holds."
        ]
    return []


def _no_shape(node: Function, step: int, steps: int | None) -> str:
    name = f"{node.name} " if isinstance(node, ast.FunctionDef) else "the function "
    asked = "" if steps else "Write --steps, how long the run is; or "
    return (
        f"line {node.lineno}: {name}has no known shape from step {step} on. {asked or 'Write '}"
        "the schedule that it means, or put it at the top of a module and write "
        "Function('package.module:name')."
    )

"""Find the framework of a step, and its operations.

A framework is imported only for a step of that framework, when it is loaded already.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from gradatim.errors import invalid_value
from gradatim.xp.array import Array
from gradatim.xp.frameworks import (
    WHOLE,
    Jax,
    NumPy,
    jax_,
    no_step,
    not_a_step,
    numpy_,
    tensorflow_,
    torch_,
)
from gradatim.xp.numeric import Condition
from gradatim.xp.operations import Operations, Piece
from gradatim.xp.scalar import PYTHON, Scalar
from gradatim.xp.symbols import HighPrecision, Symbolic

_FRAMEWORKS: dict[str, tuple[str, Callable[[ModuleType], Any]]] = {
    "numpy": ("numpy", numpy_),
    "torch": ("torch", torch_),
    "jax": ("jax", jax_),
    "jaxlib": ("jax", jax_),
    "tensorflow": ("tensorflow", tensorflow_),
    "mpmath": ("mpmath", HighPrecision),
    "sympy": ("sympy", Symbolic),
}


@cache
def operations_of(name: str) -> Any:
    """The operations of one framework, by the name it is imported under."""
    module, make = _FRAMEWORKS[name]
    return make(import_module(module))


def symbolic() -> Symbolic:
    """The operations of SymPy, whose results are formulas."""
    xp: Symbolic = operations_of("sympy")
    return xp


def _framework_name(kind: type) -> str:
    roots = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((root for root in roots if root in _FRAMEWORKS), "")


framework_name: Callable[[type], str] = cache(_framework_name)
"""The name of the framework that a type belongs to, or "" if there is none."""


def is_traced(value: Any) -> bool:
    """Whether it is a JAX tracer, whose value is not known."""
    return framework_name(type(value)) in ("jax", "jaxlib") and "Tracer" in type(value).__name__


def known_true(condition: Condition) -> bool:
    """Whether a comparison is true; False if one of its sides is a JAX tracer."""
    return not is_traced(condition) and bool(condition)


def unwrap_scalar(value: Any) -> Any:
    """A 0-dimensional array of JAX as a Python number; anything else unchanged."""
    if framework_name(type(value)) in ("jax", "jaxlib") and value.ndim == 0:
        return value.item()
    return value


def operations_for(step: Any) -> tuple[Operations, Any]:
    """The operations for the type of a step, and the step converted for them.

    Integers stay integers, so that step 2**24 + 1 is not step 2**24, until a piece knows its own
    local step. A negative step is an error, except under a trace, where it counts as 0.
    """
    name = framework_name(type(step))
    if name in ("", "numpy") and getattr(step, "ndim", 0) == 0:
        return PYTHON, _number(step)
    if not name:  # an array of an unknown framework
        raise not_a_step(type(step))
    xp = operations_of(_FRAMEWORKS[name][0])
    if isinstance(xp, Array):
        t = xp.steps(step)
        return xp, t if isinstance(xp, NumPy) else xp.clip(t, 0, None)
    if isinstance(xp, Scalar):
        if not 0 <= step < math.inf:
            raise invalid_value("schedule(step)", "step", step, WHOLE)
        return xp, int(step) if step == int(step) else step
    return xp, step


def evaluate(schedule: Piece, step: Any) -> Any:
    """The value of a schedule at a step of any type."""
    if step is None:
        raise no_step()
    xp, t = operations_for(step)
    return xp.evaluate(schedule, t, step) if isinstance(xp, Jax) else schedule.held(t, xp)


def _number(step: Any) -> Any:
    number: Any = step.item() if hasattr(step, "item") else step
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise not_a_step(type(step))
    try:
        counts = 0 <= float(number) < math.inf
    except OverflowError:  # an int of hundreds of digits
        counts = False
    if not counts:
        raise invalid_value("schedule(step)", "step", step, WHOLE)
    return number

"""The formula of a schedule as LaTeX, derived from its code with SymPy."""

from __future__ import annotations

from typing import Any

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError


def latex(schedule: Schedule) -> str:
    """The schedule as LaTeX in the step t, before its end.

    >>> from gradatim import Linear
    >>> latex(Linear(start=1.0, end=0.0, steps=4))
    '1 - \\\\frac{t}{4}'

    Raises:
        GradatimError: If it has no formula, as a ``Function``, or SymPy is not installed.
    """
    try:
        import sympy  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise GradatimError(
            "formula: the package SymPy is not installed. Write pip install sympy."
        ) from None

    try:
        expression = schedule.formula()
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        raise GradatimError(f"formula: {schedule!r} has no formula in symbols.") from None
    return str(sympy.latex(readable(expression)))


def readable(expression: Any) -> Any:
    """An expression with short fractions in place of floats such as 0.25."""
    import sympy

    def shorter(number: Any) -> Any:
        fraction = sympy.nsimplify(number, rational=True)
        short = len(str(fraction)) <= max(len(f"{float(number):.6g}"), 5)
        return fraction if short else sympy.Float(float(f"{float(number):.6g}"), 6)

    return sympy.sympify(expression).replace(lambda part: part.is_Float, shorter)

"""A change of a plan in words."""

from __future__ import annotations

from fractions import Fraction

from gradatim.audit.causes import Place
from gradatim.audit.change import Change
from gradatim.audit.planned import Interval


def where(place: Place, at: str, until: float | None = None) -> str:
    """The stretch of the log that is meant.

    Args:
        place: Where it begins.
        at: That place in the file.
        until: Its last logged step; None if it is the rest of the log.

    >>> where(Place(520.0, 510.0, False), "log.csv, line 53")
    'from step 520 on (log.csv, line 53; step 510 is not)'
    """
    if place.before is None:
        return "every logged step" if until is None else f"until step {until:,.10g}"
    end = "" if until is None else f" until step {until:,.10g}"
    resumed = ", where the run was resumed" if place.resumed else ""
    return f"from step {place.step:,.10g} on{end}{resumed} ({at}; step {place.before:,.10g} is not)"


def what(change: Change) -> str:
    """How the logged rate follows from the planned one."""
    kind = change.kind
    if kind == "same":
        return "as planned" + _counted(change)
    if kind == "constant":
        return f"the rate stays at {change.level:.7g}, whatever the plan"
    if kind == "shift":
        shifted = f"the plan {abs(change.shift):,.10g} steps {_late(change.shift)}"
        return f"{shifted}: {_at(change)}" + _range(change.interval, "shift")
    if kind == "scale":
        return f"the plan {_pace(change)}: {_at(change)}" + _range(change.interval, "scale")
    if kind == "stairs":
        every = round(1 / float(change.scale))
        return f"the plan moves once every {every:,} steps, to its next value: {_at(change)}"
    if kind == "scale and shift":
        return f"the plan {_pace(change)}: {_at(change)}" + _range(change.interval, "scale")
    if kind == "factor":
        return f"{change.factor:.6g} times the plan" + _range(change.interval, "factor")
    if kind == "factor and shift":
        return (
            f"{change.factor:.6g} times the plan, {abs(change.shift):,.10g} steps "
            f"{_late(change.shift)}: {_at(change)}" + _range(change.interval, "factor")
        )
    if kind == "offset":
        sign = "plus" if change.offset > 0 else "minus"
        return f"the plan {sign} {abs(change.offset):.6g}" + _range(change.interval, "offset")
    if kind == "floor":
        return f"the plan, never below {change.floor:.7g}"
    if kind == "ceiling":
        return f"the plan, never above {change.ceiling:.7g}"
    if kind == "rounding":
        to = change.format or f"multiples of {change.quantum:g}"
        return f"the plan, rounded to {to}"
    return "another shape than the plan, by none of the known changes"


def _late(shift: float) -> str:
    return "late" if shift < 0 else "early"


def _counted(change: Change) -> str:
    if not change.counted:
        return ""
    behind = "before" if change.counted < 0 else "after"
    steps = "one step" if abs(change.counted) == 1 else f"{abs(change.counted):,} steps"
    return f"; the log writes the rate of {steps} {behind} the step it names, a way to count"


def _pace(change: Change) -> str:
    scale = change.scale
    if isinstance(scale, Fraction):
        if scale.denominator == 1:
            return f"{scale.numerator:,} times as fast"
        if scale.numerator == 1:
            return f"{scale.denominator:,} times as slow"
    number = float(scale)
    return f"{number:.6g} times as fast" if number > 1 else f"{1 / number:.6g} times as slow"


def _at(change: Change) -> str:
    scale = change.scale
    step = "step s" if not change.counted else f"step s {_signed(change.counted)}".strip()
    inner = step.removeprefix("step ")
    if scale != 1:
        written = f"{scale}" if _is_simple(scale) else f"{float(scale):.6g}"
        inner = f"{written} * ({inner})" if change.counted else f"{written} * {inner}"
        if change.stairs:
            inner = f"floor({inner})"
    if change.shift:
        inner = f"{inner} {_signed(change.shift)}"
    return f"at step s it is the planned rate of step {inner}"


def _is_simple(scale: Fraction | float) -> bool:
    return isinstance(scale, Fraction) and scale.numerator * scale.denominator < 10_000


def _signed(number: float) -> str:
    return f"{'+' if number > 0 else '-'} {abs(number):.10g}"


def _range(interval: Interval | None, name: str) -> str:
    """The interval of a parameter, where it is wider than what is printed of it."""
    if interval is None:
        return ""
    low, high = f"{interval[0]:.6g}", f"{interval[1]:.6g}"
    return "" if low == high else f" ({name} between {low} and {high})"

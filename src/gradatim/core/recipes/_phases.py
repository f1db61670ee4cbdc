"""Parts that recipes share: lengths of phases, warm-ups, holds and decays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, overload

from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, Exponential, Linear, OneMinusSqrt, Polynomial
from gradatim.core.run.clocks import format_ticks
from gradatim.core.run.durations import in_ticks, level_of
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import known_true

First = Literal["start", "step"]
Last = Literal["step", "floor"]
Shape = Literal["linear", "1-sqrt", "cosine", "exponential", "sqrt-cube"]


@overload
def ticks_in(run: Run | int) -> int: ...
@overload
def ticks_in(run: Run | int | None) -> int | None: ...
def ticks_in(run: Run | int | None) -> int | None:
    """The ticks of the whole run."""
    return run.ticks if isinstance(run, Run) else run


def phases(where: str, run: Run | int | None, **lengths: int | str) -> dict[str, int]:
    """The lengths of the phases in ticks.

    Raises:
        GradatimError: If they do not leave a tick of the run for the rest.
    """
    known = {name: in_ticks(where, name, length, run) for name, length in lengths.items()}
    steps = ticks_in(run)
    if steps is not None and sum(known.values()) >= steps:
        spelled = " + ".join(f"{name} ({_shown(n, run)})" for name, n in known.items() if n)
        raise GradatimError(
            f"{where}: {spelled} must be less than steps, {_shown(steps, run)}, so that something "
            "is left. steps is the whole run, these phases included."
        )
    return known


def warm_up_steps(where: str, warmup: int | str, run: Run | int | None, least: int = 0) -> int:
    """The ticks of a warm-up.

    A warm-up in updates may be longer than the run, because version 0.1 accepted it. With another
    clock it may not.
    """
    known = in_ticks(where, "warmup", warmup, run, least)
    if isinstance(run, Run) and run.clock != "updates" and known > run.ticks:
        raise invalid_value(
            where, "warmup", warmup, f"at most the whole run, {_shown(run.ticks, run)}"
        )
    return known


def _shown(ticks: int, run: Run | int | None) -> str:
    clock = run.clock if isinstance(run, Run) else "updates"
    return f"{ticks}" if clock == "updates" else format_ticks(ticks, clock)


def warm_up(start: float, peak: float, warmup: int, first: First) -> tuple[Schedule, ...]:
    """The pieces of a warm-up; none if its length is 0."""
    if warmup == 0:
        return ()
    line = Linear(start, peak, warmup)
    if first == "start":
        return (line,)
    return (line.shift(-1),) if warmup > 1 else ()


def decay_steps(steps: int, before: tuple[Schedule, ...], last: Last) -> int:
    """The length of the decay after the pieces ``before``, with its end as ``last`` selects."""
    left = steps - sum(piece.length or 0 for piece in before) - (last == "floor")
    return max(left, 1)


def floor_for(where: str, shape: Shape, floor: float | str, peak: float) -> float:
    """The final value of a decay of this shape."""
    value = level_of(where, "floor", floor, peak)
    refuse_zero(where, shape, value)
    return value


def refuse_zero(where: str, shape: Shape, floor: float) -> None:
    """Raise if a decay of this shape cannot reach its floor, because that is 0."""
    if shape == "exponential" and known_true(floor <= 0.0):
        hint = "Write floor='1%'."
        raise invalid_value(where, "floor", floor, "above 0 for shape='exponential'", hint)


def ramp_of(shape: Shape, start: float, end: float, steps: int) -> Schedule:
    """A ramp of this shape."""
    if shape == "linear":
        return Linear(start, end, steps)
    if shape == "1-sqrt":
        return OneMinusSqrt(start, end, steps)
    if shape == "cosine":
        return Cosine(start, end, steps)
    if shape == "sqrt-cube":
        return Polynomial(start, end, steps, 1.5)
    return Exponential(start, end, steps)


def hold_at(value: float, steps: int) -> tuple[Schedule, ...]:
    return (Constant(value, steps),) if steps else ()


def boundaries_in(
    where: str, boundaries: Sequence[int | str], steps: int | Run | None
) -> tuple[int, ...]:
    """The updates of some boundaries, which must rise."""
    at = tuple(
        in_ticks(where, f"boundaries[{i}]", boundary, steps, least=1)
        for i, boundary in enumerate(boundaries)
    )
    for i, (before, after) in enumerate(pairwise(at), start=1):
        if after <= before:
            allowed = f"above the one before, {before}"
            raise invalid_value(where, f"boundaries[{i}]", after, allowed)
    return at


def values_after_factors(
    where: str, value: float, boundaries: Sequence[int | str], factors: Sequence[float]
) -> tuple[float, ...]:
    if len(factors) != len(boundaries):
        raise invalid_value(where, "factors", factors, f"{len(boundaries)} numbers, one a boundary")
    values = [value]
    for factor in factors:
        values.append(values[-1] * factor)
    return tuple(values)

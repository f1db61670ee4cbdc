"""Optax' named constructors, read by name and arguments: the same curves as schedules and rules.

A schedule that Optax has built is a closure and cannot be read; its constructor and arguments can.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import optax

from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay, Table
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.rules import Plateau, Rule
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Steps, check_argument


def from_optax(constructor: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Schedule | Rule:
    """The schedule or rule that a constructor of Optax describes.

    The values are Optax' own, to the last digit that Optax computes. What Optax takes in silence
    and turns into a constant (no transition steps, a negative begin) is refused.

    Args:
        constructor: Its name, such as "warmup_cosine_decay_schedule", or the function itself.
        args: The arguments as Optax takes them.
        kwargs: The arguments as Optax takes them.

    Returns:
        A schedule; for ``reduce_on_plateau`` a rule, to go into ``scale_by_rule``.

    Raises:
        GradatimError: For a name that is not known, arguments that Optax would not take, and the
            few curves that have no counterpart; the message says which part.

    >>> from_optax("cosine_decay_schedule", init_value=1.0, decay_steps=100, alpha=0.1)
    Cosine(start=1.0, end=0.1, steps=100)
    """
    name = constructor if isinstance(constructor, str) else getattr(constructor, "__name__", "")
    if name == "join_schedules" or "<locals>" in getattr(constructor, "__qualname__", ""):
        what = "join_schedules takes closures" if name == "join_schedules" else "this is a closure"
        raise GradatimError(
            f"from_optax: {what}, which cannot be read. Give a constructor and its arguments, "
            "from_optax(optax.cosine_decay_schedule, 3e-4, 1000), and join with a.cut(steps) >> b; "
            "or give the code as text: gradatim.convert.read('optax.join_schedules(...)', 'optax')."
        )
    if not isinstance(constructor, str) and not callable(constructor):
        raise refuse(
            "from_optax", "constructor", constructor, "a constructor of Optax, or its name",
            "Write from_optax('cosine_decay_schedule', init_value=3e-4, decay_steps=1000).",
        )  # fmt: skip
    if name not in _READERS:
        raise unknown("from_optax", "constructor", name, _READERS)
    own = getattr(optax, name, None) or getattr(optax.contrib, name)
    try:
        given = inspect.signature(own).bind(*args, **kwargs)
    except TypeError as error:
        raise GradatimError(f"from_optax: {name}: {error}.") from None
    given.apply_defaults()
    return _READERS[name](**given.arguments)


def _after(begin: Any, value: float, schedule: Schedule) -> Schedule:
    """The schedule, after its first value has been held."""
    begin = check_argument("from_optax", "transition_begin", Steps, begin)
    return join(Constant(value, begin), schedule) if begin else schedule


def _constant(value: float) -> Schedule:
    return Constant(value)


def _linear(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int
) -> Schedule:
    return _after(transition_begin, init_value, Linear(init_value, end_value, transition_steps))


def _polynomial(
    init_value: float, end_value: float, power: float, transition_steps: int, transition_begin: int
) -> Schedule:
    ramp = Polynomial(init_value, end_value, transition_steps, power)
    return _after(transition_begin, init_value, ramp)


def _cosine(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    if exponent == 1:
        return Cosine(init_value, alpha * init_value, decay_steps)
    if exponent not in (2, 3, 4):
        raise refuse(
            "from_optax", "exponent", exponent, "1, 2, 3 or 4",
            "No schedule here is another power of a cosine.",
        )  # fmt: skip
    wave: Schedule = Cosine(1.0, 0.0, decay_steps)
    power = wave
    for _ in range(int(exponent) - 1):
        power = power * wave
    height = (1.0 - alpha) * init_value * power
    return height + alpha * init_value if alpha else height


def _exponential(
    init_value: float, transition_steps: int, decay_rate: float, transition_begin: int = 0,
    staircase: bool = False, end_value: float | None = None,
) -> Schedule:  # fmt: skip
    decay: Schedule = ExponentialDecay(init_value, decay_rate, transition_steps)
    if staircase:
        decay = decay.staircase(transition_steps)
    decay = _after(transition_begin, init_value, decay)
    return decay if end_value is None else decay.clip(low=end_value)


def _warmed_up(init_value: float, peak_value: float, warmup: int, rest: Schedule) -> Schedule:
    return join(Linear(init_value, peak_value, warmup), rest) if warmup else rest


def _warmup_constant(init_value: float, peak_value: float, warmup_steps: int) -> Schedule:
    return join(Linear(init_value, peak_value, warmup_steps), Constant(peak_value))


def _warmup_cosine(
    init_value: float, peak_value: float, warmup_steps: int, decay_steps: int,
    end_value: float = 0.0, exponent: float = 1.0,
) -> Schedule:  # fmt: skip
    if exponent == 1:
        decay: Schedule = Cosine(peak_value, end_value, decay_steps - warmup_steps)
    else:
        alpha = end_value / peak_value if peak_value else 0.0
        decay = _cosine(peak_value, decay_steps - warmup_steps, alpha, exponent)
    return _warmed_up(init_value, peak_value, warmup_steps, decay)


def _warmup_exponential(
    init_value: float, peak_value: float, warmup_steps: int, transition_steps: int,
    decay_rate: float, transition_begin: int, staircase: bool, end_value: float | None,
) -> Schedule:  # fmt: skip
    decay = _exponential(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return _warmed_up(init_value, peak_value, warmup_steps, decay)


def _sgdr(cosine_kwargs: Any) -> Schedule:
    each = [from_optax("warmup_cosine_decay_schedule", **kwargs) for kwargs in cosine_kwargs]
    return join(*(one for one in each if isinstance(one, Schedule)))


def _levels(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None
) -> list[tuple[int, float]]:
    """Each boundary and the value from there on: scales apply on top of each other."""
    points, value = [(0, init_value)], init_value
    for boundary, scale in sorted((boundaries_and_scales or {}).items()):
        value = value * scale
        if boundary > 0:
            points.append((boundary, value))
        else:
            points[0] = (0, value)
    return points


def _piecewise_constant(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None
) -> Schedule:
    return Table(tuple(_levels(init_value, boundaries_and_scales)), "hold")


def _piecewise_interpolate(
    interpolate_type: str, init_value: float, boundaries_and_scales: Mapping[int, float] | None
) -> Schedule:
    shapes: dict[str, type[Linear | Cosine]] = {"linear": Linear, "cosine": Cosine}
    if interpolate_type not in shapes:
        raise unknown("from_optax", "interpolate_type", interpolate_type, shapes)
    points = _levels(init_value, boundaries_and_scales)
    if len(points) == 1:
        return Constant(points[0][1])
    ramp = shapes[interpolate_type]
    return join(*(ramp(a, b, end - begin) for (begin, a), (end, b) in pairwise(points)))


def _linear_onecycle(
    transition_steps: int, peak_value: float, pct_start: float, pct_final: float,
    div_factor: float, final_div_factor: float,
) -> Schedule:  # fmt: skip
    turns = {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1.0 / div_factor,
        transition_steps: 1.0 / final_div_factor,
    }
    return _piecewise_interpolate("linear", peak_value / div_factor, turns)


def _cosine_onecycle(
    transition_steps: int, peak_value: float, pct_start: float, div_factor: float,
    final_div_factor: float,
) -> Schedule:  # fmt: skip
    turns = {
        int(pct_start * transition_steps): div_factor,
        int(transition_steps): 1.0 / (div_factor * final_div_factor),
    }
    return _piecewise_interpolate("cosine", peak_value / div_factor, turns)


def _plateau(
    factor: float, patience: int, rtol: float, atol: float, cooldown: int, accumulation_size: int,
    min_scale: float,
) -> Rule:  # fmt: skip
    if accumulation_size != 1:
        raise refuse(
            "from_optax", "accumulation_size", accumulation_size, "left out",
            "It says how the rule is fed: scale_by_rule(rule, average=...).",
        )  # fmt: skip
    if patience == 0:
        raise refuse(
            "from_optax", "patience", patience, "1 or more",
            "Optax' patience=0 lowers at every metric, improved or not. What it names, lowering "
            "at the first metric without improvement, is Plateau(patience=0) here.",
        )  # fmt: skip
    if rtol and atol:
        raise refuse("from_optax", "atol", atol, "0 where rtol is given, or rtol 0")
    return Plateau(
        mode="min", nan="worse", factor=factor, patience=patience - 1, threshold=rtol or atol,
        relative=not atol, cooldown=cooldown, floor=min_scale,
    )  # fmt: skip


_READERS: dict[str, Callable[..., Schedule | Rule]] = {
    "constant_schedule": _constant,
    "linear_schedule": _linear,
    "polynomial_schedule": _polynomial,
    "cosine_decay_schedule": _cosine,
    "exponential_decay": _exponential,
    "warmup_constant_schedule": _warmup_constant,
    "warmup_cosine_decay_schedule": _warmup_cosine,
    "warmup_exponential_decay_schedule": _warmup_exponential,
    "sgdr_schedule": _sgdr,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "linear_onecycle_schedule": _linear_onecycle,
    "cosine_onecycle_schedule": _cosine_onecycle,
    "reduce_on_plateau": _plateau,
}

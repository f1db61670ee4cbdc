"""Optax: its schedule constructors, and ``optax.contrib.reduce_on_plateau``.

A schedule that Optax has built is a closure and cannot be read; its constructor and arguments can.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any, Literal

from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay, Table
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.rules import Plateau
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.peers.arguments import (
    DecayFactor,
    Entries,
    NonNegative,
    Number,
    Positive,
    PositiveSteps,
    Steps,
)
from gradatim.peers.found import Read
from gradatim.peers.nested import one_after_another
from gradatim.peers.peer import Calls, Peer
from gradatim.peers.source import JAX, function
from gradatim.peers.stages import Written, call, stages

OPTAX = Peer("optax")


@OPTAX.scheduler("constant_schedule")
def constant(value: Number) -> Schedule:
    """One value."""
    return Constant(value)


@OPTAX.scheduler("linear_schedule")
def linear(
    init_value: Number,
    end_value: Number,
    transition_steps: PositiveSteps,
    transition_begin: Steps = 0,
) -> Schedule:
    """A line."""
    return _after(transition_begin, init_value, Linear(init_value, end_value, transition_steps))


@OPTAX.scheduler("polynomial_schedule")
def polynomial(
    init_value: Number,
    end_value: Number,
    power: Number,
    transition_steps: PositiveSteps,
    transition_begin: Steps = 0,
) -> Schedule:
    """A power of what is left."""
    ramp = Polynomial(init_value, end_value, transition_steps, power)
    return _after(transition_begin, init_value, ramp)


@OPTAX.scheduler("cosine_decay_schedule")
def cosine_decay(
    init_value: Number, decay_steps: PositiveSteps, alpha: Number = 0.0, exponent: Number = 1.0
) -> Schedule:
    """A power of a cosine, down to a share of the first value."""
    return _cosine(init_value, alpha * init_value, decay_steps, exponent)


def _cosine(start: float, end: float, steps: int, exponent: float) -> Schedule:
    if exponent == 1:
        return Cosine(start, end, steps)
    if exponent not in (2, 3, 4):
        why = "No schedule here is another power of a cosine."
        raise invalid_value("optax", "exponent", exponent, "1, 2, 3 or 4", why)
    wave: Schedule = Cosine(1.0, 0.0, steps)
    power = wave
    for _ in range(int(exponent) - 1):
        power = power * wave
    height = (start - end) * power
    return height + end if end else height


@OPTAX.scheduler("exponential_decay")
def exponential_decay(
    init_value: Number,
    transition_steps: PositiveSteps,
    decay_rate: DecayFactor,
    transition_begin: Steps = 0,
    staircase: bool = False,
    end_value: Number | None = None,
) -> Schedule:
    """The value times ``decay_rate`` every ``transition_steps``, as far as ``end_value``."""
    decay: Schedule = ExponentialDecay(init_value, decay_rate, transition_steps)
    if staircase:
        decay = decay.staircase(transition_steps)
    decay = _after(transition_begin, init_value, decay)
    if end_value is None:
        return decay
    # Optax takes a rate of 1 for growth, whose end is the highest value.
    return decay.clip(low=end_value) if decay_rate < 1.0 else decay.clip(high=end_value)


@OPTAX.scheduler("warmup_constant_schedule")
def warmup_constant(init_value: Number, peak_value: Number, warmup_steps: Steps) -> Schedule:
    """A line, and then its end."""
    return _warmed_up(init_value, peak_value, warmup_steps, Constant(peak_value))


@OPTAX.scheduler("warmup_cosine_decay_schedule")
def warmup_cosine_decay(
    init_value: Number,
    peak_value: Number,
    warmup_steps: Steps,
    decay_steps: PositiveSteps,
    end_value: Number = 0.0,
    exponent: Number = 1.0,
) -> Schedule:
    """A line and a cosine; ``decay_steps`` counts both."""
    if decay_steps <= warmup_steps:
        raise invalid_value(
            "optax", "decay_steps", decay_steps, f"above warmup_steps, {warmup_steps}"
        )
    end = end_value if peak_value else 0.0  # Optax makes a share of the peak of it
    decay = _cosine(peak_value, end, decay_steps - warmup_steps, exponent)
    return _warmed_up(init_value, peak_value, warmup_steps, decay)


@OPTAX.scheduler("warmup_exponential_decay_schedule")
def warmup_exponential_decay(
    init_value: Number,
    peak_value: Number,
    warmup_steps: Steps,
    transition_steps: PositiveSteps,
    decay_rate: DecayFactor,
    transition_begin: Steps = 0,
    staircase: bool = False,
    end_value: Number | None = None,
) -> Schedule:
    """A line, and then an exponential decay."""
    decay = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return _warmed_up(init_value, peak_value, warmup_steps, decay)


@OPTAX.scheduler("sgdr_schedule")
def sgdr(cosine_kwargs: Entries) -> Read:
    """Warm-ups and cosines, one after another."""
    if not all(isinstance(kwargs, Mapping) for kwargs in cosine_kwargs):
        raise invalid_value(
            "sgdr_schedule", "cosine_kwargs", cosine_kwargs, "a list of dictionaries"
        )
    name = "warmup_cosine_decay_schedule"
    cycles = [OPTAX.means(name, OPTAX.bind(name, (), each), None) for each in cosine_kwargs]
    lengths = [int(each["decay_steps"]) for each in cosine_kwargs]
    return one_after_another("decay_steps, added up,", cycles, list(accumulate(lengths))[:-1])


@OPTAX.scheduler("join_schedules")
def join_schedules(schedules: Calls, boundaries: Entries) -> Read:
    """Each from its own first step, from its boundary on."""
    return one_after_another("boundaries", [one.means() for one in schedules], boundaries)


@OPTAX.scheduler("piecewise_constant_schedule")
def piecewise_constant(init_value: Number, boundaries_and_scales: Any = None) -> Schedule:
    """Levels, each a multiple of the one before."""
    return Table(tuple(_levels(init_value, boundaries_and_scales)), "hold")


@OPTAX.scheduler("piecewise_interpolate_schedule")
def piecewise_interpolate(
    interpolate_type: Literal["linear", "cosine"],
    init_value: Number,
    boundaries_and_scales: Any = None,
) -> Schedule:
    """Lines or cosines between levels, each of which is a multiple of the one before."""
    points = _levels(init_value, boundaries_and_scales)
    if len(points) == 1:
        return Constant(points[0][1])
    ramp = {"linear": Linear, "cosine": Cosine}[interpolate_type]
    return join(*(ramp(a, b, end - begin) for (begin, a), (end, b) in pairwise(points)))


@OPTAX.scheduler("linear_onecycle_schedule")
def linear_onecycle(
    transition_steps: PositiveSteps,
    peak_value: Number,
    pct_start: Number = 0.3,
    pct_final: Number = 0.85,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> Schedule:
    """Three lines: up, down, further down."""
    turns = {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1.0 / div_factor,
        transition_steps: 1.0 / final_div_factor,
    }
    return piecewise_interpolate("linear", peak_value / div_factor, turns)


@OPTAX.scheduler("cosine_onecycle_schedule")
def cosine_onecycle(
    transition_steps: PositiveSteps,
    peak_value: Number,
    pct_start: Number = 0.3,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
) -> Schedule:
    """Two half waves of a cosine: up, down."""
    turns = {
        int(pct_start * transition_steps): div_factor,
        transition_steps: 1.0 / (div_factor * final_div_factor),
    }
    return piecewise_interpolate("cosine", peak_value / div_factor, turns)


@OPTAX.scheduler("reduce_on_plateau")
def reduce_on_plateau(
    factor: Number = 0.1,
    patience: Steps = 10,
    rtol: NonNegative = 1e-4,
    atol: NonNegative = 0.0,
    cooldown: Steps = 0,
    accumulation_size: PositiveSteps = 1,
    min_scale: NonNegative = 0.0,
    *,
    lr: Number | None = None,
) -> Read:
    """The rule that lowers at the same metrics."""
    if accumulation_size != 1:
        why = "It says how the rule is fed: scale_by_rule(rule, average=...)."
        where = "reduce_on_plateau"
        raise invalid_value(where, "accumulation_size", accumulation_size, "left out", why)
    if patience == 0:
        why = (
            "Optax' patience=0 lowers at every metric, improved or not. What it names, lowering "
            "at the first metric without improvement, is Plateau(patience=0) here."
        )
        raise invalid_value("reduce_on_plateau", "patience", patience, "1 or more", why)
    if rtol and atol:
        raise invalid_value("reduce_on_plateau", "atol", atol, "0 where rtol is given, or rtol 0")
    rule = Plateau(
        mode="min",
        nan="worse",
        factor=factor,
        patience=patience - 1,
        threshold=rtol or atol,
        relative=not atol,
        cooldown=cooldown,
        floor=min_scale,
    )
    return Read({} if lr is None else {"lr": Constant(lr)}, rule)


def _after(begin: int, value: float, schedule: Schedule) -> Schedule:
    """The schedule, after its first value has been held."""
    return join(Constant(value, begin), schedule) if begin else schedule


def _warmed_up(start: float, peak: float, steps: int, rest: Schedule) -> Schedule:
    return join(Linear(start, peak, steps), rest) if steps else rest


def _levels(start: float, boundaries_and_scales: Any) -> list[tuple[int, float]]:
    """Each boundary and the value from there on: scales apply on top of each other."""
    if boundaries_and_scales is not None and not isinstance(boundaries_and_scales, Mapping):
        given = shown(boundaries_and_scales)
        raise GradatimError(f"boundaries_and_scales must be a dictionary, got {given}.")
    points, value = [(0, start)], start
    for boundary, scale in sorted((boundaries_and_scales or {}).items()):
        value *= check_argument("optax", "a scale of boundaries_and_scales", NonNegative, scale)
        if boundary > 0:
            points.append((boundary, value))
        else:
            points[0] = (0, value)
    return points


_FLOAT32 = "Rates are float32 there: equal to about 7 digits."


@OPTAX.writes
def write(schedule: Schedule, steps: int) -> Written:
    """A ready schedule of Optax where there is one, else a function in jax.numpy."""
    found = stages(schedule)
    if found and isinstance(found.curve, Cosine) and not found.hold and not found.early:
        curve = found.curve
        code = "import optax\n\nschedule = " + call(
            "optax.warmup_cosine_decay_schedule",
            init_value=found.start,
            peak_value=found.peak,
            warmup_steps=found.warmup,
            decay_steps=found.warmup + curve.steps,
            end_value=curve.end,
        )
        if found.warmup:
            return Written(f"{code}\n", (_FLOAT32,))
    code = (
        "import jax.numpy as jnp\nimport optax\n\n\n" + function(schedule, JAX) + "\n\n"
        "optimizer = optax.adam(rate)\n"
    )
    said = "The function needs no gradatim. With it, write optax.adam(schedule)."
    return Written(code, (_FLOAT32, said))

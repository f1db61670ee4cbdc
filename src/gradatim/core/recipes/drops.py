"""Level, with drops at given steps."""

from __future__ import annotations

from gradatim.core._config import recipe
from gradatim.core._fields import Falling, NotNegative, Number, Steps
from gradatim.core.combine import join
from gradatim.core.decays import ExponentialDecay, Table
from gradatim.core.durations import Length, updates
from gradatim.core.errors import refuse
from gradatim.core.recipes._phases import accumulated, warm_up
from gradatim.core.schedule import Schedule


@recipe
def piecewise_constant(values: tuple[Number, ...], boundaries: tuple[Steps, ...]) -> Schedule:
    """A list of values, each until the next boundary.

    Args:
        values: The values, one more than boundaries.
        boundaries: The steps at which the next value begins, rising.

    Keras' ``PiecewiseConstantDecay`` changes one update later.

    >>> [piecewise_constant(values=[1.0, 0.1], boundaries=[10])(k) for k in (0, 9, 10, 99)]
    [1.0, 1.0, 0.1, 0.1]
    """
    if len(values) != len(boundaries) + 1:
        raise refuse(
            "piecewise_constant", "values", values, f"{len(boundaries) + 1} numbers, one more than "
            "boundaries",
        )  # fmt: skip
    return Table(tuple(zip((0, *boundaries), values, strict=True)), "hold")


@recipe
def step_decay(
    peak: Number, every: Steps, factor: Falling = 0.1, warmup: Length = 0, start: Number = 0.0
) -> Schedule:
    """The value is multiplied with ``factor`` once every ``every`` updates.

    Args:
        peak: The first and highest value.
        every: Updates between two drops.
        factor: What each drop multiplies with.
        warmup: Updates of linear warm-up before it.
        start: The value the warm-up comes from.

    ``StepLR`` of torch has the same values (there, ``factor`` is ``gamma``).

    >>> [step_decay(peak=1.0, every=10, factor=0.5)(k) for k in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """
    up = warm_up(start, peak, updates("step_decay", "warmup", warmup, None), "start")
    return join(*up, ExponentialDecay(peak, factor, every).staircase(every))


@recipe
def multistep(
    peak: Number, boundaries: tuple[Steps, ...], factor: NotNegative = 0.1, warmup: Length = 0,
    start: Number = 0.0,
) -> Schedule:  # fmt: skip
    """The value is multiplied with ``factor`` at each of the boundaries.

    Args:
        peak: The first and highest value.
        boundaries: The steps at which it drops, rising, counted from the start of the run.
        factor: What each drop multiplies with.
        warmup: Updates of linear warm-up, which end before the first boundary.
        start: The value the warm-up comes from.

    ``MultiStepLR`` of torch has the same values (there, ``factor`` is ``gamma``).

    >>> schedule = multistep(peak=1.0, boundaries=[10, 20], factor=0.5)
    >>> [schedule(k) for k in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """
    rise = updates("multistep", "warmup", warmup, None)
    if boundaries and rise >= boundaries[0]:
        raise refuse("multistep", "warmup", warmup, f"below the first boundary, {boundaries[0]}")
    values = accumulated("multistep", peak, boundaries, (factor,) * len(boundaries))
    after = tuple(boundary - rise for boundary in boundaries)
    return join(*warm_up(start, peak, rise, "start"), piecewise_constant(values, after))

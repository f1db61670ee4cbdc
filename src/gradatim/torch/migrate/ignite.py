"""Ignite's ``param_scheduler``, read by its attributes; Ignite need not be installed."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from gradatim.convert.meaning.phases import updates, whole
from gradatim.core.closed_forms import Triangle
from gradatim.core.combine import join
from gradatim.core.decays import Table
from gradatim.core.errors import GradatimError
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.torch.migrate.chains import one_after_another
from gradatim.torch.migrate.reading import Carried, Rates, Values, carry, reads


@reads("ignite", "LinearCyclicalScheduler", "CosineAnnealingScheduler")
def cyclical(scheduler: Any, rates: Rates | None) -> Carried:
    """Cycles without end; each may be longer than the one before, its ends other multiples."""
    stretch = check_argument("cycle_mult", "cycle_mult", PositiveInt, whole(scheduler.cycle_mult))
    start_by, end_by = scheduler.start_value_mult, scheduler.end_value_mult
    begun = scheduler.cycle > 0 or scheduler.event_index > scheduler.cycle_size
    if begun and not stretch == start_by == end_by == 1:
        raise GradatimError(
            f"{type(scheduler).__name__} is past its first cycle and does not know its first "
            "values any more. Call from_torch before the run."
        )
    start, end = scheduler.start_value, scheduler.end_value
    if start_by == end_by:
        cycle = _cycle(scheduler, start, end, start * start_by)
        waves: Schedule = cycle.repeat(stretch=stretch, factor=start_by)
    else:
        falling = _cycle(scheduler, start, 0.0, start * start_by)
        rising = _cycle(scheduler, 0.0, end, 0.0)
        waves = falling.repeat(stretch=stretch, factor=start_by)
        waves = waves + rising.repeat(stretch=stretch, factor=end_by)
    return _driven(scheduler, waves)


def _cycle(scheduler: Any, start: float, end: float, following: float) -> Schedule:
    name = type(scheduler).__name__
    steps = updates(name, "cycle_size", scheduler.cycle_size)
    if not hasattr(scheduler, "monotonic"):
        curve: Schedule = Cosine(start, end, steps)
    elif scheduler.monotonic:
        curve = Linear(start, end, steps)
    elif steps % 2:
        curve = Triangle(start, end, steps / 2).cut(steps)
    else:
        curve = Linear(start, end, steps // 2) >> Linear(end, start, steps // 2)
    up = scheduler.warmup_duration
    return join(curve, *((Linear(end, following, up),) if up else ()))


@reads("ignite", "PiecewiseLinear")
def table(scheduler: Any, rates: Rates | None) -> Carried:
    """Lines between milestones; two at one step are a jump there."""
    points = list(zip(map(int, scheduler.milestones), scheduler.values, strict=True))
    if points[0][0] > 0:
        points.insert(0, (0, points[0][1]))
    parts: list[list[tuple[int, float]]] = [[points[0]]]
    for before, point in pairwise(points):
        if point[0] == before[0]:
            parts.append([point])
        else:
            parts[-1].append(point)
    # A jump right at the start leaves nothing of what is before it.
    tables = [[(step - part[0][0], value) for step, value in part] for part in parts]
    kept = [Table(tuple(part), "linear") for part in tables[:-1] if len(part) > 1]
    return _driven(scheduler, join(*kept, Table(tuple(tables[-1]), "linear")))


@reads("ignite", "ConcatScheduler")
def concatenated(scheduler: Any, rates: Rates | None) -> Carried:
    """Each for its duration, from its own first step."""
    children = [_following(child) for child in scheduler.schedulers]
    starts = list(accumulate(map(int, scheduler.durations)))
    values = one_after_another("ConcatScheduler", "durations, added up,", children, starts)
    return Carried(values, groups=scheduler.optimizer.param_groups)


def _following(child: Any) -> Values:
    values = carry(child).values
    inner = getattr(child, "lr_scheduler", None)
    if inner is None:
        return values
    # A warm-up ends at the first rate of what it is for, which then goes on with its second. The
    # one with restarts always does; of the others the counter says it.
    restarts = hasattr(inner, "_lr_scheduler")
    ahead = 1 if restarts else inner.last_epoch - child.event_index
    return {key: value.shift(-ahead) if ahead else value for key, value in values.items()}


@reads("ignite", "ParamGroupScheduler")
def grouped(scheduler: Any, rates: Rates | None) -> Carried:
    """Several at once, each for its value and group."""
    if len({id(optimizer) for optimizer in scheduler.optimizer}) > 1:
        raise GradatimError(
            "ParamGroupScheduler drives several optimizers. Call from_torch for each of its "
            ".schedulers, and give each optimizer a Scheduler."
        )
    values: dict[tuple[str, int], Schedule] = {}
    for child in scheduler.schedulers:
        values |= carry(child).values
    return Carried(values, groups=scheduler.optimizer[0].param_groups)


@reads("ignite", "LRScheduler")
def wrapped(scheduler: Any, rates: Rates | None) -> Carried:
    """The scheduler of torch inside."""
    inner = scheduler.lr_scheduler
    return carry(getattr(inner, "_lr_scheduler", inner))


@reads("ignite", "ReduceLROnPlateauScheduler")
def metric(scheduler: Any, rates: Rates | None) -> Carried:
    """The plateau rule of torch inside."""
    if scheduler.param_group_index is not None and len(scheduler.optimizer.param_groups) > 1:
        raise GradatimError(
            "ReduceLROnPlateauScheduler: param_group_index lowers one group alone, and a rule has "
            "one scale for all. Give that group an optimizer and a Scheduler of its own."
        )
    return carry(scheduler.scheduler)


@reads("ignite", "BatchSizeScheduler")
def batches(scheduler: Any, rates: Rates | None) -> Carried:
    """Refused: it drives no optimizer."""
    raise GradatimError("BatchSizeScheduler drives a data loader, not an optimizer. Keep it.")


def _driven(scheduler: Any, schedule: Schedule) -> Carried:
    groups = scheduler.optimizer.param_groups
    only = scheduler.param_group_index
    indices = range(len(groups)) if only is None else [range(len(groups))[only]]
    return Carried({(scheduler.param_name, i): schedule for i in indices}, groups=groups)

"""Ignite: the classes of ``ignite.handlers.param_scheduler``."""

from __future__ import annotations

from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from gradatim.core.closed_forms import Triangle
from gradatim.core.combine import join
from gradatim.core.decays import Table
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import Entries, Ignored, Number, PositiveInt, PositiveSteps, Steps
from gradatim.peers.found import Read
from gradatim.peers.nested import one_after_another
from gradatim.peers.objects import arguments_of, call_of
from gradatim.peers.peer import Call, Calls, Peer
from gradatim.peers.torch import TORCH
from gradatim.peers.transformers import TRANSFORMERS

IGNITE = Peer("ignite", inside=(TORCH, TRANSFORMERS))


@IGNITE.scheduler("LinearCyclicalScheduler")
def linear_cyclical(
    optimizer: Ignored,
    param_name: str,
    start_value: Number,
    end_value: Number,
    cycle_size: PositiveSteps,
    cycle_mult: PositiveInt = 1,
    start_value_mult: Number = 1.0,
    end_value_mult: Number = 1.0,
    warmup_duration: Steps = 0,
    save_history: Ignored = False,
    param_group_index: Any = None,
    monotonic: bool = False,
) -> Read:
    """Lines, or triangles, in cycles without end."""

    def curve(start: float, end: float) -> Schedule:
        if monotonic:
            return Linear(start, end, cycle_size)
        if cycle_size % 2:
            return Triangle(start, end, cycle_size / 2).cut(cycle_size)
        half = cycle_size // 2
        return Linear(start, end, half) >> Linear(end, start, half)

    ends, by = (start_value, end_value), (start_value_mult, end_value_mult)
    return _read(
        param_name, _cycles(curve, ends, by, cycle_mult, warmup_duration), param_group_index
    )


@IGNITE.scheduler("CosineAnnealingScheduler")
def cosine_annealing(
    optimizer: Ignored,
    param_name: str,
    start_value: Number,
    end_value: Number,
    cycle_size: PositiveSteps,
    cycle_mult: PositiveInt = 1,
    start_value_mult: Number = 1.0,
    end_value_mult: Number = 1.0,
    warmup_duration: Steps = 0,
    save_history: Ignored = False,
    param_group_index: Any = None,
) -> Read:
    """Half waves of a cosine, in cycles without end."""

    def curve(start: float, end: float) -> Schedule:
        return Cosine(start, end, cycle_size)

    ends, by = (start_value, end_value), (start_value_mult, end_value_mult)
    return _read(
        param_name, _cycles(curve, ends, by, cycle_mult, warmup_duration), param_group_index
    )


def _cycles(
    curve: Any, ends: tuple[float, float], by: tuple[float, float], stretch: int, up: int
) -> Schedule:
    """Each cycle may be longer than the one before, and its ends other multiples."""
    (start, end), (start_by, end_by) = ends, by

    def cycle(start: float, end: float, following: float) -> Schedule:
        return join(curve(start, end), *((Linear(end, following, up),) if up else ()))

    if start_by == end_by:
        return cycle(start, end, start * start_by).repeat(stretch=stretch, factor=start_by)
    falling = cycle(start, 0.0, start * start_by).repeat(stretch=stretch, factor=start_by)
    return falling + cycle(0.0, end, 0.0).repeat(stretch=stretch, factor=end_by)


@IGNITE.scheduler("PiecewiseLinear")
def piecewise_linear(
    optimizer: Ignored,
    param_name: str,
    milestones_values: Entries,
    save_history: Ignored = False,
    param_group_index: Any = None,
) -> Read:
    """Lines between milestones; two at one step are a jump there."""
    points = [(int(step), float(value)) for step, value in milestones_values]
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
    schedule = join(*kept, Table(tuple(tables[-1]), "linear"))
    return _read(param_name, schedule, param_group_index)


@IGNITE.scheduler("ConcatScheduler")
def concat(
    schedulers: Calls,
    durations: Entries,
    save_history: Ignored = False,
    *,
    lr: Number | None = None,
) -> Read:
    """Each for its duration, from its own first step."""
    starts = list(accumulate(map(int, durations)))
    parts = [one.means(lr) for one in schedulers]
    return one_after_another("durations, added up,", parts, starts)


@IGNITE.scheduler("ParamGroupScheduler")
def param_group(
    schedulers: Calls,
    names: Ignored = None,
    save_history: Ignored = False,
    *,
    lr: Number | None = None,
) -> Read:
    """Several at once, each for its value."""
    values: dict[str, Schedule] = {}
    for read in (one.means(lr) for one in schedulers):
        values |= read.values
    return Read(values)


@IGNITE.scheduler("LRScheduler")
def lr_scheduler(
    lr_scheduler: Call,
    save_history: Ignored = False,
    use_legacy: Ignored = False,
    *,
    lr: Number | None = None,
) -> Read:
    """The scheduler of torch inside."""
    return lr_scheduler.means(lr)


IGNITE.refuses("it drives a data loader, not an optimizer. Keep it.", "BatchSizeScheduler")


def _read(name: str, schedule: Schedule, group: int | None) -> Read:
    said = () if group is None else (f"There it drives the parameter group {group} alone.",)
    return Read({name: schedule}, differences=said)


@IGNITE.reads_object("LinearCyclicalScheduler", "CosineAnnealingScheduler", "PiecewiseLinear")
def ignite_object(scheduler: Any, group: int) -> Call:
    """It may drive one group alone."""
    name = next(k.__name__ for k in type(scheduler).__mro__ if k.__name__ in IGNITE.meanings)
    groups, only = scheduler.optimizer.param_groups, scheduler.param_group_index
    if only is not None and range(len(groups))[only] != group:
        return Call(IGNITE, name, make=lambda lr: Read())
    without = ("param_group_index", "milestones_values")
    found = arguments_of(scheduler, IGNITE.meaning(name), without=without)
    if name == "PiecewiseLinear":
        found["milestones_values"] = list(zip(scheduler.milestones, scheduler.values, strict=True))
        return Call(IGNITE, name, found)
    same = found["cycle_mult"] == found["start_value_mult"] == found["end_value_mult"] == 1
    if (scheduler.cycle > 0 or scheduler.event_index > scheduler.cycle_size) and not same:
        raise GradatimError(
            f"{name} is past its first cycle and does not know its first values any more. Call "
            "from_torch before the run."
        )
    return Call(IGNITE, name, found)


@IGNITE.reads_object("ConcatScheduler")
def read_concat(scheduler: Any, group: int) -> Call:
    """A warm-up ends at the first rate of what it is for, which then goes on with its second."""
    children = tuple(_following(child, group) for child in scheduler.schedulers)
    found = {"schedulers": children, "durations": tuple(scheduler.durations)}
    return Call(IGNITE, "ConcatScheduler", found)


def _following(child: Any, group: int) -> Call:
    call, inner = call_of(child, group), getattr(child, "lr_scheduler", None)
    # One with restarts always goes on with its second; of the others the counter says it.
    restarts = hasattr(inner, "_lr_scheduler")
    ahead = 0 if inner is None else 1 if restarts else inner.last_epoch - child.event_index
    return call._replace(make=partial(_ahead, call, ahead)) if ahead else call


def _ahead(call: Call, by: int, lr: float | None) -> Read:
    read = call.means(lr)
    return Read({key: schedule.shift(-by) for key, schedule in read.values.items()}, read.rule)


@IGNITE.reads_object("ParamGroupScheduler")
def read_groups(scheduler: Any, group: int) -> Call:
    """Each for its value and group."""
    if len({id(optimizer) for optimizer in scheduler.optimizer}) > 1:
        raise GradatimError(
            "ParamGroupScheduler drives several optimizers. Call from_torch for each of its "
            ".schedulers, and give each optimizer a Scheduler."
        )
    children = tuple(call_of(child, group) for child in scheduler.schedulers)
    return Call(IGNITE, "ParamGroupScheduler", {"schedulers": children})


@IGNITE.reads_object("LRScheduler")
def read_wrapped(scheduler: Any, group: int) -> Call:
    """It may keep a copy of the scheduler of torch that knows where it stands."""
    inner = scheduler.lr_scheduler
    call = call_of(getattr(inner, "_lr_scheduler", inner), group)
    return Call(IGNITE, "LRScheduler", {"lr_scheduler": call})


@IGNITE.reads_object("ReduceLROnPlateauScheduler")
def read_plateau(scheduler: Any, group: int) -> Call:
    """The plateau rule of torch inside."""
    if scheduler.param_group_index is not None and len(scheduler.optimizer.param_groups) > 1:
        raise GradatimError(
            "ReduceLROnPlateauScheduler: param_group_index lowers one group alone, and a rule has "
            "one scale for all. Give that group an optimizer and a Scheduler of its own."
        )
    return call_of(scheduler.scheduler, group)

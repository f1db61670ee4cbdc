"""Growing batch sizes in Megatron-LM's notation, and rates that follow the batch size.

The first two recipes are schedules of the batch size, for ``Run(batch=...)`` or
``Run(accumulate=...)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from gradatim.core.decays import Table
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, NonNegativeInt, PositiveInt
from gradatim.core.values.value import recipe
from gradatim.errors import GradatimError, invalid_value

_STAGE = re.compile(r"(\d+\.?\d*)([KMBT]?):(\d+\.?\d*)([KMBT]?)", re.ASCII | re.IGNORECASE)
_MOST_INCREMENTS = 10_000
_MULTIPLES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


@recipe
def batch_stages(
    stages: str, *, tokens_per_sample: PositiveInt | None = None, per: PositiveInt = 1
) -> Schedule:
    """The batch size, from stages that begin after a number of tokens or samples.

    Args:
        stages: Pairs "threshold:batch", such as "0:768 250B:1536 500B:3072". A stage begins with
            the first update after that many tokens.
        tokens_per_sample: Tokens in a sample; None if the thresholds count samples.
        per: A divisor of all values: the processes, for the batch size of one process; batch size
            times processes, for the number of batches to accumulate.

    Raises:
        GradatimError: If the text cannot be read, the thresholds do not rise from 0, or a batch is
            no multiple of ``per``.

    ``--step-batch-size-schedule`` of Megatron-LM, with ``--seq-length`` as ``tokens_per_sample``.

    >>> batch = batch_stages("0:768 250B:1536", tokens_per_sample=4096)
    >>> [int(batch(k)) for k in (0, 79_472, 79_473)]
    [768, 768, 1536]
    """
    found = [_stage(entry, stages) for entry in stages.replace(",", " ").split()]
    if not found or found[0][0] != 0:
        raise invalid_value("batch_stages", "stages", stages, 'pairs that begin with "0:batch"')
    for (before, _), (after, _) in pairwise(found):
        if after <= before:
            raise invalid_value("batch_stages", "stages", stages, "pairs with rising thresholds")
    size = tokens_per_sample or 1
    return _table("batch_stages", [(threshold // size, batch) for threshold, batch in found], per)


def _stage(entry: str, stages: str) -> tuple[int, int]:
    parts = _STAGE.fullmatch(entry)
    if parts is None:
        raise invalid_value("batch_stages", "stages", stages, 'pairs like "0:768 250B:1536"')
    threshold, batch = (Fraction(parts[i]) * _MULTIPLES[parts[i + 1].upper()] for i in (1, 3))
    if batch < 1 or batch.denominator != 1:
        raise invalid_value("batch_stages", "a batch", entry, "a whole number, 1 or more")
    return int(threshold), int(batch)


@recipe
def batch_rampup(
    peak: PositiveInt,
    *,
    start: PositiveInt,
    increment: PositiveInt,
    samples: NonNegativeInt,
    per: PositiveInt = 1,
) -> Schedule:
    """The batch size, growing from a first one to the last in equal increments.

    Args:
        peak: The last and largest batch.
        start: The first batch.
        increment: What is added each time; ``peak - start`` is a multiple of it.
        samples: The samples after which the last batch size is reached; the increments are evenly
            spaced.
        per: A divisor of all values: the processes, for the batch size of one process; batch size
            times processes, for the number of batches to accumulate.

    Raises:
        GradatimError: If the increments do not lead from ``start`` to ``peak``, or a batch is no
            multiple of ``per``.

    ``--rampup-batch-size start increment samples`` of Megatron-LM, with ``--global-batch-size`` as
    ``peak``.

    >>> batch = batch_rampup(64, start=16, increment=16, samples=960)
    >>> [int(batch(k)) for k in (0, 19, 20, 29, 30, 37)]
    [16, 16, 32, 32, 48, 64]
    """
    if start > peak:
        raise invalid_value("batch_rampup", "start", start, f"at most peak, {peak}")
    times, rest = divmod(peak - start, increment)
    if rest:
        raise invalid_value(
            "batch_rampup", "increment", increment, f"a divisor of peak - start, {peak - start}"
        )
    if times > _MOST_INCREMENTS:
        raise invalid_value(
            "batch_rampup",
            "peak",
            peak,
            f"at most {_MOST_INCREMENTS:,} increments above start, {start}",
            f"With increment={increment} it is {times:,}.",
        )
    found = [(_reached(i, samples, times), start + i * increment) for i in range(times + 1)]
    return _table("batch_rampup", found, per)


def _reached(i: int, samples: int, times: int) -> int:
    """The samples after which Megatron-LM, which divides in float64, has made i increments."""
    if i == 0 or samples == 0:
        return 0
    each = samples / times
    low, high = 0, 2 * samples
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if int(middle / each) >= i else (middle + 1, high)
    return low


def _table(where: str, stages: Sequence[tuple[int, int]], per: int) -> Schedule:
    """A table by updates, from stages by samples."""
    points: list[tuple[int, float]] = []
    updates = seen = 0
    ends = [*(threshold for threshold, _ in stages[1:]), None]
    for (_, batch), end in zip(stages, ends, strict=True):
        if batch % per:
            raise invalid_value(where, "per", per, f"a divisor of every batch, such as {batch}")
        if end is not None and end <= seen:
            continue  # the last update of the previous stage has seen all of this stage
        points.append((updates, float(batch // per)))
        if end is not None:
            more = -(-(end - seen) // batch)
            updates, seen = updates + more, seen + more * batch
    return Table(tuple(points), "hold")


@recipe
def scale_with_batch(
    schedule: Schedule,
    *,
    run: Run,
    power: NonNegative = 0.5,
    reference: PositiveInt | None = None,
) -> Schedule:
    """A rate that grows with the batch size of a run: ``schedule * (batch / reference) ** power``.

    The batch size is that of the update which uses the value, over all processes and accumulated
    batches. The clock of the run is "updates", "samples" or "tokens".

    Args:
        schedule: The schedule for the batch size ``reference``.
        run: The run. In a plan file it is that of the plan.
        power: 0.5 for the square root, the rule for Adam; 1.0 for the linear rule of SGD.
        reference: The samples per update that the schedule is meant for; by default those of the
            first update.

    Raises:
        GradatimError: If the run does not know its batch size, or its clock does not determine the
            update.

    Sources: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014
    (arXiv:1404.5997); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (arXiv:1706.02677);
    Malladi et al., "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms", 2022
    (arXiv:2205.10287).

    >>> from gradatim import Constant, Run, piecewise_constant
    >>> run = Run(batch=piecewise_constant([64, 256], boundaries=[100]), steps=1000)
    >>> rate = scale_with_batch(Constant(1e-3), run=run)
    >>> rate(99), rate(100)
    (0.001, 0.002)
    """
    stages = list(_sizes(run))
    first = stages[0][1] if reference is None else reference
    try:
        factors = [(tick, float(Fraction(size, first)) ** power) for tick, size in stages]
    except OverflowError:
        raise invalid_value(
            "scale_with_batch",
            "power",
            power,
            "so small that every (batch / reference) ** power is finite",
        ) from None
    return schedule * Table(tuple(factors), "hold")


def _sizes(run: Run) -> Iterator[tuple[int, int]]:
    """The ticks at which the batch size changes, and the samples per update from there on."""
    for stage in run.batches.stages:
        tick = run.tick_after(stage.start)
        if tick is None:
            raise GradatimError(
                f"scale_with_batch: the clock of the run is {run.clock!r}, which does not "
                "determine the update. Use the clock 'updates', 'samples' or 'tokens'."
            )
        yield tick, stage.samples * run.processes

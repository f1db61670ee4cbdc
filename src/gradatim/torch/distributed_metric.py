"""One metric for all ranks, so that a rule decides the same on each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from math import fsum, inf
from numbers import Real
from typing import NamedTuple, SupportsFloat
from zlib import crc32

import torch.distributed as dist
from torch import Tensor

from gradatim.drive import Driver
from gradatim.errors import GradatimError, invalid_value

# The calls in this process. Ranks that run the same script have the same count.
_CALLS = count()
DEFAULT_TIMEOUT = 25.0
"""Seconds to wait for the other ranks."""

Metric = SupportsFloat | None
"""A number or a tensor of one; None on a rank that has none."""


class _Observation(NamedTuple):
    """What one rank sends to the others."""

    context: str
    metric: str | None
    """In hexadecimal, which is exact for infinities and NaN, too."""
    error: str | None


def observation_context(driver: Driver, name: str | None) -> str:
    """What is observed and the state of the rules, which must be the same on all ranks."""
    names = name or ", ".join(driver.plan.rules)
    states = crc32(repr(driver.state()["states"]).encode())
    return f"{names} at position {driver.position} with rules in state {states:08x}"


def mean_over_ranks(metric: Metric, context: str, timeout: float) -> tuple[float, str]:
    """The mean of the ranks' metrics, and a sentence that lists them for an error.

    The ranks communicate through the store of the process group, not by a collective: the error
    can then name a rank that does not call this, and collectives of the training cannot be mixed
    up with it. Either all ranks go on or none does.

    Args:
        metric: This rank's metric.
        context: What is observed: the ranks' must be equal.
        timeout: Seconds to wait for the other ranks.

    Raises:
        GradatimError: If a rank does not call this in time, has another context or a metric that
            is no number, or if no rank has a metric.
    """
    number, seconds, error = None, DEFAULT_TIMEOUT, None
    try:
        number, seconds = _number(metric), _seconds(timeout)
    except GradatimError as invalid:
        number, error = None, invalid
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        if error is not None:
            raise error
        if number is None:
            hint = "None is for a rank without a metric, where others have one."
            raise invalid_value("Scheduler.observe", "metric", metric, "a number", hint)
        return number, ""
    observation = _Observation(
        context=context,
        metric=None if number is None else number.hex(),
        error=None if error is None else str(error),
    )
    ranks = _gather(observation, seconds)
    if error is not None:
        raise error
    for rank, one in enumerate(ranks):
        if one.error:
            raise GradatimError(f"Scheduler.observe: on rank {rank}: {one.error}")
    if len({one.context for one in ranks}) > 1:
        listed = "; ".join(f"rank {rank}: {one.context}" for rank, one in enumerate(ranks))
        raise GradatimError(
            "Scheduler.observe: the ranks observe different things, so one of them has missed a "
            f"call or made one too many: {listed}."
        )
    metrics = [None if one.metric is None else float.fromhex(one.metric) for one in ranks]
    numbers = [one for one in metrics if one is not None]
    if not numbers:
        raise GradatimError("Scheduler.observe: no rank gave a metric, all gave None.")
    listed = ", ".join("none" if one is None else repr(one) for one in metrics)
    return _mean(numbers), f"The metrics of the ranks, in order: {listed}."


def _number(metric: Metric) -> float | None:
    if isinstance(metric, Tensor):
        if metric.numel() != 1:
            raise invalid_value("Scheduler.observe", "metric", metric, "one number")
        metric = metric.item()
    if metric is None:
        return None
    if isinstance(metric, bool) or not isinstance(metric, Real):
        raise invalid_value(
            "Scheduler.observe", "metric", metric, "a number", "Write float(metric)."
        )
    try:
        return float(metric)
    except OverflowError:
        return inf


def _seconds(timeout: float) -> float:
    is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout < inf:
        raise invalid_value("Scheduler.observe", "timeout", timeout, "a number of seconds above 0")
    return float(timeout)


def _gather(observation: _Observation, seconds: float) -> list[_Observation]:
    """The observation of each rank, in order."""
    # Every rank has this store: process groups are formed through it. torch has no public name.
    store = dist.distributed_c10d._get_default_store()
    call, world, rank = next(_CALLS), dist.get_world_size(), dist.get_rank()
    prefix = f"gradatim/observe/{call}"
    keys = [f"{prefix}/{other}" for other in range(world)]
    try:
        store.set(keys[rank], json.dumps(observation))
        try:
            store.wait(keys, timedelta(seconds=seconds))
            verdict = "all"
        except RuntimeError:
            verdict = _missing(store.check, keys)
        # `compare_set` lets the first rank fix the verdict for all.
        verdict = store.compare_set(f"{prefix}/verdict", "", verdict).decode()
        if verdict == "all":
            observations = [_Observation(*json.loads(store.get(key))) for key in keys]
            if call:
                # All ranks are in this call, so none still reads the keys of the previous one.
                previous = f"gradatim/observe/{call - 1}"
                for key in (rank, "verdict") if rank == 0 else (rank,):
                    store.delete_key(f"{previous}/{key}")
            return observations
    except RuntimeError:
        verdict = "the ranks could not be reached"
    raise GradatimError(
        f"Scheduler.observe: {verdict} within {seconds:g} seconds. Every rank calls "
        "observe(metric) after each evaluation; one without a metric gives None. If an evaluation "
        "takes longer on some ranks, write observe(metric, timeout=...)."
    )


def _missing(has_keys: Callable[[list[str]], bool], keys: Sequence[str]) -> str:
    missing = [str(rank) for rank, key in enumerate(keys) if not has_keys([key])]
    return f"rank {', '.join(missing)} did not observe anything"


def _mean(metrics: Sequence[float]) -> float:
    if all(metric == metrics[0] for metric in metrics):
        return metrics[0]
    try:
        return fsum(metrics) / len(metrics)
    except (OverflowError, ValueError):  # infinities of both signs, or too large for a float
        return float("nan")

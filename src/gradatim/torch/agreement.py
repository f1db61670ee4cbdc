"""One metric for all ranks, so that a rule decides the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from math import fsum, inf
from numbers import Real
from typing import Any

import torch.distributed as dist

from gradatim.core.errors import GradatimError, refuse

# The observations of this process, in order. Ranks that run the same script count alike.
_OBSERVATIONS = count()


def agreed(metric: float | None, about: str, timeout: float) -> tuple[float, str]:
    """The mean of what the ranks gave, and a sentence that says what that was.

    The ranks meet in the store of the process group, not in a collective: a rank that stays away
    is named after ``timeout`` seconds, and no other communication gets mixed up.

    Args:
        metric: This rank's metric; None if it has none.
        about: What is observed, and at which position: it must be the same on all ranks.
        timeout: Seconds to wait for the other ranks.

    Raises:
        GradatimError: If a rank stays away, observes something else, or none has a metric.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, Real) or not 0 < timeout < inf:
        raise refuse("Scheduler.observe", "timeout", timeout, "a number of seconds above 0")
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        if metric is None:
            raise refuse(
                "Scheduler.observe", "metric", metric, "a number",
                "None is for a rank without a metric, where others have one.",
            )  # fmt: skip
        return metric, ""
    if metric is not None and (isinstance(metric, bool) or not isinstance(metric, Real)):
        raise refuse("Scheduler.observe", "metric", metric, "a number")
    given = _exchanged([about, None if metric is None else float(metric).hex()], timeout)
    if len({told for told, _ in given}) > 1:
        raise GradatimError(
            "Scheduler.observe: the ranks observe different things, so one of them has missed a "
            "call or made one too many: "
            + "; ".join(f"rank {rank}: {told}" for rank, (told, _) in enumerate(given))
            + "."
        )
    metrics = [float.fromhex(text) for _, text in given if text is not None]
    if not metrics:
        raise GradatimError("Scheduler.observe: no rank gave a metric, all gave None.")
    shown = ", ".join("none" if text is None else repr(float.fromhex(text)) for _, text in given)
    return _mean(metrics), f"The metrics of the ranks, in order: {shown}."


def _exchanged(ours: list[Any], timeout: float) -> list[list[Any]]:
    # The store is where the ranks met to form their group, so each of them has it. It is reached
    # by this name only, in every release so far.
    store = dist.distributed_c10d._get_default_store()
    number, world, rank = next(_OBSERVATIONS), dist.get_world_size(), dist.get_rank()
    keys = [f"gradatim/observe/{number}/{other}" for other in range(world)]
    try:
        store.set(keys[rank], json.dumps(ours))
        store.wait(keys, timedelta(seconds=timeout))
        given = [json.loads(store.get(key)) for key in keys]
        if number:
            # All have come to this one, so all have read the one before.
            store.delete_key(f"gradatim/observe/{number - 1}/{rank}")
    except RuntimeError as error:
        raise GradatimError(
            f"Scheduler.observe: {_missing(store, keys)} within {timeout:g} seconds. Every rank "
            "calls observe(metric) after each evaluation; one without a metric gives None. If an "
            "evaluation takes longer on some ranks, write observe(metric, timeout=...)."
        ) from error
    return given


def _missing(store: Any, keys: Sequence[str]) -> str:
    try:
        away = [rank for rank, key in enumerate(keys) if not store.check([key])]
    except RuntimeError:
        away = []
    if not away:
        return "the ranks could not be reached"
    return f"rank {', '.join(map(str, away))} did not observe anything"


def _mean(metrics: Sequence[float]) -> float:
    if all(metric == metrics[0] for metric in metrics):
        return metrics[0]
    try:
        return fsum(metrics) / len(metrics)
    except (OverflowError, ValueError):  # infinities of both signs, or beyond all floats
        return float("nan")

"""One metric for all ranks, so that a rule decides the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from math import fsum, inf
from numbers import Real
from typing import Any
from zlib import crc32

import torch.distributed as dist
from torch import Tensor

from gradatim.core.errors import GradatimError, refuse
from gradatim.drive import Driver

# The observations of this process, in order. Ranks that run the same script count alike.
_OBSERVATIONS = count()
WAIT = 25.0
"""Seconds to wait for the other ranks, unless said otherwise."""


def observed(driver: Driver, name: str | None) -> str:
    """What is observed, and in which state: ranks that have come apart say different things."""
    names = name or ", ".join(driver.plan.rules)
    states = crc32(repr(driver.state()["states"]).encode())
    return f"{names} at position {driver.position} with rules in state {states:08x}"


def agreed(metric: Any, about: str, timeout: float) -> tuple[Any, str]:
    """The mean of what the ranks gave, and a sentence that says what that was.

    The ranks meet in the store of the process group, not in a collective: a rank that stays away
    is named, and no other communication gets mixed up. Either all go on or none does.

    Args:
        metric: This rank's metric, a number or a tensor of one; None if it has none.
        about: What is observed, and in which state: it must be the same on all ranks.
        timeout: Seconds to wait for the other ranks.

    Raises:
        GradatimError: If a rank stays away, observes something else or what is no number, or none
            has a metric.
    """
    problem = None
    try:
        number, seconds = _number(metric), _seconds(timeout)
    except GradatimError as error:
        number, seconds, problem = None, WAIT, error
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        if problem is None and number is None:
            problem = refuse(
                "Scheduler.observe", "metric", metric, "a number",
                "None is for a rank without a metric, where others have one.",
            )  # fmt: skip
        if problem is not None:
            raise problem
        return number, ""
    told = [about, None if number is None else number.hex(), problem and str(problem)]
    given = _exchanged(told, seconds)
    if problem is not None:
        raise problem
    for rank, (_, _, refused) in enumerate(given):
        if refused:
            raise GradatimError(f"Scheduler.observe: on rank {rank}: {refused}")
    if len({about for about, _, _ in given}) > 1:
        raise GradatimError(
            "Scheduler.observe: the ranks observe different things, so one of them has missed a "
            "call or made one too many: "
            + "; ".join(f"rank {rank}: {about}" for rank, (about, _, _) in enumerate(given))
            + "."
        )
    metrics = [float.fromhex(text) for _, text, _ in given if text is not None]
    if not metrics:
        raise GradatimError("Scheduler.observe: no rank gave a metric, all gave None.")
    shown = ", ".join("none" if text is None else repr(float.fromhex(text)) for _, text, _ in given)
    return _mean(metrics), f"The metrics of the ranks, in order: {shown}."


def _number(metric: Any) -> float | None:
    if isinstance(metric, Tensor):
        if metric.numel() != 1:
            raise refuse("Scheduler.observe", "metric", metric, "one number")
        metric = metric.item()
    if metric is None:
        return None
    if isinstance(metric, bool) or not isinstance(metric, Real):
        raise refuse("Scheduler.observe", "metric", metric, "a number", "Write float(metric).")
    try:
        return float(metric)
    except OverflowError:
        return inf


def _seconds(timeout: Any) -> float:
    known = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not known or not 0 < timeout < inf:
        raise refuse("Scheduler.observe", "timeout", timeout, "a number of seconds above 0")
    return float(timeout)


def _exchanged(ours: list[Any], seconds: float) -> list[list[Any]]:
    # The store is where the ranks met to form their group, so each of them has it. It is reached
    # by this name only, in every release so far.
    store = dist.distributed_c10d._get_default_store()
    number, world, rank = next(_OBSERVATIONS), dist.get_world_size(), dist.get_rank()
    place = f"gradatim/observe/{number}"
    keys = [f"{place}/{other}" for other in range(world)]
    try:
        store.set(keys[rank], json.dumps(ours))
        try:
            store.wait(keys, timedelta(seconds=seconds))
            verdict = "all"
        except RuntimeError:
            verdict = _missing(store, keys)
        # `compare_set` lets the first rank fix the verdict for all; late ranks learn of it.
        verdict = store.compare_set(f"{place}/verdict", "", verdict).decode()
        if verdict == "all":
            given = [json.loads(store.get(key)) for key in keys]
            if number:
                # All have come to this one, so all have read the one before.
                before = f"gradatim/observe/{number - 1}"
                for key in (rank, "verdict") if rank == 0 else (rank,):
                    store.delete_key(f"{before}/{key}")
            return given
    except RuntimeError:
        verdict = "the ranks could not be reached"
    raise GradatimError(
        f"Scheduler.observe: {verdict} within {seconds:g} seconds. Every rank calls "
        "observe(metric) after each evaluation; one without a metric gives None. If an evaluation "
        "takes longer on some ranks, write observe(metric, timeout=...)."
    )


def _missing(store: Any, keys: Sequence[str]) -> str:
    away = [rank for rank, key in enumerate(keys) if not store.check([key])]
    return f"rank {', '.join(map(str, away))} did not observe anything"


def _mean(metrics: Sequence[float]) -> float:
    if all(metric == metrics[0] for metric in metrics):
        return metrics[0]
    try:
        return fsum(metrics) / len(metrics)
    except (OverflowError, ValueError):  # infinities of both signs, or beyond all floats
        return float("nan")

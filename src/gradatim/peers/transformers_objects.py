"""transformers: its functions make a ``LambdaLR``, which is known by the function in it."""

from __future__ import annotations

from functools import partial
from typing import Any

from gradatim.errors import GradatimError
from gradatim.peers.objects import arguments_of, number
from gradatim.peers.peer import Call
from gradatim.peers.torch import TORCH
from gradatim.peers.torch_objects import where_from
from gradatim.peers.transformers import TRANSFORMERS, greedy

_NAMES = {
    "_get_wsd_scheduler_lambda": "get_wsd_schedule",
    "_get_constant_lambda": "get_constant_schedule",
}


@TORCH.reads_object("LambdaLR")
def function_of_step(scheduler: Any, group: int) -> Call:
    """A factor for each group, if it is one that a function of transformers made."""
    factor, lr = scheduler.lr_lambdas[group], number(scheduler.base_lrs[group])
    inner = factor.func if isinstance(factor, partial) else factor
    if getattr(inner, "__module__", "") != "transformers.optimization":
        shown = where_from(inner)
        there = shown if ":" in shown else "package.module:name"
        raise GradatimError(
            f"LambdaLR: {shown} is code of your own, which is no value. Write the schedule it "
            f"means, or put it at the top of a module and write lr={lr!r} * Function({there!r})."
        )
    name = getattr(inner, "__name__", "")
    name = _NAMES.get(name, name.removeprefix("_").removesuffix("_lambda").removesuffix("_lr"))
    found = dict(factor.keywords) if isinstance(factor, partial) else {}
    if "min_lr_rate" in found and name == "get_cosine_schedule_with_warmup":  # they share one
        name = "get_cosine_with_min_lr_schedule_with_warmup"
    first = found.pop("lr_init", lr)
    if first != lr:  # lr_end is that of the optimizer's first rate, and each group has a share
        found["lr_end"] = lr * (found["lr_end"] / first)
    return Call(TRANSFORMERS, name, TRANSFORMERS.bind(name, (), found), lr)


@TRANSFORMERS.reads_object("GreedyLR")
def greedy_object(scheduler: Any, group: int) -> Call:
    """Its bounds are lists, one entry a group."""
    found = arguments_of(scheduler, greedy, without=("min_lr", "max_lr", "reset_start"))
    found["min_lr"] = number(scheduler.min_lrs[group])
    found["max_lr"] = number(scheduler.max_lrs[group])
    found["reset_start"] = scheduler.reset_start_original
    return Call(TRANSFORMERS, "GreedyLR", found, number(scheduler._init_lrs[group]))

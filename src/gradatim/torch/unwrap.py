"""Finds the optimizer whose ``step`` is the real update, inside the wrappers of trainers."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from torch.optim import Optimizer

from gradatim.errors import GradatimError, invalid_value
from gradatim.torch.deepspeed import engine_optimizer, is_deepspeed_wrapper

# How deep attributes are searched: in a list of dicts of lists, for example.
_MAX_DEPTH = 3


class OptimizerLike(Protocol):
    """An optimizer of torch, or a wrapper around optimizers."""

    @property
    def step(self) -> Callable[..., float | None]:
        """The method that makes an update."""


def unwrap_optimizer(optimizer: OptimizerLike) -> Optimizer:
    """The optimizer to attach to, which may be inside the given object.

    A wrapper of one optimizer is unwrapped if it holds it as ``.optimizer``, or if both have the
    same parameter groups. For DeepSpeed's, the steps of the outermost are the updates.

    Raises:
        GradatimError: If it is no optimizer, if it never calls the hooks that count updates, or if
            its parameter groups are not those that its inner optimizers read.
    """
    seen: list[OptimizerLike] = []
    while not any(optimizer is one for one in seen):
        seen.append(optimizer)
        if is_deepspeed_wrapper(optimizer):
            return engine_optimizer(optimizer)
        wrapped = getattr(optimizer, "optimizer", None)
        if isinstance(wrapped, Optimizer) or is_deepspeed_wrapper(wrapped):
            optimizer = wrapped
            continue
        inner = dict(_inner_optimizers(optimizer))
        separate = {name: one for name, one in inner.items() if not _has_groups_of(optimizer, one)}
        if len(inner) == 1 and not separate and not _calls_hooks(optimizer):
            (optimizer,) = inner.values()
        elif separate and not _copies_groups_to_inner(optimizer):
            raise _separate_groups(optimizer, separate)
    if not isinstance(optimizer, Optimizer):
        hint = _hint_for(optimizer)
        raise invalid_value("Scheduler", "optimizer", optimizer, "a torch optimizer", hint)
    _check_usable(optimizer)
    return optimizer


def _hint_for(optimizer: OptimizerLike) -> str:
    """What to write in place of an optimizer that is not a subclass of torch's."""
    if type(optimizer).__module__.startswith("fastai"):
        return (
            "fastai's own optimizers are none. Build the Learner with opt_func="
            "partial(OptimWrapper, opt=torch.optim.AdamW), and give learner.opt.opt."
        )
    return ""


def _check_usable(optimizer: Optimizer) -> None:
    kind = type(optimizer).__name__
    if not _calls_hooks(optimizer):
        raise GradatimError(
            f"Scheduler: {kind} did not call Optimizer.__init__, so its step() does not call the "
            "hooks that count updates. Call super().__init__(params, defaults) in it, or give the "
            "optimizer that it wraps."
        )
    groups = optimizer.param_groups
    if not groups:
        raise GradatimError("Scheduler: the optimizer has no parameter groups.")
    if any(one is not other for one, other in zip(groups, optimizer.param_groups, strict=True)):
        raise GradatimError(
            f"Scheduler: {kind}.param_groups makes new groups each time it is read, so what is "
            "written to them is lost. Give the optimizer that it wraps."
        )


def _calls_hooks(optimizer: OptimizerLike) -> bool:
    """Whether ``Optimizer.__init__`` has prepared its class: torch marks ``step`` as hooked."""
    step = getattr(type(optimizer), "step", None)
    return hasattr(optimizer, "_optimizer_step_pre_hooks") and hasattr(step, "hooked")


def _inner_optimizers(optimizer: OptimizerLike) -> Iterator[tuple[str, Optimizer]]:
    """The optimizers that an object holds, each with the code to reach it, such as ".base"."""
    for name, held in getattr(optimizer, "__dict__", {}).items():
        yield from _optimizers_in(f".{name}", held, _MAX_DEPTH)


def _optimizers_in(name: str, held: object, depth: int) -> Iterator[tuple[str, Optimizer]]:
    if isinstance(held, Optimizer):
        yield name, held
    # Optimizer.state is a defaultdict: it is large, and holds no optimizers.
    elif depth and isinstance(held, Mapping) and not isinstance(held, defaultdict):
        for key, one in held.items():
            yield from _optimizers_in(f"{name}[{key!r}]", one, depth - 1)
    elif depth and isinstance(held, (list, tuple, set, frozenset)):
        for i, one in enumerate(held):
            yield from _optimizers_in(f"{name}[{i}]", one, depth - 1)


def _has_groups_of(outer: OptimizerLike, inner: Optimizer) -> bool:
    """Whether all parameter groups of the inner optimizer are groups of the outer one, too."""
    groups = list(getattr(outer, "param_groups", ()))
    return all(any(group is one for one in groups) for group in inner.param_groups)


def _copies_groups_to_inner(optimizer: OptimizerLike) -> bool:
    """Whether it is torch's ZeroRedundancyOptimizer, which copies them before every step."""
    module = sys.modules.get("torch.distributed.optim")
    zero = getattr(module, "ZeroRedundancyOptimizer", None)
    return zero is not None and isinstance(optimizer, zero)


def _separate_groups(outer: OptimizerLike, inner: Mapping[str, Optimizer]) -> GradatimError:
    """The error for a wrapper whose optimizers have parameter groups of their own."""
    kind = type(outer).__name__
    listed = ", ".join(f"{kind}{name} ({type(one).__name__})" for name, one in inner.items())
    paths = ", ".join(f"optimizer{name}" for name in inner)
    driven = paths if len(inner) == 1 else f"[{paths}]"
    return GradatimError(
        f"Scheduler: {kind} holds optimizers of its own, and they do not read its parameter "
        f"groups: {listed}. Values written to {kind} would change nothing. Write "
        f"Scheduler({driven}, ...)."
    )

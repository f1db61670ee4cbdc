"""The optimizer whose ``step`` is the real update, inside the wrappers of trainers."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from inspect import unwrap
from typing import Any

from torch.optim import Optimizer

from gradatim.core.errors import GradatimError, refuse
from gradatim.torch.engine import is_engine_optimizer, updates_of


def innermost(optimizer: Any) -> Optimizer:
    """The optimizer to attach to.

    A wrapper that holds one optimizer is looked through if it holds it as ``.optimizer``, or if
    both have the same parameter groups. Of DeepSpeed's, the outermost steps are the updates.

    Raises:
        GradatimError: If it is no optimizer, if it never calls the hooks that count updates, or if
            its parameter groups are not those that its inner optimizers read.
    """
    seen: list[Any] = []
    while not any(optimizer is one for one in seen):
        seen.append(optimizer)
        if is_engine_optimizer(optimizer):
            return updates_of(optimizer)
        wrapped = getattr(optimizer, "optimizer", None)
        if isinstance(wrapped, Optimizer) or is_engine_optimizer(wrapped):
            optimizer = wrapped
            continue
        inner = dict(_inner(optimizer))
        others = {name: one for name, one in inner.items() if not _shares_groups(optimizer, one)}
        if len(inner) == 1 and not others and not _calls_hooks(optimizer):
            (optimizer,) = inner.values()
        elif others and not _copies_groups_to_inner(optimizer):
            raise _not_read(optimizer, others)
    if not isinstance(optimizer, Optimizer):
        raise refuse(
            "Scheduler", "optimizer", optimizer, "a torch optimizer", _instead_of(optimizer)
        )  # fmt: skip
    _check_usable(optimizer)
    return optimizer


def _instead_of(optimizer: Any) -> str:
    """What to write in place of optimizers that only look like those of torch."""
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


def _calls_hooks(optimizer: Any) -> bool:
    """Whether its class was prepared by ``Optimizer.__init__``: torch marks ``step`` as hooked."""
    return hasattr(optimizer, "_optimizer_step_pre_hooks") and hasattr(
        type(optimizer).step, "hooked"
    )


def _inner(optimizer: Any) -> Iterator[tuple[str, Optimizer]]:
    """The optimizers that an object holds in its attributes, and the names to reach them by."""
    for name, held in getattr(optimizer, "__dict__", {}).items():
        yield from _optimizers_in(f".{name}", held, 3)


def _optimizers_in(name: str, held: Any, depth: int) -> Iterator[tuple[str, Optimizer]]:
    if isinstance(held, Optimizer):
        yield name, held
    # Not in torch's own state of each parameter, a defaultdict: it is large, and holds none.
    elif depth and isinstance(held, Mapping) and not isinstance(held, defaultdict):
        for key, one in held.items():
            yield from _optimizers_in(f"{name}[{key!r}]", one, depth - 1)
    elif depth and isinstance(held, (list, tuple, set, frozenset)):
        for i, one in enumerate(held):
            yield from _optimizers_in(f"{name}[{i}]", one, depth - 1)


def _shares_groups(outer: Any, inner: Optimizer) -> bool:
    """Whether all parameter groups of the inner optimizer are groups of the outer one, too."""
    groups = list(getattr(outer, "param_groups", ()))
    return all(any(group is one for one in groups) for group in inner.param_groups)


def _copies_groups_to_inner(optimizer: Any) -> bool:
    """Whether it is torch's ZeroRedundancyOptimizer, which copies them before every step."""
    module = sys.modules.get("torch.distributed.optim")
    zero = getattr(module, "ZeroRedundancyOptimizer", None)
    return zero is not None and isinstance(optimizer, zero)


def _not_read(outer: Any, inner: Mapping[str, Optimizer]) -> GradatimError:
    kind = type(outer).__name__
    listed = ", ".join(f"{kind}{name} ({type(one).__name__})" for name, one in inner.items())
    paths = ", ".join(f"optimizer{name}" for name in inner)
    driven = paths if len(inner) == 1 else f"[{paths}]"
    return GradatimError(
        f"Scheduler: {kind} holds optimizers of its own, and they do not read its parameter "
        f"groups: {listed}. Values written to {kind} would change nothing. Write "
        f"Scheduler({driven}, ...)."
    )


def has_nested_steps(optimizer: Optimizer) -> bool:
    """Whether its ``step`` may call that of a parent class, around which torch calls hooks too."""
    kinds = [one for one in type(optimizer).__mro__ if issubclass(one, Optimizer)]
    steps = {unwrap(vars(one)["step"]) for one in kinds if "step" in vars(one)}
    steps.discard(unwrap(Optimizer.step))
    return len(steps) > 1

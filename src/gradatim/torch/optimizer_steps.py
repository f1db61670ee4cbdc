"""Calls of ``optimizer.step()`` that are not one real update each."""

from __future__ import annotations

from inspect import unwrap

from torch.optim import Optimizer
from torch.optim.optimizer import Kwargs

from gradatim.torch.hyperparameters import Hyperparameter

_LR = Hyperparameter("lr", None)


def has_nested_steps(optimizer: Optimizer) -> bool:
    """Whether its ``step`` may call that of a parent class, around which torch calls hooks too."""
    kinds = [one for one in type(optimizer).__mro__ if issubclass(one, Optimizer)]
    steps = {unwrap(vars(one)["step"]) for one in kinds if "step" in vars(one)}
    steps.discard(unwrap(Optimizer.step))
    return len(steps) > 1


def initializes_state(optimizer: Optimizer, kwargs: Kwargs) -> bool:
    """Whether this is the step of torch.distributed.checkpoint that only creates the state.

    It calls ``step(closure=None)`` on an optimizer without state, with every rate and every
    gradient set to 0.
    """
    if kwargs != {"closure": None} or optimizer.state:
        return False
    groups = optimizer.param_groups
    if any(_LR.number(group) != 0.0 for group in groups if "lr" in group):
        return False
    gradients = (p.grad for group in groups for p in group["params"] if p.grad is not None)
    return not any(bool(gradient.any()) for gradient in gradients)

"""The message of a wrong call: the table of calls and messages stands in ``test_messages.py``."""

from functools import partial

import torch
from torch.optim import SGD, Adam

import gradatim
from gradatim.torch import Scheduler, from_torch, relative
from tests.messages import message_of


class Nested(SGD):
    """Its step calls that of its parent class, around which torch calls hooks as well."""

    def step(self, closure=None):
        return super().step(closure)


def weights() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.zeros(1))]


def sgd(*rates: float, **named: float) -> SGD:
    """An optimizer with a group for each rate, some of them named."""
    groups = [{"params": weights(), "lr": rate} for rate in rates]
    groups += [{"params": weights(), "lr": rate, "name": name} for name, rate in named.items()]
    return SGD(groups or [{"params": weights()}], lr=0.1)


def adam() -> Adam:
    return Adam(weights(), lr=0.1)


NAMES = {
    **{name: getattr(gradatim, name) for name in gradatim.__all__},
    "Scheduler": Scheduler,
    "from_torch": from_torch,
    "relative": relative,
    "sgd": sgd,
    "adam": adam,
    "torch": torch,
}


message = partial(message_of, names=NAMES)

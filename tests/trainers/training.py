"""What every trainer trains here, along which schedules, and how it ends when done by hand."""

from typing import Any

import torch
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader, Dataset

from gradatim import Linear, warmup_cosine
from gradatim.torch import Scheduler
from tests.trainers.seen import Seen

# Never zero: an update that should not be shows in the weights.
SCHEDULE = warmup_cosine(peak=0.1, steps=20, warmup=4, floor=0.001, first="step")
MOMENTUM = Linear(start=0.95, end=0.85, steps=20)


def used(start: int, stop: int | None = None) -> list[tuple[tuple[float, ...], ...]]:
    """What the core has for the updates from position to position, or for so many from 0 on."""
    steps = range(start) if stop is None else range(start, stop)
    return [((SCHEDULE(k), MOMENTUM(k)),) for k in steps]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        with torch.no_grad():
            for i, parameter in enumerate(self.parameters()):
                parameter.copy_(torch.linspace(-1.0, 1.0 + i, parameter.numel()).view_as(parameter))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": (self.layer(x) - y).square().mean()}


class Same(Dataset):
    """The same sample again and again, so that no order of the data can hide or fake anything."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": torch.tensor([0.5, -0.25, 0.75]), "y": torch.tensor([0.25, -1.0])}


def batches(many: int) -> DataLoader:
    return DataLoader(Same(2 * many), batch_size=2)


def sgd(net: nn.Module) -> tuple[SGD, Seen]:
    """An optimizer with values that no schedule here has, and what its updates see."""
    optimizer = SGD(net.parameters(), lr=9.0, momentum=0.5)
    return optimizer, Seen(optimizer, "lr", "momentum")


def drive(optimizer: Any, **more: Any) -> Scheduler:
    return Scheduler(optimizer, lr=SCHEDULE, momentum=MOMENTUM, **more)


def by_hand(updates: int) -> dict[str, torch.Tensor]:
    """The weights after a loop that sets the values itself, without a scheduler."""
    net = Net()
    optimizer = SGD(net.parameters(), lr=9.0, momentum=0.5)
    for k, batch in enumerate(batches(updates)):
        optimizer.param_groups[0] |= {"lr": SCHEDULE(k), "momentum": MOMENTUM(k)}
        optimizer.zero_grad()
        net(**batch)["loss"].backward()
        optimizer.step()
    return net.state_dict()


def same(weights: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> bool:
    """Whether two models are equal, bit for bit."""
    return weights.keys() == others.keys() and all(
        torch.equal(weight, others[name]) for name, weight in weights.items()
    )

"""The tasks on which rules that choose a peak are compared; each trains one small model.

``TASKS[name](schedule, seed, updates)`` yields (step, training loss) and ends with the loss on data
that was not trained on. The same seed gives the same start and the same batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from itertools import pairwise
from typing import NamedTuple

import fresh
import numpy as np
import torch
from sklearn import datasets
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional

from gradatim import Schedule, warmup_linear
from gradatim.race.tasks import text

UPDATES = 320
Losses = Generator[tuple[int, float], None, dict[str, float]]
Train = Callable[[Schedule, int, int], Losses]


def schedule_of(peak: float, steps: int) -> Schedule:
    """What all tasks train with: 5% warm-up from one step up, and a line down to 0."""
    warmup = max(1, steps // 20)
    return warmup_linear(peak=peak, steps=steps, warmup=warmup, start=peak / warmup)


class Split(NamedTuple):
    """Inputs and targets, to train with and to validate with."""

    x: Tensor
    y: Tensor
    x_unseen: Tensor
    y_unseen: Tensor


@cache
def split(name: str) -> Split:
    """A data set, scaled, with a quarter left out."""
    if name == "letters":
        x, y = map(np.asarray, fresh.windows())
    elif name == "classes":
        x, y = fresh.classes()
    elif name == "friedman":
        x, y = datasets.make_friedman1(1200, noise=1.0, random_state=0)
    else:
        loaded = getattr(datasets, f"load_{name}")()
        x, y = loaded.data, loaded.target
    if name != "letters":
        x = StandardScaler().fit_transform(x).astype("float32")
    if name in ("diabetes", "friedman"):
        y = ((y - y.mean()) / y.std()).astype("float32")[:, None]
    order = np.random.RandomState(0).permutation(len(x))
    first, rest = np.split(order, [int(0.75 * len(x))])
    return Split(*map(torch.tensor, (x[first], y[first], x[rest], y[rest])))


def perceptron(
    inputs: int, width: int, depth: int, outputs: int, kind: type[nn.Module]
) -> nn.Module:
    """A stack of linear layers."""
    sizes = [inputs, *[width] * depth]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), kind()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def convolutions() -> nn.Module:
    """A small network of convolutions with batch norm, for images of 8 x 8."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


class Model(NamedTuple):
    """What a task trains: data, a network, an optimizer, a loss and the size of a batch."""

    data: str
    network: Callable[[], nn.Module]
    optimizer: Callable[..., torch.optim.Optimizer]
    loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy
    batch: int = 32
    to_itself: bool = False
    """Whether the inputs are the targets, as of an autoencoder."""


RELU, GELU, TANH = nn.ReLU, nn.GELU, nn.Tanh
SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
MODELS = {
    "digits_adam": Model("digits", partial(perceptron, 64, 64, 2, 10, RELU), ADAM, batch=64),
    "digits_sgdm": Model(
        "digits", partial(perceptron, 64, 64, 2, 10, RELU), partial(SGD, momentum=0.9), batch=64
    ),
    "digits_deep_adamw": Model("digits", partial(perceptron, 64, 64, 6, 10, RELU), ADAMW),
    "bc_sgd": Model("breast_cancer", partial(perceptron, 30, 32, 1, 2, RELU), SGD),
    "diab_adamw": Model(
        "diabetes", partial(perceptron, 10, 64, 2, 1, RELU), ADAMW, functional.mse_loss
    ),
    # Chosen and committed before the finder was first run on them.
    "digits_batch_norm": Model(
        "digits",
        convolutions,
        partial(SGD, momentum=0.9, nesterov=True, weight_decay=5e-4),
        batch=64,
    ),
    "digits_autoencoder": Model(
        "digits",
        partial(perceptron, 64, 48, 3, 64, TANH),
        ADAMW,
        functional.mse_loss,
        to_itself=True,
    ),
    "friedman_rmsprop": Model(
        "friedman",
        partial(perceptron, 10, 64, 3, 1, GELU),
        torch.optim.RMSprop,
        functional.mse_loss,
    ),
    # Chosen and committed later, again before the finder was first run on them.
    "rows_gru_sgdm": Model("digits", fresh.RowsGRU, partial(SGD, momentum=0.9)),
    "mixer_muon": Model("digits", fresh.Mixer, torch.optim.Muon, batch=64),
    "classes_lion": Model("classes", fresh.norms, fresh.Lion),
    "letters_gru_adamw": Model("letters", fresh.LettersGRU, ADAMW, fresh.each_letter),
}
OWN = ("digits_batch_norm", "digits_autoencoder", "friedman_rmsprop", "text")
FRESH = ("rows_gru_sgdm", "mixer_muon", "classes_lion", "letters_gru_adamw")


def train(name: str, schedule: Schedule, seed: int, updates: int = UPDATES) -> Losses:
    """Train one model."""
    what = MODELS[name]
    x, y, x_unseen, y_unseen = split(what.data)
    if what.to_itself:
        y, y_unseen = x, x_unseen
    torch.manual_seed(seed)
    network = what.network()
    optimizer = what.optimizer(network.parameters(), lr=1.0)
    for step, rows in zip(range(updates), _batches(len(x), what.batch, seed), strict=False):
        optimizer.param_groups[0]["lr"] = schedule(step)
        loss = what.loss(network(x[rows]), y[rows])
        yield step, loss.item()
        if not math.isfinite(loss.item()):
            return {"loss": math.inf}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        end = what.loss(network(x_unseen), y_unseen).item()
    return {"loss": end if math.isfinite(end) else math.inf}


def _batches(samples: int, size: int, seed: int) -> Iterator[Tensor]:
    draw = torch.Generator().manual_seed(1000 + seed)
    while True:
        yield torch.randint(samples, (size,), generator=draw)


def read_text(schedule: Schedule, seed: int, updates: int = UPDATES) -> Losses:
    """The text Transformer of ``gradatim race text``."""
    losses = text.run(schedule, seed, updates)
    while True:
        try:
            step, loss, _ = next(losses)
        except StopIteration as end:
            loss = end.value["validation loss"]
            return {"loss": loss if math.isfinite(loss) else math.inf}
        yield step, loss


TASKS: dict[str, Train] = {**{name: partial(train, name) for name in MODELS}, "text": read_text}


def run_to_end(task: str, schedule: Schedule, seed: int, updates: int) -> tuple[list[float], float]:
    """The training losses of a run, and the loss it ends with."""
    losses, each = TASKS[task](schedule, seed, updates), []
    while True:
        try:
            each.append(next(losses)[1])
        except StopIteration as end:
            return each, end.value["loss"]

"""Four more tasks, committed before the finder was first run on them.

They differ from those in ``tasks`` in the network (recurrent, mixing, layer norm) and in the
optimizer (Lion, Muon).
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pydoc_data.topics import topics

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor, nn
from torch.nn import functional

_CHARACTERS = 24


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, arXiv:2302.06675, algorithm 2, without weight decay."""

    def __init__(self, parameters, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99)):
        super().__init__(parameters, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self, closure=None):
        """One update; the loss that the closure gives, if there is one, as Lightning calls it."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            first, second = group["betas"]
            for weight in group["params"]:
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                weight.sub_(group["lr"] * torch.sign(momentum.lerp(weight.grad, 1 - first)))
                momentum.lerp_(weight.grad, 1 - second)
        return loss


class RowsGRU(nn.Module):
    """Reads an image of digits row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.head = nn.GRU(8, 48, batch_first=True), nn.Linear(48, 10)

    def forward(self, images: Tensor) -> Tensor:
        """The scores of the ten digits."""
        return self.head(self.reader(images.unflatten(1, (8, 8)))[0][:, -1])


class Mixer(nn.Module):
    """An MLP-Mixer on the sixteen 2 x 2 patches of an image; all its parameters are matrices."""

    def __init__(self, width: int = 32, layers: int = 2) -> None:
        super().__init__()
        linear = partial(nn.Linear, bias=False)
        self.patches = linear(4, width)
        self.across = nn.ModuleList(
            nn.Sequential(linear(16, 32), nn.GELU(), linear(32, 16)) for _ in range(layers)
        )
        self.within = nn.ModuleList(
            nn.Sequential(linear(width, 64), nn.GELU(), linear(64, width)) for _ in range(layers)
        )
        self.norm, self.head = nn.LayerNorm(width, elementwise_affine=False), linear(width, 10)

    def forward(self, images: Tensor) -> Tensor:
        """The scores of the ten digits."""
        squares = images.unflatten(1, (4, 2, 4, 2)).transpose(2, 3).flatten(1, 2).flatten(2)
        x = self.patches(squares)
        for across, within in zip(self.across, self.within, strict=True):
            x = x + across(self.norm(x).transpose(1, 2)).transpose(1, 2)
            x = x + within(self.norm(x))
        return self.head(self.norm(x).mean(1))


class LettersGRU(nn.Module):
    """Predicts each next character of a text."""

    def __init__(self, letters: int = 128, width: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(letters, width)
        self.reader = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, letters)

    def forward(self, characters: Tensor) -> Tensor:
        """The scores of the next character, after each one."""
        return self.head(self.reader(self.embed(characters))[0])


def norms() -> nn.Module:
    """Three hidden layers, each with layer norm before its activation."""
    sizes, layers = (20, 48, 48, 48), []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.LayerNorm(after), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(48, 5))


def each_letter(scores: Tensor, letters: Tensor) -> Tensor:
    """The cross entropy of a sequence."""
    return functional.cross_entropy(scores.flatten(0, 1), letters.flatten())


def classes() -> tuple[np.ndarray, np.ndarray]:
    """Five classes of ten clusters in twenty dimensions, one label in twenty wrong."""
    return datasets.make_classification(
        2000, 20, n_informative=10, n_classes=5, n_clusters_per_class=2, flip_y=0.05, random_state=0
    )


def windows() -> tuple[Tensor, Tensor]:
    """Pieces of Python's help texts, and the same shifted by one character."""
    text = "\n\n".join(topics[name] for name in sorted(topics)).encode("ascii", "ignore")
    codes = torch.tensor(list(text[: 3000 * (_CHARACTERS + 1)])).view(-1, _CHARACTERS + 1)
    return codes[:, :-1], codes[:, 1:]

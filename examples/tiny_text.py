"""What the examples of text models share: letters to read, a small Transformer, Muon."""

from collections.abc import Iterator
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional

WIDTH, LAYERS, HEADS, TOKENS = 32, 2, 2, 32
"""The size of the model, and the letters of a sample."""


def letters() -> tuple[torch.Tensor, torch.Tensor, int]:
    """The help texts of Python as numbers: for training, for evaluation, and how many there are."""
    text = "\n\n".join(topics[name] for name in sorted(topics))
    known = {letter: i for i, letter in enumerate(sorted(set(text)))}
    codes = torch.tensor([known[letter] for letter in text])
    return codes[: -len(codes) // 10], codes[-len(codes) // 10 :], len(known)


def batch(codes: torch.Tensor, size: int, position: int) -> torch.Tensor:
    """The samples of an update: the same ones in every run, so that a resume goes on with them."""
    order = torch.Generator().manual_seed(position)
    start = torch.randint(len(codes) - TOKENS, (size, 1), generator=order)
    return codes[start + torch.arange(TOKENS + 1)]


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, False), nn.Linear(WIDTH, WIDTH, False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, False), nn.Linear(4 * WIDTH, WIDTH, False)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        heads = self.qkv(norm(x)).unflatten(-1, (3, HEADS, -1)).transpose(1, 3).unbind(2)
        seen = functional.scaled_dot_product_attention(*heads, attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.down(functional.relu(self.up(norm(x))).square())


def norm(x: torch.Tensor) -> torch.Tensor:
    return functional.rms_norm(x, (x.shape[-1],))


class Reader(nn.Module):
    """A decoder, in which each letter sees those of a window before it."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.embedding, self.lm_head = nn.Embedding(many, WIDTH), nn.Linear(WIDTH, many, False)
        self.places = nn.Parameter(0.02 * torch.randn(TOKENS, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.set_window(TOKENS)

    def set_window(self, window: int) -> None:
        """How many letters each one sees, itself included."""
        self.window = window
        distance = torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)
        self.mask = (distance >= 0) & (distance < window)

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """The loss of predicting each next letter."""
        x = self.embedding(sample[:, :-1]) + self.places
        for block in self.blocks:
            x = block(x, self.mask)
        return functional.cross_entropy(
            self.lm_head(norm(x)).flatten(0, 1), sample[:, 1:].flatten()
        )

    def matrices(self) -> Iterator[nn.Parameter]:
        """The parameters for Muon."""
        return self.blocks.parameters()


class Muon(torch.optim.Optimizer):
    """Momentum whose matrix is made orthogonal, by five steps of Newton and Schulz."""

    def __init__(self, params, lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                buffer = state.setdefault("momentum", torch.zeros_like(weight))
                buffer.lerp_(weight.grad, 1 - group["momentum"])
                update = orthogonal(weight.grad.lerp(buffer, group["momentum"]))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                shape = max(1, len(weight) / weight.shape[1]) ** 0.5
                weight.sub_(update, alpha=group["lr"] * shape)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    x = matrix / (matrix.norm() + 1e-7)
    tall = len(x) > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if tall else x

"""A small post-norm Transformer, which needs a warm-up, and its training loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradatim.core.schedule import Schedule
from gradatim.torch import Scheduler


class PostNorm(nn.Module):
    """An embedding plus learned positions, then layers that normalise after each addition.

    No dropout, so that only the initial weights and the order of the data are random.
    """

    def __init__(
        self,
        embed: nn.Module,
        *,
        tokens: int,
        width: int,
        layers: int,
        heads: int,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.embed = embed
        self.positions = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=0.0, batch_first=True)
            for _ in range(layers)
        )
        self.mask = nn.Transformer.generate_square_subsequent_mask(tokens) if causal else None

    def forward(self, inputs: Tensor) -> Tensor:
        """The features of each token: (batch, tokens, width)."""
        features: Tensor = self.embed(inputs) + self.positions
        for layer in self.layers:
            features = layer(features, src_mask=self.mask, is_causal=self.mask is not None)
        return features


def train(
    scores: Callable[[Tensor], Tensor],
    parameters: Iterable[nn.Parameter],
    schedule: Schedule,
    updates: int,
    batches: Iterator[tuple[Tensor, Tensor]],
) -> Generator[tuple[int, float, float], None, None]:
    """Train with Adam on cross entropy; yields step, loss, and the rate that Adam used."""
    optimizer = torch.optim.Adam(parameters)
    Scheduler(optimizer, lr=schedule)
    for step in range(updates):
        inputs, targets = next(batches)
        loss = functional.cross_entropy(scores(inputs).flatten(0, -2), targets.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        rate = float(optimizer.param_groups[0]["lr"])
        optimizer.step()
        yield step, loss.item(), rate

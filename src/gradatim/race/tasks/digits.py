"""Handwritten digits of 8 by 8 pixels, classified by a post-norm Transformer over 8 rows."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from gradatim.core.recipes import warmup_cosine
from gradatim.core.schedule import Schedule
from gradatim.race.task import task

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BATCH = 64


def contestants(updates: int) -> dict[str, Schedule]:
    """A peak that needs a warm-up, and a low one that hardly does."""
    return {
        f"peak {peak:g}, {name}": warmup_cosine(peak=peak, warmup=warmup, steps=updates)
        for peak in (0.014, 0.002)
        for name, warmup in (("no warm-up", 0), ("warm-up", updates // 3))
    }


@task(
    metric="accuracy",
    better="higher",
    failed_below=0.5,
    needs=("sklearn", "torch"),
    contestants=contestants,
    weight_decay=0.0,
    about="scikit-learn's handwritten digits, 1,347 to train and 450 to test, stratified; each "
    "image is 8 rows, each row a token; 6 post-norm Transformer layers of width 32 with 2 heads, "
    "no dropout, mean over tokens; Adam, batch 64. Accuracy is that on the test images.",
)
def run(
    schedule: Schedule, seed: int, updates: int = 300
) -> Generator[tuple[int, float, float], None, dict[str, float]]:
    """Train once: yields step, loss and rate, and ends with the accuracy on the test images."""
    import torch
    from torch import nn

    from gradatim.race.tasks._postnorm import PostNorm, train

    images, labels, test_images, test_labels = _data()
    torch.manual_seed(seed)
    rows = PostNorm(nn.Linear(8, 32), tokens=8, width=32, layers=6, heads=2)
    head = nn.Linear(32, 10)
    order = torch.Generator().manual_seed(seed)

    def scores(images: Tensor) -> Tensor:
        return head(rows(images).mean(1))  # type: ignore[no-any-return]

    parameters = [*rows.parameters(), *head.parameters()]
    yield from train(scores, parameters, schedule, updates, _batches(images, labels, order))
    with torch.no_grad():
        right = scores(test_images).argmax(1) == test_labels
    return {"accuracy": right.double().mean().item()}


def _data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    images = ((pixels / 16 - 0.305) / 0.376).reshape(-1, 8, 8).astype("float32")
    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=450, stratify=labels, random_state=0
    )
    return tuple(map(torch.from_numpy, (train, train_labels, test, test_labels)))  # type: ignore[return-value]


def _batches(
    images: Tensor, labels: Tensor, order: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Full batches without end, reshuffled each epoch; an incomplete last batch is left out."""
    import torch

    while True:
        shuffled = torch.randperm(len(images), generator=order)
        for first in range(0, len(images) - _BATCH + 1, _BATCH):
            batch = shuffled[first : first + _BATCH]
            yield images[batch], labels[batch]

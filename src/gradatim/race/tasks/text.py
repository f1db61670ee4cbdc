"""Language modelling of characters: the help texts of Python, with a post-norm decoder."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from pydoc_data.topics import topics
from typing import TYPE_CHECKING

from gradatim.core.recipes import warmup_cosine
from gradatim.core.schedule import Schedule
from gradatim.race.task import task

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BATCH, _TOKENS, _WIDTH = 32, 32, 48


def _prose() -> str:
    # Topics quote each other: a paragraph must not be in both splits.
    paragraphs = (p for name in sorted(topics) for p in topics[name].split("\n\n"))
    return "\n\n".join(dict.fromkeys(paragraphs))


def contestants(updates: int) -> dict[str, Schedule]:
    """A peak that needs a warm-up, and a low one that hardly does."""
    return {
        f"peak {peak:g}, {name}": warmup_cosine(peak=peak, warmup=warmup, steps=updates)
        for peak in (0.016, 0.004)
        for name, warmup in (("no warm-up", 0), ("warm-up", updates // 5))
    }


@task(
    metric="validation loss",
    failed_above=3.0,
    # The help texts depend on the release of Python, and runs on different texts do not compare.
    version=f"1-{zlib.crc32(_prose().encode()):08x}",
    needs=("torch",),
    contestants=contestants,
    weight_decay=0.0,
    about="The help texts that come with Python, character by character, the last tenth to "
    "validate; 32 characters are read at a time; 4 post-norm Transformer layers of width 48 with 4 "
    "heads, no dropout; Adam, batch 32. Validation loss is in nats a character; 3.2 is what the "
    "frequency of the letters alone gives.",
)
def run(
    schedule: Schedule, seed: int, updates: int = 300
) -> Generator[tuple[int, float, float], None, dict[str, float]]:
    """Train once: yields step, loss and rate, and ends with the loss on the last tenth."""
    import torch
    from torch import nn
    from torch.nn import functional

    from gradatim.race.tasks._postnorm import PostNorm, train

    text = _prose()
    letters = {letter: i for i, letter in enumerate(sorted(set(text)))}
    codes = torch.tensor([letters[letter] for letter in text])
    known, unseen = codes.tensor_split([len(codes) * 9 // 10])

    torch.manual_seed(seed)
    embed = nn.Embedding(len(letters), _WIDTH)
    reader = PostNorm(embed, tokens=_TOKENS, width=_WIDTH, layers=4, heads=4, causal=True)
    head = nn.Linear(_WIDTH, len(letters))
    order = torch.Generator().manual_seed(seed)

    def scores(characters: Tensor) -> Tensor:
        return head(reader(characters))  # type: ignore[no-any-return]

    parameters = [*reader.parameters(), *head.parameters()]
    yield from train(scores, parameters, schedule, updates, _batches(known, order))
    windows = unseen[: len(unseen) // (_TOKENS + 1) * (_TOKENS + 1)].view(-1, _TOKENS + 1)
    with torch.no_grad():
        guesses = scores(windows[:, :-1])
    loss = functional.cross_entropy(guesses.flatten(0, 1), windows[:, 1:].flatten())
    return {"validation loss": loss.item()}


def _batches(codes: Tensor, order: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Random windows of the text, and the same windows shifted by one character."""
    import torch

    while True:
        start = torch.randint(len(codes) - _TOKENS, (_BATCH, 1), generator=order)
        window = codes[start + torch.arange(_TOKENS + 1)]
        yield window[:, :-1], window[:, 1:]

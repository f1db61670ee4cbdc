"""A run: how many optimizer updates there are, and what a length of time means in them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Annotated, Any

from gradatim.core._config import Value
from gradatim.core._fields import Kind, Positive, Times, whole
from gradatim.core.durations import Length, updates
from gradatim.core.errors import GradatimError, refuse

_Given = Annotated[
    int, Kind("a whole number, 1 or more", lambda n: None if n is None else whole(n, 1))
]


class Run(Value):
    """The size of a training run, from which its number of optimizer updates follows.

    Each process takes an equal share of the samples, rounded up as ``DistributedSampler`` does;
    the last batch of an epoch may be smaller (unless ``drop_last``), and so may the last
    accumulation: an epoch always ends with an update.

    Args:
        samples: Samples in one epoch, over all processes.
        batch: Samples in one batch of one process.
        epochs: How often the samples are gone through; may be a fraction.
        accumulate: Batches whose gradients are added up for one update.
        processes: Processes that train together, each on its share.
        drop_last: Leave out the last batch of an epoch if it is smaller.
        tokens: Tokens in one sample.
        steps: The number of updates, if that is all that is known; otherwise it follows from the
            rest, and is read as ``run.steps`` all the same.

    Raises:
        GradatimError: If neither ``steps`` nor ``samples``, ``batch`` and ``epochs`` are given,
            or both are.

    >>> run = Run(samples=1000, batch=10, epochs=3, accumulate=2, processes=5)
    >>> run.steps, run.resolve("5%"), run.resolve("1 epoch"), run.resolve("150 samples")
    (30, 2, 10, 2)
    """

    samples: Times | None = None
    batch: Times | None = None
    epochs: Positive | None = None
    accumulate: Times = 1
    processes: Times = 1
    drop_last: bool = False
    tokens: Times | None = None
    steps: _Given = None  # type: ignore[assignment]

    def _validate(self) -> None:
        data = (self.samples, self.batch, self.epochs)
        if self.steps is not None:
            if any(entry is not None for entry in data):
                raise GradatimError("Run: steps says it all; leave out samples, batch and epochs.")
            return
        if None in data:
            raise GradatimError(
                "Run: give either steps, or samples, batch and epochs. Write Run(steps=10_000) "
                "or Run(samples=50_000, batch=128, epochs=90)."
            )
        # The decimal that was written, 0.1, and not the binary number a little above it.
        steps = ceil(Fraction(repr(self.epochs)) * self.steps_per_epoch)
        if steps == 0:
            raise refuse(
                "Run",
                "batch",
                self.batch,
                f"at most {self.samples} samples a process",
                "With drop_last=True no batch is left.",
            )
        object.__setattr__(self, "steps", steps)

    def items(self) -> Iterator[tuple[str, Any]]:
        """What was given: steps that follow from the rest are not, so that they always do."""
        derived = self.samples is not None
        return (
            (name, None if derived and name == "steps" else value)
            for name, value in super().items()
        )

    @cached_property
    def steps_per_epoch(self) -> int:
        """The optimizer updates of one epoch."""
        if self.samples is None or self.batch is None:
            raise GradatimError(
                "Run: an epoch is not known. Give samples, batch and epochs instead of steps."
            )
        share = ceil(Fraction(self.samples, self.processes))
        batches = share // self.batch if self.drop_last else ceil(Fraction(share, self.batch))
        return ceil(Fraction(batches, self.accumulate))

    @cached_property
    def samples_per_step(self) -> int:
        """The samples that one full update sees, over all processes and accumulated batches."""
        if self.batch is None:
            raise GradatimError(
                "Run: the samples of an update are not known. Give samples, batch and epochs "
                "instead of steps."
            )
        return self.batch * self.processes * self.accumulate

    @cached_property
    def tokens_per_step(self) -> int:
        """The tokens that one full update sees, over all processes and accumulated batches."""
        if self.tokens is None:
            raise GradatimError(
                "Run: the tokens of a sample are not known. Give Run(..., tokens=...)."
            )
        return self.samples_per_step * self.tokens

    def position_after(self, position: int, other: Run) -> int:
        """The completed updates of this run at the place that another run of the same data got to.

        The updates that are left then see the rest of the data: the run ends where it should.

        Args:
            position: The completed updates of the other run.
            other: A run with another batch, accumulation or number of processes.

        Raises:
            GradatimError: If the data or the epochs are not the same, or not known.

        >>> two = Run(samples=1000, batch=10, epochs=2, processes=2)
        >>> four = Run(samples=1000, batch=10, epochs=2, processes=4)
        >>> two.steps, four.steps, four.position_after(50, two), four.position_after(60, two)
        (100, 50, 25, 30)
        """
        if self == other:
            return position
        for name in ("samples", "epochs", "tokens"):
            if getattr(self, name) != getattr(other, name):
                raise refuse(
                    "Run", name, getattr(self, name), f"{getattr(other, name)} as before",
                    "Only the batch may change under way. To train for longer, extend the schedule."
                )  # fmt: skip
        if position >= other.steps:
            return self.steps
        epochs, rest = divmod(position, other.steps_per_epoch)
        if not rest:
            return epochs * self.steps_per_epoch
        seen = rest * other.samples_per_step
        left = ceil(Fraction(max(self._in_an_epoch - seen, 0), self.samples_per_step))
        left = min(left, self.steps_per_epoch)
        return min((epochs + 1) * self.steps_per_epoch - left, self.steps)

    @property
    def _in_an_epoch(self) -> int:
        """The samples that the updates of an epoch see, but for those that fill up the last."""
        assert self.samples is not None  # or there is no epoch
        return self.steps_per_epoch * self.samples_per_step if self.drop_last else self.samples

    def resolve(self, length: Length) -> int:
        """The updates that a length stands for, rounded up so that a part counts as one.

        Args:
            length: Updates, or a text such as "5%", "2 epochs", "300k samples", "1e9 tokens".

        Raises:
            GradatimError: If it cannot be read, or needs to know what the run does not say.
        """
        return updates("Run.resolve", "length", length, self)


def _run_or_updates(value: Any) -> Run | int:
    return value if isinstance(value, Run) else whole(value, 1)


Total = Annotated[
    int | Run,
    Kind("a Run, or a whole number of updates, 1 or more", _run_or_updates),
]
"""An argument that takes the whole run: its number of updates, or the run itself."""

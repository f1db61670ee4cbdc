"""The data of a run: samples, batches, accumulation, processes."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from typing import Annotated

from gradatim.core.run.batches import Batches, Stage
from gradatim.core.run.levels import levels
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import (
    FieldType,
    NonNegativeInt,
    Positive,
    PositiveInt,
    check_argument,
    whole_number,
)
from gradatim.core.values.value import Value
from gradatim.errors import GradatimError, invalid_value

Size = Annotated[
    int | Schedule,
    FieldType(
        "a whole number, 1 or more, or a schedule of them",
        lambda value: value if isinstance(value, Schedule) else whole_number(value, 1),
    ),
]
"""The type of a count that may change from update to update."""


def as_decimal(number: float) -> Fraction:
    """The decimal that a float prints as: 0.1 is exactly 1/10."""
    return Fraction(repr(number))


class Data(Value, abstract=True):
    """The data of a run. The fields are those of ``Run``, which documents them."""

    samples: PositiveInt | None = None
    batch: Size | None = None
    epochs: Positive | None = None
    accumulate: Size = 1
    processes: PositiveInt = 1
    drop_last: bool = False
    tokens_per_sample: PositiveInt | None = None

    @cached_property
    def batches(self) -> Batches:
        """The samples of each update, for one process."""
        if self.batch is None:
            raise GradatimError(
                "Run: the samples of an update are not known. Give samples, batch and epochs "
                "instead of steps, or batch in addition to steps."
            )
        sizes = levels("Run", "batch", self.batch)
        counts = levels("Run", "accumulate", self.accumulate)
        starts = sorted({start for start, _ in (*sizes, *counts)})
        stages = [Stage(start, _at(sizes, start), _at(counts, start)) for start in starts]
        largest = max(size for _, size in sizes)
        if self.drop_last and self._share is not None and largest > self._share:
            raise invalid_value(
                "Run",
                "batch",
                largest,
                f"at most {self._share} samples a process",
                "With drop_last=True an epoch would have no batch.",
            )
        return Batches(stages, self._share, self.drop_last)

    @property
    def _share(self) -> int | None:
        return None if self.samples is None else ceil(Fraction(self.samples, self.processes))

    def samples_after(self, position: int) -> int:
        """The samples that ``position`` completed updates have seen, over all processes.

        Samples that are repeated to make the shares of the processes equal count each time.

        >>> from gradatim import Constant, Run
        >>> run = Run(batch=Constant(8, 100) >> Constant(16), accumulate=4, steps=1000)
        >>> run.samples_after(100), run.samples_after(101), run.samples_after(1_000_000)
        (3200, 3264, 63996800)
        """
        position = check_argument("Run.samples_after", "position", NonNegativeInt, position)
        return self.batches.place_after(position).seen * self.processes

    def tokens_after(self, position: int) -> int:
        """The tokens that ``position`` completed updates have seen, over all processes."""
        return self.samples_after(position) * self._known_tokens()

    def batch_at(self, position: int) -> int:
        """The batch size of one process in the update after ``position`` completed ones."""
        return self.batches.stage_at(
            check_argument("Run.batch_at", "position", NonNegativeInt, position)
        ).batch

    def epoch_after(self, position: int) -> tuple[int, int]:
        """The completed epochs, and the samples of the next one that each process has seen.

        To resume there, a data loader skips that many samples of its epoch.

        >>> from gradatim import Run
        >>> Run(samples=1000, batch=10, epochs=3, processes=2).epoch_after(60)
        (1, 100)
        """
        self._known_samples()
        position = check_argument("Run.epoch_after", "position", NonNegativeInt, position)
        epoch, offset, _ = self.batches.place_after(position)
        return epoch, offset

    def _known_samples(self) -> int:
        if self.samples is None:
            raise GradatimError(
                "Run: the samples of an epoch are not known. Give samples, batch and epochs "
                "instead of steps."
            )
        return self.samples

    @property
    def steps_per_epoch(self) -> int:
        """The optimizer updates of one epoch, of a run with one batch size."""
        self._known_samples()
        return self.batches.whole_epoch(self._only_stage())[0]

    @property
    def samples_per_step(self) -> int:
        """The samples that one full update sees, over all processes and accumulated batches."""
        return self._only_stage().samples * self.processes

    @property
    def tokens_per_step(self) -> int:
        """The tokens that one full update sees, over all processes and accumulated batches."""
        return self._known_tokens() * self.samples_per_step

    def _only_stage(self) -> Stage:
        first, *others = self.batches.stages
        if others:
            raise GradatimError(
                "Run: the batch size changes during the run, so updates differ. Use "
                "run.samples_after(position)."
            )
        return first

    # Conversions of lengths in other units.

    def updates_of_samples(self, samples: Fraction) -> int:
        """The full updates that see this many samples."""
        return self.batches.updates_for(samples / self.processes)

    def updates_of_epochs(self, epochs: Fraction) -> int:
        """The updates of this many epochs; for a fraction, those that see that fraction."""
        self._known_samples()
        if len(self.batches.stages) == 1:
            return ceil(epochs * self.steps_per_epoch)
        share, whole_epochs = self._share or 0, floor(epochs)
        return self.batches.position_after(whole_epochs, (epochs - whole_epochs) * share)

    def samples_of_epochs(self, epochs: Fraction) -> int:
        """The samples of this many epochs, as ``samples_after`` counts them."""
        samples, whole_epochs = self._known_samples(), floor(epochs)
        if self.batch is None:
            return ceil(epochs * samples)
        seen = self.batches.place_after(self.batches.position_after(whole_epochs)).seen
        return (seen + ceil((epochs - whole_epochs) * (self._share or 0))) * self.processes

    def samples_of_tokens(self, tokens: Fraction | int) -> Fraction:
        """The samples that have this many tokens."""
        return Fraction(tokens) / self._known_tokens()

    def tokens_of_samples(self, samples: Fraction | int) -> Fraction:
        """The tokens of this many samples."""
        return Fraction(samples) * self._known_tokens()

    def _known_tokens(self) -> int:
        if self.tokens_per_sample is None:
            raise GradatimError(
                "Run: the tokens of a sample are not known. Give Run(..., tokens_per_sample=...)."
            )
        return self.tokens_per_sample


def _at(levels: list[tuple[int, int]], step: int) -> int:
    return levels[bisect_right(levels, step, key=lambda level: level[0]) - 1][1]

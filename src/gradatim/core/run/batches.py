"""The samples that each update sees, exactly, even if the batch size changes.

A run consists of stages with one batch size each. Within a stage all whole epochs have the same
number of updates, so the samples after any number of updates follow in integer arithmetic stage by
stage, without a loop over updates or epochs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, inf
from typing import NamedTuple

_FARTHEST = 2**64


class Stage(NamedTuple):
    """Consecutive updates with the same batch size and accumulation."""

    start: int
    """The position of its first update."""
    batch: int
    """Samples in a batch of one process."""
    accumulate: int
    """Batches per update."""

    @property
    def samples(self) -> int:
        """The samples that a full update of one process sees."""
        return self.batch * self.accumulate


class Place(NamedTuple):
    """The progress of one process through its share of the data."""

    epoch: int
    """Completed epochs."""
    offset: int
    """Samples seen of the current epoch."""
    seen: int
    """All samples seen."""


class Batches:
    """The samples that the updates of one process see.

    Args:
        stages: The stages, the first one from update 0 on.
        share: The samples of an epoch for one process; None for data without end.
        drop_last: Whether a last batch that is smaller is left out.
    """

    def __init__(self, stages: Sequence[Stage], share: int | None, drop_last: bool) -> None:
        self.stages, self.share, self.drop_last = tuple(stages), share, drop_last
        self._starts = [stage.start for stage in stages]
        self._ends = [*self._starts[1:], inf]
        place = Place(0, 0, 0)
        self._places = [place]
        for stage, following in zip(self.stages, self.stages[1:], strict=False):
            place = self._advanced(place, stage, following.start - stage.start)
            self._places.append(place)

    def stage_at(self, position: int) -> Stage:
        """The stage of the update that follows ``position`` completed ones."""
        return self.stages[bisect_right(self._starts, position) - 1]

    def place_after(self, position: int) -> Place:
        """The place after ``position`` completed updates."""
        i = bisect_right(self._starts, position) - 1
        return self._advanced(self._places[i], self.stages[i], position - self._starts[i])

    def counter(self, scale: int) -> Callable[[int], int]:
        """A fast function of the position: ``scale`` times the samples seen after it.

        Between ends of epochs and stages it is linear, so the current line is kept.
        """
        line = (0, 0, 0, 0)

        def seen(position: int) -> int:
            nonlocal line
            begin, end, before, samples = line
            if not begin <= position < end:
                line = begin, _, before, samples = self._line(position, scale)
            return before + (position - begin) * samples

        return seen

    def _line(self, position: int, scale: int) -> tuple[int, int, int, int]:
        """A line: first and last position, samples at the first, samples per update."""
        i = bisect_right(self._starts, position) - 1
        stage, place = self.stages[i], self.place_after(position)
        end = self._ends[i] + 1
        if self.share is not None:
            left, _ = self._left(stage, place.offset)
            end = min(end, position + max(left, 1))
        return position, int(min(end, _FARTHEST)), place.seen * scale, stage.samples * scale

    def position_after(self, epoch: int, offset: Fraction | int = 0) -> int:
        """The first position at which ``epoch`` epochs and ``offset`` further samples were seen."""
        for place, stage, end in zip(self._places, self.stages, self._ends, strict=True):
            position = stage.start + self._updates_until(place, stage, epoch, Fraction(offset))
            if position <= end:
                return position
        raise AssertionError("the last stage has no end")

    def updates_for(self, samples: Fraction | int) -> int:
        """The updates that see this many samples if all of them are full (no ends of epochs)."""
        seen = 0
        for stage, end in zip(self.stages, self._ends, strict=True):
            position = stage.start + max(ceil((samples - seen) / Fraction(stage.samples)), 0)
            if position <= end:
                return position
            seen += int(end - stage.start) * stage.samples
        raise AssertionError("the last stage has no end")

    def position_at(self, epoch: int, seen: Fraction, samples: Fraction | None) -> int:
        """The position from which the remaining updates of an epoch see its remaining samples.

        Args:
            epoch: Completed epochs.
            seen: Samples seen of the current one, with other batch sizes.
            samples: All samples of an epoch, without those repeated to make shares equal.
        """
        if samples is None:
            return self._most_updates_within(seen)
        begin, end = self.position_after(epoch), self.position_after(epoch + 1)
        if not seen:
            return begin
        if self.drop_last:
            samples = Fraction(self.samples_of_full(end) - self.samples_of_full(begin))
        left = max(samples - seen, Fraction(0))
        return max(begin, min(end, self._most_updates_within(self.samples_of_full(end) - left)))

    def _most_updates_within(self, samples: Fraction | int) -> int:
        """The largest number of full updates that see at most this many samples."""
        position = self.updates_for(samples)
        return position - 1 if self.samples_of_full(position) > samples else position

    def samples_of_full(self, position: int) -> int:
        """The samples of this many updates if all of them are full (no ends of epochs)."""
        seen = 0
        for stage, end in zip(self.stages, self._ends, strict=True):
            if position <= end:
                return seen + (position - stage.start) * stage.samples
            seen += int(end - stage.start) * stage.samples
        raise AssertionError("the last stage has no end")

    def whole_epoch(self, stage: Stage) -> tuple[int, int]:
        """The updates of a whole epoch in a stage, and the samples they see."""
        return self._left(stage, 0)

    def _left(self, stage: Stage, offset: int) -> tuple[int, int]:
        """The remaining updates of an epoch, and the samples they see."""
        assert self.share is not None  # without samples there are no epochs
        samples = self.share - offset
        if self.drop_last:
            samples -= samples % stage.batch
        return -(-samples // stage.samples), samples

    def _advanced(self, place: Place, stage: Stage, updates: int) -> Place:
        """The place after this many more updates of one stage."""
        epoch, offset, seen = place
        if self.share is None:
            samples = updates * stage.samples
            return Place(0, offset + samples, seen + samples)
        if not updates:
            return place
        left, samples = self._left(stage, offset)
        if updates >= left:  # finish this epoch, then skip whole ones
            epoch, offset, seen, updates = epoch + 1, 0, seen + samples, updates - left
            of_epoch, samples = self.whole_epoch(stage)
            whole, updates = divmod(updates, of_epoch)
            epoch, seen = epoch + whole, seen + whole * samples
        samples = updates * stage.samples
        return Place(epoch, offset + samples, seen + samples)

    def _updates_until(self, place: Place, stage: Stage, epoch: int, offset: Fraction) -> int:
        """The updates of one stage from a place to an epoch and offset."""
        if (place.epoch, place.offset) >= (epoch, offset):
            return 0
        updates, at = 0, place.offset
        if place.epoch < epoch:
            updates, _ = self._left(stage, at)
            updates, at = updates + (epoch - place.epoch - 1) * self.whole_epoch(stage)[0], 0
        if offset <= at:
            return updates
        left, _ = self._left(stage, at)
        return updates + min(ceil((offset - at) / stage.samples), left)

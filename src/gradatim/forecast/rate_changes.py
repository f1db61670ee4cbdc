"""The changes of a learning rate over a run, merged into a few hundred.

A law of the loss sums over every change of the rate before every logged step. Neighbouring changes
have almost the same effect, so they are merged into cells: a cell has the sum of its changes, and
their mean time weighted by size. Cells end at logged steps, at jumps and where the sign changes,
and are otherwise of equal total change, and of equal length at most. The error of the loss is
below 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array

BINS = 250
"""Times since a change that a fit of a law with one time scale tells apart."""
CELLS = 200
"""Cells of equal total change in a run, and as many of equal length, besides those made by logged
steps and jumps."""


class LawInputs(NamedTuple):
    """The quantities of a run that a law depends on, one number for each update.

    ``total`` is the argument of the power law; ``elapsed`` is the time on which the effect of a
    change depends; ``change`` is the change at each update, and ``context`` a further number that
    its effect depends on, such as the rate after it.
    """

    total: Array
    elapsed: Array
    change: Array
    context: Array


@dataclass(frozen=True, eq=False)
class RateChanges:
    """The merged changes of a run, and the time since each of them at the logged steps.

    ``total`` has one entry for each logged step, ``change`` and ``context`` one for each merged
    change. ``gap`` has a row for each logged step: the time since each change, 0 for later ones.
    """

    total: Array
    change: Array
    context: Array
    gap: Array

    def sum(self, kernel: Array) -> Array:
        """At each logged step, the sum over the changes of their size times the kernel."""
        return kernel @ self.change

    def binned(self) -> BinnedChanges:
        """The same changes by the logarithm of the time since each, for laws without a context."""
        rows, columns = np.nonzero(self.gap > 0)
        where = np.log(self.gap[rows, columns])
        low, high = (where.min(), where.max()) if where.size else (0.0, 0.0)
        grid = np.linspace(low, high + 1e-9, BINS)
        place = (where - low) / (grid[1] - grid[0])
        left = np.minimum(place.astype(np.int64), BINS - 2)
        right = place - left  # the share of the right one of two neighbouring times
        at = BINS * rows + left
        size = self.change[columns]
        change: Array = np.zeros(BINS * len(self.total))
        for cell, share in ((at, 1.0 - right), (at + 1, right)):
            change += np.bincount(cell, size * share, change.size)
        return BinnedChanges(self.total, change.reshape(-1, BINS), self.context[:0], np.exp(grid))


@dataclass(frozen=True, eq=False)
class BinnedChanges:
    """The changes of a run, sorted into a few times since the change, for a fast fit.

    ``gap`` has these times. ``change`` has a row for each logged step: the size of the changes that
    long ago, divided between the two nearest times. ``context`` is empty.
    """

    total: Array
    change: Array
    context: Array
    gap: Array

    def sum(self, kernel: Array) -> Array:
        """At each logged step, the sum over the changes of their size times the kernel."""
        return self.change @ kernel


Changes: TypeAlias = RateChanges | BinnedChanges


def merge_changes(inputs: LawInputs, steps: NDArray[np.int64], cells: int = CELLS) -> RateChanges:
    """The merged changes of a run, for the loss after each of the updates ``steps``.

    Args:
        inputs: What the law depends on.
        steps: The logged steps, rising.
        cells: The number of cells of equal total change, and of equal length; more are more exact.
    """
    starts = _starts(inputs.change, steps, cells)
    size = np.abs(inputs.change)
    total = np.add.reduceat(size, starts)
    share = size / np.repeat(np.where(total > 0, total, 1.0), np.diff(starts, append=len(size)))
    change = np.add.reduceat(inputs.change, starts)
    # A change at step k affects update k itself, so its time begins before that update.
    before = np.concatenate([[0.0], inputs.elapsed[:-1]])
    kept = change != 0
    time = np.add.reduceat(share * before, starts)[kept]
    context = np.add.reduceat(share * inputs.context, starts)[kept]
    gap = inputs.elapsed[steps][:, None] - time  # below 0 for later changes
    return RateChanges(inputs.total[steps], change[kept], context, np.maximum(gap, 0.0))


def every_change(inputs: LawInputs, step: int) -> RateChanges:
    """All changes up to one step, not merged."""
    kept = np.flatnonzero(inputs.change[: step + 1])
    before = np.concatenate([[0.0], inputs.elapsed])[kept]
    gap = (inputs.elapsed[step] - before)[None, :]
    return RateChanges(inputs.total[[step]], inputs.change[kept], inputs.context[kept], gap)


def _starts(change: Array, steps: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """The updates at which cells begin."""
    size = np.abs(change)
    passed = np.cumsum(size)
    even = np.searchsorted(passed, passed[-1] * np.arange(1, cells) / cells)
    # A rate that starts high without a warm-up would leave few cells for the rest of the run.
    timely = np.arange(cells) * len(change) // cells
    jumps = np.flatnonzero(size > passed[-1] / cells)
    moving = np.flatnonzero(change)
    turns = moving[1:][np.diff(np.sign(change[moving])) != 0]
    # A noisy log may have a jump or a turn at every step: at most ``cells`` of them get a cell.
    jumps, turns = jumps[:cells], turns[:cells]
    every = np.unique(np.concatenate([steps + 1, even, timely, jumps, jumps + 1, turns]))
    return every[every < len(change)].astype(np.int64)

"""The changes of a rate over a run, merged into a few hundred events.

A law of the loss sums over every change of the rate before every logged step. Neighbouring changes
act almost alike, so they are merged into cells: each cell keeps the sum of its changes, and their
mean place weighted by size. Cells end at logged steps, at jumps and where the sign turns, and are
otherwise of equal total change. The loss moves by less than 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array

CELLS = 200
"""Cells of equal change in a run, beside those that logged steps and jumps make."""


class Clock(NamedTuple):
    """What a law reads off a run, one number an update.

    ``total`` drives the power law of a constant rate; ``place`` is the time that passes after a
    change; ``change`` is the change itself at each update, and ``mark`` whatever else its effect
    depends on.
    """

    total: Array
    place: Array
    change: Array
    mark: Array


@dataclass(frozen=True, eq=False)
class Events:
    """The merged changes of a run as seen from its logged steps.

    ``total`` has one entry a logged step; ``change`` and ``mark`` one an event; ``gap``, one row a
    logged step, says how much has passed since each event, and 0 for events yet to come.
    """

    total: Array
    change: Array
    mark: Array
    gap: Array


def merged(clock: Clock, steps: NDArray[np.int64], cells: int = CELLS) -> Events:
    """The events of a run as seen from the updates ``steps``, each of which counts as done.

    Args:
        clock: What the law reads off the run.
        steps: The logged steps, rising.
        cells: How many cells of equal change to make; more are more exact.
    """
    starts = _starts(clock.change, steps, cells)
    size = np.abs(clock.change)
    whole = np.add.reduceat(size, starts)
    share = size / np.repeat(np.where(whole > 0, whole, 1.0), np.diff(starts, append=len(size)))
    change = np.add.reduceat(clock.change, starts)
    # A change at step k acts on update k itself: what passes is counted from before it.
    before = np.concatenate([[0.0], clock.place[:-1]])
    kept = change != 0
    place = np.add.reduceat(share * before, starts)[kept]
    mark = np.add.reduceat(share * clock.mark, starts)[kept]
    gap = clock.place[steps][:, None] - place  # below 0 for what is yet to come
    return Events(clock.total[steps], change[kept], mark, np.maximum(gap, 0.0))


def exact(clock: Clock, step: int) -> Events:
    """The changes one by one, as seen from one step."""
    kept = np.flatnonzero(clock.change[: step + 1])
    before = np.concatenate([[0.0], clock.place])[kept]
    gap = (clock.place[step] - before)[None, :]
    return Events(clock.total[[step]], clock.change[kept], clock.mark[kept], gap)


def _starts(change: Array, steps: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Where cells begin."""
    size = np.abs(change)
    passed = np.cumsum(size)
    even = np.searchsorted(passed, passed[-1] * np.arange(1, cells) / cells)
    jumps = np.flatnonzero(size > passed[-1] / cells)
    moving = np.flatnonzero(change)
    turns = moving[1:][np.diff(np.sign(change[moving])) != 0]
    # A rate that jumps or turns at every step, as a noisy log does, is left to the even cells.
    jumps, turns = jumps[:cells], turns[:cells]
    every = np.unique(np.concatenate([[0], steps + 1, even, jumps, jumps + 1, turns]))
    return every[every < len(change)].astype(np.int64)

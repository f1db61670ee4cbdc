"""Clocks: which tick belongs to an update, so that schedules can run by tokens or by time.

The tick is what schedules are asked for. For updates, and for samples and tokens that follow from
the run, it is computed from the position. Otherwise it is measured, and every tick is kept.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradatim.core.run.clocks import MILLION
from gradatim.core.run.run import Run
from gradatim.core.values.fields import NonNegativeInt, check_argument
from gradatim.errors import GradatimError, invalid_value


class Clock(ABC):
    """Gives each update its tick, a whole number that never falls."""

    unit: str
    """What is counted: "updates", "samples", "tokens", "time", "progress" or the user's own."""

    tick: int
    """The tick of the next update."""

    waits_for_count = False
    """Whether the next update must not begin before the user has called ``count``."""

    @abstractmethod
    def begin(self, position: int, tick: int) -> None:
        """A run begins or goes on after ``position`` updates, at this tick."""

    @abstractmethod
    def advance(self, position: int) -> int:
        """An update is complete, the one that makes them ``position``; the tick of the next."""

    def repeat_tick(self, updates: int) -> None:
        """Some updates are complete that used the value of the one before them."""
        return  # each has a tick of its own where it is computed

    def step_was_void(self) -> None:
        """A step changed nothing, so it is no update, but its data and its time are spent."""
        return  # only a counted clock notes an update before it is made

    @abstractmethod
    def retract(self, position: int) -> None:
        """The last update did not happen: ``position`` updates are complete."""

    @abstractmethod
    def tick_at(self, position: int) -> int:
        """The tick that the update after ``position`` used, or will use if it is the next."""

    def count(self, where: str, unit: str, amount: Any) -> None:
        """Add what the coming update sees; refused by clocks that are not counted by the user."""
        hint = f'For a clock in {unit}, write Run(..., clock="{unit}").'
        if unit == self.unit:
            hint = "Leave the call out."
        raise GradatimError(
            f"{where}: {unit} cannot be counted, the clock of this run is {self.described}. {hint}"
        )

    @property
    def current(self) -> int:
        """What the clock shows now, between two updates, too."""
        return self.tick

    def check_counted(self) -> None:
        """Refuse to begin an update if the user has counted nothing since the last one."""
        return  # only for a clock that the user counts

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time within the block; only a clock in time has any to leave out."""
        yield

    @property
    def described(self) -> str:
        """The clock, in an error."""
        return f"in {self.unit}"


class Computed(Clock):
    """A tick that follows from the position: updates, or samples and tokens of a known run.

    Args:
        run: The run; None for updates.
    """

    def __init__(self, run: Run | None) -> None:
        self.unit, self._run = "updates" if run is None else run.clock, run
        self._after = _ticks_after(run)
        self.begin(0, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_after"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._after = _ticks_after(self._run)

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; a rescaled run is at another tick than its position says."""
        self.tick, self._offset = tick, tick - self._after(position)

    def advance(self, position: int) -> int:
        """The tick of the next update."""
        self.tick = self._after(position) + self._offset
        return self.tick

    def retract(self, position: int) -> None:
        """Go back to the tick of this position."""
        self.advance(position)

    def tick_at(self, position: int) -> int:
        """The tick of the update after ``position``."""
        return self._after(position) + self._offset

    @property
    def described(self) -> str:
        """The clock, in an error."""
        known = "" if self.unit == "updates" else ", known from the run"
        return f"in {self.unit}{known}"


class Measured(Clock):
    """A tick that is measured at each update and kept, 8 bytes each."""

    _start: int

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; the ticks of earlier updates are not known."""
        self.tick, self._start = tick, position
        self._ticks = array("q", [tick])

    def advance(self, position: int) -> int:
        """Measure the tick of the next update; if that raises, it stays what it was."""
        try:
            self.tick = self.measured(position)
        finally:
            self._ticks.append(self.tick)
        return self.tick

    def repeat_tick(self, updates: int) -> None:
        """Note the same tick for some updates."""
        self._ticks.extend(array("q", [self.tick]) * updates)

    @abstractmethod
    def measured(self, position: int) -> int:
        """The tick after ``position`` updates."""

    def retract(self, position: int) -> None:
        """Keep the tick: what the update saw was seen, and its time has passed."""
        del self._ticks[position - self._start :]
        self._ticks.append(self.tick)

    def tick_at(self, position: int) -> int:
        """The tick of the update after ``position``."""
        return self._ticks[position - self._start]


class Counter(Measured):
    """A clock that the user counts: samples, tokens, environment steps, or progress.

    Args:
        unit: What is counted. "progress" is the share of the run that is done; its ticks are
            millionths. Of anything else, the number that each update sees is counted.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.begin(0, 0)

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; nothing is counted yet for the next update."""
        super().begin(position, tick)
        self._counted, self.waits_for_count = tick, True

    def count(self, where: str, unit: str, amount: Any) -> None:
        """Add what the coming update sees, or say how far the run is."""
        if unit != self.unit:
            raise GradatimError(
                f"{where}: the clock of this run is in {self.unit}; write count({self.unit}=...)."
            )
        if unit == "progress":
            # It says where the run is, so the coming update uses it; a number that is counted is
            # what the coming update sees, so the one after it does.
            self.tick = self._counted = self._ticks[-1] = self._progress(where, amount)
        elif type(amount) is int and amount >= 0:
            self._counted += amount
        else:
            self._counted += check_argument(
                where, unit, NonNegativeInt, amount
            )  # a whole float, or an error
        self.waits_for_count = False

    def _progress(self, where: str, share: Any) -> int:
        is_number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if not is_number or not 0.0 <= share <= 1.0:
            raise invalid_value(where, "progress", share, "a share of the run, from 0.0 to 1.0")
        ticks: int = round(share * MILLION)
        if ticks < self._counted:
            allowed = f"at least {self._counted / MILLION}, as before"
            raise invalid_value(where, "progress", share, allowed, "A clock never runs backwards.")
        return ticks

    def measured(self, position: int) -> int:
        """What has been counted so far, that of a skipped update included."""
        self.waits_for_count = True
        return self._counted

    @property
    def current(self) -> int:
        """What was counted, for updates that are still to come, too."""
        return self._counted

    def step_was_void(self) -> None:
        """Move on by what was counted for a step that changed nothing."""
        self.tick = self._ticks[-1] = self._counted
        self.waits_for_count = True

    def check_counted(self) -> None:
        """Refuse to begin an update if nothing was counted for it."""
        if self.waits_for_count:
            example = "progress=0.25" if self.unit == "progress" else f"{self.unit}=n"
            raise GradatimError(
                f"Scheduler: the clock of this run is in {self.unit}, and nothing has been counted "
                f"for this update. Call scheduler.count({example}) before each step."
            )


class Stopwatch(Measured):
    """Milliseconds of training: from after the first updates on, without what was paused.

    Args:
        start_after: Updates before the time starts, at the beginning and after each load: the
            first one compiles, fills caches, and says nothing about the others.
        now: A clock in seconds.
    """

    unit = "time"

    def __init__(self, start_after: int, now: Callable[[], float] = time.monotonic) -> None:
        self.start_after, self._now = start_after, now
        self._pauses, self._paused_at = 0, 0.0
        self.begin(0, 0)

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; the time stands still for the first updates."""
        super().begin(position, tick)
        self._base = self._highest = tick
        self._started: float | None = self._time() if self.start_after == 0 else None

    def _time(self) -> float:
        return self._paused_at if self._pauses else self._now()

    def measured(self, position: int) -> int:
        """The milliseconds of training so far.

        Raises:
            GradatimError: If the clock ran backwards.
        """
        if self._started is None:
            if position - self._start >= self.start_after:
                self._started = self._time()
            return self._base
        tick = self._base + int((self._time() - self._started) * 1000.0)
        if tick < self._highest:
            raise GradatimError(
                f"Scheduler: the clock ran backwards, by {(self._highest - tick) / 1000:g} "
                "seconds. Give now=time.monotonic, or leave it out."
            )
        self._highest = tick
        return tick

    @property
    def current(self) -> int:
        """The milliseconds of training now."""
        if self._started is None:
            return self.tick
        return max(self.tick, self._base + int((self._time() - self._started) * 1000.0))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time within the block; blocks may be nested."""
        if not self._pauses:
            self._paused_at = self._now()
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses and self._started is not None:
                self._started += self._now() - self._paused_at

    def __getstate__(self) -> dict[str, Any]:
        # Another process, or a later time, has another clock: what counts is how long it has run.
        run = None if self._started is None else self._time() - self._started
        return vars(self) | {"_started": run, "_pauses": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        if self._started is not None:
            self._started = self._now() - self._started


def tick_after(run: Run | None, position: int) -> int | None:
    """The tick after a number of updates of a run; None if only the user or the time can tell."""
    return position if run is None else run.tick_after(position)


def _ticks_after(run: Run | None) -> Callable[[int], int]:
    if run is None:
        return _position
    after: Callable[[int], Any] = run.tick_function  # never None where the clock is computed
    return after


def _position(position: int) -> int:
    return position

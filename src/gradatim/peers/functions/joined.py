"""The schedule that has the rates of a curve: shapes joined where the formula changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from gradatim.core.combine import Join, join
from gradatim.core.decays import Constant, Table
from gradatim.core.pieces import boundaries
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.reshape import Shift
from gradatim.core.schedule import Schedule
from gradatim.peers.functions.curve import EVERY, Curve
from gradatim.peers.functions.shapes import all_of
from gradatim.peers.functions.window import Fit, Window, near_whole

_MOST_PIECES = 60
_LOOK_AHEAD = 12
_MOST_MARKS = 200
_LEAST = 6
"""A ramp of fewer steps has the values of almost anything."""


class NoShape(Exception):
    """No shape that is known here has the rates from a step on."""

    def __init__(self, step: int) -> None:
        self.step = step


def schedule_of(
    curve: Curve, steps: int | None, numbers: Sequence[float]
) -> tuple[Schedule, int | None]:
    """The schedule of a curve, and the step from which on the curve goes on and it does not.

    Args:
        curve: The rates of a function.
        steps: The updates of the run, if known.
        numbers: The numbers in its code.

    Raises:
        NoShape: If there is none.
    """
    found = _Pieces(curve, steps, numbers)
    pieces = found.all()
    schedule = join(*_merged(pieces))
    last = curve.last if found.over is None else found.over
    wrong = first_difference(schedule, curve, last)
    if wrong is not None:
        raise NoShape(wrong)
    return schedule, found.over


def first_difference(schedule: Schedule, curve: Curve, last: int) -> int | None:
    """The first compared step, up to ``last``, at which the schedule has another rate.

    Every step up to 100,000; beyond, all boundaries and their neighbours and 10,000 steps.
    """
    values = curve.values
    least = 1e-5 * max(map(abs, values[: last + 1]))
    for step, value in enumerate(values[: last + 1]):
        if abs(schedule(step) - value) > 1e-9 * max(abs(value), least):
            return step
    if last <= EVERY:
        return None
    meeting = {*curve.boundaries, *boundaries(schedule, last)}
    near = {step + by for step in meeting for by in (-1, 0, 1)}
    for step in sorted({*curve.samples, *near}):
        if EVERY < step <= last and not curve.same(curve.value(step), schedule(step)):
            return step
    return None


class _Pieces:
    def __init__(self, curve: Curve, steps: int | None, numbers: Sequence[float]) -> None:
        self.curve, self.steps, self.numbers = curve, steps, numbers
        self.ends = [*(step for step in curve.boundaries if step <= curve.last), curve.last + 1]
        self.over: int | None = None
        """The step after which the curve goes on and the schedule holds its last value."""

    def all(self) -> list[Schedule]:
        """The pieces from step 0 to the end."""
        pieces: list[Schedule] = []
        at = 0
        while at <= self.curve.last:
            if len(pieces) > _MOST_PIECES:
                raise NoShape(at)
            fit = _above_zero(self._from(at))
            pieces.append(fit.schedule)
            at += fit.steps
            if at > self.curve.last:
                break
            if fit.ends and self._is_over(at, pieces[-1]):
                break
        return pieces

    def _is_over(self, at: int, last: Schedule) -> bool:
        """Whether the rest of the curve lies behind the end of the run."""
        if at in self.ends or (self.steps is not None and at < self.steps):
            return False
        if not self._goes_on(at):
            return False
        self.over = at
        return True

    def _goes_on(self, at: int) -> bool:
        """Whether the formula before this step is that of all the steps behind it, too."""
        return not any(at < end <= self.curve.last for end in self.ends)

    def _from(self, first: int) -> Fit:
        """The piece that begins at a step: the shape that describes the most."""
        later = [end for end in self.ends if end > first]
        tried = later if len(later) <= _LOOK_AHEAD else [*later[:_LOOK_AHEAD], later[-1]]
        partial: Fit | None = None
        for end in reversed(tried):
            for fit in self._fits(first, end):
                if fit.steps >= end - first:
                    return self._shortened(first, end, fit, later) or fit
                longer = fit.steps > (_LEAST if partial is None else partial.steps)
                if end == tried[0] and fit.ends and longer:
                    partial = fit
            if (stairs := self._stairs(first, end)) is not None:
                return stairs
            if end == later[-1] and (cycle := self._cycles(first)) is not None:
                return cycle
        for begin in later[:-1][:3] if first == 0 else ():
            if (warmed := self._warmed(begin)) is not None:
                return warmed
        return partial or self._level(first)

    def _warmed(self, begin: int) -> Fit | None:
        """A decay from step 0 on, multiplied by a line up to 1 until it is over."""
        for fit in self._fits(begin, self.ends[-1]):
            decay = fit.schedule.schedule if isinstance(fit.schedule, Shift) else None
            if not isinstance(decay, Cosine) or fit.schedule != decay.shift(-begin):
                continue
            value = self.curve.value
            start = value(0) / decay(0)
            rise = value(begin - 1) / decay(begin - 1) - start
            warmup = near_whole((1.0 - start) * (begin - 1) / rise) if rise else None
            if warmup is not None and warmup > 0:
                up = Linear(self._window(0, begin).rate(start), 1.0, warmup)
                return Fit(up * decay, begin + fit.steps, fit.ends)
        return None

    def _level(self, first: int) -> Fit:
        """One value for as long as it lasts."""
        values = self.curve.values[first:]
        steps = next(
            (k for k, v in enumerate(values) if not self.curve.same(v, values[0])), len(values)
        )
        single = steps == 1 and first + 1 not in self.ends and self.curve.last > _MOST_PIECES
        if single or first + steps > self.curve.last + 1:
            raise NoShape(first)
        return Fit(Constant(self._window(first, first + 1).rate(values[0]), steps), steps)

    def _shortened(self, first: int, end: int, fit: Fit, later: Sequence[int]) -> Fit | None:
        """A line that ends a step earlier, if what comes after it begins there already."""
        line, at = fit.schedule, end - 1
        plain = line.schedule if isinstance(line, Shift) else line
        if not isinstance(plain, Linear) or end > self.curve.last or at - first < 2:
            return None
        if self.curve.same(self.curve.value(end), plain.end):
            return None
        if not any(
            one.steps >= other - at
            for other in later[:_LOOK_AHEAD]
            if other > end
            for one in self._fits(at, other)
        ):
            return None
        value = self._window(at, end).rate(self.curve.value(at))
        made = Linear(plain.start, value, plain.steps - 1)
        return Fit(made.shift(-1) if isinstance(line, Shift) else made, at - first, True)

    def _window(self, first: int, end: int) -> Window:
        curve = self.curve
        known = [*self.numbers, *(() if self.steps is None else (self.steps,))]
        open_ = end > curve.last and not curve.why_no_more
        marks = [step - first for step in self.ends if first < step < end][:_MOST_MARKS]
        return Window(curve.value, first, end - first, open_, curve.peak, known, marks)

    def _fits(self, first: int, end: int) -> Iterator[Fit]:
        after = self.curve.value(end) if end <= self.curve.last else None
        yield from all_of(self._window(first, end), after)

    def _stairs(self, first: int, end: int) -> Fit | None:
        """A curve that changes only every so many steps, from here on to the end."""
        curve = self.curve
        stop = min(end, len(curve.values))
        changes = list(islice(self._changes(first, stop), 2))
        if len(changes) < 2 or changes[1] - changes[0] < 2:
            return None
        changes = list(self._changes(first, stop))
        every = min(b - a for a, b in pairwise(changes))
        if every < 2 or any((k - changes[0]) % every for k in changes):
            return None
        values = curve.values[first : first + 1]
        if len(changes) < (3 if end > curve.last else 6):
            return None  # a few levels are levels
        long = end - first
        if changes[0] > every:
            flat = changes[0] - every
            return Fit(Constant(self._window(first, first + flat).rate(values[0]), flat), flat)
        gone = every - changes[0]

        def stair(k: int) -> float:
            return curve.value(max(first - gone + k * every, first))

        last = curve.last if end > curve.last else end - 1
        count = (last - first + gone) // every + 1
        open_ = end > curve.last and not curve.why_no_more
        known = [x / every for x in self.numbers] + [*self.numbers]
        if self.steps is not None:
            known.append(self.steps / every)
        window = Window(stair, 0, count, open_, curve.peak, known)
        for fit in all_of(window, math.nan):
            made: Schedule = fit.schedule.stretched(every).staircase(every)
            made = made.shift(-gone) if gone else made
            if fit.steps < count and not (fit.ends and open_):
                continue
            if not open_ and made.length != long:
                made = made.cut(long)
            return Fit(made, min(fit.steps * every - gone, long) if open_ else long, fit.ends)
        return None

    def _changes(self, first: int, stop: int) -> Iterator[int]:
        """The steps, counted from the first, at which the rate differs from the one before."""
        same, values = self.curve.same, self.curve.values
        return (k - first for k in range(first + 1, stop) if not same(values[k], values[k - 1]))

    def _cycles(self, first: int) -> Fit | None:
        """A cycle that is repeated up to the end."""
        curve = self.curve
        stop = min(curve.last, len(curve.values) - 1)
        starts = [end for end in self.ends if first < end <= stop]
        if len(starts) < 3:
            return None
        for start in starts[:6]:
            period = start - first
            rest = stop - first - period
            if rest < 2 * period:
                continue
            tried = {first + k * rest // 997 for k in range(997)}
            tried |= {end + by for end in starts[:500] for by in (-1, 0, 1)}
            tried = {step for step in tried if first <= step <= stop - period}
            shift = [curve.value(step) for step in tried]
            moved = [curve.value(step + period) for step in tried]
            base, later = max(map(abs, shift)), max(map(abs, moved))
            if base == 0.0 or (period < 3 and base == min(shift)):
                continue
            factor = 1.0 if curve.same(base, later) else self._factor(first, period)
            if 0 < factor <= 1 and all(
                curve.same(b, a * factor) for a, b in zip(shift, moved, strict=True)
            ):
                cycle = self._one_cycle(first, period)
                if cycle is not None:
                    made = cycle.repeat(factor=factor)
                    return Fit(made, curve.last + 1 - first)
        return None

    def _factor(self, first: int, period: int) -> float:
        before, after = self.curve.value(first), self.curve.value(first + period)
        return self._window(first, first + period).rate(after / before) if before else 0.0

    def _one_cycle(self, first: int, period: int) -> Schedule | None:
        inside = _Pieces(self.curve, None, self.numbers)
        inside.ends = [end for end in self.ends if first < end <= first + period]
        pieces: list[Schedule] = []
        at = first
        while at < first + period:
            later = [end for end in inside.ends if end > at]
            fit = next(
                (
                    one
                    for end in reversed(later)
                    for one in all_of(self._window(at, end), math.nan)
                    if one.steps == end - at
                ),
                None,
            )
            if fit is None or len(pieces) > _LOOK_AHEAD:
                return None
            pieces.append(fit.schedule)
            at += fit.steps
        return join(*pieces)


def _above_zero(fit: Fit) -> Fit:
    """A cosine that falls below 0, only down to there: a quarter of a wave."""
    curve = fit.schedule
    if isinstance(curve, Cosine) and fit.ends and 0 < curve.start == -curve.end:
        quarter, rest = divmod(curve.steps, 2)
        if not rest and quarter:
            return Fit(curve.cut(quarter), quarter, True)
    return fit


def _merged(pieces: Sequence[Schedule]) -> list[Schedule]:
    """The pieces without those that say nothing: levels together, no level after its ramp."""
    found: list[Schedule] = []
    for piece in (part for one in pieces for part in _parts(one)):
        if found:
            found[-1:] = _pair(found[-1], piece)
        else:
            found.append(piece)
    if len(found) > 1 and isinstance(found[-1], Constant):
        before, last = found[-2], found[-1]
        if before.length is not None and before(before.length) == last.value:
            found.pop()
    levels = 0
    while levels < len(found) and isinstance(found[-1 - levels], Constant):
        levels += 1
    if levels > 1:
        found[-levels:] = [_table(found[-levels:])]
    return found


def _pair(before: Schedule, piece: Schedule) -> list[Schedule]:
    """Two pieces as one, or with the level before a line up to where the line begins."""
    if not isinstance(before, Constant) or before.steps is None:
        return [before, piece]
    if isinstance(piece, Constant) and before.value == piece.value:
        steps = None if piece.steps is None else before.steps + piece.steps
        return [Constant(piece.value, steps)]
    if isinstance(piece, Linear) and before.steps > 1:
        begin = piece.start - (piece.end - piece.start) / piece.steps
        if abs(begin - before.value) <= 1e-12 * abs(before.value):
            line = Linear(before.value, piece.end, piece.steps + 1)
            return [Constant(before.value, before.steps - 1), line]
    return [before, piece]


def _parts(piece: Schedule) -> Sequence[Schedule]:
    return piece.pieces if isinstance(piece, Join) else (piece,)


def _table(levels: Sequence[Schedule]) -> Schedule:
    points: list[tuple[int, float]] = []
    at = 0
    for level in levels:
        points.append((at, float(level(0))))
        at += level.length or 0
    return Table(tuple(points), "hold")

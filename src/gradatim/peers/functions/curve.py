"""The rates of a function at all steps, and the steps at which its formula changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.machine import Machine, NoValue

EVERY = 100_000
"""Up to this step every step is compared."""
SAMPLES = 10_000
"""The steps beyond that are compared, beside all boundaries and their neighbours."""
_FARTHEST = 10**9
_MOST_BOUNDARIES = 5_000
_WRONG = (ArithmeticError, LookupError, TypeError, ValueError)
Rate = Callable[[int], float]


class Curve:
    """The values of a function at the steps of a run.

    Args:
        machine: What the function reads and writes while it is evaluated.
        rate: The rate at a step. It raises NoValue where there is none.
        steps: The updates of the run, if known.
        line: The line of the function, for errors.

    Raises:
        GradatimError: If it has no value at step 0.
    """

    def __init__(self, machine: Machine, rate: Rate, steps: int | None, line: int) -> None:
        self.machine, self._rate, self.line = machine, rate, line
        self.values: list[float] = []
        """The rates from step 0 on."""
        self.boundaries: list[int] = []
        """The steps at which another branch is taken than at the one before."""
        self.why_no_more = ""
        """Why there is no value after the last step, or ""."""
        self._beyond: dict[int, float] = {}
        path: list[int] = []
        for step in range(EVERY + 1 if steps is None else min(steps, EVERY) + 1):
            try:
                self.values.append(self._at(step))
            except NoValue as reason:
                if step == 0:
                    raise GradatimError(
                        f"line {machine.line or line}: at step 0, {reason}."
                    ) from None
                self.why_no_more = str(reason)
                break
            if machine.path != path:
                path = machine.path.copy()
                if step and len(self.boundaries) < _MOST_BOUNDARIES:
                    self.boundaries.append(step)
        self.last = len(self.values) - 1
        """The last step that is compared."""
        if not self.why_no_more:
            self._look_beyond(_FARTHEST if steps is None else steps)

    def up_to(self, steps: int) -> Curve:
        """The same curve, of a run of so many updates."""
        found = copy(self)
        found.last = min(self.last, steps)
        found.values = self.values[: steps + 1]
        found.boundaries = [step for step in self.boundaries if step <= steps]
        found.samples = [step for step in self.samples if step <= steps]
        found.__dict__.pop("peak", None)
        if found.last < self.last:
            found.why_no_more = ""
        return found

    def _at(self, step: int) -> float:
        machine = self.machine
        machine.path.clear()
        machine.written.clear()
        machine.line = machine.line or self.line
        machine.depth = machine.calls_at_step = 0
        try:
            value = float(self._rate(step))
        except _WRONG as error:
            if isinstance(error, GradatimError):
                raise
            raise NoValue(str(error) or type(error).__name__) from None
        if value - value != 0.0:
            raise NoValue("its value is not finite")
        return value

    def value(self, step: int) -> float:
        """The rate at any step up to ``last``."""
        return self.values[step] if step < len(self.values) else self._beyond_at(step)

    def _beyond_at(self, step: int) -> float:
        if step not in self._beyond:
            self._beyond[step] = self._at(step)
        return self._beyond[step]

    def _look_beyond(self, farthest: int) -> None:
        """Find the boundaries after the steps that were all evaluated."""
        busy = len(self.boundaries) > 20  # it has cycles, which are known by now
        if self.machine.reads_rate or busy or farthest <= EVERY:
            return
        growth = (farthest / EVERY) ** (1 / SAMPLES)
        points = sorted({min(round(EVERY * growth**k), farthest) for k in range(SAMPLES + 1)})
        before = EVERY
        path = self._path(before)
        for point in points:
            try:
                now = self._path(point)
            except NoValue as reason:
                self.why_no_more = str(reason)
                return
            if now != path:
                self._bisect(before, path, point, now)
            before, path, self.last = point, now, point
        self.samples = points

    samples: Sequence[int] = ()
    """The steps after ``EVERY`` that are compared."""

    def _path(self, step: int) -> list[int]:
        self._beyond_at(step) if step not in self._beyond else self._at(step)
        return self.machine.path.copy()

    def _bisect(self, low: int, path: list[int], high: int, after: list[int]) -> None:
        while high - low > 1:
            middle = (low + high) // 2
            if self._path(middle) == path:
                low = middle
            else:
                high = middle
        self.boundaries.append(high)
        if len(self.boundaries) > _MOST_BOUNDARIES:
            raise GradatimError(f"line {self.line}: the function changes its formula too often.")

    @cached_property
    def peak(self) -> float:
        """The largest rate; behind the end of the run a formula may fall far below 0."""
        return max(*self.values, 0.0) or max(map(abs, self.values)) or 1.0

    def tolerance(self, value: float) -> float:
        """How far from a value counts as the same."""
        return 1e-9 * max(abs(value), 1e-5 * self.peak)

    def same(self, one: float, other: float) -> bool:
        """Whether two rates are the same but for rounding."""
        return abs(one - other) <= self.tolerance(one)

"""What is wrong with a schedule on a run, said before the run is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from gradatim.core.combine import Cut, Join, Shift
from gradatim.core.errors import refuse
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule

_SAMPLES = 2000
# A change smaller than this share of the peak is not worth a finding.
_SMALL = 0.01


class Finding(NamedTuple):
    """One thing to know before the run starts."""

    severity: Literal["error", "warning", "note"]
    place: str
    sentence: str
    fix: str


def joins(schedule: Schedule, until: int = 10**18) -> list[int]:
    """The steps, up to ``until``, at which one piece of a schedule follows another.

    >>> from gradatim import wsd
    >>> joins(wsd(peak=1.0, steps=100, warmup=10, cooldown=20))
    [10, 80]
    """
    return sorted({step for step in _joins(schedule) if 0 < step <= until})


def _joins(schedule: Schedule) -> Iterator[int]:
    if isinstance(schedule, Join):
        yield from schedule.starts
        for start, piece in zip(schedule.starts, schedule.pieces, strict=True):
            yield from (start + step for step in _joins(piece))
        return
    offset = schedule.by if isinstance(schedule, Shift) else 0
    for _, part in schedule.items():
        for inner in part if isinstance(part, tuple) else (part,):
            if isinstance(inner, Schedule):
                yield from (offset + step for step in _joins(inner))
    if isinstance(schedule, Cut):
        yield schedule.steps


def check(schedule: Schedule, run: Run | int) -> list[Finding]:
    """What is wrong with a schedule on a run, the worst first.

    Args:
        schedule: The schedule of a learning rate.
        run: The run, or its number of updates.

    Raises:
        GradatimError: If either is something else.

    >>> from gradatim import warmup_cosine
    >>> for finding in check(warmup_cosine(peak=3e-4, warmup=5, steps=90), run=9000):
    ...     print(finding.severity, finding.place, finding.sentence)
    error update 90 of 9000 The schedule ends there and the other 8910 updates run at 0.
    note update 1 of 9000 The first update runs at 0 and changes nothing.
    """
    if not isinstance(schedule, Schedule):
        raise refuse("check", "schedule", schedule, "a schedule")
    if not isinstance(run, Run):
        run = Run(updates=run)
    found = list(_Curve(schedule, run).findings())
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))


class _Curve:
    """A schedule, looked at where it matters over one run."""

    def __init__(self, schedule: Schedule, run: Run) -> None:
        self.schedule, self.run, self.steps = schedule, run, run.steps
        last = self.steps - 1
        even = {last * i // _SAMPLES for i in range(_SAMPLES + 1)}
        self.joins = joins(schedule, last)[:_SAMPLES]
        near = {step + by for step in self.joins for by in (-2, -1, 0, 1)}
        self.looked = sorted(step for step in even | near if 0 <= step <= last)
        self.values = {step: float(schedule(step)) for step in self.looked}
        self.peak = max(self.values.values())

    def findings(self) -> Iterator[Finding]:
        yield from self.length()
        yield from self.range()
        yield from self.zeros()
        yield from self.jumps()
        yield from self.rebound()

    def place(self, step: int) -> str:
        return f"update {step + 1 if step < self.steps else step} of {self.steps}"

    def length(self) -> Iterator[Finding]:
        length, steps = self.schedule.length, self.steps
        if length is None or abs(length - steps) <= 1:
            return
        end = float(self.schedule(length))
        if length < steps:
            rest = steps - length
            looks_like_epochs = self.run.epochs is not None and length <= 2 * self.run.epochs
            yield Finding(
                "error" if end == 0.0 else "warning",
                f"update {length} of {steps}",
                f"The schedule ends there and the other {rest} updates run at {end:g}.",
                f"steps seems to count epochs; it counts optimizer updates: write steps={steps}."
                if looks_like_epochs
                else f"Write steps={steps}.",
            )
            return
        last, highest = float(self.schedule(steps)), self._highest(length)
        if highest > self.peak * (1.0 + _SMALL):
            yield Finding(
                "error", self.place(steps - 1),
                f"The run ends before the peak: {self.peak:g} is reached, of {highest:g}.",
                f"Shorten the warm-up, or train longer than {steps} updates.",
            )  # fmt: skip
        elif abs(last - end) > _SMALL * self.peak:
            yield Finding(
                "warning", self.place(steps - 1),
                f"The run ends at {last:g}; the schedule would go on to {end:g} at step {length}.",
                f"Write steps={steps}, or train {length} updates.",
            )  # fmt: skip

    def _highest(self, length: int) -> float:
        steps = {length * i // _SAMPLES for i in range(_SAMPLES + 1)} | set(joins(self.schedule))
        return max(float(self.schedule(step)) for step in sorted(steps)[: 4 * _SAMPLES])

    def range(self) -> Iterator[Finding]:
        lowest = min(self.looked, key=self.values.__getitem__)
        if self.values[lowest] < 0.0:
            yield Finding(
                "error", self.place(lowest),
                f"The value is {self.values[lowest]:g}; an optimizer cannot take a negative one.",
                "Write .clip(low=0.0), or mend the piece that goes below 0.",
            )  # fmt: skip
        if self.peak > 10.0:
            highest = max(self.looked, key=self.values.__getitem__)
            yield Finding(
                "warning", self.place(highest),
                f"The value is {self.peak:g}, far above what optimizers are run at.",
                "If it was meant to scale another rate, multiply it with that rate.",
            )  # fmt: skip
        if self.peak == 0.0:
            yield Finding(
                "error", self.place(0), "Every update runs at 0: nothing is trained.",
                "Give a peak above 0.",
            )  # fmt: skip

    def zeros(self) -> Iterator[Finding]:
        if self.peak == 0.0:
            return
        if self.values[0] == 0.0:
            yield Finding(
                "note", self.place(0), "The first update runs at 0 and changes nothing.",
                'Write first="step", or a start above 0.',
            )  # fmt: skip
        ends = self.schedule.length is not None and self.schedule.length < self.steps
        inner = [step for step in self.looked[1:] if self.values[step] == 0.0]
        if inner and not ends:
            share = len(inner) / len(self.looked)
            yield Finding(
                "warning" if share > _SMALL else "note", self.place(inner[0]),
                "From there on some updates run at 0 and change nothing.",
                "Give a floor above 0, or cut the schedule there.",
            )  # fmt: skip

    def jumps(self) -> Iterator[Finding]:
        for step in self.joins:
            if step < 2 or step + 1 >= self.steps:
                continue
            before, at, after = (float(self.schedule(step + by)) for by in (-1, 0, 1))
            slope = max(abs(float(self.schedule(step - 2)) - before), abs(after - at))
            if abs(at - before) > max(3.0 * slope, 0.05 * self.peak):
                yield Finding(
                    "warning", self.place(step),
                    f"The value jumps from {before:g} to {at:g} where one piece follows another.",
                    "Let the second piece start where the first ends, if the jump is not meant.",
                )  # fmt: skip

    def rebound(self) -> Iterator[Finding]:
        last = self.values[self.looked[-1]]
        top = max(self.looked, key=self.values.__getitem__)
        after = [step for step in self.looked if step > top]
        if not after:
            return
        lowest = min(after, key=self.values.__getitem__)
        if last > self.values[lowest] + 0.1 * self.peak:
            yield Finding(
                "note", self.place(lowest),
                f"The value falls to {self.values[lowest]:g} there and has risen to {last:g} again "
                "when the run ends.",
                "End the run at the end of a cycle, if the rise is not meant.",
            )  # fmt: skip

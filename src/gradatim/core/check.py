"""What is wrong with a schedule on a run, said before the run is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from gradatim.core.errors import refuse
from gradatim.core.pieces import joins, stays
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule

Severity = Literal["error", "warning", "note"]

_SAMPLES = 2000
# A change smaller than this share of the peak, or of the run, is not worth a warning.
_SMALL = 0.01
# Rates that no optimizer is run at: a slip of the pen, or a curve without its peak.
_LOWEST, _HIGHEST = 1e-9, 10.0
_RATES = ("lr", "learning_rate")
# What optimizers call the share of an average that is kept from one update to the next.
_SHARES = ("momentum", "ema_momentum", "beta", "beta1", "beta2", "beta_1", "beta_2", "betas", "rho")
_NOT_NEGATIVE = ("weight_decay", "eps", "epsilon", "clipnorm", "global_clipnorm", *_SHARES)
_MILDER: dict[Severity, Severity] = {"error": "warning", "warning": "note", "note": "note"}


class Finding(NamedTuple):
    """One thing to know before the run starts."""

    severity: Severity
    place: str
    sentence: str
    fix: str


def check(schedule: Schedule, run: Run | int, value: str = "lr") -> list[Finding]:
    """What is wrong with a schedule on a run, the worst first.

    Args:
        schedule: The schedule.
        run: The run, or its number of updates.
        value: What it drives, such as "weight_decay", "betas[0]" or "lr/head". A rate is expected
            to rise, fall and last as long as the run; another value may do as it likes within the
            bounds that optimizers have for it, so what is said of its shape is milder.

    Raises:
        GradatimError: If either is something else.

    >>> from gradatim import warmup_cosine
    >>> for finding in check(warmup_cosine(peak=3e-4, warmup=5, steps=90), run=9000):
    ...     print(finding.severity, finding.place, finding.sentence)
    error update 91 of 9000 The schedule is over there, and the other 8910 updates run at 0.
    """
    if not isinstance(schedule, Schedule):
        raise refuse("check", "schedule", schedule, "a schedule")
    if not isinstance(run, Run):
        run = Run(steps=run)
    found = list(_Look(schedule, run, value).findings())
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))


class _Look:
    """A schedule, looked at where it matters over one run."""

    def __init__(self, schedule: Schedule, run: Run, value: str) -> None:
        self.schedule, self.run, self.steps = schedule, run, run.steps
        self.name = value.partition("/")[0].partition("[")[0]
        last = self.steps - 1
        even = {last * i // _SAMPLES for i in range(_SAMPLES + 1)}
        self.joins = joins(schedule)
        inside = [step for step in self.joins if step <= last][:_SAMPLES]
        near = {step + by for step in inside for by in (-2, -1, 0, 1)}
        self.looked = sorted(step for step in even | near if 0 <= step <= last)

    def findings(self) -> Iterator[Finding]:
        try:
            yield from self.whole()
        except _Broken as broken:
            yield Finding(
                "error", self.place(broken.step), f"The schedule {broken.what} there.",
                "Mend the function, or .cut() the schedule before it.",
            )  # fmt: skip

    def whole(self) -> Iterator[Finding]:
        self.values = {step: self.at(step) for step in self.looked}
        self.top = max(self.looked, key=self.values.__getitem__)
        self.peak = self.values[self.top]
        if self.name not in _RATES:
            yield from self.bounds()
            for finding in (*self.horizon(), *self.jumps()) if self.peak > 0.0 else ():
                yield finding._replace(severity=_MILDER[finding.severity])
            return
        yield from self.range()
        if self.peak > 0.0:
            yield from self.horizon()
            yield from self.zeros()
            yield from self.jumps()
            yield from self.rebound()

    def at(self, step: int) -> float:
        try:
            value = float(self.schedule(step))
        except Exception as error:  # a function of the user's own may raise anything
            raise _Broken(step, f"raises {type(error).__name__} ({error})") from None
        if value - value != 0.0:
            raise _Broken(step, f"is {value}")
        return value

    def place(self, step: int) -> str:
        return f"update {min(step + 1, self.steps)} of {self.steps}"

    def bounds(self) -> Iterator[Finding]:
        """What no optimizer takes, or none should, for a value that is not a rate."""
        lowest = min(self.looked, key=self.values.__getitem__)
        if self.name in _NOT_NEGATIVE and self.values[lowest] < 0.0:
            yield Finding(
                "error", self.place(lowest),
                f"The value is {self.values[lowest]:g}, and {self.name} is never below 0.",
                "Write .clip(low=0.0), or mend the piece that goes below 0.",
            )  # fmt: skip
        if self.name in _SHARES and self.peak >= 1.0:
            yield Finding(
                "error", self.place(self.top),
                f"The value is {self.peak:g}, and {self.name} stays below 1: from 1 on nothing is "
                "ever forgotten.",
                "Write .clip(high=0.999), or mend the piece that goes to 1.",
            )  # fmt: skip

    def range(self) -> Iterator[Finding]:
        lowest = min(self.looked, key=self.values.__getitem__)
        if self.values[lowest] < 0.0:
            yield Finding(
                "error", self.place(lowest),
                f"The value is {self.values[lowest]:g}: with a negative rate the loss goes up.",
                "Write .clip(low=0.0), or mend the piece that goes below 0.",
            )  # fmt: skip
        if self.peak > _HIGHEST:
            yield Finding(
                "warning", self.place(self.top),
                f"The value is {self.peak:g}, and a rate above {_HIGHEST:g} is hardly ever meant.",
                "If the curve was meant to scale a rate, multiply: 3e-4 * schedule.",
            )  # fmt: skip
        elif self.peak == self.values[lowest] == 0.0:
            yield Finding(
                "error", self.place(0), "Every update runs at 0: nothing is trained.",
                "Give a peak above 0.",
            )  # fmt: skip
        elif 0.0 < self.peak < _LOWEST:
            yield Finding(
                "warning", self.place(self.top),
                f"The value never gets above {self.peak:g}: float32 weights will not feel it.",
                "Look whether a rate is multiplied in twice.",
            )  # fmt: skip

    def horizon(self) -> Iterator[Finding]:
        """The end of the schedule and the end of the run, which should be one."""
        length, steps = self.schedule.length, self.steps
        later = [step for step in self._after_the_run() if self.at(step) > self.peak * (1 + _SMALL)]
        if later:
            top = max(later, key=self.at)
            yield Finding(
                "error", self.place(steps - 1),
                f"The run is over before the peak: it gets to {self.peak:g}, and {self.at(top):g} "
                f"would come at update {top + 1}.",
                self._other_unit(length) or f"Shorten the warm-up, or train for {top} updates.",
            )  # fmt: skip
        elif length is not None and length < steps - 1 and not stays(self.schedule):
            end, rest = self.at(length), steps - length
            few = rest <= _SMALL * steps
            yield Finding(
                "note" if few else "error" if end == 0.0 else "warning", self.place(length),
                f"The schedule is over there, and the other {rest} updates run at {end:g}.",
                self._other_unit(length) or f"Write steps={steps}.",
            )  # fmt: skip
        elif length is not None and length > steps + 1:
            last, end = self.at(steps), self.at(length)
            if abs(last - end) > _SMALL * self.peak:
                yield Finding(
                    "warning", self.place(steps - 1),
                    f"The run is over at {last:g}; the schedule would go on to {end:g}, for "
                    f"{length - steps} updates more.",
                    self._other_unit(length) or f"Write steps={steps}.",
                )  # fmt: skip

    def _after_the_run(self) -> list[int]:
        length = self.schedule.length
        steps = {step for step in self.joins if step > self.steps}
        if length is not None:
            steps |= {length * i // _SAMPLES for i in range(_SAMPLES + 1)}
        return sorted(step for step in steps if step > self.steps)[: 2 * _SAMPLES]

    def _other_unit(self, length: int | None) -> str:
        """What to write if the length is that of the run, counted in something else."""
        run = self.run
        if length is None or run.samples is None or run.epochs is None:
            return ""
        batches = run.steps * run.accumulate
        counted = {
            "epochs": run.epochs,
            "batches before accumulation": batches,
            "batches of all processes": batches * run.processes,
            "samples": run.samples * run.epochs,
        }
        for unit, number in counted.items():
            if number != run.steps and abs(length - number) <= _SMALL * number:
                return f"It seems to count {unit}; it counts updates: write steps={run.steps}."
        return ""

    def zeros(self) -> Iterator[Finding]:
        # A warm-up from 0 loses one update, which is how its peak comes where it is expected.
        if self.values[0] == 0.0 and self.steps > 1 and self.at(1) == 0.0:
            yield Finding(
                "note",
                self.place(0),
                "The first updates run at 0 and change nothing.",
                "Let the schedule start above 0, or .shift() it to where it does.",
            )
        length = self.schedule.length
        over = length is not None and not stays(self.schedule)  # what is after it: horizon()
        end = min(length or 0, self.steps) if over else self.steps
        inner = [step for step in self.looked if 0 < step < end and self.values[step] == 0.0]
        if not inner:
            return
        share = len(inner) / len(self.looked)
        lasting = any(self.values.get(step + 1, self.at(step + 1)) == 0.0 for step in inner)
        often = lasting and share > _SMALL
        yield Finding(
            "warning" if often else "note", self.place(inner[0]),
            f"There, and at about {share:.0%} of the updates, the value is 0: they change nothing."
            if often
            else "The value is 0 there, and an update at 0 changes nothing.",
            "Give a floor above 0, or .cut() the schedule before it.",
        )  # fmt: skip

    def jumps(self) -> Iterator[Finding]:
        for step in self.joins[:_SAMPLES]:
            if not 2 <= step < self.steps - 1:
                continue
            earlier, before, at, after = (self.at(step + by) for by in (-2, -1, 0, 1))
            usual = max(abs(before - earlier), abs(after - at))
            if abs(at - before) > max(3.0 * usual, 0.05 * self.peak):
                yield Finding(
                    "warning", self.place(step),
                    f"The value jumps from {before:g} to {at:g} where one piece follows another.",
                    f"If it is not meant, let the second piece start at {before:g}.",
                )  # fmt: skip

    def rebound(self) -> Iterator[Finding]:
        last = self.values[self.looked[-1]]
        after = [step for step in self.looked if step > self.top]
        lowest = min(after, key=self.values.__getitem__, default=self.top)
        if last > self.values[lowest] + 0.1 * self.peak:
            yield Finding(
                "note", self.place(lowest),
                f"The value has fallen to {self.values[lowest]:g} there, and has risen to {last:g} "
                "again when the run is over.",
                "If it is not meant, end the run at the end of a cycle.",
            )  # fmt: skip


class _Broken(Exception):
    """The schedule has no value at a step."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(what)
        self.step, self.what = step, what

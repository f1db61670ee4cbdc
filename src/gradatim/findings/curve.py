"""Checks of the curve of a schedule on a run: its end, zeros and jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradatim.core.pieces import boundaries, ends_level
from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.clocks import format_ticks
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.findings.finding import Finding

SAMPLES = 2000
SMALL = 0.01
"""Smaller changes, as a fraction of the peak or of the run, give no warning."""


class NoValue(Exception):
    """The schedule has no value at a step."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(what)
        self.step, self.what = step, what


class Curve:
    """A schedule on a run, with its values at sample steps.

    Args:
        schedule: The schedule.
        run: The run.
        others_train: Whether other parts of the model are trained at a step. If so, a value of 0
            freezes one part of the model, and does not waste the update.

    Raises:
        NoValue: If the schedule raises an error at a step, or is not finite there.
    """

    def __init__(
        self, schedule: Schedule, run: Run, others_train: Callable[[int], bool] = lambda step: False
    ) -> None:
        self.schedule, self.run = schedule, run
        self.clock, self.steps = clock_for(schedule, run), ticks_for(schedule, run)
        self.others_train = others_train
        last = self.steps - 1
        even = {last * i // SAMPLES for i in range(SAMPLES + 1)}
        self.boundaries = boundaries(schedule)
        inside = [step for step in self.boundaries if step <= last][:SAMPLES]
        near = {step + by for step in inside for by in (-2, -1, 0, 1)}
        self.samples = sorted(step for step in even | near if 0 <= step <= last)
        self.values = {step: self.at(step) for step in self.samples}
        self.top = max(self.samples, key=self.values.__getitem__)
        self.bottom = min(self.samples, key=self.values.__getitem__)
        self.peak, self.lowest = self.values[self.top], self.values[self.bottom]
        self.last = self.values[self.samples[-1]]

    def at(self, step: int) -> float:
        """The value at a step."""
        try:
            value = float(self.schedule(step))
        except Exception as error:  # a user's function may raise anything
            raise NoValue(step, f"raises {type(error).__name__} ({error})") from None
        if value - value != 0.0:
            raise NoValue(step, f"is {value}")
        return value

    def place(self, step: int) -> str:
        """The place of a step in the run, for a finding."""
        return _place(step, self.steps, self.clock)

    def when(self, step: int) -> str:
        """A step after the end of the run, for a finding."""
        return f"update {step + 1}" if self.clock == "updates" else format_ticks(step, self.clock)

    def amount(self, steps: int) -> str:
        """A number of steps in readable units."""
        return f"{steps} updates" if self.clock == "updates" else format_ticks(steps, self.clock)

    @property
    def steps_argument(self) -> str:
        """What to write for ``steps`` to make a schedule as long as the run."""
        return f"{self.steps}" if self.clock == "updates" else "run"


def ticks_for(schedule: Schedule, run: Run) -> int:
    """The ticks at which a schedule is evaluated in a run; its own length if they are not known."""
    if clock_for(schedule, run) == run.clock:
        return run.ticks
    return run.steps or schedule.length or 1


def _place(step: int, steps: int, clock: str) -> str:
    if clock == "updates":
        return f"update {min(step + 1, steps)} of {steps}"
    return (
        format_ticks(step, clock)
        if clock == "progress"
        else f"{format_ticks(step, clock)} of {format_ticks(steps, clock)}"
    )


def value_missing(error: NoValue, schedule: Schedule, run: Run) -> Finding:
    """The finding that a schedule has no value at a step of a run."""
    return Finding(
        "error",
        _place(error.step, ticks_for(schedule, run), clock_for(schedule, run)),
        f"The schedule {error.what} there.",
        "Correct the function, or .cut() the schedule before it.",
    )


def end_of_run(curve: Curve) -> Iterator[Finding]:
    """A schedule that ends earlier or later than the run."""
    length, steps = curve.schedule.length, curve.steps
    later = [step for step in _after_the_run(curve) if curve.at(step) > curve.peak * (1 + SMALL)]
    other_unit = _other_unit(curve.run, length)
    if later:
        top = max(later, key=curve.at)
        yield Finding(
            "error",
            curve.place(steps - 1),
            f"The run ends before the peak: it reaches {curve.peak:g}, and {curve.at(top):g} would "
            f"come at {curve.when(top)}.",
            other_unit or f"Shorten the warm-up, or train for {curve.amount(top)}.",
        )
    elif length is not None and length < steps - 1 and not ends_level(curve.schedule):
        end, rest = curve.at(length), steps - length
        frozen = end == 0.0 and curve.others_train(length)
        freeze = "; to freeze this part from there, add >> Constant(0.0)" if frozen else ""
        few = rest <= SMALL * steps
        yield Finding(
            "note" if few else "error" if end == 0.0 and not frozen else "warning",
            curve.place(length),
            f"The schedule ends there, and the other {curve.amount(rest)} run at {end:g}.",
            other_unit or f"Write steps={curve.steps_argument}{freeze}.",
        )
    elif length is not None and length > steps + 1:
        last, end = curve.at(steps), curve.at(length)
        if abs(last - end) > SMALL * curve.peak:
            yield Finding(
                "warning",
                curve.place(steps - 1),
                f"The run ends at {last:g}; the schedule continues to {end:g}, for "
                f"{curve.amount(length - steps)} more.",
                other_unit or f"Write steps={curve.steps_argument}.",
            )


def _after_the_run(curve: Curve) -> list[int]:
    length = curve.schedule.length
    steps = {step for step in curve.boundaries if step > curve.steps}
    if length is not None:
        steps |= {length * i // SAMPLES for i in range(SAMPLES + 1)}
    return sorted(step for step in steps if step > curve.steps)[: 2 * SAMPLES]


def _other_unit(run: Run, length: int | None) -> str:
    """A hint if the length of the schedule is that of the run in another unit."""
    if length is None or not (run.steps and run.samples and run.epochs):
        return ""
    if run.clock != "updates":
        return ""
    stage = run.batches.stages[0]
    batches = run.steps * stage.accumulate
    counted = {
        "epochs": run.epochs,
        "batches before accumulation": batches,
        "batches of all processes": batches * run.processes,
        "samples": run.samples * run.epochs,
    }
    for unit, number in counted.items():
        if number != run.steps and abs(length - number) <= SMALL * number:
            return f"Its length seems to be in {unit}. In updates, write steps={run.steps}."
    return ""


def zeros(curve: Curve) -> Iterator[Finding]:
    """Updates at 0, which change nothing or freeze one part of the model."""
    length = curve.schedule.length
    over = length is not None and not ends_level(curve.schedule)  # after it: end_of_run()
    end = min(length or 0, curve.steps) if over else curve.steps
    at_zero = [step for step in curve.samples if step < end and curve.values[step] == 0.0]
    lasting = [s for s in at_zero if curve.values.get(s + 1, curve.at(s + 1)) == 0.0]
    frozen = [step for step in lasting if curve.others_train(step)]
    if frozen:
        share = len(frozen) / len(curve.samples)
        yield Finding(
            "note",
            curve.place(frozen[0]),
            f"There, and at about {share:.0%} of the updates, the value is 0: this part of the "
            "model is frozen.",
            "If this is not intended, give it a value above 0.",
        )
        at_zero = [step for step in at_zero if not curve.others_train(step)]
        lasting = [step for step in lasting if step not in frozen]
    # A warm-up from 0 wastes one update, so that its peak comes at the expected step.
    if 0 in lasting and curve.steps > 1:
        yield Finding(
            "note",
            curve.place(0),
            "The first updates run at 0 and change nothing.",
            "Start the schedule above 0, or .shift() it to where it is.",
        )
    inner = [step for step in at_zero if step > 0]
    if not inner:
        return
    share = len(inner) / len(curve.samples)
    often = any(step > 0 for step in lasting) and share > SMALL
    yield Finding(
        "warning" if often else "note",
        curve.place(inner[0]),
        f"There, and at about {share:.0%} of the updates, the value is 0: they change nothing."
        if often
        else "The value is 0 there, and an update at 0 changes nothing.",
        "Give a floor above 0, or .cut() the schedule before it.",
    )


def jumps(curve: Curve) -> Iterator[Finding]:
    """A value that jumps between two pieces."""
    for step in curve.boundaries[:SAMPLES]:
        if not 2 <= step < curve.steps - 1:
            continue
        earlier, before, at, after = (curve.at(step + by) for by in (-2, -1, 0, 1))
        if (before == 0.0 and curve.others_train(step - 1)) or (
            at == 0.0 and curve.others_train(step)
        ):
            continue  # a part of the model is frozen on one side
        usual = max(abs(before - earlier), abs(after - at))
        if abs(at - before) > max(3.0 * usual, 0.05 * curve.peak):
            yield Finding(
                "warning",
                curve.place(step),
                f"The value jumps from {before:g} to {at:g} between two pieces.",
                f"If this is not intended, start the second piece at {before:g}.",
            )


def rebound(curve: Curve) -> Iterator[Finding]:
    """A value that has risen again at the end of the run."""
    after = [step for step in curve.samples if step > curve.top]
    lowest = min(after, key=curve.values.__getitem__, default=curve.top)
    if curve.last > curve.values[lowest] + 0.1 * curve.peak:
        yield Finding(
            "note",
            curve.place(lowest),
            f"The value falls to {curve.values[lowest]:g} there, and has risen to {curve.last:g} "
            "again at the end of the run.",
            "If this is not intended, end the run at the end of a cycle.",
        )


def highest_at_the_end(curve: Curve) -> Iterator[Finding]:
    """A last piece that rises above all before it, as with a floor above the peak."""
    inside = [step for step in curve.boundaries if step < curve.steps - 1]
    if not inside:
        return  # a single ramp: a learning-rate range test, or only a warm-up
    begin = inside[-1]
    before = max(curve.at(step) for step in (*curve.samples, begin) if step <= begin)
    if curve.last > (1.0 + SMALL) * before and before > 0.0:
        yield Finding(
            "warning",
            curve.place(begin),
            f"The value rises from {curve.at(begin):g} there to {curve.last:g} at the last update, "
            "the highest value.",
            "If the last piece is the decay, its end or floor is above the peak.",
        )

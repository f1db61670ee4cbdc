"""``Run``: the length of a training run, its clock, and what a length such as "5%" means in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Annotated, Any

from gradatim.core.run.budgets import BUDGETS, check_budget
from gradatim.core.run.clocks import CLOCKS, MILLION, Clock
from gradatim.core.run.data import Data, as_decimal
from gradatim.core.run.durations import Length, in_ticks
from gradatim.core.values.fields import (
    FieldType,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    check_argument,
    whole_number,
)
from gradatim.core.values.value import Plain
from gradatim.errors import GradatimError, invalid_value

# Left out of the config if not given, because version 0.1 did not have them.
_NEW = ("total_tokens", "seconds", "reserve", "start_after", "clock", "total")


class Run(Data):
    """The size of a training run, and the clock that its schedules are measured by.

    Its length is given in one of these ways: ``steps``, ``epochs`` of ``samples``,
    ``total_tokens``, ``seconds``, or the ``total`` of something that you count. Schedules are
    evaluated at ticks of the clock, which are updates unless another clock is named.

    Each process takes an equal share of the samples, rounded up as ``DistributedSampler`` does;
    the last batch of an epoch may be smaller (unless ``drop_last``), and so may the last
    accumulation: an epoch always ends with an update.

    Args:
        samples: Samples in one epoch, over all processes.
        batch: Samples in one batch of one process; or a schedule of the completed updates, if the
            batch size changes.
        epochs: The number of epochs; may be a fraction.
        accumulate: Batches whose gradients are accumulated for one update; or a schedule.
        processes: Data-parallel processes, each with an equal share of the samples.
        drop_last: Drop the last batch of an epoch if it is smaller.
        tokens_per_sample: Tokens in one sample.
        steps: The number of updates. If it is not given, ``run.steps`` is computed from the other
            arguments, or is None if they do not determine it.
        total_tokens: The tokens of the whole run, instead of samples and epochs.
        seconds: The length of the run in seconds; the clock is then "time".
        reserve: Seconds reserved at the end, for the last checkpoint, for example.
        start_after: Updates that are not timed, at the start and after each resume, because the
            first ones are slow.
        clock: "updates", "samples", "tokens", "time", "progress", or a name for what you count,
            such as "env_steps". The default is "time" where seconds are given, else "updates".
        total: The length of a run with a clock of your own.

    Raises:
        GradatimError: If no length is given, or two, or one that the clock cannot count.

    >>> run = Run(samples=1000, batch=10, epochs=3, accumulate=2, processes=5)
    >>> run.steps, run.resolve("5%"), run.resolve("1 epoch"), run.resolve("150 samples")
    (30, 2, 10, 2)
    >>> run = Run(seconds=600)
    >>> run.clock, run.ticks, run.resolve("90 s"), run.steps
    ('time', 600000, 90000, None)
    """

    steps: PositiveInt | None = None
    total_tokens: PositiveInt | None = None
    seconds: Positive | None = None
    reserve: NonNegative = 0.0
    start_after: NonNegativeInt = 1
    clock: Clock = None  # type: ignore[assignment]
    total: PositiveInt | None = None

    def _validate(self) -> None:
        given = {
            name
            for name, value in super().items()
            if value is not None and value != getattr(type(self), name)
        }
        if self.clock is None:
            object.__setattr__(self, "clock", self._usual_clock)
        check_budget(given, self.clock)
        if self.batch is not None:
            _ = self.batches  # raises for sizes that are no whole numbers
        if self.steps is None:
            object.__setattr__(self, "steps", self._known_steps())
        if self.ticks < 1:
            name, allowed = ("seconds", "0.001 or more")
            if self.reserve:
                name, allowed = "reserve", f"less than seconds, {self.seconds}"
            raise invalid_value("Run", name, getattr(self, name), allowed)

    @property
    def _usual_clock(self) -> str:
        return "updates" if self.seconds is None else "time"

    def _known_steps(self) -> int | None:
        """The updates that follow from the other fields; None if they do not determine them."""
        if self.epochs is not None and self.batch is not None:
            return self.updates_of_epochs(as_decimal(self.epochs))
        if self.total_tokens and self.batch is not None and self.tokens_per_sample:
            return self.updates_of_samples(self.samples_of_tokens(Fraction(self.total_tokens)))
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """The fields as given. Derived ones are None, so that ``replace`` derives them again."""
        follows = any(getattr(self, name) is not None for name in BUDGETS if name != "steps")
        for name, value in super().items():
            derived = (name == "steps" and follows) or (
                name == "clock" and value == self._usual_clock
            )
            yield name, None if derived else value

    def config(self) -> dict[str, dict[str, Plain]]:
        """The run as plain data. Fields that version 0.1 did not have are left out if not given.

        >>> Run(steps=10).config()["Run"].get("clock"), Run(seconds=10).config()["Run"]["seconds"]
        (None, 10.0)
        """
        ((name, fields),) = super().config().items()
        usual = {field: getattr(type(self), field) for field in _NEW}
        return {name: {f: v for f, v in fields.items() if f not in usual or v != usual[f]}}

    @cached_property
    def ticks(self) -> int:
        """The length of the run in ticks of its clock; for "time", a tick is a millisecond."""
        if self.clock == "time":
            assert self.seconds is not None
            return int(1000 * (as_decimal(self.seconds) - as_decimal(self.reserve)))
        if self.clock == "progress":
            return MILLION
        if self.clock not in CLOCKS:
            return int(self.total or 0)
        if self.clock == "updates":
            return int(self.steps or 0)
        return self._ticks_of_data()

    def _ticks_of_data(self) -> int:
        """The samples or tokens of the whole run."""
        if self.total_tokens is not None:
            tokens = Fraction(self.total_tokens)
            return ceil(tokens if self.clock == "tokens" else self.samples_of_tokens(tokens))
        if self.steps is None:
            assert self.epochs is not None
            samples = Fraction(self.samples_of_epochs(as_decimal(self.epochs)))
        else:
            samples = Fraction(self.samples_after(self.steps))
        return ceil(samples if self.clock == "samples" else self.tokens_of_samples(samples))

    def tick_after(self, position: int) -> int | None:
        """The tick after ``position`` completed updates, exact across ends of epochs.

        Returns:
            None if it does not follow from the run, because ticks are measured or counted.

        >>> run = Run(samples=25, batch=10, epochs=2, tokens_per_sample=8, clock="tokens")
        >>> [run.tick_after(position) for position in range(5)], run.ticks
        ([0, 80, 160, 200, 280], 400)
        """
        return self.tick_function(position)

    @cached_property
    def tick_function(self) -> Callable[[int], int | None]:
        """``tick_after``, for a driver, which calls it at every update."""
        if self.clock == "updates":
            return lambda position: position
        of_sample = {"samples": 1, "tokens": self.tokens_per_sample}.get(self.clock)
        if self.batch is None or of_sample is None:
            return lambda position: None
        return self.batches.counter(self.processes * of_sample)

    @property
    def in_updates(self) -> Run:
        """The same run with the clock "updates", for lengths of a schedule in ``by_updates``.

        Raises:
            GradatimError: If the number of updates is not known.
        """
        if self.clock == "updates":
            return self
        if self.steps is None:
            raise GradatimError(
                f"Run: the number of updates of a run with the clock {self.clock!r} is not known, "
                "and neither is a percentage of them. Write a whole number of updates."
            )
        return self.replace(clock=None)

    def position_after(self, position: int, other: Run) -> int:
        """The position in this run that corresponds to a position in another run of the same data.

        The remaining updates then see exactly the remaining data.

        Args:
            position: The completed updates of the other run.
            other: A run with another batch, accumulation or number of processes.

        Raises:
            GradatimError: If the data or the epochs are not the same, or not known.

        >>> two = Run(samples=1000, batch=10, epochs=2, processes=2)
        >>> four = Run(samples=1000, batch=10, epochs=2, processes=4)
        >>> two.steps, four.steps, four.position_after(50, two), four.position_after(60, two)
        (100, 50, 25, 30)
        """
        if self == other:
            return position
        for name in ("samples", "epochs", "tokens_per_sample", "total_tokens"):
            if getattr(self, name) != getattr(other, name):
                raise invalid_value(
                    "Run",
                    name,
                    getattr(self, name),
                    f"{getattr(other, name)} as before",
                    "Only the batch may change in a run. To train for longer, extend the schedule.",
                )
        if self.steps is not None and other.steps is not None and position >= other.steps:
            return self.steps
        epoch, offset, _ = other.batches.place_after(position)
        seen = Fraction(offset * other.processes, self.processes)
        samples = None if self.samples is None else Fraction(self.samples, self.processes)
        there = self.batches.position_at(epoch, seen, samples)
        return there if self.steps is None else min(there, self.steps)

    def resolve(self, length: Length) -> int:
        """A length in ticks, rounded up.

        Args:
            length: A string such as "5%", "2 epochs", "300k samples", "1e9 tokens", "90 s"; or
                a number of updates, if the clock is "updates".

        Raises:
            GradatimError: If it cannot be parsed, or the run does not determine it.
        """
        return in_ticks("Run.resolve", "length", length, self)


Total = Annotated[
    int | Run,
    FieldType(
        "a Run, or a whole number of updates, 1 or more",
        lambda value: value if isinstance(value, Run) else whole_number(value, 1),
    ),
]
"""The type of an argument for the whole run: the run itself, or its number of ticks."""


def ticks_of_run(where: str, name: str, steps: object) -> int:
    """The ticks of a run, or the given number."""
    run: Run | int = check_argument(where, name, Total, steps)
    return run.ticks if isinstance(run, Run) else run

"""One run of a race: training with one schedule and one seed, and its record."""

from __future__ import annotations

import importlib
import json
import math
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gradatim.core.schedule import Schedule
from gradatim.core.values.limits import FARTHEST
from gradatim.core.values.renames import current_config
from gradatim.errors import GradatimError, invalid_value
from gradatim.race.task import CONTRACT, Task

_MOST_POINTS = 1000
"""The most points of a curve, evenly spaced, so that the ledger stays small."""
_A_STEP = "a whole number of updates, 0 or more"


@dataclass(frozen=True)
class Trial:
    """One contestant with one seed, to be run."""

    name: str
    schedule: Schedule
    seed: int

    @property
    def key(self) -> str:
        """The identity of the run within a task; it does not depend on the name."""
        return _key(self.schedule.config(), self.seed)


@dataclass(frozen=True)
class FinishedRun:
    """The record of a run.

    Args:
        name: The contestant.
        seed: The seed.
        schedule: The schedule's config.
        failed: Why the run has failed; None if it has not.
        metrics: The metrics at its end; without those that are not finite.
        seconds: How long it took.
        error: The traceback, if it raised.
        steps: The steps of the curve: completed updates before each.
        rates: The rate that each of these updates used.
        losses: The training loss at each of them; None if it was not finite.
    """

    name: str
    seed: int
    schedule: Mapping[str, Any]
    failed: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None
    steps: tuple[int, ...] = ()
    rates: tuple[float, ...] = ()
    losses: tuple[float | None, ...] = ()

    @property
    def key(self) -> str:
        """The identity of the run within a task."""
        return _key(self.schedule, self.seed)

    @property
    def rate_curve(self) -> dict[int, float]:
        """The rate at each step of the curve."""
        return dict(zip(self.steps, self.rates, strict=True))

    @property
    def loss_curve(self) -> dict[int, float | None]:
        """The loss at each step of the curve."""
        return dict(zip(self.steps, self.losses, strict=True))

    def to_json(self) -> str:
        """The run as one line of JSON."""
        return json.dumps(asdict(self), allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, line: str | bytes) -> FinishedRun:
        """The run that a line describes.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: If it is not the record of a run.
        """
        fields: dict[str, Any] = json.loads(line)
        curve: dict[str, Any] = {
            name: tuple(fields.pop(name)) for name in ("steps", "rates", "losses")
        }
        fields["schedule"] = current_config(fields["schedule"])
        run = cls(**fields, **curve)
        run._validate()
        return run

    def _validate(self) -> None:
        """Refuse what ``to_json`` does not write, as a line that was edited by hand may have."""
        as_written = (
            isinstance(self.name, str)
            and type(self.seed) is int
            and isinstance(self.schedule, Mapping)
            and all(isinstance(text, str | None) for text in (self.failed, self.error))
            and all(map(_is_finite, (self.seconds, *self.metrics.values(), *self.rates)))
            and all(type(step) is int and 0 <= step <= FARTHEST for step in self.steps)
            and all(loss is None or _is_finite(loss) for loss in self.losses)
            and len(self.steps) == len(self.rates) == len(self.losses)
        )
        if not as_written:
            raise ValueError


def _key(config: Mapping[str, Any], seed: int) -> str:
    return json.dumps([config, seed], sort_keys=True)


def run_trial(task: Task, trial: Trial, updates: int | None) -> FinishedRun:
    """Train once. An error in the task becomes part of the record.

    Args:
        task: What to train.
        trial: The contestant and the seed.
        updates: The number of updates, for a task that takes it; otherwise None.
    """
    curve = _Curve()
    metrics: dict[str, float] = {}
    error = None
    began = time.perf_counter()
    try:
        for package in task.needs:
            importlib.import_module(package)
        began = time.perf_counter()  # the time to import a framework does not count
        keywords = {} if updates is None else {"updates": updates}
        outcome = task.run(trial.schedule, trial.seed, **keywords)
        if isinstance(outcome, Iterator):
            outcome = curve.follow(outcome, trial.schedule)
        if curve.diverged is None:
            metrics = _metrics(outcome, curve)
            if task.metric not in metrics:
                listed = ", ".join(metrics) or "nothing"
                raise GradatimError(
                    f"task {task.name} ended with {listed}, but the race compares "
                    f"{task.metric!r}. Return it, or declare what to compare: "
                    '@task(metric="accuracy", better="higher").'
                )
        failed = curve.diverged or task.failure(metrics[task.metric])
    except BaseException as problem:  # this process ignores Ctrl-C, so it is the task's own
        failed = f"{type(problem).__name__}: {_message(problem)}"[:300]
        error = "".join(traceback.format_exception(problem))[-4000:]
    return FinishedRun(
        name=trial.name,
        seed=trial.seed,
        schedule=trial.schedule.config(),
        failed=failed,
        metrics={name: value for name, value in metrics.items() if math.isfinite(value)},
        seconds=round(time.perf_counter() - began, 3),
        error=error,
        steps=tuple(curve.steps),
        rates=tuple(curve.rates),
        losses=tuple(curve.losses),
    )


def _message(problem: BaseException) -> str:
    try:
        return str(problem)
    except BaseException:  # the class of a user may raise anything here
        return "its message cannot be read"


def _metrics(outcome: object, curve: _Curve) -> dict[str, float]:
    if isinstance(outcome, Mapping):
        return {str(name): _number(value) for name, value in outcome.items()}
    if outcome is not None:
        return {"loss": _number(outcome)}
    if curve.last is None:
        raise GradatimError(f"the task returned and yielded nothing. {CONTRACT}")
    return {"loss": curve.last}


class _Curve:
    """Steps, rates and losses, thinned so that the record of a long run stays small."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rates: list[float] = []
        self.losses: list[float | None] = []
        self.last: float | None = None
        self.diverged: str | None = None

    def follow(self, updates: Iterator[Any], schedule: Schedule) -> object:
        """Record the updates that a task yields, until it ends or a loss is not finite."""
        every = 1
        count = 0
        while True:
            try:
                step, loss, *used = next(updates)
            except StopIteration as end:
                if self.last is not None and (count - 1) % every:
                    self._append(
                        step, self.last, used, schedule
                    )  # the last update is always recorded
                return end.value
            self.last = _number(loss)
            finite = math.isfinite(self.last)
            if count % every == 0 or not finite:
                self._append(step, self.last, used, schedule)
            count += 1
            if not finite:
                self.diverged = f"loss became {self.last} at step {step}"
                return None
            if len(self.steps) == _MOST_POINTS:
                every *= 2
                del self.steps[1::2], self.rates[1::2], self.losses[1::2]

    def _append(self, step: Any, loss: float, used: Sequence[Any], schedule: Schedule) -> None:
        whole = int(step)
        if whole != step or not 0 <= whole <= FARTHEST:
            raise invalid_value("race", "the step that the task yields", step, _A_STEP)
        rate = _number(used[0] if used else schedule(whole))
        if not math.isfinite(rate):
            raise GradatimError(f"race: the task yields the rate {rate} at step {whole}.")
        self.steps.append(whole)
        self.rates.append(float(f"{rate:.9g}"))
        self.losses.append(float(f"{loss:.5g}") if math.isfinite(loss) else None)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and abs(value) < math.inf


def _number(value: Any) -> float:
    # Tensors and arrays of one number have `item`; float() of a tensor with a gradient warns.
    return float(value.item() if hasattr(value, "item") else value)

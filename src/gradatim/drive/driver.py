"""The state of a running schedule: the position, the values in force, the states of the rules.

The driver knows no framework. A binding reports every real optimizer update and every evaluation
to it, asks it for the values to write, and reports what other code wrote instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from threading import Lock
from typing import Any

from gradatim.core.deprecated import Removed, renamed_arguments
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegativeInt, check_argument
from gradatim.core.warn import warn
from gradatim.drive import notices
from gradatim.drive.agreed import MakeExchange, clock_of
from gradatim.drive.history.history import History
from gradatim.drive.history.recorded import Recorded
from gradatim.drive.plan import Plan, Target, as_plan
from gradatim.drive.resume.resume import Resumable
from gradatim.drive.rule_states import RuleStates
from gradatim.drive.setters import Setters
from gradatim.drive.updates import Updates
from gradatim.drive.values import columns_of, end_of_rates, values_at
from gradatim.errors import GradatimError, unknown_name

# One lock for all drivers: a lock of its own could not be copied or pickled with its driver.
_OBSERVING = Lock()


class Driver(Recorded, Resumable):
    """Drives named values along their schedules, one real optimizer update at a time.

    ``position`` counts real updates. ``tick`` is what the schedules are asked for: the same number
    as long as a run is measured in updates, otherwise its samples, tokens or milliseconds.

    Args:
        plan: A ``Plan``, the path of a plan file, or a mapping from targets to schedules, such as
            ``{"lr": ..., "weight_decay": ..., "lr/head": ...}``.
        rules: With a mapping: the rules, as ``Plan`` takes them.
        run: With a mapping: the run, as ``Plan`` takes it.
        setters: For a value, a function that is called with each new number, such as
            ``{"window": model.set_window}``.
        now: A clock in seconds in place of ``time.monotonic``, for a run measured in time.
        optimizers: How many optimizers share the plan.
        update: Of several, the index of the one whose steps are the
            updates; None if an update begins when an optimizer steps that is not later in the list
            than the last one that stepped.
        exchange: Makes what lets several processes agree on time and counts, see
            ``gradatim.drive.agreed``.

    Raises:
        GradatimError: If something else is given, or a rule is for a value that is not driven.

    >>> from gradatim import Linear
    >>> driver = Driver({"lr": Linear(start=0.0, end=1.0, steps=4)})
    >>> driver.next, driver.applied
    ({'lr': 0.0}, None)
    >>> driver.advance()
    >>> driver.next, driver.applied, driver.position
    ({'lr': 0.25}, {'lr': 0.0}, 1)
    """

    row: list[float] | None
    """The values of the next update, one per target of the plan; None if not computed yet."""

    is_guarded: bool
    """Whether something must be looked at before each step: a count, or setters."""

    _previous: list[float] | None = None
    """The values of the last update, which some optimizer may still have to make."""
    _before_previous: list[float] | None = None
    _end_tick: int
    _end_updates: int

    schedules = Removed("Write driver.plan.schedules.")
    rules = Removed("Write driver.plan.rules.")
    mark = Removed("Write driver.position, which counts the updates.")
    coming = Removed("Write driver.next.")
    prepare = Removed("Nothing needs to be prepared: delete the call.")

    @renamed_arguments(schedules="plan")
    def __init__(
        self,
        plan: Plan | Mapping[Any, Schedule | float] | str | os.PathLike[str],
        rules: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        *,
        setters: Mapping[str, Callable[[Any], object]] | None = None,
        now: Callable[[], float] | None = None,
        optimizers: int = 1,
        update: int | None = None,
        exchange: MakeExchange | None = None,
    ) -> None:
        self.plan = self._own_plan = as_plan("Driver", plan, rules, run)
        self._rules = RuleStates(self.plan.rules)
        self.updates = Updates(optimizers, update)
        self._new_clock = partial(clock_of, now=now, exchange=exchange)
        self.clock = self._new_clock(self.plan.run)
        self.setters = Setters("setters", self.plan, setters or {})
        self._refresh()
        self._history = History(0, self.plan, self.scales, self.clock.tick_at)
        self._logged = 0
        self._warned: set[str] = set()
        self.unusable: dict[str, int] = {}
        self.partly_driven: set[int] = set()
        self._guard()
        run = self.plan.run
        if run is not None and run.clock != "updates" and 0 < self._end_tick < run.ticks:
            warn(notices.early_end(self._end_tick, run))
        self.call_setters()

    def stepped(
        self, optimizer: int = 0, wrote: Mapping[Target, float] | None = None
    ) -> list[float]:
        """An optimizer has made a real update; the values that its next step uses.

        Args:
            optimizer: Its index.
            wrote: Values that other code had written and this step used instead.

        Raises:
            GradatimError: If a value is NaN or infinite, as that of a user's own function may be,
                or the clock ran backwards. The update is counted all the same.
        """
        row, updates = self.row, self.updates
        if wrote:
            self._history.wrote(updates.before(optimizer), wrote)
        if not updates.stepped(optimizer):
            return self.due(optimizer)
        position, tick = updates.position, self.clock.tick
        if self.setters.has_failed and row is not None:
            self._history.wrote(position - 1, self.setters.stale(row))
        self._before_previous, self._previous, self.row = self._previous, row, None
        self.row = values_at(self._columns, self.clock.advance(position), position)
        ended = tick >= self._end_tick and position > self._end_updates
        if ended and not wrote and not self.partly_driven:
            ends, unit = (self._end_tick, self._end_updates), self.clock.unit
            self._warn_once("end", notices.past_the_end(*ends, unit, position))
        if updates.order is not None:
            self._warn_once("order", notices.other_order(*updates.order))
        return self.row

    def skipped(self, optimizer: int = 0) -> None:
        """An optimizer's step was void: it changed nothing, and is no update.

        What was counted for it has been seen. The tick moves on once no other optimizer can make
        the update any more.
        """
        self.updates.skipped()
        if not self.updates.is_last(optimizer):
            return
        tick = self.clock.tick
        self.clock.step_was_void()
        if self.clock.tick != tick:
            self.row = None

    def due_next(self) -> list[float]:
        """The values of the next update, in the order of the plan's targets."""
        if self.row is None:
            self.row = values_at(self._columns, self.clock.tick, self.position)
        return self.row

    def check_ready(self, optimizer: int = 0) -> None:
        """Refuse a step before it is made if something is missing for it.

        Raises:
            GradatimError: If the clock is counted by the user, and was not.
            Exception: What a setter raises whose value could not be set yet.
        """
        if self.updates.begins_with(optimizer):
            self.clock.check_counted()
            if self.setters.has_failed:
                self.call_setters()

    def due(self, optimizer: int = 0) -> list[float]:
        """The values that this optimizer's next step uses, in the order of the plan's targets."""
        if self._previous is not None and self.updates.is_open_for(optimizer):
            return self._previous
        return self.due_next()

    def value(self, name: str) -> float | int:
        """The number that the next update uses; a whole one where the schedule is ``rounded``.

        Args:
            name: The name of a value, such as "kl" in ``external``, or of a target, such as
                "lr/head".

        Raises:
            GradatimError: If there is no such value.
        """
        target = Target.read(name)
        if target not in self.plan:
            raise unknown_name("value", "value", name, map(str, self.plan))
        value = self.due_next()[list(self.plan).index(target)]
        return int(value) if self.plan.is_whole(target) else value

    def call_setters(self) -> None:
        """Call each setter whose value has changed, and those that raised the last time."""
        if self.setters:
            self.setters.call(self.due_next())

    def add_setter(self, name: str, function: Callable[[Any], object]) -> None:
        """Call a function with each new number of a value, beginning with the present one.

        Raises:
            GradatimError: If there is no such value.
        """
        self.setters.add("add_setter", self.plan, name, function)
        try:
            self.call_setters()
        except BaseException:
            self.setters.drop_last()
            raise
        self._guard()

    def _guard(self) -> None:
        self.is_guarded = self.clock.waits_for_count or bool(self.setters)

    def count(self, unnamed: object = None, /, **counted: float) -> None:
        """Count what the coming update sees, before the step: ``count(tokens=4096)``.

        Args:
            unnamed: Not allowed; the name says what is counted.
            counted: One argument, named as the run's clock: the number of samples, tokens or
                whatever is counted, over all processes; what a skipped update saw counts, too.
                ``progress`` is the share of the run that is done, from 0.0 to 1.0, and the coming
                update uses the values for it.

        Raises:
            GradatimError: If the clock of the run counts something else, or it would run
                backwards. Nothing changed.
        """
        if unnamed is not None or len(counted) != 1:
            raise GradatimError(f"count: give one argument by its name: {self.clock.unit}=n.")
        ((unit, number),) = counted.items()
        tick = self.clock.tick
        self.clock.count("count", unit, number)
        if self.clock.tick != tick:
            self.row = None
            self.call_setters()

    def paused(self) -> AbstractContextManager[None]:
        """Leave out the time of a ``with`` block, such as an evaluation, if the clock is time."""
        return self.clock.paused()

    @property
    def done(self) -> bool:
        """Whether the run is over, by its clock: also if the last updates were all left out.

        Raises:
            GradatimError: If the length of the run is not known.
        """
        return self._left() <= 0

    @property
    def remaining(self) -> float:
        """What is left of the run: seconds if its clock is time, otherwise updates, tokens, ...

        Raises:
            GradatimError: If the length of the run is not known.
        """
        left = max(self._left(), 0)
        return left / 1000 if self.clock.unit == "time" else left

    def _left(self) -> int:
        length = self.plan.ticks
        if length is None:
            raise GradatimError(
                "done: the length of the run is not known. Give run=Run(steps=...) when building."
            )
        return length - self.clock.current

    @property
    def tick(self) -> int:
        """What the schedules are asked for: updates, or what the run's clock counts instead."""
        return self.clock.tick

    @property
    def scales(self) -> dict[str, float]:
        """What each rule multiplies its value with at the moment."""
        return self._rules.scales

    @property
    def next(self) -> dict[str, float]:
        """The values that the next update uses."""
        return dict(zip(map(str, self.plan), self.due_next(), strict=True))

    def advance(self, updates: int = 1) -> None:
        """Count real updates that no optimizer reported.

        Each is recorded with the value for its own tick; where the tick is measured or counted by
        the user, they share the one that the clock showed before.

        Args:
            updates: How many there were.
        """
        position = self.position + check_argument("advance", "updates", NonNegativeInt, updates)
        if position > self.position:
            self.clock.check_counted()
            self.clock.repeat_tick(position - self.position - 1)
            self.updates.advance(position)
            try:
                self.clock.advance(position)
            finally:
                self._refresh()
                self._previous = None
            self.call_setters()

    def retract(self) -> None:
        """Take the last counted update back: the optimizer left it out.

        After a step that was not counted by itself, void or part of an update that another
        optimizer began, this does nothing. Tokens and time of the update stay counted.

        Raises:
            GradatimError: If no update has been counted since the start or the last load.
        """
        if self.updates.last_was_counted is False:
            return
        if self.position <= self._history.start:
            raise GradatimError(
                "retract: no update has been counted since the start of the run or the last load."
            )
        if not self.updates.retract():
            return
        self.clock.retract(self.position)
        self._refresh()
        self._previous, self._before_previous = self._before_previous, None
        self._history.rewind(self.position)
        self._logged = min(self._logged, self.position)
        self.call_setters()

    def _on_resume(self) -> None:
        self._guard()
        self._refresh()
        self.call_setters()

    def _refresh(self) -> None:
        """Recompute what depends on the plan, the position and the scales."""
        self._columns = columns_of(self.plan, self.scales)
        self.setters.locate(self.plan)
        self.row = None
        self._end_tick, self._end_updates = end_of_rates(self.plan)

    def observe(self, metric: float, name: str | None = None) -> None:
        """Show the metric of an evaluation to the rules, once per evaluation.

        Args:
            metric: The value.
            name: The value whose rule is meant; None for all rules.

        Raises:
            GradatimError: If there is no such rule, or the metric is not usable. Nothing changed.
        """
        with _OBSERVING:
            unusable = self._rules.observe(metric, name)
            self._refresh()
            self._history.begin(self.position, self.plan, self.scales)
            if unusable is not None:
                for each in unusable.names:
                    self.unusable[each] = self.unusable.get(each, 0) + 1
                self._warn_once(
                    "nan",
                    f"observe: the metric is {metric}; it is {unusable.effect}. driver.unusable "
                    "counts these.",
                )
        self.call_setters()

    @renamed_arguments(name="target")
    def add(self, target: Target | str, schedule: Schedule) -> None:
        """Drive one more target from here on, such as a parameter group that was added later."""
        target = Target.read(target) if isinstance(target, str) else target
        added = {target: schedule}
        self._own_plan = self._own_plan.with_schedules(added)
        self.plan = self.plan.with_schedules(added)
        self._refresh()
        if self._previous is not None:
            # The update that is open has no value yet for what is new: that of the next one.
            self._previous = [*self._previous, *self.due_next()[len(self._previous) :]]
        self._history.begin(self.position, self.plan, self.scales)

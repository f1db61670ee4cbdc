"""What changes while a run goes on: the position, the values in force, the states of the rules.

The driver knows no framework. A binding tells it of every real optimizer update and of every
evaluation, asks it for the values to write, and reports what somebody else wrote instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from threading import Lock
from typing import Any, get_args

from gradatim.core import atomic
from gradatim.core._fields import Count, check
from gradatim.core.errors import GradatimError, unknown
from gradatim.core.rules import Rule
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.warn import warn
from gradatim.drive.history import History
from gradatim.drive.mismatch import warn_of_override
from gradatim.drive.plan import Plan, Target, as_plan
from gradatim.drive.state import (
    OnMismatch,
    read_file,
    read_state,
    resolve,
    rule_states,
    scales_of,
    state_of,
)
from gradatim.drive.values import columns_of, end_of_rates, values_at

# No optimizer has stepped since the start or the last load: whichever steps next begins an update.
_NONE_STEPPED = 2**31

# One lock for all drivers: a lock of its own could not be copied or pickled with its driver.
_OBSERVING = Lock()


class Driver:
    """Drives named values along their schedules, one real optimizer update at a time.

    ``position`` counts real updates. ``tick`` is what the schedules are asked for; it is the same
    number as long as a run is measured in updates.

    Args:
        plan: A ``Plan``, the path of a plan file, or a mapping from targets to schedules, such as
            ``{"lr": ..., "weight_decay": ..., "lr/head": ...}``.
        rules: With a mapping: the rules, as ``Plan`` takes them.
        run: With a mapping: the run, as ``Plan`` takes it.

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

    plan: Plan
    """The plan in force."""
    position: int
    """The completed optimizer updates."""
    tick: int
    """What the schedules are asked for."""

    leaves_groups_alone = False
    """Whether the optimizer has groups whose rate is not driven here."""

    row: list[float] | None
    """The values of the next update, one per target of the plan; None if not computed yet."""

    _last: int
    _previous: list[float] | None
    _end_of_rates: int

    def __init__(
        self,
        plan: Plan | Mapping[Any, Schedule | float] | str | os.PathLike[str],
        rules: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
    ) -> None:
        self.plan = self._own_plan = as_plan("Driver", plan, rules, run)
        self._states = {name: rule.init() for name, rule in self.plan.rules.items()}
        self._move(0)
        self._history = History(0, self.plan, self.scales)
        self._logged = 0
        self._warned: set[str] = set()
        self.unusable: dict[str, int] = {}

    def stepped(
        self, optimizer: int = 0, wrote: Mapping[Target, float] | None = None
    ) -> list[float]:
        """An optimizer has made a real update; the values that its next step uses.

        Args:
            optimizer: Its index. Where several optimizers share one plan, an update begins when an
                optimizer steps that is not later in the list than the last one that stepped.
            wrote: Values that somebody else had written and this step used instead.

        Raises:
            GradatimError: If a value is NaN or infinite, as that of a user's own function may be.
        """
        if optimizer <= self._last:
            self.position += 1
            self.tick = self.position
            self._previous, self.row = self.row, None
        self._last = optimizer
        if wrote:
            self._history.wrote(self.position - 1, wrote)
        elif self.position > self._end_of_rates and not self.leaves_groups_alone:
            self._warn_past_the_end()
        if self.row is None:
            self.row = values_at(self._columns, self.tick)
        return self.row

    def due(self, optimizer: int = 0) -> list[float]:
        """The values that this optimizer's next step uses, in the order of the plan's targets."""
        if optimizer > self._last and self._previous is not None:
            return self._previous
        if self.row is None:
            self.row = values_at(self._columns, self.tick)
        return self.row

    @property
    def scales(self) -> dict[str, float]:
        """What each rule multiplies its value with at the moment."""
        return scales_of(self._states)

    @property
    def next(self) -> dict[str, float]:
        """The values that the next update uses."""
        return dict(zip(map(str, self.plan), self.due(), strict=True))

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first, and after a load."""
        return self._history.at(self.position - 1)

    def advance(self, updates: int = 1) -> None:
        """Count real updates that no optimizer reported."""
        self._move(self.position + check("advance", "updates", Count, updates))

    def retract(self) -> None:
        """Take the last counted update back: the optimizer left it out.

        Raises:
            GradatimError: If no update has been counted since the start or the last load.
        """
        if self.position <= self._history.start:
            raise GradatimError(
                "retract: no update has been counted since the start of the run or the last load."
            )
        self._move(self.position - 1)
        self._history.rewind(self.position)
        self._logged = min(self._logged, self.position)

    def seek(self, position: int) -> None:
        """Set the position, and keep the states of the rules. The history begins anew there.

        Raises:
            GradatimError: If it is no whole number, 0 or more.
        """
        self._restore(
            {**self.state(), "position": check("seek", "position", Count, position)}, "keep"
        )

    def _move(self, position: int) -> None:
        self.position = self.tick = position
        self._last = _NONE_STEPPED
        self._refresh()

    def _refresh(self) -> None:
        """Recompute what depends on the plan, the position and the scales."""
        self._columns = columns_of(self.plan, self.scales)
        self.row = self._previous = None
        self._end_of_rates = end_of_rates(self.plan)

    def _warn_past_the_end(self) -> None:
        self._warn_once(
            "end",
            f"the schedule of lr has ended at 0, after {self._end_of_rates} updates, and the "
            f"run goes on: update {self.position} changed nothing, and later ones will not either. "
            "To train longer, write extend(...) or rewarm(...).",
        )

    def _warn_once(self, about: str, message: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            warn(message)

    def observe(self, metric: float, name: str | None = None) -> None:
        """Show the metric of an evaluation to the rules, once per evaluation.

        Args:
            metric: The value.
            name: The value whose rule is meant; None for all rules.

        Raises:
            GradatimError: If there is no such rule, or the metric is not usable. Nothing changed.
        """
        rules = self.plan.rules
        if not rules:
            raise GradatimError(
                "observe: there is no rule to show the metric to. Give one when building: "
                "rule=Plateau(mode='min')."
            )
        if name is not None and name not in rules:
            raise unknown("observe", "rule", name, rules)
        with _OBSERVING:
            names = list(rules) if name is None else [name]
            self._states |= {n: rules[n].update(self._states[n], metric) for n in names}
            self._refresh()
            self._history.begin(self.position, self.plan, self.scales)
            if not isfinite(metric):
                self._count_unusable(names, metric)

    def _count_unusable(self, names: list[str], metric: float) -> None:
        """Only reached under nan="ignore" and nan="worse": under "error" the rule has refused."""
        for name in names:
            self.unusable[name] = self.unusable.get(name, 0) + 1
        nan = self.plan.rules[names[0]].nan
        effect = "left out" if nan == "ignore" else "counted as no improvement"
        self._warn_once(
            "nan",
            f"observe: the metric is {metric}; it is {effect}. driver.unusable counts these.",
        )

    def add(self, target: Target, schedule: Schedule) -> None:
        """Drive one more target from here on, such as a parameter group that was added later."""
        added = {target: schedule}
        self._own_plan = self._own_plan.with_schedules(added)
        self.plan = self.plan.with_schedules(added)
        self._refresh()
        self._history.begin(self.position, self.plan, self.scales)

    def history(self, name: str) -> Iterator[tuple[int, float]]:
        """The updates since the start, or since the last load, and the value each one used.

        Yields:
            The number of completed updates before it, and the value.
        """
        return self._history.values(name, self.position)

    def save_history(self, path: str | os.PathLike[str]) -> None:
        """Write the history of all values to a CSV file; a kill leaves the old file or the new."""
        self._history.write(path, self.position)

    def log_history(self, log: Callable[[str, float, int], object]) -> None:
        """Call ``log(name, value, position)`` for each update since the last call of this.

        It is what ``SummaryWriter.add_scalar`` of TensorBoard takes, and ``mlflow.log_metric``.
        """
        while self._logged < self.position:
            for name, value in (self._history.at(self._logged) or {}).items():
                log(name, value, self._logged)
            self._logged += 1

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly here: plain numbers and strings."""
        return state_of(self.plan, self.position, self._states)

    def load(self, state: Mapping[str, Any], on_mismatch: OnMismatch = "strict") -> None:
        """Go on where a state was taken. Loading twice is loading once.

        Args:
            state: What ``state()`` gave.
            on_mismatch: What to do if the state's schedules, rules or run are not this driver's:
                "strict" refuses and names each difference; "keep" goes on with those of the
                state; "override" goes on with this driver's, at the state's position; "rescale"
                too, at the position where as much of the data has been seen.

        Raises:
            GradatimError: If the state cannot be read or does not fit. This driver is unchanged.
        """
        if on_mismatch not in get_args(OnMismatch):
            raise unknown("load", "on_mismatch", on_mismatch, get_args(OnMismatch))
        self._restore(state, on_mismatch)

    def _restore(self, state: Mapping[str, Any], on_mismatch: OnMismatch) -> None:
        saved = read_state(state)
        # An earlier load may have kept a checkpoint's plan; what overrides is the script's.
        ours = self._own_plan if on_mismatch in ("override", "rescale") else self.plan
        plan, position = resolve(saved, ours, on_mismatch)
        states = rule_states(saved, plan)
        # Refused before anything is changed.
        values_at(columns_of(plan, scales_of(states)), position)
        if on_mismatch == "override":
            warn_of_override(saved, plan)
        self.plan, self._states = plan, states
        self._move(position)
        self._history, self._logged = History(position, plan, self.scales), position

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a JSON file; a kill leaves the old file or the new one."""
        import json  # only here: importing gradatim must stay cheap

        atomic.write(path, json.dumps(self.state(), indent=1))

    def restore(self, path: str | os.PathLike[str], on_mismatch: OnMismatch = "strict") -> None:
        """Load the state from a file that ``save`` wrote.

        Raises:
            GradatimError: If the file cannot be read or does not fit. This driver is unchanged.
        """
        self.load(read_file(path), on_mismatch)

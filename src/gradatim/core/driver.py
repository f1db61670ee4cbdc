"""What changes while a run goes on: the position, the states of the rules, what was applied.

The driver knows no framework. A binding tells it of every real optimizer update (``advance``) and
of every evaluation (``observe``), and writes ``next`` into the optimizer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from math import isfinite
from operator import length_hint
from typing import Any, get_args

from gradatim.core import atomic
from gradatim.core.ahead import Ahead
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.history import History
from gradatim.core.resume import FORMAT, OnMismatch, Plan, carried, quantity, read, resolve
from gradatim.core.rules import Rule
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule

_FIRST_ROWS, _MOST_ROWS = 16, 512


class Driver:
    """Drives named values along their schedules, one real optimizer update at a time.

    Args:
        schedules: A schedule for each value's name, such as ``{"lr": ..., "weight_decay": ...}``.
            A name may say which part of the model it is for, after a slash: "lr/head".
        rules: A rule for any of these names. A rule for "lr" also serves "lr/head".
        run: The run, so that a resume can keep the place in the data when the batch or the number
            of processes has changed.

    Raises:
        GradatimError: If something else is given, or a rule is for a name that is not driven.

    >>> from gradatim import Linear
    >>> driver = Driver({"lr": Linear(start=0.0, end=1.0, steps=4)})
    >>> driver.next, driver.applied
    ({'lr': 0.0}, None)
    >>> driver.advance()
    >>> driver.next, driver.applied, driver.position
    ({'lr': 0.25}, {'lr': 0.0}, 1)
    """

    coming: Iterator[tuple[float, ...]]
    """Values of updates to come, as ``prepare`` made them ready."""

    mark: Any
    """For a binding to note what it wrote; None again when anything but an update moved this."""

    _next: tuple[int, dict[str, float]] | None
    _rows: int

    def __init__(
        self,
        schedules: Mapping[str, Schedule],
        rules: Mapping[str, Rule] | None = None,
        run: Run | None = None,
    ) -> None:
        rules = {} if rules is None else rules
        if not isinstance(schedules, Mapping) or not schedules:
            raise refuse(
                "Driver", "schedules", schedules, "a mapping from names to schedules",
                'Write {"lr": ...}.',
            )  # fmt: skip
        if not isinstance(rules, Mapping):
            raise refuse("Driver", "rules", rules, "a mapping from names to rules")
        for name, schedule in schedules.items():
            _driven(name, schedule)
        if run is not None and not isinstance(run, Run):
            raise refuse("Driver", "run", run, "a Run", "Write Run(samples=..., batch=..., ...).")
        quantities = {quantity(name) for name in schedules}
        for name, rule in rules.items():
            if not isinstance(rule, Rule):
                raise refuse("Driver", f"the rule for {name!r}", rule, "a rule such as Plateau")
            if name not in quantities:
                raise unknown("Driver", "value to apply a rule to", name, quantities)
        self._plan = self._script = Plan(dict(schedules), dict(rules), run)
        self._ahead: tuple[Plan, dict[str, Ahead]] | None = None
        self._states = {name: rule.init() for name, rule in rules.items()}
        self._move(0)
        self._rows = _FIRST_ROWS
        self._history = History(0, self._plan, self.scales)
        self._logged = 0

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        # Each ready-made row that was taken is an update.
        return self._until - length_hint(self.coming)

    @property
    def schedules(self) -> Mapping[str, Schedule]:
        """The schedule of each value."""
        return self._plan.schedules

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rule of each quantity that has one."""
        return self._plan.rules

    @property
    def scales(self) -> dict[str, float]:
        """What each rule multiplies with at the moment."""
        return {name: state.scale for name, state in self._states.items()}

    @property
    def next(self) -> dict[str, float]:
        """The values that the next update uses."""
        position = self.position
        if self._next is None or self._next[0] != position:  # worked out when asked for
            self._next = position, self._plan.values(self.scales, position)
        return dict(self._next[1])

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first, and after a load."""
        return self._history.at(self.position - 1)

    def advance(self, updates: int = 1) -> None:
        """Take note of real optimizer updates, one unless said otherwise."""
        if isinstance(updates, bool) or not isinstance(updates, int) or updates < 0:
            raise refuse("Driver.advance", "updates", updates, "a whole number, 0 or more")
        self._move(self.position + updates)

    def prepare(self) -> None:
        """Make the values after each of the next updates ready, as ``coming``.

        A row of ``coming`` is a tuple in the order of ``schedules``; taking it with ``next()`` is
        the same as ``advance()``. All else that changes the driver throws the rest away.

        >>> from gradatim import Linear
        >>> driver = Driver({"lr": Linear(start=0.0, end=1.0, steps=4)})
        >>> driver.prepare()
        >>> next(driver.coming), next(driver.coming), driver.position, driver.next
        ((0.25,), (0.5,), 2, {'lr': 0.5})
        """
        if self._ahead is None or self._ahead[0] is not self._plan:
            known: dict[Schedule, Ahead] = {}
            each = {n: Ahead.of(s, known) for n, s in self._plan.schedules.items()}
            self._ahead = self._plan, each
        position, scales = self.position, self.scales
        columns: list[Iterable[float]] = []
        for name, ahead in self._ahead[1].items():
            values, scale = ahead.values(position + 1, self._rows), scales.get(quantity(name))
            values = values if scale is None else [value * scale for value in values]
            # Up to a value that no optimizer can take; a sum tells quickly that there is none.
            columns.append(values if isfinite(sum(values)) else takewhile(isfinite, values))
        rows = list(zip(*columns, strict=False))  # as many as each could give
        if not rows:
            self._plan.values(scales, position + 1)  # says which value it is
        self.coming, self._until = iter(rows), position + len(rows)
        self._rows = min(2 * self._rows, _MOST_ROWS)

    def _move(self, position: int) -> None:
        self.coming = iter(())
        self._until = position
        self._next = self.mark = None

    def observe(self, metric: float, name: str | None = None) -> None:
        """Show an evaluation's metric to the rules, once each.

        Args:
            metric: The value.
            name: The quantity whose rule is meant; None for all rules.

        Raises:
            GradatimError: If there is no such rule, or the metric is not usable. Nothing changed.
        """
        if not self._plan.rules:
            raise GradatimError(
                "Driver.observe: there is no rule to show the metric to. Give one when building: "
                "rule=Plateau(mode='min')."
            )
        if name is not None and name not in self._plan.rules:
            raise unknown("Driver.observe", "rule", name, self._plan.rules)
        names = self._plan.rules if name is None else (name,)
        self._states |= {n: self._plan.rules[n].update(self._states[n], metric) for n in names}
        self._move(self.position)
        self._rows = _FIRST_ROWS  # shown a metric often, it would throw most of a long block away
        self._history.begin(self.position, self._plan, self.scales)

    def add(self, name: str, schedule: Schedule) -> None:
        """Drive one value more from here on, such as that of a group added later.

        Raises:
            GradatimError: If the name is driven already, or something is no schedule.
        """
        if name in self._plan.schedules:
            raise refuse("Driver.add", "name", name, "one that is not driven yet")
        _driven(name, schedule)
        self._script = self._script._replace(schedules={**self._script.schedules, name: schedule})
        self._plan = self._plan._replace(schedules={**self._plan.schedules, name: schedule})
        self._move(self.position)
        self._history.begin(self.position, self._plan, self.scales)

    def history(self, name: str) -> Iterator[tuple[int, float]]:
        """The updates since the start, or since the last load, and the value each one used.

        Yields:
            The number of completed updates before it, and the value.
        """
        name = self._history.known(name)
        return self._history.values(name, self._history.start, self.position)

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
        return {
            "format": FORMAT,
            "position": self.position,
            **self._plan.config(),
            "states": {name: list(state) for name, state in self._states.items()},
        }

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
        saved = read(state)
        # An earlier load may have kept a checkpoint's; what overrides is the script's.
        ours = self._script if on_mismatch in ("override", "rescale") else self._plan
        plan, position = resolve(saved, ours, on_mismatch)
        states = carried(saved, plan)
        scales = {name: state.scale for name, state in states.items()}
        following = plan.values(scales, position)  # or the plan is not taken over
        self._plan, self._states = plan, states
        self._history, self._logged = History(position, plan, scales), position
        self._move(position)
        self._next = position, following

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a JSON file; a kill leaves the old file or the new one."""
        import json  # not needed to drive: to import gradatim costs little

        atomic.write(path, json.dumps(self.state(), indent=1))

    def restore(self, path: str | os.PathLike[str], on_mismatch: OnMismatch = "strict") -> None:
        """Load the state from a file that ``save`` wrote."""
        import json

        try:
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
        except (ValueError, RecursionError) as error:
            raise GradatimError(f"{os.fspath(path)}: not a saved state: {error}.") from None
        self.load(state, on_mismatch)


def _driven(name: Any, schedule: Any) -> None:
    if not isinstance(name, str):
        raise refuse("Driver", "a name", name, "a text such as 'lr'")
    if not isinstance(schedule, Schedule):
        raise refuse(
            "Driver", name, schedule, "a schedule", "For one value, write Constant(value)."
        )

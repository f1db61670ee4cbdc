"""Save the state of a run, and resume from it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, get_args

from gradatim.core import atomic
from gradatim.core.run.run import Run
from gradatim.core.values.fields import NonNegativeInt, check_argument
from gradatim.drive.clocks import Clock, tick_after
from gradatim.drive.history.history import History
from gradatim.drive.plan import Plan
from gradatim.drive.resume.mismatch import OF_THE_SCRIPT, OnMismatch, resolve
from gradatim.drive.resume.override import warn_of_override
from gradatim.drive.resume.state import (
    ResumePoint,
    UnfinishedUpdate,
    read_file,
    read_state,
    rule_states,
    state_of,
)
from gradatim.drive.rule_states import RuleStates
from gradatim.drive.updates import Updates
from gradatim.drive.values import columns_of, values_at
from gradatim.errors import GradatimError, unknown_name


class Resumable(ABC):
    """The plan in force, and all that a state holds: position, tick, states of the rules."""

    plan: Plan
    """The plan in force."""
    clock: Clock
    updates: Updates

    _own_plan: Plan
    _rules: RuleStates
    _history: History
    _logged: int
    _previous: list[float] | None
    _new_clock: Callable[[Run | None], Clock]

    @property
    def script_plan(self) -> Plan:
        """The plan that this was built with; a load may have put another one in force."""
        return self._own_plan

    @abstractmethod
    def _on_resume(self) -> None:
        """Recompute what depends on the plan and the position after a load."""

    def seek(self, position: int, tick: int | None = None) -> None:
        """Set the position, and keep the states of the rules. The history begins anew there.

        Args:
            position: The completed updates.
            tick: What the clock shows there: samples, tokens, milliseconds. It may be left out
                where it follows from the position.

        Raises:
            GradatimError: If one is no whole number, 0 or more, or the tick is not known.
        """
        position = check_argument("seek", "position", NonNegativeInt, position)
        if tick is None:
            tick = tick_after(self.plan.run, position)
        if tick is None:
            raise GradatimError(
                f"seek: the clock of this run is {self.clock.described}; say what it shows after "
                f"{position} updates: seek({position}, tick=...)."
            )
        tick = check_argument("seek", "tick", NonNegativeInt, tick)
        point = {"position": position, "tick": tick, "last": None}
        self._restore({**self.state(), **point}, "keep")

    def _unfinished_update(self) -> UnfinishedUpdate | None:
        """The update that other optimizers may still have to make, if there is one."""
        last = self.updates.last
        if last is None or self._previous is None:
            return None
        return UnfinishedUpdate(last, dict(zip(map(str, self.plan), self._previous, strict=True)))

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly here: plain numbers and strings."""
        point = ResumePoint(self.updates.position, self.clock.tick, self._unfinished_update())
        return state_of(self.plan, point, self._rules.states)

    def load(self, state: Mapping[str, Any], on_mismatch: OnMismatch = "strict") -> None:
        """Go on where a state was taken. Loading twice is loading once.

        Args:
            state: What ``state()`` gave.
            on_mismatch: What to do if the state's schedules, rules or run are not this driver's:
                "strict" refuses and names each difference; "keep" goes on with those of the
                state; "override" goes on with this driver's, at the state's position; "rescale"
                too, at the tick where as much of the data has been seen; "same-past" goes on
                with this driver's, if they have had exactly the state's values so far; "extend"
                with those of the state, continued to the end of this driver's, which are the same
                recipes for a longer run.

        Raises:
            GradatimError: If the state cannot be read or does not fit. This driver is unchanged.
        """
        if on_mismatch not in get_args(OnMismatch):
            raise unknown_name("load", "on_mismatch", on_mismatch, get_args(OnMismatch))
        self._restore(state, on_mismatch)

    def _restore(self, state: Mapping[str, Any], on_mismatch: OnMismatch) -> None:
        saved = read_state(state)
        # An earlier load may have kept a checkpoint's plan; what overrides is the script's.
        ours = self._own_plan if on_mismatch in OF_THE_SCRIPT else self.plan
        plan, tick = resolve(saved, ours, on_mismatch)
        rules = RuleStates(plan.rules, rule_states(saved, plan))
        # Refused before anything is changed.
        row = values_at(columns_of(plan, rules.scales), tick, saved.point.position)
        if on_mismatch == "override":
            warn_of_override(saved, plan)
        if plan.run != self.plan.run:
            self.clock = self._new_clock(plan.run)
        self.plan, self._rules = plan, rules
        self.clock.begin(saved.point.position, tick)
        unfinished, self._previous = saved.point.unfinished, None
        if unfinished is not None:
            pairs = zip(map(str, plan), row, strict=True)
            self._previous = [unfinished.values.get(name, value) for name, value in pairs]
        stepped_last = None if unfinished is None else unfinished.optimizer
        self.updates.begin(saved.point.position, stepped_last)
        self._history = History(
            saved.point.position, plan, rules.scales, self.clock.tick_at, loaded=True
        )
        self._logged = saved.point.position
        self._on_resume()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a JSON file; a kill leaves the old file or the new one."""
        import json  # only here: importing gradatim must stay cheap

        atomic.replace_file(path, json.dumps(self.state(), indent=1))

    def restore(self, path: str | os.PathLike[str], on_mismatch: OnMismatch = "strict") -> None:
        """Load the state from a file that ``save`` wrote.

        Raises:
            OSError: If the file cannot be read.
            GradatimError: If it is none that ``save`` wrote, or does not fit. This driver is
                unchanged.
        """
        self.load(read_file(path), on_mismatch)

"""The state of a ``Scheduler`` as JSON, for the model's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.core.build import build
from gradatim.core.schedule import Schedule


class SchedulerState(NamedTuple):
    """What a ``Scheduler`` needs to resume: its driver's state, and its place within an epoch.

    The field names are the keys of the JSON.
    """

    driver: Mapping[str, Any]
    """The state of the driver: ``Driver.state()``."""
    unseen: tuple[int, float] | None = None
    """An epoch and its metric, if the file was saved before the rules were given the metric."""
    origin: int = 0
    """The optimizer's count of updates at position 0."""
    within: tuple[int, int] | None = None
    """The epoch during which the file was saved, and the position at which that epoch began."""

    @classmethod
    def from_json(cls, text: str) -> SchedulerState:
        """Read the JSON; version 0.1 wrote the first two fields only."""
        fields = json.loads(text)
        for name in ("unseen", "within"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)

    def to_json(self) -> str:
        """The state as JSON."""
        return json.dumps(self._asdict())

    def lr_schedule(self) -> Schedule:
        """The schedule of the learning rate."""
        schedule: Schedule = build(self.driver["schedules"]["lr"])
        return schedule

    def driver_at(self, position: int) -> dict[str, Any]:
        """The driver's state, moved to the position that the optimizer's count gives."""
        state = {**self.driver, "position": position}
        if "tick" in state and (state["run"] is None or build(state["run"]).clock == "updates"):
            state["tick"] = position
        return state

    def differing(self, state: Mapping[str, Any]) -> list[str]:
        """The values whose schedule or rule differs from that in a driver's state."""
        return [
            name
            for name in sorted({*self.driver["schedules"], *state["schedules"]})
            if any(self.driver[k].get(name) != state[k].get(name) for k in ("schedules", "rules"))
        ]

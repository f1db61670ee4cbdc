"""What a callback writes into the model's files, and finds there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.core.build import build
from gradatim.core.schedule import Schedule


class Note(NamedTuple):
    """The state of a ``Scheduler``, as plain data."""

    driver: Mapping[str, Any]
    """The driver's state."""
    unseen: tuple[int, float] | None = None
    """An epoch and its metric, which the rules have not seen yet."""
    origin: int = 0
    """The updates that the optimizer had made at position 0."""
    within: tuple[int, int] | None = None
    """The epoch that was going on, and the updates that it had made."""

    @classmethod
    def read(cls, text: str) -> Note:
        """The note that a text holds; version 0.1 wrote the first two parts only."""
        parts = json.loads(text)
        for name in ("unseen", "within"):
            if parts.get(name) is not None:
                parts[name] = tuple(parts[name])
        return cls(**parts)

    def text(self) -> str:
        """The note as JSON."""
        return json.dumps(self._asdict())

    def rate(self) -> Schedule:
        """The schedule of the learning rate."""
        schedule: Schedule = build(self.driver["schedules"]["lr"])
        return schedule

    def at(self, position: int) -> dict[str, Any]:
        """The driver's state, at the position that the optimizer's count says."""
        state = {**self.driver, "position": position}
        if "tick" in state and (state["run"] is None or build(state["run"]).clock == "updates"):
            state["tick"] = position
        return state

    def differing(self, state: Mapping[str, Any]) -> list[str]:
        """The values whose schedule or rule is another one in a driver's state."""
        return [
            name
            for name in sorted({*self.driver["schedules"], *state["schedules"]})
            if any(self.driver[part].get(name) != state[part].get(name) for part in _PARTS)
        ]


_PARTS = ("schedules", "rules")

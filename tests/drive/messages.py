"""The message of a wrong call: tables of calls and messages stand in ``test_messages*.py``."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradatim
from gradatim import Linear, Plateau, Table, by_updates
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.drive.driver import Driver
from gradatim.drive.plan import as_plan
from tests.messages import message_of

LINE = Linear(start=1.0, end=0.0, steps=100)
WHAT_CALLS_TAKE = {
    "LINE": LINE,
    "OWN": by_updates(LINE),  # follows the updates, whatever the clock
    "LONGER": Linear(start=1.0, end=0.0, steps=200),
    "POINTS": Table([(0, 1.0), (5, 2.0)], "linear"),
    "PLATEAU": Plateau(mode="min"),
    "STATE": [1.0, 0, 0, 0, 0, 0],
    "FOURS": Run(samples=100, batch=4, epochs=4),
    "TWOS": Run(samples=100, batch=2, epochs=4),
    "TIME": Run(seconds=0.1),
    "PROGRESS": Run(clock="progress"),
    "STEPS": Run(clock="env_steps", total=100),
}


def loaded(
    policy: str = "strict",
    plan: Mapping[str, Any] | None = None,
    run: Run | None = None,
    rules: Rule | None = None,
    *,
    of: Mapping[str, Any] | None = None,
    of_run: Run | None = None,
    of_rules: Rule | None = None,
    at: int = 10,
    **changes: Any,
) -> None:
    """Load the state of a driver into another one.

    Args:
        policy: The ``on_mismatch``.
        plan: The schedules of the script, like ``run`` and ``rules``; as a default ``LINE``.
        of: The schedules of the state, like ``of_run`` and ``of_rules``.
        at: The position of the state.
        changes: Entries of the state that are replaced, or "left out".
    """
    saved = Driver(of or {"lr": LINE}, of_rules, of_run)
    saved.seek(at, at if saved.clock.unit == "updates" else 10 * at)
    state = {**saved.state(), **{key.removeprefix("its_"): entry for key, entry in changes.items()}}
    kept = {key: entry for key, entry in state.items() if entry != "left out"}
    Driver(plan or {"lr": LINE}, rules, run).load(kept, policy)


NAMES = {
    **WHAT_CALLS_TAKE,
    **{name: getattr(gradatim, name) for name in gradatim.__all__},
    "as_plan": as_plan,
    "Driver": Driver,
    "loaded": loaded,
}


message = partial(message_of, names=NAMES)

"""Warnings about a plan that replaces another one in the middle of a run."""

from __future__ import annotations

import warnings

from gradatim.drive.plan import Plan
from gradatim.drive.state import SavedState, next_values, saved_values

# A new schedule often begins at another value; ten times as much is more often a typing error.
_LARGE = 10.0


def warn_of_override(saved: SavedState, plan: Plan) -> None:
    """Warn if overriding makes a value jump, or leaves no update to make."""
    before = saved_values(saved, plan) or {}
    for name, after in next_values(saved, plan).items():
        was = before.get(name)
        if was and after and not 1.0 / _LARGE <= abs(after / was) <= _LARGE:
            warnings.warn(
                f"gradatim: load: on_mismatch='override' changes {name} of the next update from "
                f"{was!r} to {after!r}.",
                stacklevel=4,
            )
    if plan.run is not None and saved.position >= plan.run.steps:
        warnings.warn(
            f"gradatim: load: no update is left: the state is at position {saved.position}, and "
            f"the run of this script has {plan.run.steps} updates. If the batch size changed, "
            "on_mismatch='rescale' goes on at the same place in the data.",
            stacklevel=4,
        )

"""Shared by the writers: names that differ between the versions that run them."""

from typing import Any

import gradatim as g

IS_0_1 = g.__version__ == "0.1.0"


def run_of(**fields: Any) -> g.Run:
    """A run, from field names of version 0.1, which a config may use in every version."""
    made: g.Run = g.build({"Run": fields})
    return made


def rules_of(driver: Any) -> Any:
    """The rules of a driver, by the name of the value."""
    return getattr(driver, "plan", driver).rules


def has_a_run(arguments: dict[str, Any]) -> bool:
    """Whether a schedule is computed for a run of its own; a plan has one run for all."""
    return any(hasattr(value, "clock") for value in arguments.values())

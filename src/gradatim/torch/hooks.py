"""What runs before and after each update of an optimizer: the hot path."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

Hook = Callable[[Any, Any, Any], None]


@cache
def _leave_untraced() -> None:
    """Keep compilers out of here: one that traced this would compile a step again for a new rate.

    Formulas are not kept from them. torch itself loads its tracer with the first optimizer, so
    this costs no import.
    """
    from torch._dynamo import trace_rules

    for name in ("gradatim.torch", "gradatim.core.driver", "gradatim.core.ahead"):
        trace_rules.add(name)


def around(scheduler: Any) -> tuple[Hook, Hook]:
    """What runs before and after each update, with all it needs at hand: it runs often."""
    _leave_untraced()
    driver, attributes = scheduler.driver, vars(scheduler.optimizer)

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        groups, key = attributes["param_groups"], scheduler._key
        if driver.coming is not scheduler._coming or len(groups) != scheduler._writer.groups:
            # A rule may have changed the value since, or a group been added.
            scheduler._write()
        elif key is None:
            if not scheduler._writer.stands(groups, scheduler._row):
                scheduler._writer.write(groups, scheduler._row)
        elif groups[0][key] is not scheduler._row[scheduler._column]:
            # Something else wrote to the groups: to all, as torch's own schedulers do.
            scheduler._write()

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        # A gradient scaler calls step() of a fused optimizer on overflow too, and tells it so.
        if "found_inf" in attributes and attributes["found_inf"]:  # noqa: RUF019  a third of get's time
            return
        for row in driver.coming:  # to take a row is to advance
            scheduler._row, key = row, scheduler._key
            groups = attributes["param_groups"]
            if key is None:
                scheduler._writer.write(groups, row)
            else:
                value = row[scheduler._column]
                for group in groups:
                    group[key] = value
            return
        driver.advance()
        scheduler._write()
        # An error in a value that is not due yet can wait until it is.
        with suppress(Exception):
            driver.prepare()
        scheduler._coming = driver.coming

    return before, after

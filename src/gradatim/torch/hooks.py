"""What runs before and after each update of an optimizer: the hot path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from inspect import unwrap
from types import FrameType
from typing import Any

from torch.optim import Optimizer

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


def _steps(kind: type) -> set[Any]:
    """The different functions called ``step`` in a class of optimizers and those it comes from."""
    kinds = [one for one in kind.__mro__ if issubclass(one, Optimizer) and one is not Optimizer]
    return {unwrap(vars(one)["step"]) for one in kinds if "step" in vars(one)}


_AROUND_A_STEP = Optimizer.profile_hook_step(lambda self: None).__code__


def _inside(optimizer: Any) -> bool:
    """Whether this is the step of a parent class, within that of the optimizer's own.

    torch calls the hooks around both. What is running is read off the stack, since a step that
    raised leaves nothing else behind.
    """
    frame: FrameType | None = sys._getframe(2)
    depth = 0
    while frame is not None:
        if frame.f_code is _AROUND_A_STEP and frame.f_locals.get("self") is optimizer:
            depth += 1
        frame = frame.f_back
    return depth > 1


def around(wiring: Any) -> tuple[Hook, Hook, Callable[[], None]]:
    """What runs before and after each update, with all it needs at hand: it runs often.

    The last of the three is to be called when what there is to write has changed. What was
    written last is the driver's mark: all that moves it otherwise than by an update wipes it out.
    """
    _leave_untraced()
    driver, attributes = wiring.driver, vars(wiring.optimizer)
    key: str | None = None
    column = 0
    probe: Any = False
    layered = len(_steps(type(wiring.optimizer))) > 1

    def settle() -> None:
        nonlocal key, column
        key, column = wiring.alone

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        nonlocal probe
        if layered and _inside(optimizer):
            return
        probe = kwargs and wiring.probed(kwargs)
        if probe:
            return
        if key is not None:
            # The last group: a group that was added is there, and what writes to all writes there.
            if attributes["param_groups"][-1][key] is not driver.mark:
                wiring.write()
            return
        groups, row = attributes["param_groups"], driver.mark
        if row is None or not wiring.writer.seems_to_fit(groups):
            wiring.write()
        elif not wiring.writer.stands(groups, row):
            wiring.writer.write(groups, row)

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        if probe or (layered and _inside(optimizer)):
            return
        # A gradient scaler calls step() of a fused optimizer on overflow too, and tells it so.
        if "found_inf" in attributes and attributes["found_inf"]:  # noqa: RUF019  a third of get's time
            return
        for row in driver.coming:  # to take a row is to advance
            name = key  # a local name is found faster, and there may be many groups
            if name is None:
                driver.mark = row
                wiring.writer.write(attributes["param_groups"], row)
            else:
                driver.mark = value = row[column]
                for group in attributes["param_groups"]:
                    group[name] = value
            return
        driver.advance()
        wiring.write()
        # An error in a value that is not due yet can wait until it is.
        with suppress(Exception):
            driver.prepare()

    return before, after, settle

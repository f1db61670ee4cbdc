"""Whether a loop sets the rate before its update, or after it, for the next one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.python.script import Block, CallSite, Place
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, dotted, written

_STEPS = re.compile(r"opt|scaler|accelerator", re.IGNORECASE)
_TRAINS = re.compile(r"_?(train|fit|run)(_|$|[A-Z])|\w*_(epoch|step)$|epoch$")


def line_of_update(place: Place, world: World) -> int | None:
    """The line of an update that the same turn of the innermost loop makes before this place."""
    before = (site for site in _updates_beside(place, world) if site.place.order < place.order)
    return next((site.node.lineno for site in before), None)


def is_before_update(place: Place, world: World) -> bool:
    """Whether the only updates of the same turn of the innermost loop stand after this place."""
    orders = [site.place.order for site in _updates_beside(place, world)]
    return min(orders, default=place.order) >= place.order < max(orders, default=place.order)


def _updates_beside(place: Place, world: World) -> Iterator[CallSite]:
    """The updates of the innermost loop over steps around this place, in the same function."""
    loops = [b for b in place.path if b.kind == "loop" and not _of_groups(b)]
    for name, sites in world.script.calls.items() if loops else ():
        for site in sites:
            same = site.place.scope is place.scope and loops[-1] in site.place.path
            if same and (_is_update(site) if name == "step" else _updates(site, world)):
                yield site


def _of_groups(block: Block) -> bool:
    source = getattr(block.node, "iter", None)
    return source is not None and "param_groups" in written(source)


def _is_update(site: CallSite) -> bool:
    receiver = dotted(site.node.func).rpartition(".")[0]
    return bool(_STEPS.search(receiver)) and "sched" not in receiver.lower()


def _updates(site: CallSite, world: World) -> bool:
    """Whether a function is called that makes updates: by its code, or else by its name."""
    name = called(site.node)
    scopes = world.script.scopes.get(name, ())
    if scopes:
        steps = world.script.calls.get("step", ())
        return any(one.place.scope in scopes and _is_update(one) for one in steps)
    return bool(_TRAINS.match(name)) and dotted(site.node.func).count(".") < 2


def after_first(schedule: Schedule, rate: float | None, line: int, late: int) -> Schedule:
    """The schedule behind one step at the rate of the optimizer.

    Args:
        schedule: What the function gives.
        rate: The rate that the optimizer was made with, if it is known.
        line: The line where the rate is written.
        late: The line of the update before it.

    Raises:
        GradatimError: If the rate is not known.
    """
    if rate is None:
        raise GradatimError(
            f"line {line}: the rate is written after the update (line {late}), so that the first "
            "runs at the rate of the optimizer. Write --lr, such as --lr 0.1."
        )
    return Constant(rate, 1) >> schedule

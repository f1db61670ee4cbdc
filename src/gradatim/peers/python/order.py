"""Whether a loop sets the rate before its update, or after it, for the next one."""

from __future__ import annotations

import re

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
    loops = [b for b in place.path if b.kind == "loop" and not _of_groups(b)]
    if not loops:
        return None
    inside = loops[-1]

    def before(site: CallSite) -> bool:
        same = site.place.scope is place.scope and inside in site.place.path
        return same and site.place.order < place.order

    for name, sites in world.script.calls.items():
        for site in sites:
            if before(site) and (_is_update(site) if name == "step" else _updates(site, world)):
                return site.node.lineno
    return None


def is_before_update(place: Place, world: World) -> bool:
    """Whether the only updates of the same turn of the innermost loop stand after this place."""
    loops = [b for b in place.path if b.kind == "loop" and not _of_groups(b)]
    if not loops or line_of_update(place, world) is not None:
        return False
    return any(
        site.place.scope is place.scope
        and loops[-1] in site.place.path
        and site.place.order > place.order
        and (_is_update(site) if name == "step" else _updates(site, world))
        for name, sites in world.script.calls.items()
        for site in sites
    )


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

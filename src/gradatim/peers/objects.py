"""Schedulers read as objects, by their attributes: their project need not be installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradatim.core.decays import Constant
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import declared_types
from gradatim.errors import GradatimError, shown
from gradatim.peers.arguments import Fresh, Ignored
from gradatim.peers.found import Read
from gradatim.peers.peer import Call, Meaning, Peer, signature

_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# What a subclass may change without changing a rate.
_HARMLESS = {"state_dict", "load_state_dict"}
_PEERS: dict[str, Peer] = {}
_RATES = ("base_lrs", "base_values")
"""Where schedulers keep the rates of the groups they were built with."""


def readable(*peers: Peer) -> None:
    """Let the objects of these projects be read."""
    _PEERS.update({peer.name: peer for peer in peers})


def number(rate: Any) -> float:
    """A rate, also one that an optimizer holds as a tensor."""
    return float(rate)


def class_of(scheduler: Any) -> tuple[Peer, str] | None:
    """The project and the name of the scheduler that an object is, or None.

    Raises:
        GradatimError: If it is a subclass that changes what it inherits.
    """
    kind = type(scheduler)
    for base in kind.__mro__:
        peer = _PEERS.get(base.__module__.partition(".")[0])
        if peer is not None and base.__name__ in peer.known:
            _check_unchanged(kind, base)
            return peer, base.__name__
    return None


def call_of(scheduler: Any, group: int = 0) -> Call:
    """The name and the arguments of a scheduler, for one group of its optimizer.

    Raises:
        GradatimError: If it is not known, or holds what cannot be read.
    """
    found = class_of(scheduler)
    if found is None:
        raise not_known(scheduler)
    peer, name = found
    if name in peer.refused and name not in peer.objects:
        raise GradatimError(f"{name}: {peer.refused[name]}")
    try:
        return (peer.objects.get(name) or _by_attributes(peer, name))(scheduler, group)
    except GradatimError as error:
        said = str(error)
        raise GradatimError(said if said.startswith(name) else f"{name}: {said}") from None
    except _BROKEN as error:
        raise GradatimError(
            f"{name}: what it holds cannot be read: {type(error).__name__}: {error}. Build it "
            "anew, with numbers."
        ) from error


def _by_attributes(peer: Peer, name: str) -> Callable[[Any, int], Call]:
    def read(scheduler: Any, group: int) -> Call:
        found = arguments_of(scheduler, peer.meaning(name))
        held = next((key for key in _RATES if hasattr(scheduler, key)), None)
        lr = number(getattr(scheduler, held)[group]) if held else None
        return Call(peer, name, found, lr)

    return read


def arguments_of(
    scheduler: Any, meaning: Meaning, *, without: Sequence[str] = ()
) -> dict[str, Any]:
    """One attribute for each parameter that changes a rate."""
    wanted = declared_types(meaning)
    return {
        name: getattr(scheduler, name)
        for name in signature(meaning)
        if name not in without and wanted[name] not in (Ignored, Fresh)
    }


def not_known(scheduler: Any) -> GradatimError:
    """The error for what is no scheduler of a project that is known, or one of the user's own."""
    kind = type(scheduler)
    if any(base.__name__ == "LRScheduler" for base in kind.__mro__):
        return own_code(f"{kind.__name__}.get_lr", kind.__module__)
    said = shown(scheduler)
    if kind.__module__ != "builtins":
        said = f"{kind.__module__}.{kind.__qualname__}"
    return GradatimError(
        f"{said} is no scheduler of torch.optim.lr_scheduler, transformers, timm, Ignite or Keras "
        "that is known here."
    )


def own_code(name: str, module: str) -> GradatimError:
    """The error for rates that come out of code of the user's own."""
    return GradatimError(
        f"{name} (in {module}) is code of your own, which is no value. Write the schedule it "
        "means, or put a function of the step that returns the rate at the top of a module and "
        "write lr=Function('package.module:name')."
    )


def _check_unchanged(kind: type, base: type) -> None:
    for between in kind.__mro__[: kind.__mro__.index(base)]:
        for name in vars(between):
            changes = name == "__call__" or not name.startswith("__")
            if changes and hasattr(base, name) and name not in _HARMLESS:
                raise own_code(f"{between.__name__}.{name}", between.__module__)


def read_object(scheduler: Any) -> tuple[list[Read], Rule | None]:
    """What a scheduler means for each group of its optimizer, and the rule for all of them.

    Raises:
        GradatimError: If it is not known, or cannot be read.
    """
    first = call_of(scheduler)
    groups = _groups(scheduler)
    rates = getattr(scheduler, "base_lrs", None)
    count = len(groups) if rates is None else len(rates)
    calls = [first, *(call_of(scheduler, group) for group in range(1, count))]
    reads = [call.means() for call in calls]
    keys = dict.fromkeys(key for read in reads for key in read.values)
    whole = [
        Read({key: _held(read, key, groups[i]) for key in keys}, read.rule)
        for i, read in enumerate(reads)
    ]
    return whole, _common([read for read in reads if read.rule is not None])


def _groups(scheduler: Any) -> Sequence[Mapping[str, Any]]:
    """The parameter groups of the optimizer that a scheduler drives, or the one inside it."""
    inner = getattr(scheduler, "scheduler", None)
    optimizer = getattr(scheduler, "optimizer", None) or getattr(inner, "optimizer", None)
    if optimizer is None:
        raise GradatimError(f"{type(scheduler).__name__} drives no optimizer.")
    groups: Sequence[Mapping[str, Any]] = (
        optimizer[0] if isinstance(optimizer, list) else optimizer
    ).param_groups
    return groups


def _held(read: Read, key: str, group: Mapping[str, Any]) -> Schedule:
    """The schedule of a value; one that the scheduler leaves alone keeps what it has."""
    return read.values.get(key) or Constant(float(group[key]))


def _common(reads: Sequence[Read]) -> Rule | None:
    """The rule of all groups, whose bounds are shares of the rates and may be rounded apart."""
    bounds = ("floor", "ceiling")
    rules = [read.rule for read in reads if read.rule is not None]
    for bound in bounds:
        shares = [getattr(rule, bound) for rule in rules if hasattr(rule, bound)]
        if any(abs(share - shares[0]) > 1e-12 * abs(shares[0]) for share in shares):
            name = {"floor": "min_lr", "ceiling": "max_lr"}[bound]
            raise GradatimError(
                f"{name} is another share of the rate in each group, {shares}, and a rule has one "
                "scale for all. Give each group a scheduler and a rule of its own, or bounds in "
                "the same proportion as the rates."
            )
    return rules[0] if rules else None

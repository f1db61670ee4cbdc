"""Schedulers read from Python code, which is parsed and never run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import Ignored
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.peer import Call, Calls, Peer
from gradatim.peers.syntax import Expression, Made, Script, parse

_SCHEDULER = re.compile(r"LR$|Sched|Decay|Warm|Anneal")


def read_code(peer: Peer, text: str, lr: float | None, steps: int | None) -> Read:
    """What the last scheduler in some code means.

    Args:
        peer: The project.
        text: The code.
        lr: The rate of the optimizer; else that of the optimizer in the code.
        steps: The updates of the run.

    Raises:
        GradatimError: If there is none, or one that cannot be read without running it.
    """
    script = parse(text)
    made = _last(peer, script)
    said, written = _around(peer, script, made), _rate(made.call)
    read = _call_in(peer, made.call).means(written if lr is None else lr, steps)
    if lr is not None and written is not None and lr != written:
        said.append(f"The optimizer in the code has lr={written!r}, and this is for {lr!r}.")
    return replace(read, differences=(*read.differences, *said))


def find_in_code(text: str, peers: Sequence[Peer]) -> list[Found]:
    """The schedulers that are made in some Python code.

    Args:
        text: The code.
        peers: The projects whose schedulers are looked for.

    Raises:
        GradatimError: If it is not Python.
    """
    return [
        Found(made.call.node.lineno, peer.name, made.call.text(), partial(_read_made, peer, text))
        for made in parse(text).made
        for peer in peers
        if made.name in peer.known
    ]


def _read_made(peer: Peer, text: str, given: Given) -> Read:
    return read_code(peer, text, given.lr, given.steps)


def _call_in(peer: Peer, code: Expression) -> Call:
    """The name and the arguments of a call, with those of the calls in it."""
    name, given, named = code.call()
    owner = next((p for p in (peer, *peer.inside) if name in p.known), peer)
    wanted = owner.parameters(name)
    found: dict[str, Any] = {}
    for key, value in owner.bind(name, given, named).items():
        if wanted[key] == Calls:
            found[key] = tuple(_call_in(peer, entry) for entry in value.entries(name, key))
        elif wanted[key] is Call:
            found[key] = _call_in(peer, value)
        elif wanted[key] != Ignored:
            found[key] = value.value(name, key)
    return Call(owner, name, found)


def _last(peer: Peer, script: Script) -> Made:
    known = [made for made in script.made if made.name in peer.known]
    hidden = sorted(peer.known & script.hidden)
    if hidden:
        raise GradatimError(
            f"{hidden[0]} is made in an if, a loop, a function or another block. Give the lines "
            "that make the scheduler alone."
        )
    if known:
        return known[-1]
    if not script.made:
        raise GradatimError("not a Python call: there is no scheduler in it.")
    raise unknown_name("convert", "schedule", script.made[-1].name[:60], peer.known)


def _around(peer: Peer, script: Script, made: Made) -> list[str]:
    """What else is in the code: schedulers that are not part of it, and calls that take it."""
    said, inside = [], made.call.mentions()
    after = script.made[script.made.index(made) + 1 :]
    for other in script.made:
        if other.name in peer.known and other is not made and other.variable not in inside:
            said.append(f"{other.call.text()} is in the code too, and not in this schedule.")
    for other in after:
        if not made.variable or made.variable not in other.call.mentions():
            continue
        if _SCHEDULER.search(other.name):
            raise GradatimError(
                f"{other.name} is made of {made.name} and is not known: what it changes cannot be "
                "read. Leave it out to read what is in it."
            )
        said.append(f"{other.call.text()} is given this schedule, and is not read.")
    return said


def _rate(call: Expression) -> float | None:
    """The rate of the optimizer that is made in the same code."""
    _, given, named = call.call()
    optimizer = named.get("optimizer") or (given[0] if given else None)
    try:
        _, positional, keywords = optimizer.call() if optimizer else ("", [], {})
        written = keywords.get("lr") or positional[1]
        value = written.value("optimizer", "lr")
    except (GradatimError, IndexError):
        return None
    return float(value) if isinstance(value, int | float) else None

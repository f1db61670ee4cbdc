"""Schedulers found in Python code, which is parsed and never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import Ignored
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.functions.named import functions_in
from gradatim.peers.functions.reading import Formulas
from gradatim.peers.pace import paced
from gradatim.peers.peer import Call, Calls, Peer
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.names import holds
from gradatim.peers.python.optimizer import Rate, rate_of, written_by_hand
from gradatim.peers.python.owners import check_owner, owners_of
from gradatim.peers.python.possible import calls_in
from gradatim.peers.python.script import CallSite, Script, parse_script
from gradatim.peers.python.stepping import Stepping, stepping
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, written

_SCHEDULER = re.compile(r"LR$|Sched|Decay|Warm|Anneal")
_STEPPED = {"torch", "transformers", "deepspeed", "accelerate"}
"""The projects whose schedulers count the calls of their ``step()``."""
_MOST_SAID = 5
_HARMLESS = {"print", "len", "isinstance", "type", "id", "append", "state_dict", "hasattr", "repr"}


def nothing_in_code(text: str, peers: Sequence[Peer]) -> GradatimError:
    """The error for code without a scheduler that is known; the caller raises it."""
    script = parse_script(text)
    sites = [(name, site) for name, each in script.calls.items() for site in each]
    if not sites:
        return GradatimError("not a Python call: there is no scheduler in it.")
    like = {name: site.node.lineno for name, site in sites if _SCHEDULER.search(name)}
    if len(sites) > 3 and like:
        listed = ", ".join(f"{name} (line {line})" for name, line in list(like.items())[:5])
        return GradatimError(f"there is no scheduler that is known in it. Not known: {listed}.")
    if len(sites) > 3:
        return GradatimError("there is no scheduler in it.")
    last = max(sites, key=lambda one: (_end(one[1].node), -one[1].node.col_offset))[0]
    known = {name for peer in peers for name in peer.known}
    return unknown_name("convert", "schedule", last[:60], known)


def _end(node: ast.Call) -> tuple[int, int]:
    return (node.end_lineno or 0, node.end_col_offset or 0)


def find_in_code(text: str, peers: Sequence[Peer]) -> list[Found]:
    """The schedulers that are made in some Python code, without those that are part of others.

    Args:
        text: The code.
        peers: The projects whose schedulers are looked for.

    Raises:
        GradatimError: If it is not Python.
    """
    script = parse_script(text)
    made = list(_made(script, peers))
    file = _File(script, made, World(script, Given()))
    inside = file.inside()
    found = [
        Found(
            one.site.node.lineno,
            one.peer.name,
            written(one.site.node),
            _Reader(file, one).read,
            _Reader(file, one).holds,
        )
        for one in sorted(made, key=lambda one: (one.site.node.lineno, one.site.node.col_offset))
        if id(one.site.node) not in inside
    ]
    parts = file.functions()
    return found + [
        one for peer in peers for finder in peer.in_code for one in finder(script, parts)
    ]


def _takes(one: _Made) -> Sequence[Any]:
    """The types of the arguments of a scheduler."""
    name = called(one.site.node)
    return list(one.peer.parameters(name).values()) if name in one.peer.meanings else []


class _Made(NamedTuple):
    """A call that makes a scheduler of a project."""

    peer: Peer
    site: CallSite


def _made(script: Script, peers: Sequence[Peer]) -> Iterator[_Made]:
    names = {name for peer in peers for name in peer.known}
    for name in names & script.calls.keys():
        for site in script.calls[name]:
            owners = owners_of(site.node, script, peers)
            if owners:
                yield _Made(owners[0], site)


class _File(NamedTuple):
    script: Script
    made: list[_Made]
    world: World

    def inside(self) -> set[int]:
        """The calls that are part of another scheduler."""
        own = {id(one.site.node) for one in self.made}
        found: set[int] = set()
        for one in self.made:
            if any(kind is Call or kind == Calls for kind in _takes(one)):
                found |= self._in_arguments(one.site) & own
        return found

    def functions(self) -> set[int]:
        """The functions that are arguments of schedulers."""
        found: set[int] = set()
        for one in self.made:
            if Formulas not in _takes(one):
                continue
            for part in (*one.site.node.args, *(word.value for word in one.site.node.keywords)):
                with suppress(GradatimError, ArithmeticError, LookupError, TypeError, ValueError):
                    named = functions_in(Expression(part, one.site.place, self.world))
                    found |= {id(node) for each in named for node in ast.walk(each.node)}
        return found

    def _in_arguments(self, site: CallSite) -> set[int]:
        parts = [*site.node.args, *(word.value for word in site.node.keywords)]
        return {
            id(call)
            for part in parts
            for call in calls_in(Expression(part, site.place, self.world))
        }

    def wrapper(self, one: _Made) -> CallSite | None:
        """A call that makes another scheduler of this one, and is not known."""
        known = {id(other.site.node) for other in self.made}
        for name, sites in self.script.calls.items():
            if not _SCHEDULER.search(name):
                continue
            for site in sites:
                is_other = id(site.node) not in known
                if is_other and id(one.site.node) in self._in_arguments(site):
                    return site
        return None

    def given_to(self, one: _Made) -> Iterator[CallSite]:
        """Calls that take the scheduler as an argument, in the same function."""
        for name, sites in self.script.calls.items():
            if name in _HARMLESS or name in self.script.scopes or name.endswith("Trainer"):
                continue
            for site in sites:
                if site.place.scope is not one.site.place.scope or site is one.site:
                    continue
                if id(site.node) in {id(other.site.node) for other in self.made}:
                    continue
                if id(one.site.node) in self._direct(site):
                    yield site

    def _direct(self, site: CallSite) -> set[int]:
        parts = [*site.node.args, *(word.value for word in site.node.keywords)]
        found = set()
        for part in parts:
            if isinstance(part, ast.Name | ast.Attribute | ast.Call):
                try:
                    found.add(id(Expression(part, site.place, self.world).resolved().node))
                except GradatimError:
                    continue
        return found


class _Reader:
    """Reads one scheduler of a file, with what the user adds."""

    def __init__(self, file: _File, one: _Made) -> None:
        self.file, self.one = file, one

    def holds(self, given: Given) -> bool | None:
        """Whether the conditions around it are known to hold, or known not to."""
        return self._conditions(World(self.file.script, given))[0]

    def _conditions(self, world: World) -> tuple[bool | None, list[str]]:
        site = self.one.site
        found: bool | None = True
        said = []
        part = Expression(site.node, site.place, world)
        for block in site.place.path:
            if block.kind == "except":
                said.append(f"It is made only after an error (line {_line(block.node)}).")
            if block.kind != "if":
                continue
            known = holds(part, block, site.place.scope)
            if known is False:
                return False, said
            if known is None:
                found = None
                test = written(block.node.test)  # type: ignore[attr-defined]
                not_ = "" if block.taken else "not "
                said.append(
                    f"It is made only if {not_}`{test}` (line {_line(block.node)}) holds, which "
                    "is not known."
                )
        return found, said

    def read(self, given: Given) -> Read:
        """What it means.

        Raises:
            Missing: If values are missing that the user can give by name.
            GradatimError: If it cannot be read without running it.
        """
        peer, site = self.one
        check_owner(site.node, self.file.script, peer)
        self._check_wrapper()
        world = World(self.file.script, given)
        _, said = self._conditions(world)
        code = Expression(site.node, site.place, world)
        rate = rate_of(code)
        call = _with_missing(peer, code, rate, given.lr)
        if given.lr is not None and rate.value is not None and given.lr != rate.value:
            said.append(
                f"The optimizer in the code has lr={rate.value!r}, and this is for {given.lr!r}."
            )
        by_step = peer.name in _STEPPED and called(site.node) not in _OF_METRICS
        step = stepping(site, world) if by_step else Stepping()
        steps = given.epochs if step.every == "epoch" else given.steps
        read = call.means(rate.value if given.lr is None else given.lr, steps)
        if by_step and read.values:
            read = _stepped(read, step, given)
        said += [*world.said.values(), *rate.said, *self._beside(), *written_by_hand(world)]
        return read.saying(*said)

    def _check_wrapper(self) -> None:
        wrapper = self.file.wrapper(self.one)
        if wrapper is not None:
            name = called(self.one.site.node)
            raise GradatimError(
                f"{called(wrapper.node)} (line {wrapper.node.lineno}) is made of {name} and is not "
                "known: what it changes cannot be read. Leave it out to read what is in it."
            )

    def _beside(self) -> Iterator[str]:
        """What else is in the code: other schedulers, and calls that take this one."""
        inside = self.file.inside()
        others = [
            other.site.node
            for other in self.file.made
            if other.site is not self.one.site and id(other.site.node) not in inside
        ]
        for node in others[:_MOST_SAID]:
            line = node.lineno
            yield f"{written(node)} is in the code too (line {line}), and not in this schedule."
        if len(others) > _MOST_SAID:
            yield f"{len(others) - _MOST_SAID} more are in the code, and not in this schedule."
        for site in self.file.given_to(self.one):
            yield f"{written(site.node)} is given this schedule, and is not read."


_OF_METRICS = {"ReduceLROnPlateau", "get_reduce_on_plateau_schedule", "GreedyLR"}


def _line(node: ast.AST) -> int:
    test = getattr(node, "test", node)
    return getattr(test, "lineno", 1)


def _with_missing(peer: Peer, code: Expression, rate: Rate, lr: float | None) -> Call:
    """The call, with all names that have no value in one error."""
    missing: dict[str, str] = {}
    call = None
    try:
        call = _call_in(peer, code)
    except Missing as error:
        missing |= error.reasons
    if lr is None and rate.missing is not None and (call is None or _needs_rate(call)):
        missing |= rate.missing.reasons
    if missing:
        raise Missing(missing)
    assert call is not None
    return call


def _needs_rate(call: Call) -> bool:
    if call.name in call.peer.meanings and call.peer.needs_rate(call.name):
        return True
    inside = [value for value in call.arguments.values() if isinstance(value, Call)]
    lists = [v for v in call.arguments.values() if isinstance(v, tuple) and not isinstance(v, Call)]
    inside += [part for v in lists for part in v if isinstance(part, Call)]
    return any(_needs_rate(part) for part in inside)


def _stepped(read: Read, step: Stepping, given: Given) -> Read:
    """What it means where its steps are those calls of ``step()``."""
    said = step.said
    if step.frequency > 1:
        values = {name: paced(s, step.frequency) for name, s in read.values.items()}
        read = replace(read, values=values)
    epochs = ""
    if step.every == "epoch":
        epochs = f"It is stepped once an epoch (line {step.line})."
    elif step.every == "" and given.every is not None:
        epochs = "It is taken to be stepped once an epoch."
    elif step.every == "update" and given.every is not None:
        said = (*said, f"It is stepped once an update (line {step.line}): --every is not used.")
    return replace(read, epochs=epochs or read.epochs).saying(*said)


def _call_in(peer: Peer, code: Expression) -> Call:
    """The name and the arguments of a call, with those of the calls in it."""
    name, given, named = code.call()
    owner = next((p for p in (peer, *peer.inside) if name in p.known), peer)
    wanted = owner.parameters(name)
    found: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for key, value in owner.bind(name, given, named).items():
        try:
            if wanted[key] == Calls:
                found[key] = tuple(_call_in(peer, entry) for entry in value.entries(name, key))
            elif wanted[key] is Call:
                found[key] = _call_in(peer, value)
            elif wanted[key] == Formulas:
                found[key] = functions_in(value)
            elif wanted[key] != Ignored:
                found[key] = value.value(name, key)
        except Missing as error:
            missing |= error.reasons
    if missing:
        raise Missing(missing)
    return Call(owner, name, found)

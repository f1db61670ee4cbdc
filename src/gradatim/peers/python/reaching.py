"""Which assignments a name may have its value from, at one place of the code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gradatim.peers.python.script import Binding, Block, Path, Place, Scope

Holds = Callable[[Block, Scope], bool | None]
"""Whether the test of an ``if`` is known to hold, in the scope where it stands."""


class Reaching(NamedTuple):
    """Some assignments, and whether one of them was made for certain."""

    bindings: list[Binding]
    certain: bool


def reaching(bindings: Sequence[Binding], place: Place, holds: Holds) -> Reaching:
    """The assignments before a place of the same scope that may be in force there.

    Args:
        bindings: All assignments to the name in the scope, in order.
        place: Where the name is used.
        holds: Whether a test is known to hold.
    """
    found: list[Binding] = []
    certain: Binding | None = None
    for binding in reversed(bindings):
        if binding.place.scope is not place.scope:  # by a function that has it as a global
            found.append(binding)
            continue
        if binding.place.order >= place.order:
            continue
        made = _made(binding.place, place.path, holds)
        if made is not False:
            found.append(binding)
        if made:
            certain = binding
            break
    loops = [block for block in place.path if block.kind == "loop"]
    if certain is not None:
        loops = [block for block in loops if block not in certain.place.path]
    for binding in bindings:  # those that an earlier turn of a loop has made
        later = binding.place.scope is place.scope and binding.place.order >= place.order
        if later and any(block in binding.place.path for block in loops):
            found.append(binding)
    return Reaching(found, certain is not None)


def from_elsewhere(bindings: Iterable[Binding], holds: Holds) -> list[Binding]:
    """The assignments that may be in force where a function of another scope runs: all."""
    return [b for b in bindings if _made(b.place, (), holds) is not False]


def _made(made: Place, used: Path, holds: Holds) -> bool | None:
    """Whether what was assigned before is in force where it is used: yes, no, or perhaps."""
    same = 0
    for mine, other in zip(made.path, used, strict=False):
        if mine != other:
            break
        same += 1
    rest, theirs = made.path[same:], used[same:]
    if rest and theirs and rest[0].node is theirs[0].node:
        # The other branch of one if: made only if a loop around both was there before.
        return None if any(block.kind == "loop" for block in made.path[:same]) else False
    found: bool | None = True
    for block in rest:
        known = holds(block, made.scope)
        if known is False:
            return False
        if known is None:
            found = None
    return found


def is_main(test: ast.expr) -> bool:
    """Whether this is ``__name__ == "__main__"``."""
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]):
            return True
    return False

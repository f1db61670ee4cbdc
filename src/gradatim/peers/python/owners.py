"""Which project a called name belongs to: by its import, else by the arguments that it takes."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradatim.errors import GradatimError
from gradatim.peers.peer import Peer
from gradatim.peers.python.script import Script
from gradatim.peers.syntax import called, dotted

_PACKAGES = {
    "torch": "torch",
    "torchvision": "torch",
    "transformers": "transformers",
    "diffusers": "transformers",
    "keras": "keras",
    "tensorflow": "keras",
    "tf_keras": "keras",
    "optax": "optax",
    "timm": "timm",
    "speechbrain": "speechbrain",
    "deepspeed": "deepspeed",
    "megatron": "megatron",
    "composer": "composer",
    "ignite": "ignite",
    "accelerate": "accelerate",
}
"""The projects by the first part of what is imported."""


def owners_of(call: ast.Call, script: Script, peers: Sequence[Peer]) -> list[Peer]:
    """The projects whose scheduler a call may make; empty if none of them has such a name.

    An import decides. Without one, as in a pasted line, it is the first project whose scheduler
    takes these arguments.
    """
    name = called(call)
    known = [peer for peer in peers if name in peer.known]
    if not known or any(not scope.is_class for scope in script.scopes.get(name, ())):
        return []
    package = package_of(call, script)
    if package:
        project = _PACKAGES.get(package, "")
        # A project of the same names that is read as another is asked for by --from.
        return [p for p in known if p.name == project or len(peers) == 1] or known[:1]
    fitting = [peer for peer in known if _fits(peer, name, call)]
    imported = {_PACKAGES.get(meant.partition(".")[0], "") for meant in script.imports.values()}
    return sorted(fitting or known, key=lambda peer: peer.name not in imported)


def package_of(call: ast.Call, script: Script) -> str:
    """The first part of what the called name was imported from; "" if it was not."""
    first = dotted(call.func).partition(".")[0]
    meant = script.imports.get(first, "")
    if not meant and first in _PACKAGES and isinstance(call.func, ast.Attribute):
        meant = first
    return meant.lstrip(".").partition(".")[0] if not meant.startswith(".") else meant


def check_owner(call: ast.Call, script: Script, peer: Peer) -> None:
    """Refuse a name that is imported from elsewhere, or that a class of the file has.

    Raises:
        GradatimError: If the call does not make the scheduler of the project.
    """
    name, package = called(call), package_of(call, script)
    if script.scopes.get(name):
        line = getattr(script.scopes[name][0].node, "lineno", 1)
        raise GradatimError(
            f"{name} is a class of this file (line {line}), whose code is not read. Give the call "
            f"of {peer.name} that it stands for."
        )
    if package and package not in _PACKAGES:
        origin = script.imports[dotted(call.func).partition(".")[0]]
        raise GradatimError(
            f"{name} is imported as {origin} and not from {peer.name}: what it does there is not "
            f"known. If it is the one of {peer.name}, give the line that makes it alone."
        )


def _fits(peer: Peer, name: str, call: ast.Call) -> bool:
    """Whether a scheduler takes arguments of these names and this number."""
    if name not in peer.meanings:
        return True
    starred = any(isinstance(part, ast.Starred) for part in call.args)
    try:
        given = [] if starred else call.args
        peer.bind(name, given, {w.arg: w.value for w in call.keywords if w.arg})
    except GradatimError:
        return False
    taken = list(peer.parameters(name))
    optimizer = "optimizer" in taken
    positional = bool(call.args) and "optim" in dotted(call.args[0]).lower()
    return optimizer or not positional

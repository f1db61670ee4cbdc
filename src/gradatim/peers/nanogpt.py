"""nanoGPT: the schedule of its ``train.py``, by the options of its command line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import Number, Steps
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.peer import Peer, signature
from gradatim.peers.shell.command import Command
from gradatim.peers.shell.flags import Flags

NANOGPT = Peer("nanogpt")


@NANOGPT.scheduler("nanoGPT")
def get_lr(
    learning_rate: Number = 6e-4,
    warmup_iters: Steps = 2000,
    lr_decay_iters: Steps = 600_000,
    min_lr: Number = 6e-5,
    decay_lr: bool = True,
) -> Read:
    """A line up, whose first update is one step up already, and a cosine."""
    if not decay_lr:
        return Read({"lr": Constant(learning_rate)})
    if lr_decay_iters <= warmup_iters:
        raise GradatimError("lr_decay_iters must be above warmup_iters.")
    up: tuple[Schedule, ...] = ()
    if warmup_iters:
        up = (Linear(0.0, learning_rate, warmup_iters + 1).shift(-1),)
    fall = Cosine(learning_rate, min_lr, lr_decay_iters - warmup_iters)
    return Read({"lr": join(*up, fall)}, differences=(_OLDER,) if up else ())


_OLDER = "The first update of older versions of nanoGPT runs at 0: the warm-up is a step later."
_OPTIONS = list(signature(get_lr))


@NANOGPT.finds_in_commands
def find(command: Command) -> Iterator[Found]:
    """The schedule of a command whose options are those of nanoGPT."""
    names = {flag.lstrip("-") for flag in command.flags}
    if command.program == "train.py" and names & {"lr_decay_iters", "warmup_iters", "decay_lr"}:
        yield Found(command.line, "nanogpt", command.text(), partial(_read, command))


def _read(command: Command, given: Given) -> Read:
    command = command.given(given)
    flags = Flags(command, _OPTIONS, given=given)
    flags.require(flags)
    found: dict[str, Any] = {}
    for name in flags:
        if name == "decay_lr":
            found[name] = flags.text(name) != "False"
        else:
            found[name] = flags.number(name)
    configs = [word.text for word in command.arguments if word.text.endswith(".py")]
    absent = [name for name in _OPTIONS if name not in found and name != "decay_lr"]
    if configs and absent and found.get("decay_lr", True):
        why = f"is not in the command, and {configs[0]} may set it"
        raise Missing(dict.fromkeys(absent, why))
    read = NANOGPT.means("nanoGPT", found, None)
    stood = ", ".join(absent)
    said = f"Defaults of nanoGPT's train.py stand in: {stood}." if stood else ""
    return read.saying(said, *flags.said, *command.notes)

"""Parameter groups of an optimizer, of which one stands for all."""

from __future__ import annotations

from gradatim.peers.evaluation.machine import Machine, Value, refused

_SCALES = ("scale", "mult", "multiplier")


def of_group(machine: Machine, key: str) -> Value:
    """An entry of a parameter group.

    Raises:
        GradatimError: If the function does not need it for a rate.
    """
    if key == "lr":
        return machine.current()
    if key in ("initial_lr", "base_lr", "init_lr"):
        if machine.base is None:
            machine.current()
        return machine.base
    if any(part in key for part in _SCALES):
        machine.notes[own_key(key)] = None
        return 1.0
    raise refused(machine.line, f"the entry {key!r} of a parameter group")


def own_key(key: str) -> str:
    """What is said of parameter groups with an entry that others do not have."""
    return f"Parameter groups with an entry {key!r} get other rates; this is that of the others."

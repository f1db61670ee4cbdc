"""What to write in place of a text that is no plan."""

from __future__ import annotations

import os
import re

from gradatim.core.values.value import buildable

_LOGS = (".csv", ".jsonl", ".ndjson")


def in_place_of(text: str) -> str:
    """What to write for a name, a log, a file of code or a folder; "" for anything else."""
    ending = os.path.splitext(text)[1].lower()
    if os.path.isdir(text):
        return "It is a folder."
    if text in buildable():
        return f"Write {text}(...); gradatim list {text} shows its arguments."
    if ending in _LOGS:
        return f"For a log, write gradatim audit {text}."
    if ending == ".py":
        return f"For code, write gradatim convert {text} --from torch."
    alike = sorted(name for name in buildable() if len(text) > 2 and text.lower() in name.lower())
    return f"Did you mean {alike[0]}(...)?" if alike else ""


def in_place_of_code(text: str) -> str:
    """How to read a scheduler of another project; "" for anything else."""
    from gradatim.peers.projects import PEERS

    called = re.match(r"\s*(?:\w+\s*=\s*)?(?:\w+\.)*(\w+)\s*\(", text)
    if called is None or called[1] in buildable():
        return ""
    peers = [peer.name for peer in PEERS.values() if called[1] in peer.known]
    if not peers:
        return ""
    return f"{called[1]} is of {' and '.join(peers)}: write gradatim convert --from {peers[0]}."

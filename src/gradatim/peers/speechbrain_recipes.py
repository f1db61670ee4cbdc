"""SpeechBrain: the schedulers in a recipe, a HyperPyYAML file, whole or an entry of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gradatim.errors import GradatimError
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.settings import Place, References, Setting, sections
from gradatim.peers.settings.entries import in_one_line, read_with_rate
from gradatim.peers.settings.tree import class_in_tag
from gradatim.peers.speechbrain import SPEECHBRAIN

_MODULES = ("speechbrain.nnet.schedulers", "gradatim.speechbrain")


@SPEECHBRAIN.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each entry with the tag ``!new:speechbrain.nnet.schedulers...``."""
    entries: list[tuple[Place, Setting]] = [((), tree)]
    for place, section in sections(tree):
        entries += [((*place, key), entry) for key, entry in section.entries.items()]
    for place, entry in entries:
        module, _, name = class_in_tag(entry).rpartition(".")
        if module in _MODULES:
            text = in_one_line(name, entry.entries)
            yield Found(entry.line, "speechbrain", text, partial(_read, tree, place, entry, name))


def _read(tree: Setting, place: Place, entry: Setting, name: str, given: Given) -> Read:
    SPEECHBRAIN.meaning(name)
    if entry.value and not isinstance(entry.value, dict):
        raise GradatimError(f"line {entry.line}: {name}: its arguments must have names.")
    values = References(tree, given)
    found = values.all(entry.entries, place)
    bound = SPEECHBRAIN.bind(name, (), found)
    return read_with_rate(
        lambda lr: SPEECHBRAIN.means(name, bound, lr, given.steps),
        given,
        lambda: _rate(values),
        SPEECHBRAIN.needs_rate(name),
    )


def _rate(values: References) -> Any:
    """The rate of the optimizers of the recipe, if it is the same for all of them."""
    rates: list[Any] = []
    for place, section in sections(values.root):
        for key, entry in section.entries.items():
            if class_in_tag(entry).startswith("torch.optim.") and "lr" in entry.entries:
                rate = values.value(entry.entries["lr"], (*place, key, "lr"))
                rates += [rate] if rate not in rates else []
    if len(rates) > 1:
        listed = ", ".join(sorted(map(str, rates)))
        raise GradatimError(f"the optimizers have different rates: {listed}. Write --lr.")
    return rates[0] if rates else None

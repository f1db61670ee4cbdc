"""DeepSpeed: where its configuration has a scheduler, and what "auto" stands for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gradatim.errors import GradatimError
from gradatim.peers.deepspeed import DEEPSPEED
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.settings import Place, References, Setting, sections
from gradatim.peers.settings.entries import check_known, in_one_line, read_with_rate
from gradatim.peers.torch import TORCH


@DEEPSPEED.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each "scheduler" with a "type" and "params", and such an entry alone."""
    for place, section in sections(tree):
        entry = section.entries.get("scheduler", section if not place else Setting(None, 1))
        name, whole = entry.get("type"), "params" in entry.entries or _is_config(section)
        if isinstance(name, str) and (name in DEEPSPEED.known or (name in TORCH.known and whole)):
            here = (*place, "scheduler") if entry is not section else place
            line = entry.entries["type"].line
            params = entry.entries.get("params", Setting({}, line))
            text = in_one_line(name, params.entries)
            read = partial(_read, tree, section, entry, here)
            yield Found(entry.line, "deepspeed", text, read)


def _is_config(section: Setting) -> bool:
    """Whether a mapping is a whole configuration of DeepSpeed."""
    return any(k in section.entries for k in ("zero_optimization", "train_batch_size")) or any(
        key.startswith("train_micro_batch") for key in section.entries
    )


def _read(tree: Setting, section: Setting, entry: Setting, place: Place, given: Given) -> Read:
    check_known("scheduler", entry, ("type", "params"))
    name, params = str(entry.get("type")), entry.entries.get("params", Setting({}, entry.line))
    if not isinstance(params.value, dict):
        raise GradatimError(f"{name}: params must be an object.")
    values, inner = References(tree, given), (*place, "params")

    def filled_in(key: str, value: Any) -> Any:
        return _filled_in(key, (*inner, key), given) if value == "auto" else value

    found = values.all(params.value, inner, filled_in)
    found = {key: value for key, value in found.items() if value is not None}
    peer = DEEPSPEED if name in DEEPSPEED.known else TORCH
    bound = peer.bind(name, (), found)
    return read_with_rate(
        lambda lr: peer.means(name, bound, lr, given.steps),
        given,
        lambda: _rate(values, section, place),
        peer.needs_rate(name) or found.get("warmup_max_lr") == given.lr,
    )


def _filled_in(key: str, place: Place, given: Given) -> Any:
    """What transformers writes in place of "auto", from the settings of its Trainer."""
    name = ".".join(place)
    if name in given.values:
        return given.value(name)
    if key == "warmup_min_lr":
        return 0.0
    if key == "warmup_max_lr" and given.lr is not None:
        return given.lr
    if key == "total_num_steps" and given.steps is not None:
        return given.steps
    raise Missing({name: 'is "auto", which transformers fills in'})


def _rate(values: References, section: Setting, place: Place) -> Any:
    """The rate of the optimizer beside the scheduler."""
    params = section.entries.get("optimizer", Setting(None, 1)).entries.get("params")
    written = params.entries.get("lr") if params else None
    if written is None:
        return None
    where = (*place[:-1], "optimizer", "params", "lr")
    value = values.value(written, where)
    return _filled_in("lr", where, values.given) if value == "auto" else value

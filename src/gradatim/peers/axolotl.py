"""Axolotl: settings of its own for the Trainer of transformers, with schedules of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from gradatim.core.combine import join
from gradatim.core.ramps import REX, Cosine, Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.peers.arguments import NonNegative, Positive, PositiveSteps, Steps
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.settings import Place, References, Section, Setting, sections
from gradatim.peers.settings.entries import in_one_line
from gradatim.peers.torch import TORCH
from gradatim.peers.transformers import TRANSFORMERS, TYPES
from gradatim.peers.transformers_trainer import read_trainer

_KNOWN = {
    "learning_rate": Positive,
    "max_steps": PositiveSteps,
    "warmup_steps": Steps,
    "warmup_ratio": NonNegative,
    "cosine_min_lr_ratio": NonNegative,
    "cosine_constant_lr_ratio": NonNegative,
    "lr_quadratic_warmup": bool,
}
_READ = {*_KNOWN, "lr_scheduler", "lr_scheduler_kwargs", "num_epochs", "log_learning_rate"}
_REFUSED = ("relora", "relora_steps", "jagged_restart_steps")
_GROUPS = ("lr_groups", "embedding_lr", "embedding_lr_scale", "loraplus_lr_ratio")
_BESIDE = {"relora_prune_ratio", "relora_prune_method", "relora_cpu_offload", "dion_lr"}
_BESIDE |= {"jagged_restart_warmup_steps", "jagged_restart_anneal_steps"}
_OF_A_SCHEDULE = re.compile(
    r"warmup|scheduler|max_steps|epochs|learning_rate|_lr|lr_|relora|jagged"
)
_OTHERS = re.compile(r"loraplus_lr_embedding|(eval|save|logging|num_train|unfrozen).*epochs")
_SHOWN = ("lr_scheduler", "learning_rate", "warmup_steps", "warmup_ratio", "max_steps")


@TRANSFORMERS.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each section with ``micro_batch_size`` and a ``learning_rate``."""
    for place, section in sections(tree):
        entries = section.entries
        if {"micro_batch_size", "learning_rate"} <= entries.keys():
            shown = {key: entries[key] for key in _SHOWN if key in entries}
            line, text = entries["learning_rate"].line, in_one_line("axolotl", shown)
            yield Found(line, "transformers", text, partial(_read, tree, section, place))


def _read(tree: Setting, section: Setting, place: Place, given: Given) -> Read:
    written = Section(References(tree, given), section, place)
    for key in _REFUSED:
        if written.get(key):
            raise GradatimError(f"axolotl: {key} begins again and again, which has no form here.")
    for key in written:
        known = {*_READ, *_REFUSED, *_GROUPS, *_BESIDE}
        if _OF_A_SCHEDULE.search(key) and key not in known and not _OTHERS.fullmatch(key):
            raise unknown_name("axolotl", "setting", key, known)
    found = _schedule(_Settings(written, given))
    said = [f"{key} gives some parameters another rate." for key in _GROUPS if written.get(key)]
    return found.saying(*said)


class _Settings:
    """The settings, each checked when it is looked up."""

    def __init__(self, written: Mapping[str, Any], given: Given) -> None:
        self.written, self.given = written, given

    def get(self, key: str, default: Any = None) -> Any:
        value = self.written.get(key)
        return default if value is None else check_argument("axolotl", key, _KNOWN[key], value)

    @property
    def lr(self) -> float:
        lr = self.get("learning_rate") if self.given.lr is None else self.given.lr
        if lr is None:
            raise GradatimError("axolotl: learning_rate is not set. Write --lr.")
        return float(lr)

    @property
    def steps(self) -> int:
        steps: int | None = self.given.steps or self.get("max_steps")
        if steps is None:
            raise GradatimError(
                "axolotl: max_steps is not set, and how many samples are packed into an update is "
                "not in the file. Write --steps, the updates of the run."
            )
        return steps

    @property
    def warmup(self) -> int:
        """Its length in updates; a share of the run is rounded down, and 1 becomes 2."""
        steps, ratio = self.get("warmup_steps"), self.get("warmup_ratio")
        if steps is None:
            steps = min(int(0.03 * self.steps), 100) if ratio is None else int(ratio * self.steps)
        return 2 if steps == 1 else int(steps)


def _schedule(of: _Settings) -> Read:
    kind = of.written.get("lr_scheduler") or "cosine"
    more = of.written.get("lr_scheduler_kwargs") or {}
    if not isinstance(kind, str):
        raise invalid_value("axolotl", "lr_scheduler", kind, "the name of a schedule")
    if not isinstance(more, Mapping):
        raise invalid_value("axolotl", "lr_scheduler_kwargs", more, "a mapping")
    floor = of.get("cosine_min_lr_ratio", 0.0)
    if kind == "one_cycle":
        share = {"pct_start": of.warmup / of.steps, "anneal_strategy": "cos"}
        arguments = {"max_lr": of.lr, "total_steps": of.steps, **share, **more}
        return TORCH.means("OneCycleLR", TORCH.bind("OneCycleLR", (), arguments), of.lr)
    if kind == "rex":
        down: Schedule = REX(of.lr, of.lr * floor, of.steps - of.warmup, 0.9)
        return Read({"lr": join(*_rise(of), down).shift(-1)})
    if kind == "cosine" and of.get("lr_quadratic_warmup", False):
        share_done = Linear(0.0, 1.0, of.warmup) if of.warmup else None
        up = [line * share_done for line in _rise(of) if share_done]
        return Read({"lr": join(*up, Cosine(of.lr, 0.0, of.steps - of.warmup))})
    if kind == "cosine" and floor:
        last = int(of.steps * of.get("cosine_constant_lr_ratio", 0.0)) or of.steps
        return Read({"lr": join(*_rise(of), Cosine(of.lr, of.lr * floor, last - of.warmup))})
    settings = {"lr_scheduler_type": kind, "lr_scheduler_kwargs": more, "learning_rate": of.lr}
    taken = TRANSFORMERS.parameters(TYPES[kind]) if kind in TYPES else {}
    if "num_warmup_steps" in taken:
        settings["warmup_steps"] = of.warmup
    if "num_training_steps" in taken:
        settings["max_steps"] = of.steps
    return read_trainer(settings, Given())


def _rise(of: _Settings) -> tuple[Schedule, ...]:
    return (Linear(0.0, of.lr, of.warmup),) if of.warmup else ()

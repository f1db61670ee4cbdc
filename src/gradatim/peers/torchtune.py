"""torchtune: the ``lr_scheduler`` of a recipe's YAML, and its absence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from gradatim.core.decays import Constant
from gradatim.errors import GradatimError
from gradatim.peers.arguments import Number, PositiveSteps, Steps
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.peer import Peer
from gradatim.peers.settings import References, Setting
from gradatim.peers.settings.entries import in_one_line, read_with_rate
from gradatim.peers.transformers import TRANSFORMERS

TORCHTUNE = Peer("torchtune")
COSINE = "get_cosine_schedule_with_warmup"
NONE = "no lr_scheduler"
_PATHS = {f"torchtune.{where}.{COSINE}" for where in ("training.lr_schedulers", "modules")}
_HEAD = "_component_"


@TORCHTUNE.scheduler(COSINE)
def cosine(
    num_warmup_steps: Steps,
    num_training_steps: PositiveSteps | None = None,
    num_cycles: Number = 0.5,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Read:
    """The function of this name in transformers, over all updates of the run."""
    total = num_training_steps or steps
    if total is None:
        raise GradatimError(
            "the length of the run is not known. Write --steps, the updates of the run."
        )
    given = {
        "num_warmup_steps": num_warmup_steps,
        "num_training_steps": total,
        "num_cycles": num_cycles,
    }
    return TRANSFORMERS.means(COSINE, given, lr)


@TORCHTUNE.scheduler(NONE)
def constant(*, lr: Number) -> Read:
    """Without a scheduler the rate of the optimizer stays."""
    return Read({"lr": Constant(lr)})


@TORCHTUNE.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """The scheduler of a recipe, whole or in part: some component of it is torchtune's."""
    names = ("optimizer", "lr_scheduler", "model", "tokenizer", "dataset")
    parts = [tree.entries.get(name, Setting(None, 1)) for name in names]
    if not any(_component(part).startswith("torchtune.") for part in parts):
        return
    optimizer, entry, *_ = parts
    if _component(entry):
        text = in_one_line(_component(entry).rpartition(".")[2], entry.entries)
        yield Found(entry.line, "torchtune", text, partial(_read, tree, entry, optimizer))
    elif _component(optimizer) and entry.value is None:
        read = partial(_read, tree, entry, optimizer)
        yield Found(optimizer.line, "torchtune", NONE, read)


def _component(setting: Setting) -> str:
    found = setting.get(_HEAD)
    return found if isinstance(found, str) else ""


def _read(tree: Setting, entry: Setting, optimizer: Setting, given: Given) -> Read:
    path, values = _component(entry), References(tree, given)
    if path and path not in _PATHS:
        raise GradatimError(f"line {entry.line}: {path} is not read. Known: {min(_PATHS)}.")
    name = COSINE if path else NONE
    written: Mapping[str, Setting] = {k: v for k, v in entry.entries.items() if k != _HEAD}
    bound = TORCHTUNE.bind(name, (), values.all(written, ("lr_scheduler",)))

    def rate() -> Any:
        lr = optimizer.entries.get("lr")
        return None if lr is None else values.value(lr, ("optimizer", "lr"))

    def means(lr: float | None) -> Read:
        return TORCHTUNE.means(name, bound, lr, given.steps)

    return read_with_rate(means, given, rate, True)

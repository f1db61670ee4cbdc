"""NeMo: where its settings have a policy, and how long the run is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gradatim.errors import GradatimError
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.nemo import NEMO
from gradatim.peers.settings import Place, References, Section, Setting, sections
from gradatim.peers.settings.entries import in_one_line, read_with_rate
from gradatim.peers.torch import TORCH

_BESIDE = {"name", "monitor", "reduce_on_plateau", "t_max_epochs", "t_accumulate_grad_batches"}
_BESIDE |= {"t_limit_train_batches", "t_num_workers", "iters_per_batch", "args", "max_steps"}


@NEMO.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each ``sched`` with the name of a policy, in the section of the optimizer."""
    for place, section in sections(tree):
        entry = section.entries.get("sched", Setting(None, 1))
        name = entry.get("name")
        if isinstance(name, str) and (name in NEMO.known or name in TORCH.known):
            shown = {key: e for key, e in entry.entries.items() if key not in _BESIDE}
            text = in_one_line(name, shown)
            yield Found(entry.line, "nemo", text, partial(_read, tree, section, place))


def _read(tree: Setting, section: Setting, place: Place, given: Given) -> Read:
    values = References(tree, given)
    policy = Section(values, section.entries["sched"], (*place, "sched"))
    name = str(policy["name"])
    peer, said = (NEMO if name in NEMO.known else TORCH), ""
    nested = policy.get("args")
    arguments = dict(nested.get("params", {})) if isinstance(nested, dict) else {}
    arguments |= {key: policy[key] for key in policy if key not in _BESIDE}
    if "max_steps" in peer.parameters(name):
        written = _steps(values, policy)
        arguments["max_steps"] = written if given.steps is None else given.steps
        if None not in (written, given.steps) and written != given.steps:
            said = f"The file has max_steps={written}, and this is for {given.steps} updates."
        if arguments["max_steps"] is None:
            _check_not_needed(name, arguments)
    bound = peer.bind(name, (), arguments)
    found = read_with_rate(
        lambda lr: peer.means(name, bound, lr, given.steps),
        given,
        lambda: _rate(values, section, place),
        peer.needs_rate(name),
    )
    return found.saying(said)


def _rate(values: References, section: Setting, place: Place) -> Any:
    rate = section.entries.get("lr")
    return None if rate is None else values.value(rate, (*place, "lr"))


def _steps(values: References, policy: Section) -> int | None:
    """The updates of the run: those of the policy, or else those of the trainer."""
    trainer = values.root.entries.get("trainer", Setting(None, 1))
    steps = policy.get("max_steps")
    if steps in (None, -1) and "max_steps" in trainer.entries:
        try:
            steps = values.value(trainer.entries["max_steps"], ("trainer", "max_steps"))
        except Missing:
            if values.given.steps is None:
                raise
    return steps if isinstance(steps, int) and steps != -1 else None


def _check_not_needed(name: str, arguments: dict[str, Any]) -> None:
    if name != "NoamAnnealing" or arguments.get("warmup_ratio") is not None:
        raise GradatimError("max_steps is not in the file. Write --steps, the updates of the run.")

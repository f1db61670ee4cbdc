"""The projects that schedules are written for and read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gradatim.core.schedule import Schedule
from gradatim.errors import invalid_value, unknown_name
from gradatim.peers import (  # noqa: F401
    axolotl,
    composer_settings,
    deepspeed_settings,
    megatron_commands,
    nemo_settings,
    speechbrain_recipes,
    timm_commands,
    torch_objects,
    transformers_code,
    transformers_commands,
    transformers_objects,
    transformers_settings,
)
from gradatim.peers.accelerate import ACCELERATE
from gradatim.peers.composer import COMPOSER
from gradatim.peers.deepspeed import DEEPSPEED
from gradatim.peers.dictionaries import find_in_dictionaries
from gradatim.peers.fairseq import FAIRSEQ
from gradatim.peers.found import Read
from gradatim.peers.functions.find import PYTHON
from gradatim.peers.ignite import IGNITE
from gradatim.peers.keras import KERAS
from gradatim.peers.megatron import MEGATRON
from gradatim.peers.mmengine import MMENGINE
from gradatim.peers.nanogpt import NANOGPT
from gradatim.peers.nemo import NEMO
from gradatim.peers.objects import readable
from gradatim.peers.optax import OPTAX
from gradatim.peers.peer import Peer
from gradatim.peers.speechbrain import SPEECHBRAIN
from gradatim.peers.stages import Written
from gradatim.peers.targets import find_targets
from gradatim.peers.timm import TIMM
from gradatim.peers.torch import TORCH
from gradatim.peers.torchtitan import TORCHTITAN
from gradatim.peers.torchtune import TORCHTUNE
from gradatim.peers.transformers import TRANSFORMERS

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        TORCH,
        TRANSFORMERS,
        KERAS,
        OPTAX,
        TIMM,
        SPEECHBRAIN,
        DEEPSPEED,
        MEGATRON,
        COMPOSER,
        IGNITE,
        ACCELERATE,
        MMENGINE,
        NEMO,
        FAIRSEQ,
        NANOGPT,
        TORCHTITAN,
        TORCHTUNE,
        PYTHON,
    )
}
TARGETS = tuple(name for name, peer in PEERS.items() if peer.write)
"""The names of the projects that schedules are written for."""
readable(*PEERS.values())
for _peer in PEERS.values():
    _peer.finds_in_settings(partial(find_targets, _peer))
    _peer.finds_in_code(partial(find_in_dictionaries, _peer))


def convert(schedule: Schedule, target: str, steps: int) -> Written:
    """A schedule as code or settings of another project, and what differs there.

    Args:
        schedule: The schedule.
        target: One of ``TARGETS``, such as "torch" or "deepspeed".
        steps: The updates of the run, for projects that want to know.

    Raises:
        GradatimError: If the project has no words for this schedule.

    >>> from gradatim import warmup_cosine
    >>> print(convert(warmup_cosine(peak=1e-3, warmup=100, steps=1000), "megatron", 1000).code)
    --lr 0.001 \\
    --min-lr 0.0 \\
    --lr-warmup-init 0.0 \\
    --lr-warmup-iters 100 \\
    --lr-decay-style cosine \\
    --lr-decay-iters 1000
    """
    if not isinstance(schedule, Schedule):
        raise invalid_value("convert", "schedule", schedule, "a schedule")
    write = PEERS[target].write if target in TARGETS else None
    if write is None:
        raise unknown_name("convert", "project", target, TARGETS)
    return write(schedule, steps)


def read_call(source: str, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Read:
    """What a scheduler of another project means, by its name and its arguments.

    Args:
        source: The name of the project.
        name: The name of the scheduler there.
        given: The arguments without names.
        named: The arguments with names.

    Raises:
        GradatimError: If it is not known, or its arguments are not those it takes.
    """
    peer = PEERS[source]
    return peer.means(name, peer.bind(name, given, named), None)

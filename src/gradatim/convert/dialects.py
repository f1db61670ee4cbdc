"""The projects that schedules are written for and read from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gradatim.convert import (
    calls,
    composer,
    deepspeed,
    megatron,
    python,
    speechbrain,
    timm,
    transformers,
)
from gradatim.convert.stages import Read, Written
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule


class Dialect(NamedTuple):
    """How a project's schedules are written and read."""

    write: Callable[[Schedule, int], Written]
    read: Callable[[str, float | None, int | None], Read]


_DIALECTS = {
    "torch": Dialect(python.to_torch, calls.read_torch),
    "transformers": Dialect(transformers.write, transformers.read),
    "keras": Dialect(python.to_keras, calls.read_keras),
    "optax": Dialect(python.to_optax, calls.read_optax),
    "timm": Dialect(timm.write, timm.read),
    "speechbrain": Dialect(speechbrain.write, speechbrain.read),
    "deepspeed": Dialect(deepspeed.write, deepspeed.read),
    "megatron": Dialect(megatron.write, megatron.read),
    "composer": Dialect(composer.write, composer.read),
}
TARGETS = tuple(_DIALECTS)
"""The names of the projects."""


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
        raise refuse("convert", "schedule", schedule, "a schedule")
    return _dialect(target).write(schedule, steps)


def read(text: str, source: str, *, lr: float | None = None, steps: int | None = None) -> Read:
    """The schedule that code or settings of another project mean. Nothing in them is run.

    Args:
        text: Code that ends with one call, one entry of a configuration, or the arguments of a
            command.
        source: One of ``TARGETS``.
        lr: The rate of the optimizer, for projects whose schedules multiply it.
        steps: The updates of the run, where the text counts in shares of it.

    Raises:
        GradatimError: If the text is not one that is known, or leaves something out.

    >>> read("get_linear_schedule_with_warmup(optimizer, 5, 50)", "transformers", lr=0.1).schedule
    Linear(start=0.0, end=0.1, steps=5) >> Linear(start=0.1, end=0.0, steps=45)
    """
    try:
        return _dialect(source).read(text, lr, steps)
    except KeyError as error:
        raise GradatimError(f"convert: {error.args[0]} is missing.") from None
    except GradatimError:
        raise
    except (TypeError, ValueError, ArithmeticError) as error:
        raise GradatimError(f"convert: an argument has a wrong type: {error}.") from None


def _dialect(name: str) -> Dialect:
    if name not in _DIALECTS:
        raise unknown("convert", "project", name, _DIALECTS)
    return _DIALECTS[name]

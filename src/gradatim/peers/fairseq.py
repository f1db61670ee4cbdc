"""fairseq: the schedulers of ``fairseq-train``, by its flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from math import ceil
from typing import Any

from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Exponential, Linear, Polynomial
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import NonNegative, Number, Positive, PositiveSteps, Steps
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.peer import Peer, signature
from gradatim.peers.shell.command import Command
from gradatim.peers.shell.flags import Flags

# The names of its schedulers are words such as "cosine": with a space in them they are no calls of
# Python code.
FAIRSEQ = Peer("fairseq")
_MOST_CYCLES = 1_000


@FAIRSEQ.scheduler("fairseq inverse_sqrt")
def inverse_sqrt(
    lr: Number, warmup_updates: PositiveSteps = 4000, warmup_init_lr: Number = -1.0
) -> Schedule:
    """A line up, and an inverse square root whose scale is that line."""
    start = max(warmup_init_lr, 0.0)
    return Linear(start, lr, warmup_updates) >> InverseSqrtDecay(lr, warmup_updates)


@FAIRSEQ.scheduler("fairseq polynomial_decay")
def polynomial_decay(
    lr: Number,
    warmup_updates: Steps = 0,
    end_learning_rate: Number = 0.0,
    power: Positive = 1.0,
    total_num_update: PositiveSteps | None = None,
    max_update: PositiveSteps | None = None,
    *,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up from 0, and a power of what is left."""
    total = total_num_update or _length(max_update, steps)
    if total <= warmup_updates:
        raise GradatimError("the warm-up takes the whole run: nothing is left for the decay.")
    left = total - warmup_updates
    fall = (
        Linear(lr, end_learning_rate, left)
        if power == 1.0
        else Polynomial(lr, end_learning_rate, left, power)
    )
    return join(*_line(0.0, lr, warmup_updates), fall)


@FAIRSEQ.scheduler("fairseq cosine")
def cosine(
    lr: Number,
    warmup_updates: Steps = 0,
    warmup_init_lr: Number = -1.0,
    min_lr: NonNegative = 0.0,
    max_lr: Number | None = None,
    t_mult: Positive = 1.0,
    lr_period_updates: Number = -1.0,
    lr_shrink: Positive = 0.1,
    max_update: PositiveSteps | None = None,
    *,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up, and cosines that each end at and begin from ``lr_shrink`` of the one before."""
    if max_lr is not None:  # of older versions, where lr is the lowest rate
        lr, min_lr = max_lr, lr
    floor = min(min_lr, lr)
    up = _line(floor if warmup_init_lr < 0 else warmup_init_lr, lr, warmup_updates)
    if lr_period_updates <= 0:
        return join(*up, Cosine(lr, floor, _length(max_update, steps) - warmup_updates))
    period = int(lr_period_updates)
    if period != lr_period_updates or t_mult != int(t_mult):
        raise GradatimError("lr_period_updates and t_mult must be whole numbers here.")
    left, cycles = _length(max_update, steps) - warmup_updates, list[Schedule]()
    while left > 0:
        if len(cycles) == _MOST_CYCLES:
            raise GradatimError(f"the run has more than {_MOST_CYCLES} periods.")
        share = lr_shrink ** len(cycles)
        cycles.append(Cosine(lr * share, floor * share, period))
        left, period = left - period, period * int(t_mult)
    return join(*up, *cycles)


@FAIRSEQ.scheduler("fairseq tri_stage")
def tri_stage(
    lr: Number,
    warmup_steps: Steps = 0,
    hold_steps: Steps = 0,
    decay_steps: Steps = 0,
    phase_ratio: Any = None,
    init_lr_scale: NonNegative = 0.01,
    final_lr_scale: Positive = 0.01,
    max_update: PositiveSteps | None = None,
    *,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up, a hold and an exponential."""
    if phase_ratio is not None:
        total = _length(max_update, steps)
        warmup_steps, hold_steps, decay_steps = (int(total * share) for share in phase_ratio)
    if decay_steps == 0:
        raise GradatimError("tri_stage: write --decay-steps or --phase-ratio.")
    hold = (Constant(lr, hold_steps),) if hold_steps else ()
    fall = Exponential(lr, lr * final_lr_scale, decay_steps)
    return join(*_line(init_lr_scale * lr, lr, warmup_steps), *hold, fall)


@FAIRSEQ.scheduler("fairseq fixed")
def fixed(lr: Number, warmup_updates: Steps = 0) -> Schedule:
    """A line up of which the first update is one step up already, and its end."""
    if warmup_updates < 2:
        return Constant(lr)
    return Linear(0.0, lr, warmup_updates).shift(-1) >> Constant(lr)


for _kind in ("triangular", "manual", "step", "pass_through"):
    FAIRSEQ.refuses("it is not read. Write the schedule that it means.", f"fairseq {_kind}")
FAIRSEQ.refuses(
    "it follows a metric. Write a constant rate and the rule Plateau(...), which scales it.",
    "fairseq reduce_lr_on_plateau",
)


def _line(start: float, end: float, steps: int) -> tuple[Schedule, ...]:
    return (Linear(start, end, steps),) if steps else ()


def _length(max_update: int | None, steps: int | None) -> int:
    total = max_update or steps
    if total is None:
        raise GradatimError("write --max-update, or --steps of gradatim convert.")
    return ceil(total)


_NAMES = {name for meaning in FAIRSEQ.meanings.values() for name in signature(meaning)}
_FLAGS = {name.replace("_", "-"): name for name in _NAMES | {"lr_scheduler", "force_anneal"}}
_OWN = {"--arch", "-a", "--criterion", "--max-tokens", "--max-update", "--warmup-updates"}


@FAIRSEQ.finds_in_commands
def find(command: Command) -> Iterator[Found]:
    """The schedule of a command of fairseq."""
    named = command.program == "fairseq-train"
    if (named and "--lr" in command.flags) or (
        "--lr-scheduler" in command.flags and _OWN & command.flags
    ):
        yield Found(command.line, "fairseq", command.text(), partial(_read, command))


def _read(command: Command, given: Given) -> Read:
    command = command.given(given)
    flags = Flags(command, _FLAGS, given=given)
    kind = flags.text("lr-scheduler") if "lr-scheduler" in flags else "fixed"
    taken = signature(FAIRSEQ.meaning(f"fairseq {kind}"))
    if "force-anneal" in flags:
        raise GradatimError(f"line {flags['force-anneal'].line}: --force-anneal is not read here.")
    names = [name for name in flags if _FLAGS[name] in taken]
    flags.require(names)
    arguments: dict[str, Any] = {}
    for name in names:
        whole = name in ("lr", "phase-ratio")
        arguments[_FLAGS[name]] = _numbers(flags, name) if whole else flags.number(name)
    rates = arguments.get("lr", [0.25])  # the default of fairseq
    if len(rates) != 1:
        line = flags["lr"].line
        raise GradatimError(f"line {line}: --lr has a rate for each epoch, which is not read here.")
    arguments["lr"] = rates[0]
    read = FAIRSEQ.means(f"fairseq {kind}", arguments, None, given.steps)
    return read.saying(*flags.said, *command.notes)


def _numbers(flags: Flags, name: str) -> list[float]:
    """The values of a flag that is a list: 0.1, "[0.1]", "(0.1,0.4,0.5)" or "0.1,0.05"."""
    parts = re.split(r"[\s,]+", " ".join(flags.texts(name)).strip(" [](){}"))
    try:
        return [float(part) for part in parts if part]
    except ValueError:
        raise GradatimError(f"line {flags[name].line}: --{name} is no list of numbers.") from None

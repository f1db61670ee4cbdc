"""Megatron-LM: the arguments of its training scripts."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import Any, Literal

from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Exponential, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import NonNegative, Number, Positive, PositiveSteps, rounded
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer, signature
from gradatim.peers.phases import Phase, Shape, phases
from gradatim.peers.stages import Written, no_form, plain

MEGATRON = Peer("megatron")
Style = Literal["constant", "linear", "cosine", "inverse-square-root", "WSD"]
Cooldown = Literal["exponential", "linear", "cosine", "minus_sqrt"]

_SHAPES: dict[type[Schedule], str] = {
    Linear: "linear",
    Cosine: "cosine",
    OneMinusSqrt: "minus_sqrt",
}


@MEGATRON.writes
def write(schedule: Schedule, steps: int) -> Written:
    """Arguments of Megatron-LM's training scripts."""
    instead = "Write one of warmup_cosine, warmup_linear, wsd, warmup_inverse_sqrt."
    found = plain("Megatron", schedule, instead)
    curve = found.curve
    known = Linear | Cosine | OneMinusSqrt | InverseSqrtDecay
    if curve is not None and not isinstance(curve, known):
        raise no_form("Megatron", schedule, instead)
    if not max(found.start, getattr(curve, "end", 0.0)) <= found.peak or (
        getattr(curve, "end", 0.0) < 0.0
    ):
        raise no_form("Megatron", schedule, "--lr is the highest rate there, and none is below 0.")
    flags = {
        "lr": found.peak,
        "min-lr": getattr(curve, "end", 0.0),
        "lr-warmup-init": found.start,
        "lr-warmup-iters": found.warmup,
    }
    total = found.before + ((curve and curve.length) or 0)
    if curve is None:
        flags |= {"lr-decay-style": "constant"}
    elif isinstance(curve, InverseSqrtDecay):
        if curve.scale != found.warmup or found.hold:
            raise no_form("Megatron", schedule, "Its scale is the length of the warm-up.")
        flags |= {"lr-decay-style": "inverse-square-root", "lr-decay-iters": steps}
    elif found.hold or isinstance(curve, OneMinusSqrt):
        flags |= {
            "lr-decay-style": "WSD",
            "lr-decay-iters": total,
            "lr-wsd-decay-style": _SHAPES[type(curve)],
            "lr-wsd-decay-iters": curve.length,
        }
    else:
        style = "cosine" if isinstance(curve, Cosine) else "linear"
        flags |= {"lr-decay-style": style, "lr-decay-iters": total}
    said = ["With --train-samples, write the -samples forms: the lengths times the batch size."]
    if isinstance(curve, InverseSqrtDecay):
        said.append(f"After update {steps} it jumps to --min-lr there.")
    return Written(" \\\n".join(f"--{key} {value}" for key, value in flags.items()), tuple(said))


@MEGATRON.scheduler("Megatron")
def schedule_of(
    lr: Number,
    min_lr: Number = 0.0,
    lr_warmup_init: Number = 0.0,
    lr_decay_style: Style = "linear",
    lr_decay_iters: NonNegative | None = None,
    lr_decay_samples: NonNegative | None = None,
    train_iters: NonNegative | None = None,
    train_samples: NonNegative | None = None,
    lr_warmup_fraction: NonNegative | None = None,
    lr_warmup_iters: NonNegative | None = None,
    lr_warmup_samples: NonNegative | None = None,
    lr_wsd_decay_style: Cooldown = "exponential",
    lr_wsd_decay_iters: NonNegative | None = None,
    lr_wsd_decay_samples: NonNegative | None = None,
    global_batch_size: Positive | None = None,
    rampup_batch_size: Any = None,
    *,
    steps: PositiveSteps | None = None,
) -> Read:
    """What the flags of these names mean; lengths in samples need not be whole batches."""
    if rampup_batch_size is not None:
        raise GradatimError(
            "--rampup-batch-size makes updates of different sizes, and Megatron's schedule counts "
            "samples. Leave it out, read the schedule, and drive it by Run(clock='samples')."
        )

    def length(iters: float | None, samples: float | None, flag: str) -> float | None:
        if samples is None:
            return iters
        if iters is not None:
            raise GradatimError(f"--{flag}-iters and --{flag}-samples exclude each other.")
        if global_batch_size is None:
            raise GradatimError(f"with --{flag}-samples, write --global-batch-size too.")
        return samples / global_batch_size

    train = length(train_iters, train_samples, "train")
    total = length(lr_decay_iters, lr_decay_samples, "lr-decay") or train or steps or 0
    if lr_decay_style != "constant" and total <= 0:
        raise GradatimError("write --lr-decay-iters or --train-iters.")
    up = length(lr_warmup_iters, lr_warmup_samples, "lr-warmup") or 0.0
    if lr_warmup_fraction is not None:
        if up:
            raise GradatimError("--lr-warmup-fraction excludes the other forms of a warm-up.")
        up = lr_warmup_fraction * total
    down = length(lr_wsd_decay_iters, lr_wsd_decay_samples, "lr-wsd-decay") or 0.0
    rise = (Phase(up, lr_warmup_init, lr),) if up else ()
    if lr_decay_style == "constant":
        return Read({"lr": join(phases(*rise), Constant(lr)) if up else Constant(lr)})
    if lr_decay_style == "inverse-square-root":
        return _inverse_sqrt(lr, min_lr, lr_warmup_init, rounded(up), total)
    if total <= up:
        raise GradatimError("the warm-up takes the whole run: nothing is left for the decay.")
    if lr_decay_style != "WSD":
        shape: Shape = "linear" if lr_decay_style == "linear" else "cosine"
        return Read({"lr": phases(*rise, Phase(total, lr, min_lr, shape))})
    if not 0 < down <= total - up:
        raise GradatimError("--lr-wsd-decay-iters must be above 0 and fit behind the warm-up.")
    hold = (Phase(total - down, lr, lr),) if total - down > up else ()
    if lr_wsd_decay_style != "exponential":
        shape = _WSD[lr_wsd_decay_style]
        return Read({"lr": phases(*rise, *hold, Phase(total, lr, min_lr, shape))})
    before, end = rounded(total - down), rounded(total)
    if not (isinstance(before, int) and isinstance(end, int)):
        raise GradatimError("an exponential cooldown that begins between two updates has no form.")
    # The height halves twice over: once in the curve, once below 0.
    height = lr - min_lr
    fall = Exponential(2.0 * height, height, end - before) + (min_lr - height)
    return Read({"lr": join(phases(*rise, *hold), fall) if rise or hold else fall})


def _inverse_sqrt(lr: float, floor: float, start: float, up: Any, total: float) -> Read:
    if not up:
        raise GradatimError(
            "inverse-square-root without a warm-up counts samples there, not updates. Write "
            "--lr-warmup-iters."
        )
    if not isinstance(up, int):
        raise GradatimError(f"inverse-square-root takes a whole warm-up here, and it has {up:g}.")
    tail = (Linear(start, lr, up) >> InverseSqrtDecay(lr, up)).clip(low=floor)
    return Read({"lr": tail}, differences=(f"After update {total:g} it jumps to --min-lr there.",))


_WSD: dict[str, Shape] = {"linear": "linear", "cosine": "cosine", "minus_sqrt": "1-sqrt"}
_FLAGS = {name.replace("_", "-"): name for name in signature(schedule_of)}
_TEXTS = ("lr-decay-style", "lr-wsd-decay-style", "rampup-batch-size")
_SAID = {
    "decoupled-lr": "The rate of the embedding and output layers is another there.",
    "weight-decay-incr-style": "The weight decay follows a schedule of its own there.",
    "override-opt_param-scheduler": "What a checkpoint says of the schedule is overridden there.",
    "use-checkpoint-opt_param-scheduler": "What a checkpoint says of the schedule counts there.",
}


@MEGATRON.reads_text
def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of Megatron-LM arguments; what is not about the rate may stand among them."""
    lines = (re.sub(r"(^|\s)#.*$", "", line) for line in text.split("\n"))
    try:
        words = shlex.split(" ".join(line.rstrip().removesuffix("\\") for line in lines))
    except ValueError as error:
        raise GradatimError(f"not a command line: {error}.") from None
    given: dict[str, Any] = {}
    said: list[str] = []
    for word, following in pairwise([*words, ""]):
        written, equals, value = word.partition("=")
        if not written.startswith("--"):
            continue
        if written[2:] in _SAID:
            said.append(_SAID[written[2:]])
        flag = _flag(written[2:])
        if flag is not None:
            given[_FLAGS[flag]] = _value(flag, value if equals else following)
    if "lr" not in given:
        raise GradatimError("Megatron's arguments do not say --lr.")
    found = MEGATRON.means("Megatron", given, None, steps)
    return Read(found.values, found.rule, (*found.differences, *said))


def _flag(written: str) -> str | None:
    """The flag that is meant: by its name, or by the beginning of it, as argparse takes them."""
    if written in _FLAGS:
        return written
    if written == "warmup":
        raise GradatimError("--warmup is refused by Megatron itself: write --lr-warmup-fraction.")
    found = [flag for flag in _FLAGS if flag.startswith(written)]
    if len(found) > 1:
        raise GradatimError(f"--{written} could be {' or '.join(f'--{flag}' for flag in found)}.")
    if not found and re.match(r"(min-)?lr\b|warmup|rampup", written):
        raise unknown_name("Megatron", "flag", f"--{written}", [f"--{flag}" for flag in _FLAGS])
    return found[0] if found else None


def _value(flag: str, written: str) -> Any:
    if flag in _TEXTS:
        return written
    try:
        return float(written)
    except ValueError:
        raise GradatimError(f"--{flag} is no number: {written[:60]!r}.") from None

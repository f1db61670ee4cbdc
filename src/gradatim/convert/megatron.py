"""Megatron-LM: the arguments of its training scripts."""

from __future__ import annotations

import shlex
from itertools import pairwise

from gradatim.convert.stages import (
    Read,
    Written,
    no_form,
    plain,
)
from gradatim.core.decays import InverseSqrtDecay
from gradatim.core.errors import GradatimError, unknown
from gradatim.core.ramps import Cosine, Exponential, Linear, OneMinusSqrt
from gradatim.core.recipes import (
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    wsd,
)
from gradatim.core.schedule import Schedule

_MEGATRON_WSD: dict[type[Schedule], str] = {
    Linear: "linear", Cosine: "cosine", OneMinusSqrt: "minus_sqrt",
}  # fmt: skip


def write(schedule: Schedule, steps: int) -> Written:
    """Arguments of Megatron-LM's training scripts."""
    instead = "Write one of warmup_cosine, warmup_linear, wsd, warmup_inverse_sqrt."
    found = plain("Megatron", schedule, instead)
    curve = found.curve
    if isinstance(curve, Exponential) or (curve and not isinstance(
        curve, Linear | Cosine | OneMinusSqrt | InverseSqrtDecay)):  # fmt: skip
        raise no_form("Megatron", schedule, instead)
    flags = {"lr": found.peak, "min-lr": getattr(curve, "end", 0.0), "lr-warmup-init": found.start,
             "lr-warmup-iters": found.warmup}  # fmt: skip
    total = found.before + ((curve and curve.length) or 0)
    if curve is None:
        flags |= {"lr-decay-style": "constant"}
    elif isinstance(curve, InverseSqrtDecay):
        if curve.scale != found.warmup or found.hold:
            raise no_form("Megatron", schedule, "Its scale is the length of the warm-up.")
        flags |= {"lr-decay-style": "inverse-square-root", "lr-decay-iters": steps}
    elif found.hold or isinstance(curve, OneMinusSqrt):
        flags |= {
            "lr-decay-style": "WSD", "lr-decay-iters": total,
            "lr-wsd-decay-style": _MEGATRON_WSD[type(curve)], "lr-wsd-decay-iters": curve.length,
        }  # fmt: skip
    else:
        style = "cosine" if isinstance(curve, Cosine) else "linear"
        flags |= {"lr-decay-style": style, "lr-decay-iters": total}
    said = ["With --train-samples, write the -samples forms: the lengths times the batch size."]
    if isinstance(curve, InverseSqrtDecay):
        said.append(f"After update {steps} it jumps to --min-lr there.")
    return Written(" \\\n".join(f"--{key} {value}" for key, value in flags.items()), tuple(said))


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of Megatron-LM arguments."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise GradatimError(f"convert: not a command line: {error}.") from None
    flags = {}
    for word, value in pairwise(words):
        if word.startswith("--"):
            flags[word[2:]] = value

    def real(name: str, default: float = 0.0) -> float:
        try:
            return float(flags.get(name, default))
        except ValueError:
            raise GradatimError(f"convert: --{name} is no number: {flags[name]!r}.") from None

    peak, floor, start = real("lr"), real("min-lr"), real("lr-warmup-init")
    up, style = int(real("lr-warmup-iters")), flags.get("lr-decay-style", "linear")
    total = int(real("lr-decay-iters", real("train-iters", steps or 0)))
    if "lr" not in flags:
        raise GradatimError("convert: Megatron's arguments do not say --lr.")
    if style == "constant":
        return Read(warmup_constant(peak, up, start))
    if total <= 0:
        raise GradatimError("convert: write --lr-decay-iters or --train-iters.")
    if style == "inverse-square-root":
        tail = warmup_inverse_sqrt(peak, max(up, 1), start).clip(low=floor)
        return Read(tail, (f"After update {total} it jumps to --min-lr there.",))
    if style == "WSD":
        shapes = {"linear": "linear", "cosine": "cosine", "minus_sqrt": "1-sqrt"}
        shape = flags.get("lr-wsd-decay-style", "exponential")
        if shape not in shapes:
            raise unknown("convert: Megatron", "--lr-wsd-decay-style", shape, shapes)
        down = int(real("lr-wsd-decay-iters"))
        return Read(wsd(peak, total, up, down, shapes[shape], start, floor))  # type: ignore[arg-type]
    styles = {"linear": warmup_linear, "cosine": warmup_cosine}
    if style not in styles:
        raise unknown("convert: Megatron", "--lr-decay-style", style, styles)
    return Read(styles[style](peak, total, up, start, floor=floor))

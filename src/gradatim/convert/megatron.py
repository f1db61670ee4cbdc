"""Megatron-LM: the arguments of its training scripts."""

from __future__ import annotations

import shlex
from itertools import pairwise
from typing import Any

from gradatim.convert.stages import Read, Written, no_form, plain
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Cosine, Exponential, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule

_MEGATRON_WSD: dict[type[Schedule], str] = {
    Linear: "linear",
    Cosine: "cosine",
    OneMinusSqrt: "minus_sqrt",
}


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
            "lr-wsd-decay-style": _MEGATRON_WSD[type(curve)],
            "lr-wsd-decay-iters": curve.length,
        }
    else:
        style = "cosine" if isinstance(curve, Cosine) else "linear"
        flags |= {"lr-decay-style": style, "lr-decay-iters": total}
    said = ["With --train-samples, write the -samples forms: the lengths times the batch size."]
    if isinstance(curve, InverseSqrtDecay):
        said.append(f"After update {steps} it jumps to --min-lr there.")
    return Written(" \\\n".join(f"--{key} {value}" for key, value in flags.items()), tuple(said))


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of Megatron-LM arguments; what is not about the rate may stand among them."""
    flags = _Flags(text)
    if "lr" not in flags.given:
        raise GradatimError("convert: Megatron's arguments do not say --lr.")
    peak, floor, start = (flags.real(name) for name in ("lr", "min-lr", "lr-warmup-init"))
    style = flags.given.get("lr-decay-style", "linear")
    total = flags.updates("lr-decay") or flags.updates("train") or steps or 0
    if style != "constant" and total <= 0:
        raise GradatimError("convert: write --lr-decay-iters or --train-iters.")
    up = flags.updates("lr-warmup") or 0
    said: tuple[str, ...] = ()
    if "lr-warmup-fraction" in flags.given:
        share = flags.real("lr-warmup-fraction") * total
        up = round(share)
        if abs(up - share) > 1e-9 * up:
            said = (f"The warm-up there is {share:g} updates long.",)
    rise = (Linear(start, peak, up),) if up else ()
    if style == "constant":
        return Read(join(*rise, Constant(peak)), said)
    if style == "inverse-square-root":
        if not up:
            raise GradatimError(
                "convert: inverse-square-root without a warm-up counts samples there, not updates. "
                "Write --lr-warmup-iters."
            )
        tail = join(*rise, InverseSqrtDecay(peak, up)).clip(low=floor)
        return Read(tail, (*said, f"After update {total} it jumps to --min-lr there."))
    if style in ("linear", "cosine"):
        fall = (Linear if style == "linear" else Cosine)(peak, floor, total - up)
        return Read(join(*rise, fall), said)
    if style != "WSD":
        raise unknown("convert: Megatron", "--lr-decay-style", style, _STYLES)
    down = flags.updates("lr-wsd-decay") or 0
    hold = (Constant(peak, total - down - up),) if total - down > up else ()
    return Read(join(*rise, *hold, _cooldown(flags, peak, floor, down)), said)


_STYLES = ("constant", "linear", "cosine", "inverse-square-root", "WSD")


def _cooldown(flags: _Flags, peak: float, floor: float, down: int) -> Schedule:
    style = flags.given.get("lr-wsd-decay-style", "exponential")
    if style == "exponential":  # the height halves twice over: once in the curve, once below 0
        height = peak - floor
        return Exponential(2.0 * height, height, down) + (floor - height)
    shapes = {name: shape for shape, name in _MEGATRON_WSD.items()}
    if style not in shapes:
        known = ("exponential", *shapes)
        raise unknown("convert: Megatron", "--lr-wsd-decay-style", style, known)
    make: Any = shapes[style]
    curve: Schedule = make(peak, floor, down)
    return curve


class _Flags:
    """The arguments of a command line, with lengths in updates."""

    def __init__(self, text: str) -> None:
        try:
            words = shlex.split(text.replace("\\\n", " "))
        except ValueError as error:
            raise GradatimError(f"convert: not a command line: {error}.") from None
        self.given: dict[str, str] = {}
        for word, following in pairwise([*words, ""]):
            name, equals, value = word.partition("=")
            if name.startswith("--"):
                self.given[name[2:]] = value if equals else following

    def real(self, name: str) -> float:
        try:
            return float(self.given.get(name, 0.0))
        except ValueError:
            raise GradatimError(
                f"convert: --{name} is no number: {self.given[name][:60]!r}."
            ) from None

    def updates(self, name: str) -> int | None:
        """The length that --NAME-iters or --NAME-samples says, or None."""
        samples = f"{name}-samples"
        if samples not in self.given:
            return int(self.real(f"{name}-iters")) if f"{name}-iters" in self.given else None
        batch, length = self.real("global-batch-size"), self.real(samples)
        if batch < 1:
            raise GradatimError(f"convert: with --{samples}, write --global-batch-size too.")
        if length % batch:
            raise refuse(
                "convert", f"--{samples}", int(length), f"a whole number of batches of {batch:g}"
            )
        return int(length / batch)

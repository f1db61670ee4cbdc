"""Megatron-LM and Megatron-DeepSpeed: the arguments of their training scripts."""

from __future__ import annotations

from math import floor
from typing import Any, Literal, NamedTuple

from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import NonNegative, Number, Positive, PositiveSteps, rounded
from gradatim.peers.batches import grows_to
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer
from gradatim.peers.phases import Phase, Shape, phases
from gradatim.peers.stages import Written, no_form, plain

MEGATRON = Peer("megatron")
Style = Literal["constant", "linear", "cosine", "inverse-square-root", "WSD"]
Growth = Literal["constant", "linear", "cosine"]
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
    min_lr: NonNegative = 0.0,
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
    lr_decay_tokens: Positive | None = None,
    lr_warmup_tokens: Positive | None = None,
    seq_length: Positive | None = None,
    weight_decay_incr_style: Growth = "constant",
    start_weight_decay: NonNegative | None = None,
    end_weight_decay: NonNegative | None = None,
    *,
    steps: PositiveSteps | None = None,
) -> Read:
    """What the flags of these names mean; lengths in samples need not be whole batches."""
    if min_lr > lr:
        raise invalid_value("Megatron", "--min-lr", min_lr, f"at most --lr, {lr!r}")
    batches = grows_to(global_batch_size, rampup_batch_size)

    def length(flag: str, iters: float | None, samples: float | None) -> float | None:
        """A length in units of the schedule: samples if the batch grows, else updates."""
        if samples is None:
            if iters and len(batches) > 1:
                raise GradatimError(
                    f"Megatron takes --rampup-batch-size with lengths in samples alone: write "
                    f"--{flag}-samples in place of --{flag}-iters."
                )
            return iters
        if iters:
            raise GradatimError(f"--{flag}-iters and --{flag}-samples exclude each other.")
        return samples if len(batches) > 1 else samples / _batch(global_batch_size, flag)

    def tokens(flag: str, count: float) -> float:
        if seq_length is None:
            raise GradatimError(f"with --{flag}-tokens, write --seq-length too.")
        return length(flag, None, count / seq_length) or 0.0

    train = length("train", train_iters, train_samples)
    total = length("lr-decay", lr_decay_iters, lr_decay_samples) or train or steps or 0
    up = length("lr-warmup", lr_warmup_iters, lr_warmup_samples) or 0.0
    late = lr_decay_tokens is not None or lr_warmup_tokens is not None
    if lr_decay_tokens is not None:
        total = tokens("lr-decay", lr_decay_tokens)
    if lr_decay_style != "constant" and total <= 0:
        raise GradatimError(
            "the length of the run is not known. Write --train-iters, or --steps of gradatim "
            "convert."
        )
    if lr_warmup_tokens is not None:
        up = tokens("lr-warmup", lr_warmup_tokens)
    elif lr_warmup_fraction is not None:
        if up:
            raise GradatimError("--lr-warmup-fraction excludes the other forms of a warm-up.")
        up = lr_warmup_fraction * total
    if late and lr_warmup_tokens is None:
        # The warm-up counts updates; the decay counts tokens, from an update earlier.
        if len(batches) > 1 or not isinstance(rounded(up), int) or not up:
            raise GradatimError(
                "--lr-decay-tokens without --lr-warmup-tokens is read for a warm-up of whole "
                "updates of a fixed batch."
            )
        total, late = total + 1, False
    elif late and lr_decay_tokens is None and lr_decay_style != "constant":
        raise GradatimError("--lr-warmup-tokens needs --lr-decay-tokens.")
    down = length("lr-wsd-decay", lr_wsd_decay_iters, lr_wsd_decay_samples) or 0.0
    rise = (Phase(up, lr_warmup_init, lr),) if up else ()
    values: dict[str, Schedule] = {}
    said: tuple[str, ...] = ()
    if lr_decay_style == "constant":
        growing = batches.play(*rise, Phase(up + 1, lr, lr)) if len(batches) > 1 else None
        values["lr"] = growing or (join(phases(*rise), Constant(lr)) if up else Constant(lr))
    elif lr_decay_style == "inverse-square-root":
        if len(batches) > 1 or late:
            raise GradatimError("inverse-square-root has no form here if batches or tokens grow.")
        first = _Root(lr, min_lr, lr_warmup_init, up, global_batch_size)
        values["lr"], said = _cut_short(first.schedule(), min_lr, total, train)
    elif total <= up:
        raise GradatimError("the warm-up takes the whole run: nothing is left for the decay.")
    elif lr_decay_style == "WSD":
        if not 0 < down <= total - up:
            raise GradatimError("--lr-wsd-decay-iters must be above 0 and fit behind the warm-up.")
        hold = (Phase(total - down, lr, lr),) if total - down > up else ()
        fall = Phase(total, lr, min_lr, _COOLDOWNS[lr_wsd_decay_style])
        values["lr"] = batches.play(*rise, *hold, fall)
    else:
        shape: Shape = "linear" if lr_decay_style == "linear" else "cosine"
        values["lr"] = batches.play(*rise, Phase(total, lr, min_lr, shape))
    if late:
        values["lr"] = join(Constant(float(values["lr"](0)), 1), values["lr"])
        said = (_LATE,)
    if weight_decay_incr_style != "constant":
        if start_weight_decay is None or end_weight_decay is None or not train:
            raise GradatimError(
                "a growing weight decay needs --start-weight-decay, --end-weight-decay and "
                "--train-iters or --train-samples."
            )
        growth = Phase(train, start_weight_decay, end_weight_decay, weight_decay_incr_style)
        values["weight_decay"] = batches.play(growth)
    return Read(values, differences=(*batches.said, *said))


class _Root(NamedTuple):
    """A warm-up and an inverse square root, whose scale is the warm-up."""

    lr: float
    floor: float
    start: float
    up: float
    batch: float | None

    def schedule(self) -> Schedule:
        up = rounded(self.up)
        if not up:  # Megatron's scale is one sample then
            peak = self.lr / _batch(self.batch, "lr-decay-style inverse-square-root") ** 0.5
            return join(Constant(self.lr, 1), self.above(InverseSqrtDecay(peak, 1)))
        if isinstance(up, int):
            return join(Linear(self.start, self.lr, up), self.above(InverseSqrtDecay(self.lr, up)))
        first = floor(up) + 1
        after = InverseSqrtDecay(self.lr * (up / first) ** 0.5, first)
        return join(phases(Phase(up, self.start, self.lr)).cut(first), self.above(after))

    def above(self, curve: Schedule) -> Schedule:
        return curve.clip(low=self.floor) if self.floor else curve


def _cut_short(
    curve: Schedule, floor_: float, total: float, train: float | None
) -> tuple[Schedule, tuple[str, ...]]:
    """After ``total`` updates the rate is the lowest, if the run goes on."""
    if train is not None and total < train:
        return join(curve.cut(floor(total) + 1), Constant(floor_)), ()
    return curve, (f"After update {total:g} it jumps to --min-lr there.",)


def _batch(size: float | None, flag: str) -> float:
    if size is None:
        raise GradatimError(
            f"--{flag} counts samples: write --global-batch-size, or --set global-batch-size=N."
        )
    return size


_COOLDOWNS: dict[str, Shape] = {
    "exponential": "halving",
    "linear": "linear",
    "cosine": "cosine",
    "minus_sqrt": "1-sqrt",
}
_LATE = (
    "Megatron-DeepSpeed counts the tokens of an update after the next rate is set, so that the "
    "schedule begins an update late; this one does too."
)

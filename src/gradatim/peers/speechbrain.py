"""SpeechBrain: entries of a recipe, ``!new:speechbrain.nnet.schedulers.NoamScheduler``."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Any, Literal

from gradatim.core.closed_forms import CosineWave, GeometricDecay, Noam, Triangle
from gradatim.core.combine import Join, join
from gradatim.core.decays import Constant, ExponentialDecay, InverseSqrtDecay, PowerDecay, Table
from gradatim.core.ramps import Exponential, Linear
from gradatim.core.recipes import tri_stage, warm_cool_decay, warmup_inverse_sqrt, warmup_linear
from gradatim.core.rules import NewBob, Plateau
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import (
    DecayFactor,
    Entries,
    Ignored,
    NonNegative,
    Number,
    Positive,
    PositiveSteps,
    Steps,
)
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer
from gradatim.peers.stages import Written, no_form, stages

SPEECHBRAIN = Peer("speechbrain")


@SPEECHBRAIN.scheduler("NoamScheduler")
def noam(lr_initial: Number, n_warmup_steps: Steps, model_size: Positive | None = None) -> Read:
    """A line up, and one over the square root of the step."""
    if model_size is not None:
        return _read(lr_initial * Noam(max(n_warmup_steps, 1), model_size))
    return _read(warmup_inverse_sqrt(lr_initial, warmup=max(n_warmup_steps, 1)))


@SPEECHBRAIN.scheduler("LinearNoamScheduler")
def linear_noam(lr_initial: Number, n_warmup_steps: Steps, n_keep_steps: Steps) -> Read:
    """A line up, the peak for a while, and one over the step."""
    up = (Linear(0.0, lr_initial, n_warmup_steps),) if n_warmup_steps else ()
    hold = (Constant(lr_initial, n_keep_steps),) if n_keep_steps else ()
    return _read(join(*up, *hold, PowerDecay(lr_initial, 1.0, max(n_warmup_steps, 1))))


@SPEECHBRAIN.scheduler("LinearWarmupScheduler")
def linear_warmup(
    initial_value: Number, num_warmup_steps: Steps, num_training_steps: PositiveSteps
) -> Read:
    """A line up and a line down."""
    return _read(warmup_linear(initial_value, steps=num_training_steps, warmup=num_warmup_steps))


@SPEECHBRAIN.scheduler("TriStageLRSchedule")
def tri_stage_lr(
    lr: Number,
    warmup_steps: Steps,
    hold_steps: Steps,
    decay_steps: PositiveSteps,
    total_steps: PositiveSteps,
    init_lr_scale: Number = 0.01,
    final_lr_scale: Number = 0.05,
) -> Read:
    """A line up, the peak for a while, and an exponential down."""
    schedule = tri_stage(
        lr,
        warmup=warmup_steps,
        hold=hold_steps,
        cooldown=decay_steps,
        start=lr * init_lr_scale,
        floor=lr * final_lr_scale,
    )
    return _read(schedule)


@SPEECHBRAIN.scheduler("WarmCoolDecayLRSchedule")
def warm_cool_decay_lr(
    lr: Number,
    warmup: PositiveSteps,
    cooldown: PositiveSteps,
    total_steps: PositiveSteps,
    decay_factor: Number = 0.75,
    decay_every: PositiveSteps = 100000,
) -> Read:
    """A line up, a slow exponential decay, and a line down."""
    said = (_OWN_LR, _JUMPS)
    if warmup + cooldown >= total_steps:  # nothing is left between the two
        down = Linear(lr, 0.0, total_steps - warmup) if total_steps > warmup else Constant(0.0)
        return Read({"lr": Linear(0.0, lr, warmup) >> down}, differences=said)
    schedule = warm_cool_decay(
        lr,
        steps=total_steps,
        warmup=warmup,
        cooldown=cooldown,
        factor=decay_factor,
        every=decay_every,
    )
    return Read({"lr": schedule}, differences=said)


@SPEECHBRAIN.scheduler("NewBobScheduler")
def new_bob(
    initial_value: Number,
    annealing_factor: Number = 0.5,
    improvement_threshold: Number = 0.0025,
    patient: Steps = 0,
) -> Read:
    """A constant rate, and the rule that lowers it when the metric improves too little."""
    rule = NewBob(
        mode="min",
        nan="ignore",
        factor=annealing_factor,
        threshold=improvement_threshold,
        patience=patient,
    )
    return Read({"lr": Constant(initial_value)}, rule)


@SPEECHBRAIN.scheduler("NoamIntervalScheduler")
def noam_interval(
    lr_initial: Number,
    n_warmup_steps: Steps,
    anneal_steps: Entries,
    anneal_rates: Entries,
    model_size: Positive | None = None,
) -> Read:
    """The same, multiplied by a further factor after each of some steps."""
    if len(anneal_steps) != len(anneal_rates):
        raise GradatimError("anneal_steps and anneal_rates must be lists of the same length.")
    curve: Schedule = Noam(max(n_warmup_steps, 1), model_size)
    for step, rate in zip(anneal_steps, anneal_rates, strict=True):
        curve = curve * Table(((0, 1.0), (step + 1, rate)), "hold")
    return _read(lr_initial * curve)


@SPEECHBRAIN.scheduler("WarmAndExpDecayLRSchedule")
def warm_and_exp(
    lr: Number, n_warmup_steps: Steps, total_steps: PositiveSteps, decay_factor: Positive = 0.1
) -> Read:
    """A line up, and an exponential without end; the first call writes the value of step 0."""
    up = (Linear(0.0, lr, n_warmup_steps),) if n_warmup_steps else ()
    left = total_steps - n_warmup_steps
    decays = decay_factor < 1.0 and left > 0
    decay = GeometricDecay(lr, decay_factor, left) if decays else Constant(lr)
    return _read(join(*up, decay).shift(1))


@SPEECHBRAIN.scheduler("InverseSquareRootScheduler")
def inverse_square_root(warmup_steps: Steps) -> Read:
    """One over the square root of the step, whatever the rate of the optimizer is."""
    first = max(warmup_steps, 1)
    return _read(InverseSqrtDecay(1.0, 1).shift(1 - first).shift(first))


@SPEECHBRAIN.scheduler("CyclicCosineScheduler")
def cyclic_cosine(
    n_warmup_steps: Steps, lr_initial: Number | None = None, total_steps: Positive = 100000
) -> Read:
    """A cosine wave, whose peak is after the warm-up."""
    if lr_initial is None:
        raise GradatimError(
            "without lr_initial each rate is a multiple of the last one, which has no form here. "
            "Write lr_initial."
        )
    return _read(lr_initial * CosineWave(total_steps, n_warmup_steps))


@SPEECHBRAIN.scheduler("CyclicLRScheduler")
def cyclic_lr(
    base_lr: Number = 0.001,
    max_lr: Number = 0.006,
    step_size: Positive = 2000.0,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: DecayFactor = 1.0,
    scale_fn: Any = None,
    scale_mode: Ignored = "cycle",
) -> Read:
    """A triangle wave between two rates."""
    if scale_fn is not None:
        raise GradatimError("its scale_fn is code. Write a mode in its place.")
    wave = Triangle(base_lr, max_lr, step_size)
    if mode == "triangular2":
        wave = wave.replace(factor=GeometricDecay(1.0, 0.5, wave.period, stairs=True))
    elif mode == "exp_range":
        wave = wave.replace(factor=GeometricDecay(1.0, gamma, 1.0))
    return Read({"lr": wave}, differences=(_BEFORE,))


@SPEECHBRAIN.scheduler("IntervalScheduler")
def interval(intervals: Entries, *, lr: Number) -> Read:
    """The rate of the optimizer, and others from given steps on."""
    points: list[tuple[int, float]] = [(0, lr)]
    for entry in intervals:
        if not isinstance(entry, Mapping) or entry.keys() != {"steps", "lr"}:
            allowed = "a list of entries with steps and lr"
            raise invalid_value("IntervalScheduler", "intervals", entry, allowed)
        if entry["steps"] > 0:  # one that is listed late comes an update after the one before it
            points.append((max(entry["steps"], points[-1][0] + 1), entry["lr"]))
    return _read(Table(tuple(points), "hold"))


@SPEECHBRAIN.scheduler("LinearScheduler")
def linear(initial_value: Number, final_value: Number, epoch_count: PositiveSteps) -> Read:
    """A line over the epochs, whose last one is at its end."""
    if epoch_count == 1:
        return _read(Constant(initial_value), _EPOCHS)
    return _read(Linear(initial_value, final_value, epoch_count - 1), _EPOCHS)


@SPEECHBRAIN.scheduler("StepScheduler")
def step(
    initial_value: Number,
    decay_factor: Positive | None = None,
    decay_drop: Positive | None = None,
    half_life: Positive | None = None,
) -> Read:
    """A factor for each so many epochs; the first drop comes one epoch earlier."""
    if half_life is not None:
        if decay_factor is not None or decay_drop is not None:
            raise GradatimError("half_life excludes decay_factor and decay_drop.")
        decay_factor, decay_drop = exp(-log(2.0) / half_life), 1.0
    drops = GeometricDecay(initial_value, decay_factor or 0.5, decay_drop or 2.0, stairs=True)
    return _read(drops.shift(-1), _EPOCHS)


@SPEECHBRAIN.scheduler("ReduceLROnPlateau")
def reduce_lr_on_plateau(
    lr_min: NonNegative = 1e-8,
    factor: DecayFactor = 0.5,
    patience: Steps = 2,
    dont_halve_until_epoch: Steps = 65,
    *,
    lr: Number,
) -> Read:
    """A constant rate, and the rule that lowers it when the loss stops falling."""
    rule = Plateau(
        mode="min",
        nan="worse",
        factor=factor,
        patience=patience,
        threshold=0.0,
        floor=lr_min / lr,
        ties=True,
    )
    said = (
        f"Up to epoch {dont_halve_until_epoch} the rate stays there. Show the rule the loss of "
        "that epoch and of those after it, and none before."
    )
    return Read({"lr": Constant(lr)}, rule, (said,) if dont_halve_until_epoch > 1 else ())


def _read(schedule: Schedule, epochs: str = "") -> Read:
    return Read({"lr": schedule}, differences=(_OWN_LR,), epochs=epochs)


_OWN_LR = "The first update runs at the optimizer's own lr there."
_JUMPS = (
    "SpeechBrain's own class jumps where the cooldown begins and goes below 0 at the end; the "
    "class of gradatim.speechbrain does not."
)
_EPOCHS = "It is called once an epoch."
_BEFORE = "SpeechBrain's recipes call it before each update, and so they are one batch ahead."
SPEECHBRAIN.refuses("it switches between losses, and drives no rate.", "ScheduledLoss")


_FIRST = (
    "SpeechBrain calls the scheduler after an update, so the first update runs at the optimizer's "
    "own lr: make it with lr={!r}, the first rate."
)
_INSTEAD = "Drive the optimizer with gradatim.torch.Scheduler instead."


@SPEECHBRAIN.writes
def write(schedule: Schedule, steps: int) -> Written:
    """The entry of a recipe that stands for the schedule."""
    found = stages(schedule)
    said = [_FIRST.format(float(schedule(0)))]
    cool = _warm_cool(schedule)
    if cool:
        said.append(_JUMPS)
        return Written(_entry("WarmCoolDecayLRSchedule", cool), tuple(said))
    if found is None or found.warmup == 0:
        raise no_form("SpeechBrain", schedule, _INSTEAD)
    curve, up = found.curve, found.warmup
    if isinstance(curve, InverseSqrtDecay) and curve.scale == up and not found.hold:
        if found.early:
            said = [
                "Its rates come one update later there, after a first one at the optimizer's "
                "own lr."
            ]
        if found.start == 0.0:
            entry = {"lr_initial": found.peak, "n_warmup_steps": up}
            return Written(_entry("NoamScheduler", entry), tuple(said))
    if found.early:
        raise no_form("SpeechBrain", schedule, _INSTEAD)
    if isinstance(curve, Exponential):
        said.append("The decay goes on falling after its end there; here the last value holds.")
        entry = {
            "lr": found.peak,
            "warmup_steps": up,
            "hold_steps": found.hold,
            "decay_steps": curve.steps,
            "total_steps": found.before + curve.steps,
            "init_lr_scale": found.start / found.peak,
            "final_lr_scale": curve.end / found.peak,
        }
        return Written(_entry("TriStageLRSchedule", entry), tuple(said))
    if isinstance(curve, Linear) and curve.end == found.start == 0.0 and not found.hold:
        entry = {
            "initial_value": found.peak,
            "num_warmup_steps": up,
            "num_training_steps": up + curve.steps,
        }
        return Written(_entry("LinearWarmupScheduler", entry), tuple(said))
    raise no_form("SpeechBrain", schedule, _INSTEAD)


def _warm_cool(schedule: Schedule) -> dict[str, Any] | None:
    pieces = schedule.pieces if isinstance(schedule, Join) else ()
    if len(pieces) != 3:
        return None
    up, middle, down = pieces
    decay = getattr(middle, "schedule", None)
    if not (
        isinstance(up, Linear)
        and isinstance(decay, ExponentialDecay)
        and isinstance(down, Linear)
        and up.start == down.end == 0.0
    ):
        return None
    return {
        "lr": up.end,
        "warmup": up.steps,
        "cooldown": down.steps,
        "total_steps": schedule.length,
        "decay_factor": decay.factor,
        "decay_every": decay.every,
    }


def _entry(name: str, arguments: dict[str, Any]) -> str:
    lines = (f"    {key}: {value!r}" for key, value in arguments.items())
    return "\n".join([f"lr_annealing: !new:speechbrain.nnet.schedulers.{name}", *lines, ""])

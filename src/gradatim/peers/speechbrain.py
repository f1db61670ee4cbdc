"""SpeechBrain: entries of a recipe, ``!new:speechbrain.nnet.schedulers.NoamScheduler``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradatim.core.closed_forms import Noam
from gradatim.core.combine import Join, join
from gradatim.core.decays import Constant, ExponentialDecay, InverseSqrtDecay, PowerDecay
from gradatim.core.ramps import Exponential, Linear
from gradatim.core.recipes import tri_stage, warm_cool_decay, warmup_inverse_sqrt, warmup_linear
from gradatim.core.rules import NewBob
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import (
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
    schedule = warm_cool_decay(
        lr,
        steps=total_steps,
        warmup=warmup,
        cooldown=cooldown,
        factor=decay_factor,
        every=decay_every,
    )
    return _read(schedule)


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


def _read(schedule: Schedule) -> Read:
    return Read({"lr": schedule}, differences=(_OWN_LR,))


_OWN_LR = "The first update runs at the optimizer's own lr there."
_EPOCHS = (
    "it counts epochs or follows its own state, and has no form here. gradatim.speechbrain has a "
    "class of the same name with the same rates."
)
SPEECHBRAIN.refuses(
    _EPOCHS,
    "LinearScheduler",
    "StepScheduler",
    "NoamIntervalScheduler",
    "CyclicCosineScheduler",
    "ReduceLROnPlateau",
    "CyclicLRScheduler",
    "IntervalScheduler",
    "InverseSquareRootScheduler",
    "WarmAndExpDecayLRSchedule",
    "ScheduledLoss",
)


@SPEECHBRAIN.reads_text
def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of one entry of a recipe: a ``!new:`` line and ``key: value`` lines under it."""
    name, lines = "", []
    for number, line in enumerate(text[:10_000].split("\n"), 1):
        line = line.partition(" #")[0].strip()
        if "!new:" in line:
            if name:
                raise GradatimError(f"line {number}: a second entry. Read one at a time.")
            name = line.split(".")[-1]
        elif line and not line.startswith("#"):
            lines.append((number, line))
    SPEECHBRAIN.meaning(name)
    return SPEECHBRAIN.means(name, _arguments(name, lines), None)


def _arguments(name: str, lines: Sequence[tuple[int, str]]) -> dict[str, Any]:
    from gradatim.plans.tree import scalar_of

    found: dict[str, Any] = {}
    for number, line in lines:
        key, _, written = (part.strip() for part in line.partition(":"))
        if "!" in written or "<" in written:
            raise GradatimError(f"line {number}: {key} refers to something else. Write its number.")
        if key in found:
            raise GradatimError(f"line {number}: {key} is there twice.")
        found[key] = scalar_of(written, number)
    return SPEECHBRAIN.bind(name, (), found)


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
        said.append(
            "SpeechBrain's own class jumps where the cooldown begins and goes below 0 at "
            "the end; the class of gradatim.speechbrain does not."
        )
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

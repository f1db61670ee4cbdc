"""SpeechBrain: entries of a recipe, ``!new:speechbrain.nnet.schedulers.NoamScheduler``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradatim.convert.stages import Read, Written, no_form, stages
from gradatim.core.combine import Join
from gradatim.core.decays import ExponentialDecay, InverseSqrtDecay
from gradatim.core.errors import GradatimError, unknown
from gradatim.core.ramps import Exponential, Linear
from gradatim.core.recipes import tri_stage, warm_cool_decay, warmup_inverse_sqrt, warmup_linear
from gradatim.core.schedule import Schedule

_FIRST = (
    "SpeechBrain calls the scheduler after an update, so the first update runs at the optimizer's "
    "own lr: make it with lr={!r}, the first rate."
)
_INSTEAD = "Drive the optimizer with gradatim.torch.Scheduler instead."


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


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of one entry of a recipe: a ``!new:`` line and ``key: value`` lines under it."""
    from gradatim.plans.tree import plain

    name = ""
    a: dict[str, Any] = {}
    for number, line in enumerate(text[:10_000].split("\n"), 1):
        line = line.partition(" #")[0].strip()
        if "!new:" in line:
            name = line.split(".")[-1]
        elif line and not line.startswith("#"):
            key, _, written = line.partition(":")
            if "!" in written or "<" in written:
                raise GradatimError(
                    f"convert: line {number}: {key} refers to something else. Write its number."
                )
            a[key.strip()] = plain(written.strip(), number)
    forms: dict[str, Callable[[], Schedule]] = {
        "NoamScheduler": lambda: warmup_inverse_sqrt(a["lr_initial"], warmup=a["n_warmup_steps"]),
        "LinearWarmupScheduler": lambda: warmup_linear(
            a["initial_value"], steps=a["num_training_steps"], warmup=a["num_warmup_steps"]
        ),
        "TriStageLRSchedule": lambda: tri_stage(
            a["lr"],
            warmup=a["warmup_steps"],
            hold=a["hold_steps"],
            cooldown=a["decay_steps"],
            start=a["lr"] * a.get("init_lr_scale", 0.01),
            floor=a["lr"] * a.get("final_lr_scale", 0.05),
        ),
        "WarmCoolDecayLRSchedule": lambda: warm_cool_decay(
            a["lr"],
            steps=a["total_steps"],
            warmup=a["warmup"],
            cooldown=a["cooldown"],
            factor=a.get("decay_factor", 0.75),
            every=a.get("decay_every", 100_000),
        ),
    }
    if name not in forms:
        raise unknown("convert: SpeechBrain", "schedule", name, forms)
    return Read(forms[name](), ("The first update runs at the optimizer's own lr there.",))

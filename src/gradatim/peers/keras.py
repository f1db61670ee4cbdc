"""Keras: the schedules of ``keras.optimizers.schedules``, and ``ReduceLROnPlateau``."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from gradatim.core.combine import Join, Sum
from gradatim.core.decays import Constant, ExponentialDecay, InverseTimeDecay, Table
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import cosine_restarts, piecewise_constant
from gradatim.core.reshape import Repeat, Staircase
from gradatim.core.rules import Plateau
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.peers.arguments import (
    DecayFactor,
    Ignored,
    NonNegative,
    Number,
    PositiveSteps,
    Steps,
    rounded,
)
from gradatim.peers.found import Read
from gradatim.peers.functions.reading import Formulas, read_functions
from gradatim.peers.peer import Call, Peer
from gradatim.peers.source import KERAS as SPELLING
from gradatim.peers.source import function
from gradatim.peers.stages import Written, call, stages

KERAS = Peer("keras")


@KERAS.scheduler("CosineDecay")
def cosine_decay(
    initial_learning_rate: Number,
    decay_steps: PositiveSteps,
    alpha: Number = 0.0,
    name: Ignored = "CosineDecay",
    warmup_target: Number | None = None,
    warmup_steps: Steps = 0,
) -> Schedule:
    """A cosine; after a line up, if that has a target."""
    if warmup_target is None:  # then Keras has no warm-up, whatever warmup_steps says
        return Cosine(initial_learning_rate, alpha * initial_learning_rate, decay_steps)
    fall = Cosine(warmup_target, alpha * warmup_target, decay_steps)
    if warmup_steps == 0:
        return fall
    return Linear(initial_learning_rate, warmup_target, warmup_steps) >> fall


@KERAS.scheduler("LearningRateScheduler")
def learning_rate_scheduler(
    schedule: Formulas,
    verbose: Ignored = 0,
    *,
    lr: Number | None = None,
    steps: PositiveSteps | None = None,
) -> Read:
    """A function of the epoch, or of the epoch and the rate before it."""
    read = read_functions(schedule, "rate", lr, steps)
    return replace(read, epochs="Keras calls it once an epoch.")


@KERAS.scheduler("CosineDecayRestarts")
def cosine_decay_restarts(
    initial_learning_rate: Number,
    first_decay_steps: PositiveSteps,
    t_mul: Number = 2.0,
    m_mul: Number = 1.0,
    alpha: Number = 0.0,
    name: Ignored = "SGDRDecay",
) -> Schedule:
    """Cosines that begin again, longer and lower."""
    stretch = rounded(t_mul)
    if not isinstance(stretch, int):
        why = (
            "Cycles of a fraction of an update have no equal here: write cosine_restarts(...) with "
            "stretch=1 or 2."
        )
        raise invalid_value("CosineDecayRestarts", "t_mul", t_mul, "a whole number", why)
    if not 0 < m_mul <= 1:
        why = "Each restart is that share of the one before."
        raise invalid_value("CosineDecayRestarts", "m_mul", m_mul, "above 0 and at most 1", why)
    return cosine_restarts(
        initial_learning_rate,
        cycle=first_decay_steps,
        stretch=stretch,
        factor=m_mul,
        floor=alpha * initial_learning_rate,
    )


@KERAS.scheduler("ExponentialDecay")
def exponential_decay(
    initial_learning_rate: Number,
    decay_steps: PositiveSteps,
    decay_rate: DecayFactor,
    staircase: bool = False,
    name: Ignored = "ExponentialDecay",
) -> Schedule:
    """The rate times ``decay_rate`` every ``decay_steps``."""
    curve = ExponentialDecay(initial_learning_rate, decay_rate, decay_steps)
    return curve.staircase(decay_steps) if staircase else curve


@KERAS.scheduler("InverseTimeDecay")
def inverse_time_decay(
    initial_learning_rate: Number,
    decay_steps: PositiveSteps,
    decay_rate: Number,
    staircase: bool = False,
    name: Ignored = "InverseTimeDecay",
) -> Schedule:
    """The rate over 1 plus ``decay_rate`` times the step in ``decay_steps``."""
    curve = InverseTimeDecay(initial_learning_rate, decay_rate, decay_steps)
    return curve.staircase(decay_steps) if staircase else curve


@KERAS.scheduler("PiecewiseConstantDecay")
def piecewise_constant_decay(
    boundaries: Sequence[Steps], values: Sequence[Number], name: Ignored = "PiecewiseConstant"
) -> Schedule:
    """Levels. The old value is kept at the boundary itself, so each begins an update later."""
    return piecewise_constant(tuple(values), boundaries=tuple(step + 1 for step in boundaries))


@KERAS.scheduler("PolynomialDecay")
def polynomial_decay(
    initial_learning_rate: Number,
    decay_steps: PositiveSteps,
    end_learning_rate: Number = 0.0001,
    power: Number = 1.0,
    cycle: bool = False,
    name: Ignored = "PolynomialDecay",
) -> Schedule:
    """A power of what is left; a line, if that is 1."""
    if cycle:
        why = (
            "Its cycles grow without end, which no schedule here does. Write "
            "Polynomial(...).repeat() for cycles of one length, or join as many as the run has."
        )
        raise invalid_value("PolynomialDecay", "cycle", True, "False", why)
    if power == 1.0:
        return Linear(initial_learning_rate, end_learning_rate, decay_steps)
    return Polynomial(initial_learning_rate, end_learning_rate, decay_steps, power)


@KERAS.scheduler("ReduceLROnPlateau")
def reduce_lr_on_plateau(
    monitor: str = "val_loss",
    factor: Number = 0.1,
    patience: Steps = 10,
    verbose: Ignored = 0,
    mode: Literal["auto", "min", "max"] = "auto",
    min_delta: Number = 0.0001,
    cooldown: Steps = 0,
    min_lr: NonNegative = 0.0,
    *,
    lr: Number | None = None,
) -> Read:
    """The rule that lowers at the same epochs.

    Keras' patience p lowers at the p-th epoch without improvement, which is one more than here;
    its cooldown, too, is one more than the epochs that do not count. Its threshold is an amount.
    """
    if mode == "auto" and monitor.removeprefix("val_") != "loss":
        allowed = f"'min' or 'max' where it monitors {monitor!r}"
        raise invalid_value("ReduceLROnPlateau", "mode", mode, allowed)
    if min_lr and lr is None:
        why = (
            "It bounds the rate, and floor the scale: leave it out and write "
            "from_keras(...).replace(floor=min_lr / rate); or give gradatim convert the rate, --lr."
        )
        raise invalid_value("ReduceLROnPlateau", "min_lr", min_lr, "0", why)
    rule = Plateau(
        mode="max" if mode == "max" else "min",
        nan="worse",
        factor=factor,
        patience=max(patience - 1, 0),
        threshold=abs(min_delta),
        relative=False,
        cooldown=max(cooldown - 1, 0),
        floor=min_lr / lr if lr else 0.0,
    )
    return Read({} if lr is None else {"lr": Constant(lr)}, rule)


@KERAS.reads_object(*KERAS.meanings.keys() - {"ReduceLROnPlateau"})
def keras_object(schedule: Any, group: int) -> Call:
    """A schedule says its arguments itself."""
    name = next(k.__name__ for k in type(schedule).__mro__ if k.__name__ in KERAS.meanings)
    return Call(KERAS, name, KERAS.bind(name, (), schedule.get_config()))


def read_config(config: Mapping[str, Any]) -> Read:
    """What ``keras.optimizers.schedules.serialize`` makes of a schedule.

    Raises:
        GradatimError: If it is not that, or not of a schedule that is known.
    """
    name, found = str(config.get("class_name")), config.get("config")
    KERAS.meaning(name)
    if not isinstance(found, Mapping):
        raise GradatimError(f"the config of {name} must be a mapping, got {shown(found)}.")
    return KERAS.means(name, KERAS.bind(name, (), found), None)


def arguments_of(schedule: Schedule) -> tuple[str, dict[str, Any]] | None:
    """The schedule of Keras that has the values of a schedule: its class and its arguments."""
    match schedule:
        case Constant(value=value, steps=None):
            return _polynomial(value, value, 1)
        case Linear(start=start, end=end, steps=steps):
            return _polynomial(start, end, steps)
        case Polynomial(start=start, end=end, steps=steps, power=power):
            return _polynomial(start, end, steps, power=power)
        case Cosine(start=start, end=end, steps=steps) if start != 0.0:
            return _cosine(start, steps, end / start)
        case Join(pieces=(Linear() as rise, Cosine() as fall)) if rise.end == fall.start != 0.0:
            alpha = fall.end / fall.start
            warm = {"warmup_target": rise.end, "warmup_steps": rise.steps}
            return _cosine(rise.start, fall.steps, alpha, **warm)
        case Table(points=((_, first), *rest), between="hold") if rest:
            edges, values = [step - 1 for step, _ in rest], [first, *(value for _, value in rest)]
            return "PiecewiseConstantDecay", {"boundaries": edges, "values": values}
        case Staircase(schedule=ExponentialDecay() | InverseTimeDecay() as curve, every=every):
            return _unbounded(curve, staircase=True) if every == curve.every else None
        case ExponentialDecay() | InverseTimeDecay():
            return _unbounded(schedule, staircase=False)
        case Repeat(times=None):
            return _waves(schedule, 0.0)
        case Sum(terms=(Repeat(times=None) as waves, Constant(value=floor, steps=None))):
            return _waves(waves, floor)
    return None


def _polynomial(start: float, end: float, steps: int, **more: float) -> tuple[str, dict[str, Any]]:
    found = {"initial_learning_rate": start, "decay_steps": steps, "end_learning_rate": end}
    return "PolynomialDecay", found | more


def _cosine(start: float, steps: int, alpha: float, **more: float) -> tuple[str, dict[str, Any]]:
    found = {"initial_learning_rate": start, "decay_steps": steps, "alpha": alpha}
    return "CosineDecay", found | more


def _unbounded(
    curve: ExponentialDecay | InverseTimeDecay, staircase: bool
) -> tuple[str, dict[str, Any]]:
    rate = curve.factor if isinstance(curve, ExponentialDecay) else curve.rate
    found = {
        "initial_learning_rate": curve.start,
        "decay_steps": curve.every,
        "decay_rate": rate,
        "staircase": staircase,
    }
    return type(curve).__name__, found


def _waves(waves: Repeat, floor: float) -> tuple[str, dict[str, Any]] | None:
    wave = waves.schedule
    # Keras shrinks the height above its floor; a floor that shrinks along is nothing it can say.
    if not isinstance(wave, Cosine) or wave.start + floor == 0.0:
        return None
    if wave.end != 0.0 and (waves.factor != 1.0 or floor != 0.0):
        return None
    peak = wave.start + floor
    found = {
        "initial_learning_rate": peak,
        "first_decay_steps": wave.steps,
        "t_mul": float(waves.stretch),
        "m_mul": waves.factor,
        "alpha": (wave.end + floor) / peak,
    }
    return "CosineDecayRestarts", found


_FLOAT32 = "Rates are float32 there: equal to about 7 digits."


@KERAS.writes
def write(schedule: Schedule, steps: int) -> Written:
    """``CosineDecay`` where that is it, else a schedule class with the function in it."""
    found = stages(schedule)
    if found and isinstance(found.curve, Cosine) and not found.hold and not found.early:
        curve, peak = found.curve, found.peak
        warm = {"warmup_target": peak, "warmup_steps": found.warmup} if found.warmup else {}
        code = "import keras\n\nschedule = " + call(
            "keras.optimizers.schedules.CosineDecay",
            initial_learning_rate=found.start if found.warmup else peak,
            decay_steps=curve.steps,
            alpha=curve.end / peak,
            **warm,
        )
        return Written(
            f"{code}\n",
            (
                _FLOAT32,
                "decay_steps leaves the warm-up out there; the whole run is "
                f"{found.warmup + curve.steps} updates.",
            ),
        )
    inner = textwrap.indent(function(schedule, SPELLING), "    ").replace(
        "def rate(t):", "def __call__(self, step):"
    )
    inner = inner.replace("    return (\n", '    t = ops.cast(step, "float32")\n        return (\n')
    code = (
        "import keras\nfrom keras import ops\n\n\n"
        "class Rate(keras.optimizers.schedules.LearningRateSchedule):\n" + inner + "\n"
        "    def get_config(self):\n        return {}\n\n\n"
        "schedule = Rate()\n"
    )
    return Written(
        code,
        (
            _FLOAT32,
            "The step is a float32 there: from update 16,777,217 on it is rounded.",
            "The function needs no gradatim. With it, write gradatim.keras, which keeps the step "
            "whole and can be saved.",
        ),
    )

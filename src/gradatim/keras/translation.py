"""Keras' own schedules as core schedules, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras.callbacks import ReduceLROnPlateau
from keras.optimizers import schedules as keras_schedules

from gradatim.core.combine import Join, Sum
from gradatim.core.decays import Constant, ExponentialDecay, InverseTimeDecay, Table
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import cosine_restarts, piecewise_constant
from gradatim.core.reshape import Repeat, Staircase
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.keras.plateau import rule_of_plateau


def from_keras(schedule: Any) -> Schedule | Rule:
    """The core schedule with the same values as one of Keras' own, or the rule of a callback.

    Args:
        schedule: A ``CosineDecay``, ``CosineDecayRestarts``, ``ExponentialDecay``,
            ``InverseTimeDecay``, ``PiecewiseConstantDecay`` or ``PolynomialDecay``, or what
            ``keras.optimizers.schedules.serialize`` makes of it. Lengths are in updates. Or a
            ``ReduceLROnPlateau``.

    Returns:
        A schedule; for a ``ReduceLROnPlateau`` the rule that lowers at the same epochs.

    Raises:
        GradatimError: If it is none of these, or asks for what no core schedule does:
            ``PolynomialDecay(cycle=True)``, or restarts that stretch by a fraction.

    An integer rate, which Keras computes with as an integer, is the number that was meant; the
    restarts come where they should, however late; steps past 2**24 are counted one by one.

    >>> from keras.optimizers.schedules import CosineDecay
    >>> from_keras(CosineDecay(0.0, 90, warmup_target=0.5, warmup_steps=10))
    Linear(start=0.0, end=0.5, steps=10) >> Cosine(start=0.5, end=0.0, steps=90)
    >>> from keras.callbacks import ReduceLROnPlateau
    >>> from_keras(ReduceLROnPlateau(factor=0.5, patience=3, min_delta=0.01)).patience
    2
    """
    if isinstance(schedule, ReduceLROnPlateau):
        return rule_of_plateau(schedule)
    return schedule_of(schedule)


def schedule_of(schedule: Any) -> Schedule:
    """The core schedule with the same values as one of Keras' own."""
    if isinstance(schedule, Mapping):
        name, config = schedule.get("class_name"), schedule.get("config")
    elif isinstance(schedule, keras_schedules.LearningRateSchedule):
        name, config = type(schedule).__name__, schedule.get_config()
    else:
        raise refuse("from_keras", "schedule", schedule, "a schedule of Keras or its config")
    if name not in _READERS:
        raise unknown("from_keras", "schedule", name, _READERS)
    if not isinstance(config, Mapping):
        raise refuse("from_keras", f"the config of {name}", config, "a mapping")
    try:
        return _READERS[name](**{key: value for key, value in config.items() if key != "name"})
    except TypeError as error:
        raise GradatimError(f"from_keras: the config of {name} is not complete: {error}") from None


def _cosine(
    initial_learning_rate: float, decay_steps: int, alpha: float = 0.0,
    warmup_target: float | None = None, warmup_steps: int = 0,
) -> Schedule:  # fmt: skip
    if warmup_target is None:  # then Keras has no warm-up, whatever warmup_steps says
        return Cosine(initial_learning_rate, alpha * initial_learning_rate, decay_steps)
    fall = Cosine(warmup_target, alpha * warmup_target, decay_steps)
    if warmup_steps == 0:
        return fall
    return Linear(initial_learning_rate, warmup_target, warmup_steps) >> fall


def _restarts(
    initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0,
    alpha: float = 0.0,
) -> Schedule:  # fmt: skip
    if t_mul != int(t_mul):
        raise refuse(
            "from_keras", "t_mul", t_mul, "a whole number",
            "Cycles of a fraction of an update have no equal here: write cosine_restarts(...) with "
            "stretch=1 or 2.",
        )  # fmt: skip
    return cosine_restarts(
        peak=initial_learning_rate, cycle=first_decay_steps, stretch=int(t_mul), factor=m_mul,
        floor=alpha * initial_learning_rate,
    )  # fmt: skip


def _exponential(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    curve = ExponentialDecay(initial_learning_rate, decay_rate, decay_steps)
    return curve.staircase(decay_steps) if staircase else curve


def _inverse_time(
    initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Schedule:
    curve = InverseTimeDecay(initial_learning_rate, decay_rate, decay_steps)
    return curve.staircase(decay_steps) if staircase else curve


def _piecewise(boundaries: list[int], values: list[float]) -> Schedule:
    # Keras keeps the old value at its boundary, so the next one begins an update later.
    return piecewise_constant(
        tuple(values), boundaries=tuple(boundary + 1 for boundary in boundaries)
    )


def _polynomial(
    initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001,
    power: float = 1.0, cycle: bool = False,
) -> Schedule:  # fmt: skip
    if cycle:
        raise GradatimError(
            "from_keras: PolynomialDecay(cycle=True) grows its cycles without end, which no core "
            "schedule does. Write Polynomial(...).repeat() for cycles of one length, or join as "
            "many pieces as the run has."
        )
    if power == 1.0:
        return Linear(initial_learning_rate, end_learning_rate, decay_steps)
    return Polynomial(initial_learning_rate, end_learning_rate, decay_steps, power)


_READERS: dict[Any, Callable[..., Schedule]] = {
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
    "ExponentialDecay": _exponential,
    "InverseTimeDecay": _inverse_time,
    "PiecewiseConstantDecay": _piecewise,
    "PolynomialDecay": _polynomial,
}


def to_keras(schedule: Schedule) -> Any:
    """The schedule of Keras with the same values, for code that knows only those.

    Args:
        schedule: A core schedule that Keras has too.

    Raises:
        GradatimError: If none of Keras' schedules can express it. ``LearningRate`` takes all.

    >>> from gradatim import Linear
    >>> to_keras(Linear(start=0.5, end=0.0, steps=10)).get_config()["decay_steps"]
    10
    """
    made = _written(schedule)
    if made is None:
        raise GradatimError(
            f"to_keras: none of Keras' own schedules can express {schedule!r}. "
            "Write LearningRate(schedule), which can."
        )
    return made


def _written(schedule: Schedule) -> Any:
    match schedule:
        case Constant(value=value, steps=None):
            return keras_schedules.PolynomialDecay(value, 1, end_learning_rate=value)
        case Linear(start=start, end=end, steps=steps):
            return keras_schedules.PolynomialDecay(start, steps, end)
        case Polynomial(start=start, end=end, steps=steps, power=power):
            return keras_schedules.PolynomialDecay(start, steps, end, power)
        case Cosine(start=start, end=end, steps=steps) if start != 0.0:
            return keras_schedules.CosineDecay(start, steps, alpha=end / start)
        case Join(pieces=(Linear() as rise, Cosine() as fall)) if rise.end == fall.start != 0.0:
            return keras_schedules.CosineDecay(
                rise.start, fall.steps, alpha=fall.end / fall.start, warmup_target=rise.end,
                warmup_steps=rise.steps,
            )  # fmt: skip
        case Table(points=((_, first), *rest), between="hold") if rest:
            return keras_schedules.PiecewiseConstantDecay(
                [step - 1 for step, _ in rest], [first, *(value for _, value in rest)]
            )
        case Staircase(schedule=ExponentialDecay() | InverseTimeDecay() as curve, every=every):
            return _unbounded(curve, staircase=True) if every == curve.every else None
        case ExponentialDecay() | InverseTimeDecay():
            return _unbounded(schedule, staircase=False)
        case Repeat(times=None):
            return _waves(schedule, 0.0)
        case Sum(terms=(Repeat(times=None) as waves, Constant(value=floor, steps=None))):
            return _waves(waves, floor)
    return None


def _unbounded(curve: ExponentialDecay | InverseTimeDecay, staircase: bool) -> Any:
    if isinstance(curve, ExponentialDecay):
        return keras_schedules.ExponentialDecay(
            curve.start, curve.every, curve.factor, staircase=staircase
        )
    return keras_schedules.InverseTimeDecay(
        curve.start, curve.every, curve.rate, staircase=staircase
    )


def _waves(waves: Repeat, floor: float) -> Any:
    wave = waves.schedule
    # Keras shrinks the height above its floor; a floor that shrinks along is nothing it can say.
    if not isinstance(wave, Cosine) or wave.start + floor == 0.0:
        return None
    if wave.end != 0.0 and (waves.factor != 1.0 or floor != 0.0):
        return None
    peak = wave.start + floor
    return keras_schedules.CosineDecayRestarts(
        peak, wave.steps, t_mul=float(waves.stretch), m_mul=waves.factor,
        alpha=(wave.end + floor) / peak,
    )  # fmt: skip

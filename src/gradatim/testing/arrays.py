"""The checks of a schedule on arrays and gradients of each framework."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from gradatim.core.schedule import Schedule
from gradatim.testing.subject import FARTHEST, Subject

# Values below this have no correct digits in float32.
_NOTHING = 1e-30
# Up to here float32 represents every integer.
_WHOLE_IN_FLOAT32 = 2**24
_SHAPES = ((0,), (1,), (2, 3), (0, 2), (2, 1, 3))
_OTHER_STEPS = ("int32", "uint16", "float32", "float64")


class Framework(NamedTuple):
    """How to make an array of steps in a framework, and gradients with respect to it."""

    array: Callable[[Any], Any]
    """Converts a list of steps to an array of integers."""
    farthest: int
    """The largest step of that integer type."""
    gradients: Callable[[Schedule, list[int]], Any] | None = None


def _numpy() -> Framework:
    numpy = import_module("numpy")
    return Framework(lambda steps: numpy.asarray(steps, dtype=numpy.int64), FARTHEST)


def _torch() -> Framework:
    torch = import_module("torch")

    def gradients(schedule: Schedule, steps: list[int]) -> Any:
        t = torch.tensor(steps, dtype=torch.float32, requires_grad=True)
        (schedule(t) + 0.0 * t).sum().backward()  # a constant schedule has a gradient too
        return t.grad

    return Framework(torch.tensor, FARTHEST, gradients)


def _jax() -> Framework:
    jax = import_module("jax")
    whole = jax.numpy.result_type(int)

    def gradients(schedule: Schedule, steps: list[int]) -> Any:
        return jax.vmap(jax.grad(schedule))(jax.numpy.asarray(steps, dtype="float32"))

    farthest = min(int(jax.numpy.iinfo(whole).max), FARTHEST)
    return Framework(lambda steps: jax.numpy.asarray(steps, dtype=whole), farthest, gradients)


def _tensorflow() -> Framework:
    tf = import_module("tensorflow")

    def gradients(schedule: Schedule, steps: list[int]) -> Any:
        t = tf.constant(steps, dtype=tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(t)
            value = schedule(t)
        return tape.gradient(value, t, unconnected_gradients="zero")

    return Framework(lambda steps: tf.constant(steps, dtype=tf.int64), FARTHEST, gradients)


_FRAMEWORKS = {"numpy": _numpy, "torch": _torch, "jax": _jax, "tensorflow": _tensorflow}
FRAMEWORKS = tuple(_FRAMEWORKS)


def installed() -> tuple[str, ...]:
    """The frameworks to check: those installed; TensorFlow only if it is imported already.

    TensorFlow and torch cannot be imported together on every machine.
    """
    return tuple(
        name
        for name in _FRAMEWORKS
        if (sys.modules.get(name) if name == "tensorflow" else find_spec(name))
    )


def equal(subject: Subject, name: str) -> Iterator[str]:
    """An array of steps has the values of its single steps, in a float type."""
    framework = _FRAMEWORKS[name]()
    steps = [step for step in subject.steps if step <= framework.farthest]
    try:
        found = subject.schedule(framework.array(steps))
    except Exception as error:
        yield f"an array of steps raises {type(error).__name__}: {error}"
        return
    kind = str(getattr(found, "dtype", type(found).__name__))
    if "float" not in kind or tuple(found.shape) != (len(steps),):
        yield f"{len(steps)} steps give {kind} of shape {getattr(found, 'shape', None)}"
        return
    unit, size = (2.0**-52, 0.0) if "float64" in kind else (2.0**-23, _NOTHING)
    values = dict(zip(steps, _numbers(found), strict=True))
    for step, value in values.items():
        single = subject.value(step)
        if not abs(value - single) <= subject.allowed(max(abs(single), size), unit):
            yield f"at step {step} the value is {single!r} as a number and {value!r} in an array"
    if name == "numpy":
        yield from _shapes_and_types(subject)


def _shapes_and_types(subject: Subject) -> Iterator[str]:
    numpy = import_module("numpy")
    schedule = subject.schedule
    for shape in _SHAPES:
        steps = numpy.arange(math.prod(shape)).reshape(shape)
        found = schedule(steps)
        if found.shape != shape:
            yield f"steps of shape {shape} give values of shape {found.shape}"
            continue
        for step, value in zip(steps.flat, found.flat, strict=True):
            single = subject.value(int(step))
            if not abs(value - single) <= subject.allowed(single, 2.0**-52):
                yield f"at step {step} the value is {value!r} in an array of shape {shape}"
    few = numpy.asarray([step for step in subject.steps if step < 2**16])
    for kind in _OTHER_STEPS:
        if schedule(few.astype(kind)).tolist() != schedule(few).tolist():
            yield f"steps of type {kind} give other values than steps of type {few.dtype}"
    for one in (numpy.array(3), numpy.int8(3)):
        if type(schedule(one)) is not float or schedule(one) != schedule(3):
            yield f"the step {one!r} gives {schedule(one)!r}, and the step 3 gives {schedule(3)!r}"


def differentiable(subject: Subject, name: str) -> Iterator[str]:
    """The gradient with respect to the step is finite at every step."""
    gradients = _FRAMEWORKS[name]().gradients
    if gradients is None:
        return
    steps = [step for step in subject.steps if step <= _WHOLE_IN_FLOAT32]
    for step, slope in zip(steps, _numbers(gradients(subject.schedule, steps)), strict=True):
        if not math.isfinite(slope):
            yield f"at step {step} the gradient is {slope}"


def _numbers(array: Any) -> list[float]:
    numpy = import_module("numpy")
    array = array.detach() if hasattr(array, "detach") else array
    return [float(value) for value in numpy.asarray(array)]


CLAIMS: dict[str, Callable[[Subject, str], Iterator[str]]] = {
    "give an array of steps the values of single steps": equal,
    "have a finite gradient at every step": differentiable,
}

"""Evaluate every case on one framework: ``python -m tests.core.scripts.evaluate torch FILE``.

Some frameworks cannot share a process, so each has one of its own. The values, and the gradients
with respect to the step, go to FILE as JSON; the test that started this compares them.
"""

import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy

from gradatim import Schedule
from tests.core.cases.table import CASES

# JAX compiles every operation anew for every shape, so all steps come in one shape.
SHAPE = 320
# float32 holds all whole numbers up to here.
WHOLE_IN_FLOAT32 = 2**24
# While tracing nobody can refuse a negative step, so the first value holds.
BEFORE = [1 - 2**31, -1]

Run = Callable[[Sequence[Schedule], Sequence[Any]], Sequence[Any]]


def one_by_one(evaluate: Callable[[Schedule, Any], Any]) -> Run:
    return lambda schedules, steps: list(map(evaluate, schedules, steps))


def call(schedule: Schedule, steps: Any) -> Any:
    return schedule(steps)


class Framework:
    """How a framework makes an array, and what it can do with schedules, by mode.

    A mode is a kind of step and a way to run; ``whole`` steps are the framework's own integers.
    """

    array: Callable[..., Any]
    modes: dict[str, tuple[Any, Run]]


class NumPy(Framework):
    def __init__(self) -> None:
        self.array = numpy.array
        self.modes = {
            "whole": (numpy.int64, one_by_one(call)),
            "double": (numpy.float64, one_by_one(call)),
        }


class Torch(Framework):
    def __init__(self) -> None:
        import torch

        def gradient(schedule: Schedule, steps: Any) -> Any:
            steps.requires_grad_()
            (schedule(steps) + 0.0 * steps).sum().backward()  # so that a constant has one too
            return steps.grad

        torch.set_num_threads(1)
        self.array = torch.tensor
        self.modes = {
            "whole": (torch.int64, one_by_one(call)),
            "double": (torch.float64, one_by_one(call)),
            "gradient": (torch.float32, one_by_one(gradient)),
        }


class Jax(Framework):
    def __init__(self) -> None:
        import jax

        def compiled(schedules: Sequence[Schedule], steps: Sequence[Any]) -> Any:
            # All in one program: a compilation costs more than what is compiled. Not under vmap,
            # where each step looks like a counter, and int32 is refused for what is longer.
            return jax.jit(lambda ts: list(map(call, schedules, ts)))(steps)

        def gradient(schedule: Schedule, steps: Any) -> Any:
            return jax.vmap(jax.grad(schedule))(steps)

        whole = jax.numpy.result_type(int)
        self.array = jax.numpy.array
        self.modes = {"whole": (whole, one_by_one(call)), "compiled": (whole, compiled)}
        if not jax.config.jax_enable_x64:
            self.modes["gradient"] = (jax.numpy.float32, one_by_one(gradient))


class TensorFlow(Framework):
    def __init__(self) -> None:
        import tensorflow as tf

        def compiled(schedules: Sequence[Schedule], steps: Sequence[Any]) -> Any:
            return tf.function(lambda ts: list(map(call, schedules, ts)))(steps)

        def gradient(schedule: Schedule, steps: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(steps)
                value = schedule(steps)
            return tape.gradient(value, steps, unconnected_gradients="zero")

        self.array = tf.constant
        self.modes = {
            "whole": (tf.int64, one_by_one(call)),
            "compiled": (tf.int64, compiled),
            "double": (tf.float64, one_by_one(call)),
            "gradient": (tf.float32, one_by_one(gradient)),
        }


FRAMEWORKS = {"numpy": NumPy, "torch": Torch, "jax": Jax, "tensorflow": TensorFlow}


def largest(mode: str, dtype: Any) -> int:
    """The last step that this kind of step can count to."""
    if mode == "gradient":
        return WHOLE_IN_FLOAT32
    return 2**31 - 1 if "int32" in str(dtype) else 2**53


def evaluate(framework: Framework, before: list[int]) -> list[dict[str, Any]]:
    rows = []
    for mode, (dtype, run) in framework.modes.items():
        steps = [before + [k for k in case.steps if k <= largest(mode, dtype)] for case in CASES]
        arrays = [framework.array(ks + ks[-1:] * (SHAPE - len(ks)), dtype=dtype) for ks in steps]
        values = run([case.schedule for case in CASES], arrays)
        rows += [
            {
                "case": i,
                "mode": mode,
                "digits": 24 if "32" in str(got.dtype) else 53,
                "steps": ks,
                "values": numpy.asarray(got)[: len(ks)].tolist(),
            }
            for i, (ks, got) in enumerate(zip(steps, values, strict=True))
        ]
    return rows


if __name__ == "__main__":
    name, file = sys.argv[1:]
    framework = FRAMEWORKS[name]()
    warnings.simplefilter("error")  # those of importing a framework are not ours
    before = [] if name == "numpy" else BEFORE  # which sees them, and refuses
    Path(file).write_text(json.dumps(evaluate(framework, before)), encoding="utf-8")

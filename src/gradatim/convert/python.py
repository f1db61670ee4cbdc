"""torch, Keras and Optax: they take any function of the step, so every schedule has a form there.

The function that is written is the schedule's own formula, spelled as that framework spells it.
"""

from __future__ import annotations

import textwrap

from gradatim.convert.source import PYTHON, Spelling, expression
from gradatim.convert.stages import Written, call, stages
from gradatim.core.ramps import Cosine
from gradatim.core.schedule import Schedule

_JAX = Spelling(
    "jnp",
    "jnp.where({condition}, {yes}, {no})",
    "jnp.maximum({x}, {bound})",
    "jnp.minimum({x}, {bound})",
)
_KERAS = Spelling(
    "ops",
    "ops.where({condition}, {yes}, {no})",
    "ops.maximum({x}, {bound})",
    "ops.minimum({x}, {bound})",
    whole=False,
)
_FLOAT32 = "Rates are float32 there: equal to about 7 digits."
_WITHOUT = "The function needs no gradatim. With it, write {}"


def function(schedule: Schedule, spelling: Spelling = PYTHON) -> str:
    """A Python function of the step that has the values of a schedule."""
    body = "\n".join(
        textwrap.wrap(
            expression(schedule, spelling), 88, break_long_words=False, break_on_hyphens=False
        )
    )
    return (
        'def rate(t):\n    """The learning rate of update t + 1."""\n    return (\n'
        f"{textwrap.indent(body, ' ' * 8)}\n    )\n"
    )


def to_torch(schedule: Schedule, steps: int) -> Written:
    """A ``LambdaLR`` with the schedule as its function."""
    code = (
        "import math\n\nimport torch\n\n\n" + function(schedule) + "\n\n"
        "# The optimizer is made with lr=1.0, which LambdaLR multiplies with the function.\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)\n"
    )
    return Written(
        code,
        (
            "Call scheduler.step() after every optimizer.step(), and only then: LambdaLR counts "
            "calls.",
            _WITHOUT.format(
                "gradatim.torch.Scheduler(optimizer, lr=schedule); it counts by itself."
            ),
        ),
    )


def to_optax(schedule: Schedule, steps: int) -> Written:
    """A ready schedule of Optax where there is one, else a function in jax.numpy."""
    found = stages(schedule)
    if found and isinstance(found.curve, Cosine) and not found.hold and not found.early:
        curve = found.curve
        code = "import optax\n\nschedule = " + call(
            "optax.warmup_cosine_decay_schedule",
            init_value=found.start,
            peak_value=found.peak,
            warmup_steps=found.warmup,
            decay_steps=found.warmup + curve.steps,
            end_value=curve.end,
        )
        if found.warmup:
            return Written(f"{code}\n", (_FLOAT32,))
    code = (
        "import jax.numpy as jnp\nimport optax\n\n\n" + function(schedule, _JAX) + "\n\n"
        "optimizer = optax.adam(rate)\n"
    )
    return Written(code, (_FLOAT32, _WITHOUT.format("optax.adam(schedule).")))


def to_keras(schedule: Schedule, steps: int) -> Written:
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
    inner = textwrap.indent(function(schedule, _KERAS), "    ").replace(
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
            _WITHOUT.format("gradatim.keras, which keeps the step whole and can be saved."),
        ),
    )

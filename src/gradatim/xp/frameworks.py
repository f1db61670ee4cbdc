"""The operations of ``xp`` for NumPy, torch, JAX and TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.array import Array
from gradatim.xp.numeric import Condition, Numeric, Pair
from gradatim.xp.operations import Piece

# Up to here float64 represents every integer.
_WHOLE_FLOATS = 2**53
WHOLE = "a whole number of updates, 0 or more"


def not_a_step(kind: Any) -> GradatimError:
    """The error for a step of a wrong type."""
    shown = kind.__name__ if isinstance(kind, type) else kind
    return GradatimError(
        f"schedule(step): step must be {WHOLE}, got {shown}. Write an int, or an array of whole "
        "numbers of NumPy, torch, JAX or TensorFlow."
    )


def no_step() -> GradatimError:
    """The error for a call without a step, as by Keras optimizers, which accept any callable."""
    return GradatimError(
        f"schedule(step): step must be {WHOLE}, got none. Write schedule(0); and for an optimizer "
        "of Keras, which calls it without, Adam(LearningRate(schedule)), from gradatim.keras."
    )


class NumPy(Array):
    """NumPy in float64; each piece computes only its own steps."""

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Any) -> Any:
        numpy = import_module("numpy")
        t = numpy.asarray(t)
        value = numpy.empty(t.shape)
        if t.ndim == 1 and (t[1:] >= t[:-1]).all():  # steps in order: each piece has a slice
            starts = [start for start in starts if start <= self._largest(t)]
            edges = numpy.append(numpy.searchsorted(t, starts), t.size)
            parts = (
                (i, slice(edges[i], edges[i + 1]))
                for i in numpy.flatnonzero(edges[1:] > edges[:-1]).tolist()
            )
        else:
            which = self.index(starts[1:], t)
            parts = ((i, which == i) for i in numpy.unique(which).tolist())
        for i, mine in parts:
            value[mine] = pieces[i].held(t[mine] - starts[i], self)
        return value

    def progress(self, t: Numeric, steps: int) -> Pair:
        if steps > _WHOLE_FLOATS:
            return super().progress(t, steps)
        # Faster than the general form: no step is negative, and all are exact in float64.
        total = float(steps)
        t = import_module("numpy").minimum(t, total, dtype="float64")
        return t / total, (total - t) / total

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        numpy = import_module("numpy")
        x = x if low is None else numpy.maximum(x, low)
        if high is None or high > self._largest(x):
            return x
        return numpy.minimum(x, self._like(high, x))  # NumPy 1 would make an array of objects


def numpy_(numpy: ModuleType) -> Array:
    """The operations of NumPy."""

    def steps(step: Any) -> Any:
        step = numpy.asarray(step)
        if step.dtype.kind not in "iuf":
            raise not_a_step(step.dtype)
        kind = numpy.float64 if step.dtype.kind == "f" else numpy.int64
        t = step.astype(kind, copy=False)
        if t.size and not (t.min() >= 0 and t.max() < math.inf):  # NaN is neither
            wrong = ~((t >= 0) & (t < math.inf))
            raise invalid_value("schedule(step)", "every step", step[wrong][0], WHOLE)
        return t

    return NumPy(
        numpy,
        steps=steps,
        real=lambda x: numpy.asarray(x, dtype=numpy.float64),
        where=numpy.where,
        full=lambda value, like: numpy.full(numpy.shape(like), value),
        largest=lambda x: math.inf if x.dtype.kind == "f" else numpy.iinfo(x.dtype).max,
        divide=numpy.floor_divide,
        index=lambda boundaries, t: numpy.searchsorted(boundaries, t, side="right"),
        take=lambda values, i, like: numpy.asarray(values, dtype=like.dtype)[i],
    )


def torch_(torch: ModuleType) -> Array:
    """The operations of torch."""

    def real(x: Any) -> Any:
        return x if x.is_floating_point() else x.to(torch.get_default_dtype())

    def steps(step: Any) -> Any:
        if step.dtype is torch.bool or step.is_complex():
            raise not_a_step(step.dtype)
        if step.is_floating_point():
            return step.float() if step.itemsize < 4 else step
        return step.long()

    return Array(
        torch,
        steps=steps,
        real=real,
        where=torch.where,
        full=lambda value, like: torch.full_like(like, value),
        largest=lambda x: math.inf if x.is_floating_point() else torch.iinfo(x.dtype).max,
        divide=lambda t, steps: torch.div(t, steps, rounding_mode="floor"),
        index=lambda boundaries, t: torch.searchsorted(
            torch.as_tensor(boundaries, dtype=t.dtype, device=t.device), t.contiguous(), right=True
        ),
        take=lambda values, i, like: torch.as_tensor(values, dtype=like.dtype, device=i.device)[i],
    )


class Jax(Array):
    """JAX, whose integers have 32 bits unless ``jax_enable_x64`` is set."""

    def evaluate(self, schedule: Piece, t: Any, step: Any) -> Numeric:
        """The values of a schedule at ``t``, which was made of the user's ``step``."""
        # A single step is a counter, which never gets past the end of its type.
        # Optax counts in int32 even if int64 is enabled.
        last = max(self._largest(step), 2**31 - 1)
        if step.ndim == 0 and schedule.last_boundary > last:
            raise GradatimError(
                f"schedule(step): this schedule goes on to step {schedule.last_boundary}, and a "
                f"counter of type {step.dtype} only to {last}. Count in a coarser unit, such as a "
                "thousand tokens, with schedule.stretched(Fraction(1, 1000)); or enable "
                "jax_enable_x64 and count in int64."
            )
        if self._largest(t) != 2**32 - 1:
            return schedule.held(t, self)
        # Differences of unsigned steps wrap around below 0, so the lower half of the range is
        # computed with signed integers.
        half = self._like(2**31, t)
        lower: Any = self.clip(t, None, 2**31 - 1)
        near = schedule.held(lower.astype("int32"), self)
        return self.where(t < half, near, schedule.held(self.clip(t, 2**31, None), self))

    def _after(self, t: Any, start: int) -> Any:
        if self._largest(t) != 2**32 - 1:
            return super()._after(t, start)
        # An unsigned difference below 0 wraps around.
        return self.clip(t, start, None) - self._like(start, t)

    def _like(self, number: Any, x: Any) -> Any:
        unsigned = isinstance(number, int) and self._largest(x) == 2**32 - 1
        # JAX converts a Python int to int32, however large.
        return x.dtype.type(number) if unsigned else super()._like(number, x)


def jax_(jax: ModuleType) -> Array:
    """The operations of JAX."""
    jnp = jax.numpy

    def real(x: Any) -> Any:
        return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))

    def largest(x: Any) -> float:
        return math.inf if jnp.issubdtype(x.dtype, jnp.floating) else int(jnp.iinfo(x.dtype).max)

    def steps(step: Any) -> Any:
        if jnp.issubdtype(step.dtype, jnp.integer):
            whole = jnp.result_type(int)
            wide = step.dtype == jnp.uint32 and whole == jnp.int32
            return step if wide else step.astype(whole)
        if jnp.issubdtype(step.dtype, jnp.floating):
            return step.astype(jnp.promote_types(step.dtype, jnp.float32))
        raise not_a_step(step.dtype)

    return Jax(
        jnp,
        steps=steps,
        real=real,
        where=jnp.where,
        full=lambda value, like: jnp.full_like(like, value),
        largest=largest,
        divide=jnp.floor_divide,
        index=lambda boundaries, t: jnp.searchsorted(
            jnp.asarray(boundaries, dtype=t.dtype), t, side="right"
        ),
        take=lambda values, i, like: jnp.asarray(values, dtype=like.dtype)[i],
    )


def tensorflow_(tf: ModuleType) -> Array:
    """The operations of TensorFlow."""

    def where(condition: Condition, yes: Any, no: Any) -> Any:
        dtype = next((x.dtype for x in (yes, no) if tf.is_tensor(x)), None)
        return tf.where(
            condition, tf.convert_to_tensor(yes, dtype), tf.convert_to_tensor(no, dtype)
        )

    def index(boundaries: Sequence[int], t: Any) -> Any:
        flat = tf.reshape(t, [-1])
        found = tf.searchsorted(tf.constant(boundaries, dtype=t.dtype), flat, side="right")
        return tf.reshape(found, tf.shape(t))

    def steps(step: Any) -> Any:
        step = tf.convert_to_tensor(step)
        if step.dtype.is_integer:
            return tf.cast(step, tf.int64)
        if step.dtype.is_floating:
            return tf.cast(step, tf.float32) if step.dtype.size < 4 else step
        raise not_a_step(step.dtype)

    return Array(
        tf.math,
        steps=steps,
        real=lambda x: x if x.dtype.is_floating else tf.cast(x, tf.float32),
        where=where,
        full=lambda value, like: tf.fill(tf.shape(like), tf.constant(value, like.dtype)),
        largest=lambda x: math.inf if x.dtype.is_floating else x.dtype.max,
        divide=tf.math.floordiv,
        index=index,
        take=lambda values, i, like: tf.gather(tf.constant(values, dtype=like.dtype), i),
    )

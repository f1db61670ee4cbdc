"""Which framework a step belongs to, and how that framework spells the operations of ``xp``.

The only file of the core that names a framework. None is imported here before a step of that
framework is at hand, and then it is loaded already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from gradatim.core._xp import PYTHON, Array, Scalar
from gradatim.core.errors import GradatimError, refuse

_WHOLE = "a whole number of updates, 0 or more"


class NumPy(Array):
    """NumPy in float64; a piece computes only the steps that are its own."""

    def switch(self, pieces: Sequence[Any], starts: Sequence[int], t: Any) -> Any:
        numpy = import_module("numpy")
        t = numpy.asarray(t)
        value = numpy.empty(t.shape)
        if t.ndim == 1 and (t[1:] >= t[:-1]).all():  # a run in order: each piece has a slice
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
            value[mine] = pieces[i].at(t[mine] - starts[i], self)
        return value

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        numpy = import_module("numpy")
        x = x if low is None else numpy.maximum(x, low)
        return x if high is None or high > self._largest(x) else numpy.minimum(x, high)


class HighPrecision(Scalar):
    """The numbers of mpmath, with as many digits as it is set to."""

    def __init__(self, mpmath: ModuleType) -> None:
        super().__init__(mpmath.mp)
        self._number = mpmath.mp.mpf

    def real(self, t: Any) -> Any:
        return self._number(t)

    def constant(self, value: Any, t: Any) -> Any:
        return self._number(value)

    def split(self, t: Any, steps: int, most: int | None = None) -> tuple[Any, Any]:
        # Its numbers have no //.
        whole = t // steps if isinstance(t, int) else self.floor(t / steps)
        whole = self.clip(whole, None, most)
        return whole, t - whole * steps

    def progress(self, t: Any, steps: int) -> tuple[Any, Any]:
        done, left = super().progress(self._number(t), steps)
        return self._number(done), self._number(left)


class Symbolic:
    """Formulas instead of numbers: what a schedule computes, for a reader."""

    def __init__(self, sympy: ModuleType) -> None:
        self._sympy = sympy
        self.step = sympy.Symbol("t", nonnegative=True)
        self.pi = sympy.pi
        self.sin, self.cos, self.sinh = sympy.sin, sympy.cos, sympy.sinh
        self.floor = sympy.floor
        self.exp, self.expm1 = sympy.exp, lambda x: sympy.exp(x) - 1
        self.log, self.log1p = sympy.log, lambda x: sympy.log(1 + x)
        self.sqrt = sympy.sqrt

    def real(self, t: Any) -> Any:
        return t

    def constant(self, value: Any, t: Any) -> Any:
        return value

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        # Two forms of one formula, chosen for their digits, are one formula to a reader.
        if self._sympy.simplify(self._sympy.expand_log(yes - no, force=True)) == 0:
            return yes
        return self._sympy.Piecewise((yes, condition), (no, True))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        x = x if low is None else self._sympy.Max(x, low)
        return x if high is None else self._sympy.Min(x, high)

    def split(self, t: Any, steps: Any, most: Any = None) -> tuple[Any, Any]:
        whole = self.clip(self._sympy.floor(t / steps), None, most)
        return whole, t - whole * steps

    def moved(self, t: Any, by: Any) -> Any:
        return self.clip(t - by, 0, None)

    def reaching(self, t: Any, last: Any) -> Any:
        return t

    def geometric(self, rate: Any, exponent: Any) -> Any:
        return rate**exponent

    def power(self, base: Any, exponent: Any) -> Any:
        return base**exponent

    def progress(self, t: Any, steps: Any) -> tuple[Any, Any]:
        return t / steps, 1 - t / steps

    def one_minus_power(self, done: Any, left: Any, exponent: Any) -> Any:
        return 1 - left**exponent

    def switch(self, pieces: Sequence[Any], starts: Sequence[int], t: Any) -> Any:
        rows = [
            (piece.at(t - start, self), t < end)
            for piece, start, end in zip(pieces, starts, (*starts[1:], None), strict=True)
            if end is not None
        ]
        last = pieces[-1].at(t - starts[-1], self)
        return self._sympy.Piecewise(*rows, (last, True)) if rows else last

    def index(self, boundaries: Sequence[int], t: Any) -> Any:
        rows = [(i, t < boundary) for i, boundary in enumerate(boundaries)]
        return self._sympy.Piecewise(*rows, (len(rows), True))

    def take(self, values: Sequence[Any], i: Any, like: Any) -> Any:
        if i.is_Integer:
            return values[int(i)]
        return self._sympy.Piecewise(*((values[int(n)], where) for n, where in i.args))


def _numpy(numpy: ModuleType) -> Array:
    def steps(step: Any) -> Any:
        step = numpy.asarray(step)
        if step.dtype.kind not in "iuf":
            raise _not_a_step(step.dtype)
        t = step.astype(numpy.float64 if step.dtype.kind == "f" else numpy.int64)
        wrong = ~((t >= 0) & (t < math.inf))
        if wrong.any():
            raise refuse("schedule(step)", "every step", step[wrong][0], _WHOLE)
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


def _torch(torch: ModuleType) -> Array:
    def real(x: Any) -> Any:
        return x if x.is_floating_point() else x.to(torch.get_default_dtype())

    def steps(step: Any) -> Any:
        if step.dtype is torch.bool or step.is_complex():
            raise _not_a_step(step.dtype)
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


def _jax(jax: ModuleType) -> Array:
    jnp = jax.numpy

    def real(x: Any) -> Any:
        return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))

    def largest(x: Any) -> float:
        return math.inf if jnp.issubdtype(x.dtype, jnp.floating) else int(jnp.iinfo(x.dtype).max)

    def steps(step: Any) -> Any:
        if jnp.issubdtype(step.dtype, jnp.integer):
            return step.astype(jnp.result_type(int))
        if jnp.issubdtype(step.dtype, jnp.floating):
            return step.astype(jnp.promote_types(step.dtype, jnp.float32))
        raise _not_a_step(step.dtype)

    return Array(
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


def _tensorflow(tf: ModuleType) -> Array:
    def where(condition: Any, yes: Any, no: Any) -> Any:
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
        raise _not_a_step(step.dtype)

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


_FRAMEWORKS: dict[str, tuple[str, Callable[[ModuleType], Any]]] = {
    "numpy": ("numpy", _numpy),
    "torch": ("torch", _torch),
    "jax": ("jax", _jax),
    "jaxlib": ("jax", _jax),
    "tensorflow": ("tensorflow", _tensorflow),
    "mpmath": ("mpmath", HighPrecision),
    "sympy": ("sympy", Symbolic),
}


@cache
def framework(name: str) -> Any:
    """The operations of one framework, by the name it is imported under."""
    module, make = _FRAMEWORKS[name]
    return make(import_module(module))


def symbolic() -> Symbolic:
    """The operations of SymPy, for formulas instead of numbers."""
    xp: Symbolic = framework("sympy")
    return xp


def _origin(kind: type) -> str:
    roots = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((root for root in roots if root in _FRAMEWORKS), "")


origin: Callable[[type], str] = cache(_origin)
"""The framework that a type comes from, or "" where it is none that a formula knows."""


def traced(value: Any) -> bool:
    """Whether this stands for a number that is not known yet, inside a JAX transformation."""
    return origin(type(value)) in ("jax", "jaxlib") and "Tracer" in type(value).__name__


def surely(condition: Any) -> bool:
    """Whether a comparison holds for certain: not if one of its sides is not known yet."""
    return not traced(condition) and bool(condition)


def unwrapped(value: Any) -> Any:
    """The number in an array of JAX that holds one: what arithmetic with numbers gives there."""
    if origin(type(value)) in ("jax", "jaxlib") and value.ndim == 0:
        return value.item()
    return value


def of(step: Any) -> tuple[Any, Any]:
    """The operations for this step's kind of number, and the step in the form they count with.

    Whole numbers stay whole, so that step 2**24 + 1 is not step 2**24, until a piece knows its
    own local step. A negative step is refused where it can be seen; under a trace it cannot, and
    the first value holds.
    """
    name = origin(type(step))
    if name in ("", "numpy") and getattr(step, "ndim", 0) == 0:
        return PYTHON, _number(step)
    if not name:  # a type with axes that no framework here made
        raise _not_a_step(type(step))
    xp = framework(_FRAMEWORKS[name][0])
    if isinstance(xp, Array):
        t = xp.steps(step)
        return xp, t if isinstance(xp, NumPy) else xp.clip(t, 0, None)
    if isinstance(xp, Scalar):
        if not 0 <= step < math.inf:
            raise refuse("schedule(step)", "step", step, _WHOLE)
        return xp, int(step) if step == int(step) else step
    return xp, step


def _number(step: Any) -> Any:
    number: Any = step.item() if hasattr(step, "item") else step
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _not_a_step(type(step))
    try:
        counts = 0 <= float(number) < math.inf
    except OverflowError:  # an int of hundreds of digits
        counts = False
    if not counts:
        raise refuse("schedule(step)", "step", step, _WHOLE)
    return number


def _not_a_step(kind: Any) -> GradatimError:
    shown = kind.__name__ if isinstance(kind, type) else kind
    return GradatimError(
        f"schedule(step): step must be {_WHOLE}, got {shown}. Write an int, or an array of whole "
        "numbers of NumPy, torch, JAX or TensorFlow."
    )

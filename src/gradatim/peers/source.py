"""A schedule as code: its own formula, run on texts instead of numbers."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.xp.numeric import Condition, Index, Numeric, Pair
from gradatim.xp.operations import Piece

_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Spelling:
    """How a framework spells what a formula needs."""

    module: str
    """What the functions are found in: "math", "jnp", "ops"."""
    choice: str
    """A choice between ``{yes}`` and ``{no}`` by ``{condition}``."""
    low: str
    """The larger of ``{x}`` and ``{bound}``."""
    high: str
    """The smaller of ``{x}`` and ``{bound}``."""
    whole: bool = True
    """Whether the step is a whole number. Where it is not, nothing else may be one either."""


PYTHON = Spelling(
    "math", "({yes} if {condition} else {no})", "max({x}, {bound})", "min({x}, {bound})"
)
JAX = Spelling(
    "jnp",
    "jnp.where({condition}, {yes}, {no})",
    "jnp.maximum({x}, {bound})",
    "jnp.minimum({x}, {bound})",
)
KERAS = Spelling(
    "ops",
    "ops.where({condition}, {yes}, {no})",
    "ops.maximum({x}, {bound})",
    "ops.minimum({x}, {bound})",
    whole=False,
)


def _operator(sign: str, turned: bool = False) -> Callable[[Code, Numeric], Code]:
    """The method of an operator, or that of the operator with its sides exchanged."""

    def written(self: Code, other: Numeric) -> Code:
        a, b = (text(other), self.text) if turned else (self.text, text(other))
        return Code(f"({a} {sign} {b})")

    return written


# What a reader would leave out changes no digit: plus 0, times 1, times 0.
def _plus(turned: bool) -> Callable[[Code, Numeric], Code]:
    written = _operator("+", turned)
    return lambda self, other: self if _is(other, 0.0) else written(self, other)


def _times(turned: bool) -> Callable[[Code, Numeric], Numeric]:
    written = _operator("*", turned)

    def product(self: Code, other: Numeric) -> Numeric:
        if _is(other, 0.0):
            return 0.0
        return self if _is(other, 1.0) else written(self, other)

    return product


class Code:
    """A part of an expression. Its operators give longer ones."""

    def __init__(self, text: str) -> None:
        self.text = text

    __add__, __radd__ = _plus(turned=False), _plus(turned=True)
    __sub__, __rsub__ = _operator("-"), _operator("-", turned=True)
    __mul__, __rmul__ = _times(turned=False), _times(turned=True)
    __truediv__, __rtruediv__ = _operator("/"), _operator("/", turned=True)
    __pow__, __rpow__ = _operator("**"), _operator("**", turned=True)
    __floordiv__ = _operator("//")
    __lt__, __gt__ = _operator("<"), _operator(">")
    __le__, __ge__ = _operator("<="), _operator(">=")
    __and__, __or__ = _operator("&"), _operator("|")

    def __neg__(self) -> Code:
        return Code(f"(-{self.text})")

    def __bool__(self) -> bool:
        raise TypeError("a formula decides by xp.where")


def _is(value: Numeric, number: float) -> bool:
    return isinstance(value, int | float) and value == number


def text(value: Numeric | Condition) -> str:
    """A part of code, whether it is one or a number."""
    return value.text if isinstance(value, Code) else repr(value)


def _function(name: str) -> Callable[[_Writer, Numeric], Numeric]:
    """The method that writes a call of a mathematical function."""
    return lambda self, x: Code(f"{self.spelling.module}.{name}({_bare(text(x))})")


class _Writer:
    """The operations of a formula, each of which writes itself down."""

    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling
        self.pi = math.pi
        # The step of the piece that is being written, and what it stays below there.
        self.inside: tuple[Numeric | None, int | None] = (None, None)

    sin, cos, sinh = _function("sin"), _function("cos"), _function("sinh")
    exp, expm1 = _function("exp"), _function("expm1")
    log, log1p = _function("log"), _function("log1p")
    sqrt, floor = _function("sqrt"), _function("floor")

    def where(self, condition: Condition, yes: Numeric, no: Numeric, /) -> Numeric:
        if not self.spelling.whole:
            yes, no = (float(x) if isinstance(x, int) else x for x in (yes, no))
        parts = {"condition": _bare(text(condition)), "yes": text(yes), "no": text(no)}
        return Code(self.spelling.choice.format(**parts))

    def clip(self, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
        if low is not None:
            x = Code(self.spelling.low.format(x=_bare(text(x)), bound=text(low)))
        if high is not None:
            x = Code(self.spelling.high.format(x=_bare(text(x)), bound=text(high)))
        return x

    def mix(self, of_start: Numeric, start: Numeric, of_end: Numeric, end: Numeric) -> Numeric:
        return of_start * start + of_end * end

    def real(self, t: Numeric) -> Numeric:
        return t

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        return value if self.spelling is PYTHON else value + 0.0 * t

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        whole = self.clip(t // steps, None, most)
        return whole, t - whole * steps

    def shifted(self, t: Numeric, by: int) -> Numeric:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Numeric, last: int) -> Numeric:
        return t

    def geometric(self, rate: Numeric, exponent: Numeric) -> Numeric:
        return Code(f"({text(rate)} ** {text(exponent)})")

    def power(self, base: Numeric, exponent: Numeric) -> Numeric:
        return base**exponent

    def at_most(self, t: Numeric, last: float) -> Numeric:
        local, below = self.inside
        known = t is local and below is not None and below <= last
        return t if known else self.clip(t, None, last)

    def progress(self, t: Numeric, steps: float) -> Pair:
        steps = float(steps) if steps > _LARGEST and self.spelling is not PYTHON else steps
        t = self.at_most(t, steps)
        return t / steps, (steps - t) / steps

    def remaining(self, t: Numeric, steps: float) -> Numeric:
        return self.progress(t, steps)[1]

    def one_minus_power(self, done: Numeric, left: Numeric, exponent: Numeric) -> Numeric:
        return 1.0 - left**exponent

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Numeric) -> Numeric:
        ends: list[int | None] = [*starts[1:], None]
        rows = [*zip(pieces, starts, ends, strict=True)]
        if self.spelling is not PYTHON:  # their integers have 32 bits: no step comes that far
            rows = [row for row in rows if row[1] <= _LARGEST]
            rows[-1] = (*rows[-1][:2], None)
        value: Numeric = 0.0
        for piece, start, end in reversed(rows):
            local = t - start if start else t
            if self.spelling is not PYTHON:
                # Both sides of a choice are computed there: each sees only steps of its own.
                far = (piece.length or 0) > _LARGEST
                local = self.clip(local, 0 if start else None, None if far else piece.length)
            self.inside = (local, None if end is None else end - start)
            here = piece.held(local, self)
            value = here if end is None else self.where(t < end, here, value)
        return value

    def index(self, boundaries: Sequence[int], t: Numeric) -> Index:
        return [*boundaries], t

    def take(self, values: Sequence[Numeric], i: Index, like: Numeric, /) -> Numeric:
        boundaries, t = i
        value: Numeric = values[len(boundaries)]
        for boundary, before in reversed([*zip(boundaries, values, strict=False)]):
            value = self.where(t < boundary, before, value)
        return value


def _bare(code: str) -> str:
    """Without brackets around the whole."""
    if not code.startswith("(") or not code.endswith(")"):
        return code
    depth = 0
    for i, character in enumerate(code):
        depth += (character == "(") - (character == ")")
        if depth == 0 and i < len(code) - 1:
            return code
    return code[1:-1]


def expression(schedule: Schedule, spelling: Spelling = PYTHON) -> str:
    """The value of a schedule as an expression in ``t``, the completed updates.

    >>> from gradatim import Linear
    >>> expression(Linear(start=1.0, end=0.0, steps=4))
    '(4 - min(t, 4)) / 4'

    Raises:
        GradatimError: If it calls code of its own.
    """
    try:
        return _bare(text(schedule.held(Code("t"), _Writer(spelling))))
    except (TypeError, AttributeError, ValueError):
        raise GradatimError(
            f"convert: {type(schedule).__name__} calls code of its own, which is not written down."
        ) from None


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

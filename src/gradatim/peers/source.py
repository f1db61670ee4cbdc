"""A schedule as code: its own formula, run on texts instead of numbers."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError

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


class Code:
    """A part of an expression. Its operators give longer ones."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _with(self, other: Any, operator: str, turned: bool = False) -> Code:
        a, b = (text(other), self.text) if turned else (self.text, text(other))
        return Code(f"({a} {operator} {b})")

    def __add__(self, other: Any) -> Code:
        return self if _is(other, 0.0) else self._with(other, "+")

    def __radd__(self, other: Any) -> Code:
        return self if _is(other, 0.0) else self._with(other, "+", True)

    def __sub__(self, other: Any) -> Code:
        return self._with(other, "-")

    def __rsub__(self, other: Any) -> Code:
        return self._with(other, "-", True)

    def __mul__(self, other: Any) -> Any:
        return self._times(other, False)

    def __rmul__(self, other: Any) -> Any:
        return self._times(other, True)

    def _times(self, other: Any, turned: bool) -> Any:
        # What a reader would leave out changes no digit: times 1, plus 0, times 0.
        if _is(other, 0.0):
            return 0.0
        return self if _is(other, 1.0) else self._with(other, "*", turned)

    def __truediv__(self, other: Any) -> Code:
        return self._with(other, "/")

    def __rtruediv__(self, other: Any) -> Code:
        return self._with(other, "/", True)

    def __floordiv__(self, other: Any) -> Code:
        return self._with(other, "//")

    def __pow__(self, other: Any) -> Code:
        return self._with(other, "**")

    def __rpow__(self, other: Any) -> Code:
        return self._with(other, "**", True)

    def __lt__(self, other: Any) -> Code:
        return self._with(other, "<")

    def __gt__(self, other: Any) -> Code:
        return self._with(other, ">")

    def __le__(self, other: Any) -> Code:
        return self._with(other, "<=")

    def __ge__(self, other: Any) -> Code:
        return self._with(other, ">=")

    def __and__(self, other: Any) -> Code:
        return self._with(other, "&")

    def __or__(self, other: Any) -> Code:
        return self._with(other, "|")

    def __neg__(self) -> Code:
        return Code(f"(-{self.text})")

    def __bool__(self) -> bool:
        raise TypeError("a formula decides by xp.where")


def _is(value: Any, number: float) -> bool:
    return isinstance(value, int | float) and value == number


def text(value: Any) -> str:
    """A part of code, whether it is one or a number."""
    return value.text if isinstance(value, Code) else repr(value)


class _Writer:
    """The operations of a formula, each of which writes itself down."""

    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling
        self.pi = math.pi
        # The step of the piece that is being written, and what it stays below there.
        self.inside: tuple[Any, int | None] = (None, None)

    def __getattr__(self, name: str) -> Any:
        if name not in ("sin", "cos", "sinh", "exp", "expm1", "log", "log1p", "floor", "sqrt"):
            raise AttributeError(name)
        return lambda x: Code(f"{self.spelling.module}.{name}({_bare(text(x))})")

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        if not self.spelling.whole:
            yes, no = (float(x) if isinstance(x, int) else x for x in (yes, no))
        parts = {"condition": _bare(text(condition)), "yes": text(yes), "no": text(no)}
        return Code(self.spelling.choice.format(**parts))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        if low is not None:
            x = Code(self.spelling.low.format(x=_bare(text(x)), bound=text(low)))
        if high is not None:
            x = Code(self.spelling.high.format(x=_bare(text(x)), bound=text(high)))
        return x

    def real(self, t: Any) -> Any:
        return t

    def constant(self, value: Any, t: Any) -> Any:
        return value if self.spelling is PYTHON else value + 0.0 * t

    def divmod_steps(self, t: Any, steps: int, most: int | None = None) -> tuple[Any, Any]:
        whole = self.clip(t // steps, None, most)
        return whole, t - whole * steps

    def shifted(self, t: Any, by: int) -> Any:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Any, last: int) -> Any:
        return t

    def geometric(self, rate: Any, exponent: Any) -> Any:
        return Code(f"({text(rate)} ** {text(exponent)})")

    def power(self, base: Any, exponent: Any) -> Any:
        return base**exponent

    def at_most(self, t: Any, last: float) -> Any:
        local, below = self.inside
        known = t is local and below is not None and below <= last
        return t if known else self.clip(t, None, last)

    def progress(self, t: Any, steps: float) -> tuple[Any, Any]:
        steps = float(steps) if steps > _LARGEST and self.spelling is not PYTHON else steps
        t = self.at_most(t, steps)
        return t / steps, (steps - t) / steps

    def remaining(self, t: Any, steps: float) -> Any:
        return self.progress(t, steps)[1]

    def one_minus_power(self, done: Any, left: Any, exponent: Any) -> Any:
        return 1.0 - left**exponent

    def switch(self, pieces: Sequence[Any], starts: Sequence[int], t: Any) -> Any:
        rows = [*zip(pieces, starts, [*starts[1:], None], strict=True)]
        if self.spelling is not PYTHON:  # their integers have 32 bits: no step comes that far
            rows = [row for row in rows if row[1] <= _LARGEST]
            rows[-1] = (*rows[-1][:2], None)
        value: Any = None
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

    def index(self, boundaries: Sequence[int], t: Any) -> Any:
        return [*boundaries], t

    def take(self, values: Sequence[Any], i: Any, like: Any) -> Any:
        boundaries, t = i
        value: Any = values[len(boundaries)]
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

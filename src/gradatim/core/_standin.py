"""A stand-in for a number that is known only later: it writes down what is done to it.

``_record`` gives it to a formula in the place of the step. It knows a range that the number lies
in; questions that the range answers, and operations whose result it tells, leave nothing behind.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from gradatim.xp.scalar import Scalar

FUNCTIONS = ("sin", "cos", "sinh", "exp", "expm1", "floor", "log", "log1p", "sqrt")


class NotStraight(Exception):
    """The formula does something with its step that cannot be written down."""


class Fork(Exception):
    """The formula asked for something that is not known before the loop runs."""


class Run:
    """One way through the formula: the answers it is given, and the lines it leaves."""

    def __init__(self, answers: tuple[bool, ...]) -> None:
        self.answers = answers
        self.asked = 0
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def step(
        self, code: str, low: float = -math.inf, high: float = math.inf, whole: bool = False
    ) -> StandIn:
        """Compute this once, under a new name."""
        if code not in self._names:
            self._names[code] = f"v{len(self._names)}"
            self.lines.append(f"{self._names[code]} = {code}")
        known = low == low and high == high  # a difference of infinities says nothing
        bounds = (low, high) if known else (-math.inf, math.inf)
        return StandIn(self, self._names[code], *bounds, whole)

    def answer(self, question: str) -> bool:
        self.asked += 1
        if self.asked > len(self.answers):
            raise Fork(question)
        return self.answers[self.asked - 1]


def text_of(value: Any) -> str:
    if isinstance(value, StandIn):
        return value.text
    if type(value) not in (int, float) or not math.isfinite(value):
        raise NotStraight(f"{value!r} is no number")
    return repr(value) if math.copysign(1.0, value) > 0.0 else f"({value!r})"


class StandIn:
    """What is known only when the loop runs: the step, or a number computed from it."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, run: Run, text: str, low: float, high: float, whole: bool) -> None:
        self.run, self.text, self.whole = run, text, whole
        # The value lies between these. With a lower bound of 0 it is never -0.0 either.
        self.low, self.high = low, high

    def __add__(self, other: Any) -> Any:
        low, high = bounds_of(other)
        if type(other) is float and other == 0.0 and self.low >= 0.0 and not self.whole:
            return self
        return self._do("{} + {}", other, self.low + low, self.high + high)

    def __sub__(self, other: Any) -> Any:
        low, high = bounds_of(other)
        if type(other) is int and other == 0:
            return self
        return self._do("{} - {}", other, self.low - high, self.high - low)

    def __rsub__(self, other: Any) -> Any:
        low, high = bounds_of(other)
        return self._do("{1} - {0}", other, low - self.high, high - self.low)

    def __mul__(self, other: Any) -> Any:
        if type(other) is float and other == 0.0 and 0.0 <= self.low <= self.high <= 1.0:
            return other
        if other is self and -1.0 <= self.low <= self.high <= 1.0:
            return self._do("{} * {}", other, 0.0, 1.0, False)
        low, high = bounds_of(other)
        if self.low >= 0.0 and low >= 0.0:
            return self._do("{} * {}", other, self.low * low, self.high * high)
        return self._do("{} * {}", other)

    # The sum and the product of two floats do not depend on their order.
    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Any:
        if type(other) is int and other > 0 and self.low >= 0.0:
            return self._do("{} / {}", other, self.low / other, self.high / other, False)
        return self._do("{} / {}", other, whole=False)

    def __rtruediv__(self, other: Any) -> Any:
        return self._do("{1} / {0}", other, whole=False)

    def __floordiv__(self, other: Any) -> Any:
        return self._do("{} // {}", other)

    def __mod__(self, other: Any) -> Any:
        return self._do("{} % {}", other)

    def __pow__(self, other: Any) -> Any:
        return self._do("{} ** {}", other, whole=False)

    def __rpow__(self, other: Any) -> Any:
        return self._do("{1} ** {0}", other, whole=False)

    def __neg__(self) -> Any:
        return self.run.step(f"-{self.text}")

    def _do(
        self, code: str, other: Any, low: float = -math.inf, high: float = math.inf,
        whole: bool = True,
    ) -> StandIn:  # fmt: skip
        """An operation with another number; that of two whole ones is whole, unless said so."""
        both = self.whole and (other.whole if isinstance(other, StandIn) else type(other) is int)
        return self.run.step(code.format(self.text, text_of(other)), low, high, whole and both)

    def __lt__(self, other: Any) -> bool:
        return self._holds("<", other)

    def __le__(self, other: Any) -> bool:
        return self._holds("<=", other)

    def __gt__(self, other: Any) -> bool:
        return self._holds(">", other)

    def __ge__(self, other: Any) -> bool:
        return self._holds(">=", other)

    def __eq__(self, other: object) -> bool:
        return self._holds("==", other)

    def __ne__(self, other: object) -> bool:
        return not self._holds("==", other)

    def __bool__(self) -> bool:
        return not self._holds("==", 0)

    def _holds(self, sign: str, other: Any) -> bool:
        low, high = bounds_of(other)
        if sign == "==" and (self.high < low or self.low > high):
            return False
        if sign != "==":
            compare = _ORDER[sign]
            corners = [compare(a, b) for a in (self.low, self.high) for b in (low, high)]
            if all(corners) or not any(corners):
                return corners[0]
        answer = self.run.answer(f"{self.text} {sign} {text_of(other)}")
        if self.whole and type(other) is int and sign != "==":
            self._learn(sign, other, answer)
        return answer

    def _learn(self, sign: str, other: int, answer: bool) -> None:
        """Narrow the range by an answer: the questions that follow may need none."""
        if (sign in ("<", "<=")) is answer:
            self.high = min(self.high, other - (sign in ("<", ">=")))
        else:
            self.low = max(self.low, other + (sign in ("<=", ">")))


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bounds_of(value: Any) -> tuple[float, float]:
    if isinstance(value, StandIn):
        return value.low, value.high
    if type(value) not in (int, float):
        raise NotStraight(f"{value!r} is no number")
    return value, value


class Recorder(Scalar):
    """The operations of plain numbers, with functions that write themselves down."""

    def __init__(self) -> None:
        super().__init__(math)
        for name in FUNCTIONS:
            setattr(self, name, _function(name))


def _function(name: str) -> Callable[[Any], Any]:
    compute = getattr(math, name)

    def call(x: Any) -> Any:
        if not isinstance(x, StandIn):
            return compute(x)
        code = f"{name}({x.text})"
        return x.run.step(code, -1.0, 1.0) if name in ("sin", "cos") else x.run.step(code)

    return call


RECORDER = Recorder()

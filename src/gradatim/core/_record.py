"""Schedules as straight-line Python: a formula runs once and leaves the code of a loop behind.

The formula is the one that computes single numbers. Here it is given a stand-in for the step, which
writes down each operation instead of doing it. Where the formula asks whether something holds that
the range of steps leaves open, it is run once for each answer, and an ``if`` is written. So the
loop does the same operations in the same order, and its values are the same to the last bit.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from gradatim.core._standin import FUNCTIONS, RECORDER, Fork, NotStraight, Run, StandIn, text_of

Loop = Callable[[int, int], list[float]]

# Schedules with more branches than this, long tables above all, stay as they are.
_MOST_RUNS = 60
# Python reads an expression of 200 brackets in one another, and no deeper.
_LONGEST = 100


def record(formula: Callable[[Any, Any], Any], first: int, last: float) -> Loop:
    """A function that gives a formula's values for all steps from its first argument to its second.

    Args:
        formula: The ``at`` of a schedule.
        first: The lowest step that the function will be asked for.
        last: The highest one, or infinity.

    Raises:
        NotStraight: If the formula cannot be written down.

    >>> from gradatim import Linear
    >>> record(Linear(start=0.0, end=1.0, steps=4).at, 0, 4)(1, 5)
    [0.25, 0.5, 0.75, 1.0]
    """
    lines = _needed(list(_Program(formula, first, last).lines()))
    if len(lines) > _LONGEST or any(line.startswith(("if ", "else:")) for line in lines):
        body = [
            "    values = []",
            "    add = values.append",
            "    for t in range(begin, end):",
            *(f"        {line}" for line in lines),
            "    return values",
        ]
    else:
        body = [f"    return [{_expression(lines)} for t in range(begin, end)]"]
    space = {name: getattr(math, name) for name in FUNCTIONS}
    exec("\n".join(["def loop(begin, end):", *body]), space)
    loop: Loop = space["loop"]
    return loop


def _expression(lines: list[str]) -> str:
    """Lines without a branch as one expression; what is used twice keeps its name."""
    *steps, last = lines
    value = last.removeprefix("add(").removesuffix(")")
    for line in reversed(steps):
        name, _, code = line.partition(" = ")
        uses = len(re.findall(rf"\b{name}\b", value))
        # The first use, from the left, is the first that is computed.
        named = f"({code})" if uses == 1 else f"({name} := {code})"
        before, after = re.split(rf"\b{name}\b", value, maxsplit=1)
        value = f"{before}{named}{after}"
    return value


def _needed(lines: list[str]) -> list[str]:
    """The lines without those whose result no line uses: a zero may have taken its place."""
    while True:
        used = Counter(name for line in lines for name in re.findall(r"v\d+", line))
        left = [line for line in lines if used[line.split(" =")[0].strip()] != 1]
        if len(left) == len(lines):
            return lines
        lines = left


class _Program:
    def __init__(self, formula: Callable[[Any, Any], Any], first: int, last: float) -> None:
        self.formula, self.first, self.last = formula, first, last
        self.runs = 0

    def lines(self, answers: tuple[bool, ...] = (), written: int = 0) -> Iterator[str]:
        """What is left to write once these questions are answered and so much is written."""
        self.runs += 1
        if self.runs > _MOST_RUNS:
            raise NotStraight("too many branches")
        run = Run(answers)
        t = StandIn(run, "t", self.first, self.last, whole=True)
        try:
            value = self.formula(t, RECORDER)
        except Fork as question:
            yield from run.lines[written:]
            for word, answer in ((f"if {question}:", True), ("else:", False)):
                yield word
                rest = self.lines((*answers, answer), len(run.lines))
                yield from (f"    {line}" for line in rest)
        except (TypeError, AttributeError, LookupError, ValueError, ArithmeticError) as error:
            raise NotStraight(f"{error}") from None
        else:
            yield from run.lines[written:]
            yield f"add({text_of(value)})"

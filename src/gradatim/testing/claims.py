"""The checks of a schedule on single numbers. Each yields the evidence against it."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from gradatim.core.build import build
from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.core.text import parse
from gradatim.testing.subject import Subject

UNIT = 2.0**-52
"""The relative distance between neighbouring float64 numbers."""


def finite(subject: Subject) -> Iterator[str]:
    """A number of steps gives a finite float at every step."""
    for step in subject.steps:
        try:
            value = subject.value(step)
        except Exception as error:  # a user's formula may raise anything
            yield f"at step {step} it raises {type(error).__name__}: {error}"
            continue
        if type(value) is not float:
            yield f"at step {step} the value is {value!r}, of type {type(value).__name__}"
        elif not math.isfinite(value):
            yield f"at step {step} the value is {value}"


def ends(subject: Subject) -> Iterator[str]:
    """The first and the last value are exactly the expected ones."""
    length = subject.schedule.length
    if subject.start is not None and subject.value(0) != subject.start:
        yield f"at step 0 the value is {subject.value(0)!r}, and start={subject.start!r}"
    if subject.end is None:
        return
    if length is None:
        yield f"it has no length, so no last value either, and end={subject.end!r}"
    elif subject.value(length) != subject.end:
        yield f"at step {length} the value is {subject.value(length)!r}, and end={subject.end!r}"


def holds(subject: Subject) -> Iterator[str]:
    """After its length a schedule keeps its last value."""
    length = subject.schedule.length
    if length is None:
        return
    last = subject.value(length)
    for after in (1, 2, 7, length + 7, 10**6, 10**12):
        value = subject.value(length + after)
        if value != last:
            yield f"the value is {last!r} at its length, {length}, and {value!r} {after} later"


def bounds(subject: Subject) -> Iterator[str]:
    """Every value is within the expected bounds."""
    for step in subject.steps:
        value = subject.value(step)
        if subject.low is not None and value < subject.low:
            yield f"at step {step} the value is {value!r}, below low={subject.low!r}"
        if subject.high is not None and value > subject.high:
            yield f"at step {step} the value is {value!r}, above high={subject.high!r}"


def one_way(subject: Subject) -> Iterator[str]:
    """The values rise, or fall, at every step, up to rounding."""
    if subject.monotone is None:
        return
    sign = 1.0 if subject.monotone == "rises" else -1.0
    for before, after in pairwise(subject.steps):
        a, b = subject.value(before), subject.value(after)
        if sign * (b - a) < -subject.units * UNIT * abs(b):
            yield (
                f"from step {before} to step {after} the value goes from {a!r} to {b!r}, and "
                f"monotone={subject.monotone!r}"
            )


def any_order(subject: Subject) -> Iterator[str]:
    """A value does not depend on earlier evaluations."""
    forward = {step: subject.value(step) for step in subject.steps}
    for step in reversed(subject.steps):
        value = subject.value(step)
        if value != forward[step]:
            yield f"at step {step} the value is {forward[step]!r} first and {value!r} later"


def as_a_part(subject: Subject) -> Iterator[str]:
    """A schedule has the same values as a part of another one, if it may be a part."""
    if subject.schedule.outermost:
        return
    later, scaled = Constant(0.5, 3) >> subject.schedule, 2.0 * subject.schedule
    for step in subject.steps:
        value = subject.value(step)
        if later(3 + step) != value:
            yield f"at step {step} the value is {value!r}, and {later(3 + step)!r} after a >> "
        if scaled(step) != 2.0 * value:
            yield f"at step {step} the value is {value!r}, and times 2 it is {scaled(step)!r}"


def round_trips(subject: Subject) -> Iterator[str]:
    """Config, expression, pickle and copy restore an equal schedule."""
    schedule = subject.schedule
    forms: dict[str, Callable[[], Any]] = {
        "build(schedule.config())": lambda: build(schedule.config(), imports=True),
        "build(...) of its config as JSON": lambda: build(
            json.loads(json.dumps(schedule.config())), imports=True
        ),
        "parse(repr(schedule))": lambda: parse(repr(schedule), imports=True),
        "pickle": lambda: pickle.loads(pickle.dumps(schedule)),
        "copy.deepcopy": lambda: copy.deepcopy(schedule),
        "schedule.replace()": schedule.replace,
    }
    for form, back in forms.items():
        try:
            again = back()
        except Exception as error:  # pickle may raise many types of errors
            yield f"{form} raises {type(error).__name__}: {error}"
            continue
        if not isinstance(again, Schedule) or again != schedule or hash(again) != hash(schedule):
            yield f"{form} gives {again!r}, which is not equal"


CLAIMS: dict[str, Callable[[Subject], Iterator[str]]] = {
    "be a finite float at every step": finite,
    "begin and end with the expected values": ends,
    "have the same values in any order of steps": any_order,
    "keep its last value after its length": holds,
    "stay in its bounds": bounds,
    "go one way": one_way,
    "have the same values inside another schedule": as_a_part,
    "come back from config, text and pickle": round_trips,
}

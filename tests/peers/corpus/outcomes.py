"""What ``gradatim convert`` makes of a case: read right, refused with or without help, or wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gradatim import GradatimError
from gradatim.cli._foreign import Input, Place, choose, read_place
from gradatim.peers import Given, Read, find, nothing_found
from tests.peers.corpus.case import HELD_OUT, HERE, Case, Number, cases
from tests.peers.corpus.originals import METRICS, SCORES

RIGHT, HELP, NO_HELP, WRONG = "right", "refused with help", "refused without help", "wrong"
OUTCOMES = (RIGHT, HELP, NO_HELP, WRONG)
_HELPS = re.compile(r"--(set|lr|steps|every|at|from)\b|\b([Ww]rite|Give|Leave|Choose|such as)\b")
_ASKED = re.compile(r"""--set (?:"(.+?)=VALUE"|'(.+?)=VALUE'|(\S+)=VALUE)""")
_EPOCH = re.compile(r"\bepoch")
_LEAST, _RELATIVE = 1e-12, 1e-9
Points = Sequence[tuple[int, float]]


class Outcome(NamedTuple):
    kind: str
    """One of OUTCOMES."""
    sentence: str
    """The refusal, or what is wrong."""
    notes: tuple[str, ...] = ()
    """What was said beside the schedule."""


def pasted(case: Case, points: Mapping[str, Points], text: tuple[str, str]) -> Outcome:
    """The outcome without any option."""
    outcome = _outcome(case, text, points, options=False)
    if outcome.kind == RIGHT and case.asks and not case.may_ask:
        return Outcome(WRONG, "read although something is missing", outcome.notes)
    return outcome


def with_options(case: Case, points: Mapping[str, Points], text: tuple[str, str]) -> Outcome:
    """The outcome with the options that the case names."""
    return _outcome(case, text, points, options=True)


def _outcome(
    case: Case, text: tuple[str, str], points: Mapping[str, Points], options: bool
) -> Outcome:
    try:
        read = _read(case, text) if options else _attempt(text, None, Given(), None)
        values = _Values(read)
    except GradatimError as error:
        sentence = str(error)
        helps = _HELPS.search(sentence) or any(name in sentence for name in case.asks)
        return Outcome(HELP if helps else NO_HELP, sentence)
    notes = (*read.differences, read.epochs)
    if case.right is None:
        return Outcome(WRONG, f"read as {read.values}, and cannot be read", notes)
    every = case.every if options and case.every and not case.in_updates else 1
    for step, right in points[case.hit]:
        for position in {step * every, (step + 1) * every - 1}:
            value = values.at(position)
            if abs(value - right) > _RELATIVE * abs(right) + _LEAST:
                return Outcome(WRONG, f"{value!r} at {position}, where {right!r} is right", notes)
    if not any(case.says in note for note in notes):
        return Outcome(WRONG, f"nothing is said of {case.says!r}", notes)
    return Outcome(RIGHT, "", notes)


def results(held_out: bool = False) -> Iterator[tuple[Case, Outcome, Outcome]]:
    """Each case with what comes of it as pasted, and with its options."""
    points = recorded(held_out)
    for case in cases(held_out):
        yield case, *both(case, points)


def both(case: Case, points: Mapping[str, Points]) -> tuple[Outcome, Outcome]:
    """What comes of a case as pasted, and with its options."""
    text = case.input()
    first = pasted(case, points, text)
    return first, with_options(case, points, text) if case.needs_options else first


def unsaid(case: Case, outcome: Outcome) -> bool:
    """Whether a scheduler was read that is stepped once an epoch, and nothing was said of it."""
    read = outcome.kind == RIGHT and case.epochs and not case.every
    return read and not any(_EPOCH.search(note) for note in outcome.notes)


class _Values:
    """The rates of what was read, under METRICS where it has a rule."""

    def __init__(self, read: Read) -> None:
        self.schedule, self.scales = read.schedule, [1.0]
        if read.rule is not None:
            state = read.rule.init()
            for metric in SCORES if read.rule.mode == "max" else METRICS:
                state = read.rule.update(state, metric)
                self.scales.append(float(state.scale))

    def at(self, step: int) -> float:
        return float(self.schedule(step)) * self.scales[min(step, len(self.scales) - 1)]


def _attempt(text: tuple[str, str], project: str | None, given: Given, line: int | None) -> Read:
    """What the command reads: the scheduler of a line, or the only one."""
    name, words = text
    source = Input(name, words)
    found = find(words, name=name, source=project)
    if not found:
        raise nothing_found(words, name, project)
    places = [Place(source, one) for one in found]
    return read_place(choose(places, None if line is None else str(line), given), given)


def _read(case: Case, text: tuple[str, str]) -> Read:
    """Read with the options of the case, adding the names that a refusal asks for."""
    values: dict[str, Number] = {}
    while True:
        given = Given(case.lr, case.steps, case.every, dict(values))
        try:
            return _attempt(text, case.project, given, case.line(text[1]))
        except GradatimError as error:
            asked = [found[1] or found[2] or found[3] for found in _ASKED.finditer(str(error))]
            more = {name: value for name in asked if (value := _known(case, name)) is not None}
            if not more.keys() - values.keys():
                raise
            values |= more


def _known(case: Case, asked: str) -> Number | None:
    """The value of a name that is asked for: one of the case with the same last word will do."""
    words = re.findall(r"\w+", asked)
    ends = {re.findall(r"\w+", name)[-1]: value for name, value in case.given.items()}
    known = [ends[word] for word in reversed(words) if word in ends]
    return case.given.get(asked, known[0] if known else None)


def recorded(held_out: bool = False) -> dict[str, Points]:
    """The values of the originals, as they were recorded."""
    file = (HELD_OUT if held_out else HERE) / "values.json"
    return json.loads(file.read_text(encoding="utf-8"))


def telling(values: Sequence[float]) -> list[tuple[int, float]]:
    """At most 40 points of a schedule: ends, places where it bends most, and some between."""
    last = len(values) - 1
    bends = sorted(
        range(1, last),
        key=lambda k: -abs(values[k + 1] - 2 * values[k] + values[k - 1]),
    )
    chosen = {0, 1, 2, last - 2, last - 1, last, *(last * k // 12 for k in range(13))}
    chosen.update(k + near for k in bends[:6] for near in (-1, 0, 1))
    return [(k, values[k]) for k in sorted(chosen) if 0 <= k <= last]


__all__ = ["Outcome", "both", "recorded", "results", "telling", "unsaid"]

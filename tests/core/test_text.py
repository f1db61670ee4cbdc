"""Texts and configs that are read, never run: what they may say, and what they may not do."""

import sys
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from gradatim import (
    Constant,
    Cosine,
    Function,
    GradatimError,
    InverseSqrtDecay,
    Linear,
    Schedule,
    Table,
    build,
    join,
    parse,
    warmup_cosine,
)

line, wave = Linear(0.0, 1.0, 10), Cosine(1.0, 0.0, 90)

SAID = {
    "Linear(0, 1, steps=10) >> Cosine(1, 0, steps=90)": line >> wave,
    "join(Linear(0, 1, 10), Cosine(1, 0, 90))": line >> wave,
    "  Linear ( start = 0., end = 1e0 , steps = 1_0 )  ": line,
    "(\n  Linear(0, 1, 10)\n  >> Cosine(1, 0, 90)  # then down\n)": line >> wave,
    "3e-4 * (Linear(0, 1, 10) >> Cosine(1, 0, 90))": 3e-4 * (line >> wave),
    "2 * 0.5 * Linear(0, 1, 10)": 1.0 * line,
    "Linear(0, 1, 10) * 2 * 0.5": (line * 2.0) * 0.5,
    "Linear(0, 1, 10) * InverseSqrtDecay(1, 5) + 0.1": line * InverseSqrtDecay(1.0, 5) + 0.1,
    "1 + -2 * Linear(0, 1, 10)": -2.0 * line + 1.0,
    "Linear(0, 1, 10).repeat(3, stretch=2).clip(low=0.1)": line.repeat(3, stretch=2).clip(0.1),
    "Linear(0, 1, 10).shift(-2).staircase(3).cut(5)": line.shift(-2).staircase(3).cut(5),
    "Constant(1).cut(5).then(Linear(0, 1, 10))": Constant(1.0).cut(5) >> line,
    "Linear(0, 1, 10).stretched(3)": Linear(0.0, 1.0, 30),
    "Table([(0, 1), [5, -0.5]], between='hold')": Table([(0, 1.0), (5, -0.5)], "hold"),
    "warmup_cosine(1, steps=100, warmup='10%')": warmup_cosine(1.0, steps=100, warmup=10),
    " >> ".join(["Linear(0, 1, 10)"] * 900): join(*[line] * 900),
}


@pytest.mark.parametrize("text", SAID, ids=lambda text: text[:40])
def test_a_text_says_what_python_would(text: str):
    assert parse(text) == SAID[text]


NO_SCHEDULES = """\
1
'a'
None
[]
x
Linear
import os
x = Linear(0, 1, 10)
Linear(0, 1, 10); Linear(0, 1, 10)
Linear(0, 1, 10
Linear(0, 1, 10))
__import__('os').system('touch sentinel')
open('sentinel', 'w')
eval('1')
().__class__.__mro__[1].__subclasses__()
Linear.__subclasses__()
Linear(0, 1, 10).__class__
Linear(0, 1, 10).__class__.__init__.__globals__
Linear(0, 1, 10).steps
Linear(0, 1, 10).at(1, 2)
Linear(0, 1, 10).config()
Linear(0, 1, 10).replace(steps=5)
Linear(0, 1, 10)(3)
Linear(0, 1, 10)[0]
(lambda: Linear(0, 1, 10))()
[line for line in (Linear(0, 1, 10),)][0]
f'{Linear(0, 1, 10)}'
(line := Linear(0, 1, 10))
Linear(0, 1, 10) if 1 else 2
Linear(0, 1, 10) or 1
1 < 2
~1
b'a'
1j
...
Linear(*[0, 1, 10])
Linear(**{'start': 0})
Linear(0, 1, 2 ** 10)
Linear(0, 1, 10) ** 2
Linear(0, 1, 10) * 'a'
Linear(0, 1, 10) * True
Linear(0, 1, 10) + None
Linear(0, 1, 10) >> 1
1 >> Linear(0, 1, 10)
1 + 1
'a' + 'b'
join()
join(1)
join(1, 2)
join(pieces=1)
Linear(self=1)
Linear(start=0, start=1, end=1, steps=2)
Linear(0, 1, 10, steps=10)
Linear(0, 1, 10).then(1)
Linear(0, 1, 10).clip(1, 2, 3)
Linear(0, 1, 10).repeat(times=2, times=3)
Linear(1e999, 0, 10)
'a' * 10000000000000000 * Linear(0, 1, 10)
(1,) * 100000000000000 * Linear(0, 1, 10)
Constant(1, 1000000000000).stretched('aaaaaaaa')
Constant(1, 5).stretched(-1)
Function('os:getcwd')
Function('this:d')
Scale(Function('this:d'), 2)
Linear(0, 1, 10) >> Function('this:d')"""
LONG = {
    "empty": "",
    "a zero byte": "\0",
    "half a character": "'\\ud800'",
    "a long int": "1" + "0" * 5000,
    "a long int as a factor": "0.5 * 1" + "0" * 400 + " * Linear(0, 1, 10)",
    "a long int as an argument": "Linear(0, 1, 1" + "0" * 5000 + ")",
    "a long hexadecimal": "0x" + "f" * 50_000,
    "a long hexadecimal as an argument": "Linear(0x" + "f" * 50_000 + ", 0, 1)",
    "brackets": "(" * 50_000 + ")" * 50_000,
    "lists": "[" * 50_000 + "]" * 50_000,
    "few brackets": "(" * 90 + "1" + ")" * 90,
    "few lists": "[" * 90 + "1" + "]" * 90,
    "minuses": "-" * 99_000 + "1",
    "pluses": "1" + "+1" * 49_000,
    "joins": "1" + ">>1" * 30_000,
    "attributes": "a" + ".a" * 49_000,
    "calls": "a" + "()" * 49_000,
    "methods": "Constant(1)" + ".shift(1)" * 5000,
    "arguments": "Linear(" + "0," * 49_000 + ")",
    "arguments by name": "Linear(" + "a=0," * 20_000 + ")",
    "a long name": "a" * 100_000,
    "a long text": "'" + "a" * 99_000 + "'",
    "too long": "a" * 100_001,
}


@pytest.fixture
def nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    assert list(tmp_path.iterdir()) == []
    assert set(sys.modules) == before


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("text", [*NO_SCHEDULES.splitlines(), *LONG])
def test_a_text_that_says_anything_else_is_refused(text: str):
    text = LONG.get(text, text)
    with pytest.raises(GradatimError) as caught:
        parse(text)
    assert len(str(caught.value)) < 1000


def nested(levels: int) -> Any:
    return reduce(lambda inner, _: {"Shift": {"schedule": inner, "by": 1}}, range(levels), LINE)


LINE = {"Linear": {"start": 0.0, "end": 1.0, "steps": 10}}
SELF: dict[str, Any] = {"Scale": {"factor": 1.0}}
SELF["Scale"]["schedule"] = SELF
DOUBLED: Any = reduce(lambda inner, _: [inner, inner], range(60), 1)
WRONG_CONFIGS = {
    "nothing": None,
    "a number": 1,
    "a text": "Linear",
    "a list": [LINE],
    "empty": {},
    "two names": {**LINE, "Constant": {"value": 1}},
    "no name": {"start": 0.0},
    "a number as a name": {1: {}},
    "a long number as a name": {10**5000: {}},
    "a long name": {"x" * 100_000: {}},
    "no mapping": {"Linear": [0, 1, 10]},
    "nothing under a name": {"Linear": None},
    "a text under a name": {"Linear": "0, 1, 10"},
    "a number as an argument": {"Linear": {0: 0}},
    "a missing argument": {"Linear": {"start": 0}},
    "self": {"Linear": {**LINE["Linear"], "self": 1}},
    "class": {"__class__": {}},
    "class as an argument": {"Linear": {**LINE["Linear"], "__class__": 1}},
    "a formula": {"Linear": {**LINE["Linear"], "at": 1}},
    "an abstract class": {"Ramp": {}},
    "a function": {"Function": {"function": "this:d"}},
    "a function inside": {"Scale": {"factor": 1, "schedule": {"Function": {"function": "this:d"}}}},
    "deep": nested(5000),
    "deeper than allowed": nested(40),
    "in itself": SELF,
    "deep lists": {"Table": {"points": reduce(lambda inner, _: [inner], range(5000), 1)}},
    "doubled sixty times": {"Table": {"points": DOUBLED, "between": "hold"}},
    "a million entries": {"Table": {"points": [1] * 1_000_000, "between": "hold"}},
    "a long number": {"Linear": {"start": 10**5000, "end": 0, "steps": 10}},
    "a wrong piece": {"Join": {"pieces": [LINE, 1]}},
    "a wrong rule": {"Run": {}},
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("name", WRONG_CONFIGS)
def test_a_config_of_anything_else_is_refused(name: str):
    with pytest.raises(GradatimError) as caught:
        build(WRONG_CONFIGS[name])
    assert len(str(caught.value)) < 2000


def test_code_is_run_only_for_those_who_say_so():
    schedule = Function("math:sqrt")
    assert parse("Function('math:sqrt')", imports=True) == schedule
    assert build(schedule.config(), imports=True) == schedule
    for read, written in ((parse, repr(schedule)), (build, schedule.config())):
        with pytest.raises(GradatimError, match="imports=True"):
            read(written)


def test_nesting_that_people_write_is_read_back():
    schedule: Schedule = line
    for _ in range(20):
        schedule = schedule.shift(1)
    assert build(schedule.config()) == parse(repr(schedule)) == schedule


@pytest.mark.parametrize("text", [None, 1, b"Linear(0, 1, 10)", line])
def test_only_a_text_is_parsed(text: Any):
    with pytest.raises(GradatimError, match="must be a string"):
        parse(text)

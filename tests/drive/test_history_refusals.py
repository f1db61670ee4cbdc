"""Files that are no histories of ours: one sentence with the line, and nothing is overwritten."""

import json
import re

import pytest

from gradatim import Constant, Driver, Function, GradatimError, Linear, Plan, Plateau, Run
from gradatim.drive.history.replay import summary_of
from gradatim.drive.resume.plan_data import plan_in

LINE = Linear(start=0.0, end=1.0, steps=4)


def driven(until, loaded=None, schedule=LINE):
    driver = Driver({"lr": schedule})
    if loaded is not None:
        driver.load(driver.state() | {"position": loaded, "tick": loaded})
    driver.advance(until - driver.position)
    return driver


def line(**entry):
    return json.dumps(entry) + "\n"


HEAD = line(history="gradatim", format=1, clock="updates", updates=2)
CONFIG = Plan({"lr": LINE}).config()
PLAN = '{"from": 0, ' + line(loaded=False, plan=CONFIG, scales={})[1:]
ROWS = [line(position=k, tick=k, values={"lr": k / 4}) for k in range(3)]
NOT_OURS = ": no history of ours: its first line does not say so."
NO_JSON = ", line {}: not JSON: .*; the file may be cut off."
VERSION = (
    ", line 1: format must be 1, got {}. A larger one was written by a newer version: update "
    "gradatim."
)
COUNT = ": it has {} updates, and line 1 says 2: the file was cut off, or changed."
RECORDS = {
    "empty": ("", NOT_OURS),
    "another file": (line(loss=0.5), NOT_OURS),
    "no JSON": ("position,lr\n0,0.5\n", NO_JSON.format(1)),
    "a list": ("[1, 2]\n", ", line 1: must be a mapping, got [1, 2]."),
    "another version": (HEAD.replace("1,", "2,"), VERSION.format(2)),
    "no version": (HEAD.replace('"format"', '"size"'), VERSION.format(None)),
    "cut off in a line": ((HEAD + PLAN + ROWS[0])[:-9], NO_JSON.format(3)),
    "cut off between lines": (HEAD + PLAN + ROWS[0], COUNT.format(1)),
    "a row more": (HEAD + PLAN + "".join(ROWS), COUNT.format(3)),
    "a row twice": (HEAD + PLAN + ROWS[1] * 2, ", line 4: position 1 comes after 1."),
    "out of order": (HEAD + PLAN + ROWS[1] + ROWS[0], ", line 4: position 0 comes after 1."),
    "no plan": (HEAD + ROWS[0], ", line 2: an update comes before any plan."),
    "a plan too late": (
        HEAD + PLAN + ROWS[1] + PLAN,
        ", line 4: a plan from position 0 comes after 1.",
    ),
    "a blank line": (HEAD + PLAN + "\n" + ROWS[0], NO_JSON.format(3)),
    "nested": (HEAD + PLAN + "[" * 100_000 + "\n", NO_JSON.format(3)),
}
# In the first update, in place of these characters.
AT, TICK, VALUE, END = '"position": 0', '"tick": 0', "0.0", "}}"
NUMBER = "lr must be a finite number, got {}"
COUNTS = "'position' and 'tick' must be whole numbers, 0 or more"
BY_NAME = "'values' must be numbers by name, 'written' some of the names"
FIRST_ROWS = {
    "NaN": (VALUE, "NaN", NUMBER.format("nan")),
    "infinity": (VALUE, "-Infinity", NUMBER.format("-inf")),
    "a text": (VALUE, '"0.0"', NUMBER.format("'0.0'")),
    "a huge number": (VALUE, "1" + "0" * 400, NUMBER.format("1" + "0" * 76 + "...")),
    "a number of 10,000 digits": (VALUE, "1" * 10_000, "not JSON: .*; the file may be cut off"),
    "true": (VALUE, "true", NUMBER.format("True")),
    "values in a list": ('{"lr": 0.0}', "[0.0]", BY_NAME),
    "no values": (', "values": {"lr": 0.0}', "", "'values' is missing"),
    "no tick": (TICK, '"time": 0', "'tick' is missing"),
    "a tick that falls": (TICK, '"tick": 9', "tick 1 comes after 9"),
    "a position below 0": (AT, '"position": -1', COUNTS),
    "a position of a half": (AT, '"position": 0.5', COUNTS),
    "a position that is true": (AT, '"position": true', COUNTS),
    "a far tick": (TICK, '"tick": 1' + "0" * 30, COUNTS),
    "written no list": (END, '}, "written": 5}', "'written' must be a list of names"),
    "written strange": (END, '}, "written": [[]]}', "'written' must be a list of names"),
    "written unknown": (END, '}, "written": ["kl"]}', BY_NAME),
}
for _name, (_old, _new, _words) in FIRST_ROWS.items():
    assert _old in ROWS[0]
    _text = HEAD + PLAN + ROWS[0].replace(_old, _new, 1) + ROWS[1]
    RECORDS[_name] = (_text, f", line {4 if 'falls' in _name else 3}: {_words}.")
FLAGS = "'from' must be a position, 'loaded' true or false"
PLANS = {
    "no start": ('"from": 0, ', "", "'from' is missing"),
    "a start that is none": ('"from": 0', '"from": "0"', FLAGS),
    "a load that is none": ("false", "1", FLAGS),
    "scales that are none": ('"scales": {}', '"scales": {"lr": NaN}', NUMBER.format("nan")),
    "a plan that is none": (json.dumps(CONFIG), "[]", "'plan' must be what Plan.config() gives"),
}
for _name, (_old, _new, _words) in PLANS.items():
    assert _old in PLAN
    RECORDS[_name] = (
        HEAD + PLAN.replace(_old, _new, 1) + ROWS[0] + ROWS[1],
        f", line 2: {_words}.",
    )
COLUMNS = (
    ": no history of ours: its first line must be position and the names of values in columns, "
    "got '{}'."
)
TABLES = {
    "empty": ("", COLUMNS.format("")),
    "another table": ("step,lr\n0,0.5\n", COLUMNS.format("step,lr")),
    "no table": ("\x00\x01\n", COLUMNS.format(r"\x00\x01")),
    "columns twice": ("position,lr,lr\n0,0.5,0.5\n", COLUMNS.format("position,lr,lr")),
    "a column without a name": ("position,,lr\n", COLUMNS.format("position,,lr")),
    "a cell less": (
        "position,lr\n0,0.5\n1\n",
        ", line 3: 1 cells, where line 1 has 2; the file may be cut off.",
    ),
    "a row twice": ("position,lr\n0,0.5\n0,0.5\n", ", line 3: position 0 comes after 0."),
    "out of order": ("position,lr\n1,0.5\n0,0.5\n", ", line 3: position 0 comes after 1."),
    "below 0": ("position,lr\n-1,0.5\n", ", line 2: position -1 comes after -1."),
    "a text": (
        "position,lr\n0,fast\n",
        ", line 2: could not convert string to float: 'fast'.",
    ),
    "a blank line": (
        "position,lr\n\n0,0.5\n",
        ", line 2: 0 cells, where line 1 has 2; the file may be cut off.",
    ),
    "a NUL": ("position,lr\n0,\x00\n", ", line 2: .*."),
    "an open quote": ('position,lr\n0,"0.5\n', ", line 2: .*."),
}
FILES = [("jsonl", name) for name in RECORDS] + [("csv", name) for name in TABLES]


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_it_is_refused_in_a_sentence_and_left_as_it_is(kind, name, tmp_path):
    text, sentence = (RECORDS if kind == "jsonl" else TABLES)[name]
    path = tmp_path / f"run.{kind}"
    path.write_text(text)
    # What Python says of JSON and CSV is not ours: ".*".
    whole = re.escape(f"{path}{sentence}").replace(r"\.\*", ".*")
    for loaded in (None, 1, 2, 30):
        with pytest.raises(GradatimError, match=f"^save_history: {whole}$") as error:
            driven(32, loaded=loaded).save_history(path)
        assert "\n" not in str(error.value)
    assert path.read_text() == text
    with pytest.raises(GradatimError, match=f"^{whole}$"):
        summary_of(path)


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (
            "jsonl",
            HEAD.replace("updates", "time", 1) + PLAN + ROWS[0] + ROWS[1],
            "it was written in 'time', this history is in updates. Give it another name.",
        ),
        (
            "csv",
            "position,tick,lr\n0,0,0.5\n",
            "it was written by a clock, this history is in updates.",
        ),
    ],
)
def test_a_history_by_another_clock_is_not_continued(kind, text, sentence, tmp_path):
    path = tmp_path / f"run.{kind}"
    path.write_text(text)
    with pytest.raises(GradatimError) as error:
        driven(3).save_history(path)
    assert str(error.value) == f"save_history: {path}: {sentence}"
    assert path.read_text() == text
    assert summary_of(path).updates


def test_a_table_without_ticks_is_not_continued_by_a_clock(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("position,lr\n0,0.5\n")
    driver = Driver({"lr": Constant(0.5)}, run=Run(seconds=1))
    with pytest.raises(GradatimError) as error:
        driver.save_history(path)
    assert str(error.value) == (
        f"save_history: {path}: it has no ticks: it was written in updates, not by a clock."
    )


LONG_TABLE = "position,lr\n" + "".join(f"{k},0.5\n" for k in range(20_000))


@pytest.mark.parametrize("begin", ["", LONG_TABLE], ids=["at its start", "later"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_that_is_no_text(kind, begin, tmp_path):
    path = tmp_path / f"run.{kind}"
    start = begin if kind == "csv" else HEAD + PLAN + "".join(ROWS[:1]) * bool(begin)
    path.write_bytes(start.encode() + b"\xff\xfe\x00")
    with pytest.raises(GradatimError) as error:
        driven(30_000, loaded=25_000).save_history(path)
    assert str(error.value) == f"save_history: {path}: no UTF-8 text: invalid start byte."


def test_a_table_cannot_be_verified(tmp_path):
    driven(3).save_history(tmp_path / "run.csv")
    with pytest.raises(GradatimError) as error:
        summary_of(tmp_path / "run.csv", verify=True)
    assert str(error.value) == (
        f"{tmp_path / 'run.csv'}: a table has no plan to compute its values from. "
        "save_history('run.jsonl') writes a record that has."
    )
    with pytest.raises(GradatimError) as error:
        summary_of(tmp_path / "none.csv")
    assert str(error.value) == f"{tmp_path / 'none.csv'}: there is no such file."


def half(step):
    return 0.5


def test_a_function_is_called_only_if_its_module_is_named(tmp_path):
    path = tmp_path / "run.jsonl"
    driven(3, schedule=Function(function=half)).save_history(path)
    with pytest.raises(GradatimError) as error:
        summary_of(path, verify=True)
    assert str(error.value) == (
        f"{path}, line 2: plan: it would import and run {__name__}:half. If you trust that code, "
        f"name its module: --import {__name__}."
    )
    assert summary_of(path).updates == 3
    assert summary_of(path, verify=True, modules=[__name__]).difference is None


def config(**parts):
    return CONFIG | parts


BAD_PLANS = {
    "an unknown schedule": (
        config(schedules={"lr": {"Cosinus": {}}}),
        "config: unknown schedule 'Cosinus'. Did you mean 'Cosine'? Known: .*",
    ),
    "a number": (
        config(schedules={"lr": 5}),
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got 5",
    ),
    "no schedules": (
        config(schedules={}),
        "Plan: schedules must be a mapping from targets to schedules, got {}. "
        'Write {"lr": schedule}',
    ),
    "a rule for a schedule": (
        config(schedules={"lr": Plateau(mode="min").config()}),
        "plan: lr must be a schedule, got Plateau(mode='min')",
    ),
    "a target without a name": (
        config(schedules={"/": LINE.config()}),
        'Plan: a target must be a text such as "lr" or "lr/head", got \'/\'',
    ),
    "rules that are none": (
        config(rules=5),
        "plan: rules must be what Plan.config() gives, got 5",
    ),
    "outside of nothing": (
        config(external=["kl"]),
        "plan: external must be among ['lr'], got ['kl']",
    ),
    "outside of it all": (
        config(external=[3]),
        "plan: external must be among ['lr'], got [3]",
    ),
    "a part less": (
        {"rules": {}},
        "plan: plan must be a mapping with schedules, external, rules, run, got {'rules': {}}",
    ),
    "nothing": (
        {},
        "plan: plan must be a mapping with schedules, external, rules, run, got {}",
    ),
    "a run that is none": (
        config(run=LINE.config()),
        "plan: run must be a run, got Linear(start=0.0, end=1.0, steps=4)",
    ),
    "a function of a strange name": (
        config(schedules={"lr": {"Function": {"function": "os:path:join"}}}),
        "plan: it would import and run os:path:join. If you trust that code, name its module: "
        "--import os",
    ),
    "a run of no size": (
        config(run={"Run": {"steps": 0}}),
        "Run: steps must be a whole number, 1 or more, got 0",
    ),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_plan_that_cannot_be_built_is_named_with_its_line(name, tmp_path):
    plan, sentence = BAD_PLANS[name]
    path = tmp_path / "run.jsonl"
    text = '{"from": 0, ' + line(loaded=False, plan=plan, scales={})[1:]
    path.write_text(HEAD + text + ROWS[0] + ROWS[1])
    assert summary_of(path).updates == 2
    whole = re.escape(f"{path}, line 2: {sentence}.").replace(r"\.\*", ".*")
    with pytest.raises(GradatimError, match=f"^{whole}$"):
        summary_of(path, verify=True)


@pytest.mark.parametrize("levels", [100, 400, 440, 460, 480, 500, 5000])
def test_a_plan_that_is_nested_too_deeply(levels, tmp_path):
    deep = '{"Clip": {"schedule": ' * levels + "{}" + "}}" * levels
    path = tmp_path / "run.jsonl"
    text = PLAN.replace(json.dumps(LINE.config()), deep)
    path.write_text(HEAD + text + ROWS[0] + ROWS[1])
    with pytest.raises(GradatimError, match=r"line 2: .*(too deep|more than|not JSON)"):
        summary_of(path, verify=True)


def test_data_nested_as_deeply_as_json_allows_elsewhere():
    deep = {}
    for _ in range(5_000):
        deep = {"Clip": {"schedule": deep}}
    with pytest.raises(GradatimError, match=r"^plan: it is nested too deeply to be one of ours\.$"):
        plan_in(config(schedules={"lr": deep}), "plan")

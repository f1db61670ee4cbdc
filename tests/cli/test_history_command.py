"""``gradatim history``: what a run used, and whether its plan gives just that."""

import json

import pytest

from gradatim import Driver, Function, Linear, Plan, Run, Target
from gradatim.cli import main


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stop.value.code or 0, out, err

    return run


def trained(path, updates, loaded=None):
    run = Run(total_tokens=1000, clock="tokens")
    driver = Driver(Plan({"lr": Linear(1.0, 0.0, 1000), "momentum": 0.9}, run=run))
    if loaded is not None:
        driver.load(driver.state() | {"position": loaded, "tick": 100 * loaded})
    for k in range(driver.position, updates):
        driver.count(tokens=100)
        driver.stepped(0, {Target("lr"): 7.0} if k == 2 else None)
    driver.save_history(path)


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "run.jsonl"
    trained(path, 5)
    trained(path, 8, loaded=4)
    return path


def test_a_run_of_two_loads_that_replays(run, record):
    code, out, err = run("history", record, "--verify")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "updates     8, positions 0 to 7",
        "loads       1, at 4",
        "clock       tokens, 0 to 700",
        "other code  wrote a value first for update 3",
        "",
        "value     lowest  highest  by other code",
        "lr           0.3        7              1",
        "momentum     0.9      0.9",
        "",
        "position  tick   lr  momentum",
        "       0     0    1       0.9",
        "       1   100  0.9       0.9",
        "       2   200   7*       0.9",
        "       3   300  0.7       0.9",
        "       4   400  0.6       0.9",
        "       5   500  0.5       0.9",
        "       6   600  0.4       0.9",
        "       7   700  0.3       0.9",
        "* by other code",
        "",
        "The plan gives every value that no other code wrote of all 8 updates, bit for bit.",
    ]


def test_the_first_value_that_differs_is_named_and_the_code_is_1(run, record):
    text = record.read_text()
    record.write_text(text.replace('"lr": 0.7', '"lr": 0.71').replace('"lr": 0.4', '"lr": 0.41'))
    code, out, err = run("history", record, "--verify")
    assert (code, err) == (1, "")
    assert out.splitlines()[-1] == (
        f"{record}, line 6: update 4, at tick 300: lr is 0.71 in the file, and 0.7 by the plan."
    )
    code, out, _ = run("history", record)
    assert code == 0
    assert "by the plan" not in out
    code, out, _ = run("history", record, "--verify", "--json")
    assert code == 1
    assert json.loads(out)["difference"].startswith(f"{record}, line 6: update 4")


def test_a_table_says_less(run, tmp_path):
    path = tmp_path / "run.csv"
    trained(path, 5)
    trained(path, 9, loaded=5)
    code, out, err = run("history", path)
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == [
        "updates  9, positions 0 to 8",
        "loads    not in a table",
        "clock    ticks, 0 to 800",
    ]
    code, out, err = run("history", path, "--verify")
    assert (code, out) == (2, "")
    assert "a table has no plan to compute its values from" in err


def test_what_json_says(run, record):
    _, out, _ = run("history", record, "--json")
    assert json.loads(out) == {
        "updates": 8,
        "positions": [0, 7],
        "missing": 0,
        "loads": [4],
        "clock": "tokens",
        "ticks": [0, 700],
        "values": {
            "lr": {"lowest": 0.3, "highest": 7.0, "updates": 8, "written": 1},
            "momentum": {"lowest": 0.9, "highest": 0.9, "updates": 8, "written": 0},
        },
    }
    _, out, _ = run("history", record, "--json", "--verify")
    assert json.loads(out)["difference"] is None


def test_a_gap_and_an_empty_history(run, tmp_path):
    path = tmp_path / "run.jsonl"
    trained(path, 0)
    code, out, _ = run("history", path, "--verify")
    assert (code, out.splitlines()[0]) == (0, "updates  none")
    trained(path, 3)
    with pytest.warns(UserWarning, match="has no updates from 3 to 4"):
        trained(path, 8, loaded=5)
    _, out, _ = run("history", path)
    assert "missing     2 between them" in out.splitlines()


def half(step):
    return 0.5


def test_functions_of_a_module_that_is_named_are_called(run, tmp_path):
    path = tmp_path / "run.jsonl"
    driver = Driver({"lr": Function(function=half)})
    driver.advance(2)
    driver.save_history(path)
    code, out, err = run("history", path, "--verify")
    assert (code, out) == (2, "")
    assert f"would import and run {__name__}:half" in err
    code, _, err = run("history", path, "--verify", "--import", __name__)
    assert (code, err) == (0, "")


@pytest.mark.parametrize("text", ["", "{", "step,lr\n", "\x00", None])
def test_what_is_no_history_is_code_2_and_a_sentence(run, tmp_path, text):
    for name in ("run.jsonl", "run.csv"):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        code, out, err = run("history", path)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"gradatim: {path}")
    code, _, err = run("history", tmp_path)
    assert (code, "no regular file" in err) == (2, True)

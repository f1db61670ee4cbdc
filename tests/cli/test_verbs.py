"""The command as a person and a script use it: output, exit codes, pipes, poor terminals."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from gradatim import build, load_plan, parse, warmup_cosine
from gradatim.cli import main
from gradatim.peers.projects import PEERS

COSINE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"
SCHEDULE = warmup_cosine(peak=3e-4, warmup=500, steps=10_000)


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stop.value.code or 0, out, err

    return run


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(
        "format: 1\nrun: {updates: 10_000}\nschedules:\n"
        "  lr: {warmup_cosine: {peak: 3e-4, warmup: 5%}}\n"
        "  weight_decay: {Constant: {value: 0.1}}\n"
    )
    return str(path)


@pytest.fixture
def parts(tmp_path):
    path = tmp_path / "parts.yaml"
    path.write_text(
        "format: 1\nrun: {samples: 1000, batch: 10, epochs: 10}\nschedules:\n"
        "  lr/head: {warmup_cosine: {peak: 1e-3, warmup: 10%}}\n"
        "  lr/*: {Join: {pieces: [Constant: {value: 0, steps: 20%}, "
        "Linear: {start: 3e-4, end: 0, steps: 80%}]}}\n"
        "  weight_decay: {Constant: {value: 0.1}}\n"
        "rules:\n  lr: {Plateau: {mode: min, patience: 3}}\n"
    )
    return str(path)


def test_show_draws_the_curve_and_its_key_points(run, plan):
    for given in (COSINE, plan):
        code, out, err = run("show", given)
        assert (code, err) == (0, "")
        assert "⠉" in out
        table = {line[:15].strip(): line.split()[-1] for line in out.splitlines() if line.strip()}
        assert float(table["peak"]) == 3e-4
        assert float(table["area"]) == pytest.approx(1.5)


def test_show_draws_every_target_and_says_rules_and_run(run, parts):
    code, out, err = run("show", parts)
    assert (code, err) == (0, "")
    heads = [line.partition(":")[0] for line in out.splitlines() if line[:1].isalpha()]
    assert [head for head in heads if head.startswith(("lr", "weight_decay"))] == [
        "lr/head",
        "lr/*",
        "weight_decay",
    ]
    assert out.count("half-way") == 2  # a constant needs no curve
    assert "rule of lr: Plateau(mode='min', patience=3)" in out
    assert "run: 1,000 updates, Run(samples=1000, batch=10, epochs=10.0)" in out
    code, out, _ = run("show", parts, "--value", "lr/head")
    assert out.count("half-way") == 1
    assert "lr/*" not in out
    assert "rule of lr" in out


def test_show_draws_the_same_target_of_several_plans_over_each_other(run, plan, parts):
    code, out, err = run("show", plan, COSINE.replace("3e-4", "6e-4"), "Constant(1e-4)")
    assert (code, err) == (0, "")
    assert out.count("half-way") == 1
    peaks = next(line for line in out.splitlines() if line.startswith("peak"))
    assert peaks.split() == [
        "peak",
        "0.0003",
        "at",
        "500",
        "0.0006",
        "at",
        "500",
        "0.0001",
        "at",
        "0",
    ]
    assert out.count("weight_decay") == 1
    code, out, err = run("show", plan, plan)
    assert (code, err) == (
        2,
        f"gradatim: show: plans need different names, got {plan!r} in {plan!r}. "
        'Write "another=PLAN" for one of them.\n',
    )
    _, _, err = run("show", parts, "--value", "lr")
    assert "unknown target 'lr'. Did you mean 'lr/*'? Known: lr/*, lr/head, weight_decay." in err


def test_show_one_value(run, plan):
    code, out, _ = run("show", plan, "--value", "weight_decay", "--at", "3", "--at", "10000000")
    assert (code, out.split()) == (0, ["0.1", "0.1"])


def test_show_at_gives_every_digit(run):
    _, out, _ = run("show", COSINE, "--at", "777")
    assert float(out) == SCHEDULE(777)
    _, out, _ = run("show", COSINE, "--at", "777", "--json")
    assert json.loads(out) == {"777": SCHEDULE(777)}


def test_show_at_takes_a_share_of_what_is_shown(run):
    _, out, _ = run("show", COSINE, "--at", "1e3", "--at", "10%", "--at", "1_000")
    assert [float(line) for line in out.split()] == [SCHEDULE(1000)] * 3
    code, _, err = run("show", COSINE, "--at", "2 epochs")
    assert code == 2
    assert "got '2 epochs'. Give a plan file with a run for a length such as" in err


def test_show_at_gives_every_target(run, parts):
    # By hand: 500 of 1,000 updates are 300 of the 800 of the line, 3e-4 * (1 - 3/8).
    _, out, _ = run("show", parts, "--at", "500", "--at", "0")
    head, half, first = (line.split() for line in out.splitlines())
    assert head == ["step", "lr/head", "lr/*", "weight_decay"]
    assert half[0] == "500"
    assert [float(half[2]), float(half[3])] == [pytest.approx(1.875e-4), 0.1]
    assert first == ["0", "0.0", "0.0", "0.1"]
    _, out, _ = run("show", parts, "--at", "500", "--json")
    assert json.loads(out)["lr/*"] == {"500": pytest.approx(1.875e-4)}


@pytest.mark.parametrize("steps", ["10_000", "1e4", "10000.0"])
def test_a_number_of_steps_is_written_as_in_python(run, steps):
    code, out, err = run("show", "Linear(1, 0, 10)", "--steps", steps, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["updates"] == 10_000


def test_show_has_one_output(run):
    for two in (("--csv", "--json"), ("--at", "3", "--csv"), ("--formula", "--out", "a.png")):
        code, out, err = run("show", COSINE, *two)
        assert (code, out) == (2, "")
        assert err.endswith(" are different outputs. Leave one of them out.\n")


def test_show_json_is_the_schedule(run):
    _, out, _ = run("show", COSINE, "--json")
    page = json.loads(out)
    lr = page["targets"]["lr"]
    assert parse(lr["text"]) == SCHEDULE
    assert page["updates"] == 10_000
    assert all(value == SCHEDULE(step) for step, value in lr["curve"])


def test_show_json_is_all_of_the_plan(run, parts):
    _, out, _ = run("show", parts, "--json")
    page, plan = json.loads(out), load_plan(parts)
    assert {t: build(each["schedule"]) for t, each in page["targets"].items()} == {
        str(t): schedule for t, schedule in plan.schedules.items()
    }
    assert build(page["rules"]["lr"]) == plan.rules["lr"]
    assert page["run"] == plan.run.config()
    _, out, _ = run("show", parts, COSINE, "--json")
    assert [page["name"] for page in json.loads(out)] == [parts, COSINE]


def test_show_csv_is_the_curve(run):
    _, out, _ = run("show", COSINE, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 1001
    assert all(float(row["lr"]) == SCHEDULE(int(row["step"])) for row in rows)
    assert rows[-1]["step"] == "9999"


def test_show_csv_has_a_column_a_target(run, parts):
    _, out, _ = run("show", parts, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    plan = load_plan(parts)
    assert list(rows[0]) == ["step", "lr/head", "lr/*", "weight_decay"]
    assert all(float(row["lr/*"]) == plan["lr/*"](int(row["step"])) for row in rows)
    _, out, _ = run("show", parts, COSINE, "--csv")
    head = next(csv.reader(io.StringIO(out)))
    assert head == ["step", *(f"{parts}: {t}" for t in plan), f"{COSINE}: lr"]


def test_show_formula_is_latex(run):
    _, out, _ = run("show", "Linear(1, 0, 4)", "--formula")
    assert out.strip() == r"1 - \frac{t}{4}"


@pytest.mark.parametrize(
    ("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")]
)
def test_show_writes_pictures_and_reports(run, tmp_path, ending, begins):
    out = tmp_path / f"curve.{ending}"
    code, _, _ = run("show", COSINE, "--out", str(out))
    assert code == 0
    assert out.read_bytes().startswith(begins)


def test_a_name_that_the_font_of_pictures_lacks(run, tmp_path):
    for name, known in (("größe", True), ("学习", False)):
        out = tmp_path / "curves.png"
        code, _, err = run("show", f"{name}={COSINE}", "Constant(1e-4)", "--out", str(out))
        assert code == 0
        assert out.read_bytes().startswith(b"\x89PNG")
        assert (err == "") is known
        assert known or err.startswith("show: the font of pictures lacks letters of a name")


def test_check_fails_on_errors_only(run, plan):
    code, out, _ = run("check", plan)
    assert (code, out) == (0, "No problems found.\n")
    late = "warmup_cosine(peak=3e-4, warmup=500, steps=9000).shift(2)"
    code, out, _ = run("check", late, "--steps", "9002")
    assert code == 0
    assert out.startswith("note: lr, update 1 of 9002")
    code, out, _ = run("check", late, "--steps", "9002", "--json")
    assert {finding["severity"] for finding in json.loads(out)} == {"note"}
    for option in ("--steps", "--updates"):
        code, out, _ = run("check", "warmup_cosine(peak=3e-4, warmup=5, steps=90)", option, "9000")
        assert code == 1
        assert "error: lr" in out


def test_check_looks_at_every_value(run, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(
        "format: 1\nschedules:\n"
        "  weight_decay: {Linear: {start: 0.1, end: -0.1, steps: 1000}}\n"
        "  lr: {warmup_cosine: {peak: 3e-4, warmup: 50, steps: 1000}}\n"
        "  betas[0]: {Constant: {value: 1.5}}\n"
    )
    code, out, _ = run("check", str(path))
    assert code == 1
    assert [line.partition(":")[0] for line in out.splitlines()] == ["error", "error"]
    assert "error: weight_decay, update 1000 of 1000: The value is -0.0998" in out
    assert "error: betas[0], update 1 of 1000: The value is 1.5" in out


def test_check_of_a_value_that_is_no_rate(run, parts):
    falls = "Linear(0.95, 9.5e-5, 1000)"  # as a rate does, where a momentum was meant
    assert run("check", falls, "--strict")[0] == 0
    code, out, _ = run("check", falls, "--strict", "--value", "momentum")
    assert code == 1
    assert out.startswith("warning: momentum, update 1000 of 1000: The value falls from 0.95 to ")
    code, out, _ = run("check", parts, "--value", "weight_decay")
    assert (code, out) == (0, "No problems found.\n")
    code, _, err = run("check", parts, "--value", "momentum")
    assert code == 2
    assert "unknown target 'momentum'" in err


def test_check_looks_at_rules_and_the_run_and_lets_parts_be_frozen(run, parts):
    code, out, _ = run("check", parts, "--strict")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()] == ["note", "note"]
    assert "note: lr/*, update 1 of 1000: There, and at about 20% of the updates" in out
    assert "note: rule of lr, update 1000 of 1000: The schedule falls to 0 by itself" in out
    _, out, _ = run("check", parts, "--json")
    assert [finding["about"] for finding in json.loads(out)] == ["lr/*", "rule of lr"]
    code, out, _ = run("check", "Linear(0, 1e-3, 50) >> Cosine(1e-3, 0.1, 950)", "--strict")
    assert code == 1
    assert out.startswith(
        "warning: lr, update 51 of 1000: The value rises from 0.001 there to 0.0999997"
    )


def test_diff_names_fields_and_the_largest_gap(run):
    code, out, _ = run("diff", COSINE, COSINE.replace("3e-4", "6e-4"))
    assert code == 1
    assert "Join.pieces[0].Linear.end" in out
    assert "Largest gap of lr: 0.0003 at step 500" in out
    code, out, _ = run("diff", COSINE, COSINE)
    assert (code, out) == (0, "They are the same schedule.\n")


def test_diff_sees_the_same_curve_in_other_words(run):
    code, out, _ = run("diff", "Linear(1, 0, 10)", "Linear(1, 0, 10).clip(low=0)")
    assert code == 0
    assert "Their values are the same" in out


def test_diff_looks_as_far_as_the_schedule_with_an_end(run):
    _, out, _ = run("diff", "Linear(1, 0, 10)", "Constant(0.5)", "--json")
    assert json.loads(out) == {
        "targets": {
            "lr": {
                "fields": [["all", "Linear(start=1.0, end=0.0, steps=10)", "Constant(value=0.5)"]],
                "step": 0,
                "gap": -0.5,
            }
        },
        "only_in": {"A": [], "B": []},
        "rules": [],
        "run": [],
    }


def changed(path, *changes):
    """The plan file with some words replaced, in a file beside it."""
    with open(path) as file:
        text = file.read()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    other = path.replace(".yaml", "_other.yaml")
    with open(other, "w") as file:
        file.write(text)
    return other


DIFFERENT = {
    "another part": ([("start: 3e-4", "start: 6e-4")], "Linear.start  0.0003  0.0006"),
    "a value that is not the rate": ([("value: 0.1", "value: 0.2")], "Constant.value  0.1  0.2"),
    "the rule": ([("patience: 3", "patience: 4")], "lr.Plateau.patience  3  4"),
    "another rule": (
        [("Plateau: {mode: min, patience: 3", "NewBob: {mode: min")],
        "lr     Plateau(mode='min', patience=3)  NewBob(mode='min')",
    ),
    "a rule on one side": (
        [("rules:\n  lr: {Plateau: {mode: min, patience: 3}}", "")],
        "lr     Plateau(mode='min', patience=3)  -",
    ),
    "the run": ([("epochs: 10", "epochs: 11")], "epochs  10.0  11.0"),
    "the run alone": ([("run: {samples", "run: {tokens: 7, samples")], "tokens_per_sample  -  7"),
    "a target": ([("weight_decay", "momentum")], "momentum is only in B."),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_diff_looks_at_everything(run, parts, what):
    changes, said = DIFFERENT[what]
    code, out, _ = run("diff", parts, changed(parts, *changes))
    assert code == 1
    assert said in out


def test_diff_of_one_target(run, parts):
    other = changed(parts, ("value: 0.1", "value: 0.2"), ("batch: 10", "batch: 5"))
    assert run("diff", parts, other, "--value", "lr/head")[0] == 1  # its steps follow from the run
    other = changed(parts, ("value: 0.1", "value: 0.2"), ("mode: min", "mode: max"))
    assert run("diff", parts, other, "--value", "weight_decay")[0] == 1
    code, out, _ = run("diff", parts, other, "--value", "lr/head")
    assert code == 1
    assert "lr.Plateau.mode  'min'  'max'" in out
    assert run("diff", parts, parts)[:2] == (0, "They are the same plan.\n")
    code, _, err = run("diff", parts, other, "--value", "momentum")
    assert (code, err) == (
        2,
        "gradatim: diff: unknown target 'momentum'. Known: lr/*, lr/head, weight_decay.\n",
    )


def test_a_run_on_one_side_only_is_said_and_is_no_difference(run, tmp_path):
    text = "format: 1\nschedules:\n  lr: {Constant: {value: 0.1}}\n"
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text + "run: {steps: 10}\n")
    code, out, _ = run("diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"))
    assert code == 0
    assert "all  -  Run(steps=10)" in out


def test_convert_prints_code_and_says_what_differs(run, plan):
    code, out, err = run("convert", plan, "--to", "transformers")
    assert code == 0
    assert "get_cosine_schedule_with_warmup" in out
    compile(out, "printed", "exec")
    assert err.startswith("# ")
    assert "# weight_decay of the plan is not in this code.\n" in err
    code, out, _ = run("convert", "StepLR(optimizer, 30)", "--from", "torch", "--lr", "0.1")
    assert parse(out)(30) == pytest.approx(0.01)


def test_list_knows_everything(run):
    code, out, _ = run("list")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} >= {"Cosine", "wsd", "Plateau"}
    _, out, _ = run("list", "wsd")
    assert "arXiv:2404.06395" in out
    assert ">>> schedule = wsd(" in out
    _, out, _ = run("list", "--schema")
    assert json.loads(out)["title"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "warmup_cosin(1, 2)"),
        ("show", "no.yaml"),
        ("show", "lr"),
        ("show", COSINE, "--at", "-1"),
        ("show", COSINE, "--out", "curve.gif"),
        ("show", COSINE, "--value", "momentum"),
        ("show", COSINE, "--updates", "0"),
        ("show", COSINE, "--out", "no/such/folder/curve.png"),
        ("check", "noam(warmup=100, peak=1.0)"),
        ("diff", COSINE),
        ("convert", COSINE),
        ("convert", COSINE, "--to", "tensorflow"),
        ("list", "warmup_cosin"),
        ("draw", COSINE),
        ("show", "(" * 1000),
        ("show", "\udcff\udcfe"),
        ("show", "x" * 5000),
        ("show", "."),
        ("show", ""),
        ("show", "/"),
        ("show", COSINE, "--at", "soon"),
        ("convert", "no.json", "--from", "deepspeed"),
        ("convert", ".", "--from", "torch"),
        ("convert", "x" * 5000, "--from", "torch"),
    ],
    ids=lambda arguments: " ".join(arguments)[:80].encode("ascii", "replace").decode(),
)
def test_bad_input_is_code_2_and_a_few_lines(run, arguments):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert 1 <= err.count("\n") <= 5
    assert err.startswith("gradatim: ")


def test_what_is_no_plan_and_no_schedule_is_said(run, tmp_path):
    _, _, err = run("show", str(tmp_path))
    assert "is neither a plan file (.yaml, .yml, .toml, .json) nor a schedule such as" in err
    assert err.endswith("It is a folder.\n")
    _, _, err = run("show", COSINE, "--updates", "1.5")
    assert err.endswith(
        "'1.5' is not a whole number, such as 10000 or 1e4. Try gradatim show --help.\n"
    )
    (tmp_path / "code.py").write_bytes(b"\xff\xfe")
    _, _, err = run("convert", str(tmp_path / "code.py"), "--from", "torch")
    assert err.endswith("code.py: not UTF-8 text, at byte 1.\n")


def test_what_a_verb_wrote_for_another_project_it_reads_again(run, tmp_path):
    _, out, _ = run("convert", COSINE, "--to", "transformers")
    (tmp_path / "code.py").write_text(out)
    _, out, _ = run("convert", str(tmp_path / "code.py"), "--from", "transformers", "--lr", "3e-4")
    assert parse(out) == SCHEDULE


def on_a_terminal(*arguments, columns, **env):
    """What a person sees in a terminal of this width."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gradatim", *arguments],
        stdin=child,
        stdout=child,
        stderr=child,
        env={**known, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **env},
    )
    os.close(child)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while chunk := os.read(parent, 65536):
            seen += chunk
    os.close(parent)
    return process.wait(60), seen.decode().replace("\r\n", "\n")


def test_a_terminal_gets_lines_as_wide_as_it_is():
    code, seen = on_a_terminal("list", columns=80)
    assert code == 0
    assert max(map(len, seen.splitlines())) <= 80
    code, seen = on_a_terminal("list", "one_cycle", columns=80)
    assert max(map(len, seen.splitlines())) <= 80
    assert "``" not in seen
    for verb in (("show", COSINE), ("list",), ("diff", COSINE, "Constant(1)")):
        code, seen = on_a_terminal(*verb, columns=10)
        assert code in (0, 1)
        assert "Traceback" not in seen


def test_a_comparison_tells_its_curves_apart():
    compared = ("diff", "curved=Cosine(1, 0, 100)", "Linear(1, 0, 100)")
    _, seen = on_a_terminal(*compared, columns=80)
    assert "\x1b[36m" in seen
    assert "A curved\n" in seen
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}):
        _, seen = on_a_terminal(*compared, columns=80, **{"NO_COLOR": "1"} | plain)
        assert "\x1b" not in seen
        drawn = re.sub(r"[^AB]", "", seen[seen.index("1 ") : seen.index("99\n")])
        assert {"A", "B"} == set(drawn)


def test_a_plan_has_one_mark_in_every_chart(run, parts, plan):
    _, out, _ = run("show", f"a={parts}", f"b={plan}")
    listed = [line.partition(":")[0] for line in out.splitlines() if re.match("  [12] [ab]:", line)]
    assert listed == ["  1 a", "  1 a", "  1 a", "  2 b", "  2 b"]


def command(*arguments, env=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "gradatim", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
        timeout=600,
        **options,
    )


@pytest.mark.parametrize(
    "verb",
    [("show", COSINE), ("list",), ("list", "wsd"), ("diff", COSINE, "Constant(1)")],
    ids=" ".join,
)
def test_a_terminal_without_unicode_gets_ascii(verb):
    poor = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "TERM": "dumb"}
    done = command(*verb, env=poor)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.isascii()
    rich = command(*verb, env={"PYTHONIOENCODING": "utf-8"})
    assert done.stdout.count(b"?") == rich.stdout.count(b"?")  # nothing was replaced
    assert done.stderr == b""


def test_a_reader_that_goes_away_is_no_error():
    program = f"{sys.executable} -m gradatim.cli list | head -1"
    done = subprocess.run(
        ["sh", "-c", program], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.stdout.startswith("Constant")
    assert done.stderr == ""
    program = f'set -o pipefail; {sys.executable} -m gradatim.cli show "{COSINE}" --csv | head -1'
    done = subprocess.run(["bash", "-c", program], capture_output=True, timeout=600, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"step,lr\n", b"")


@pytest.mark.parametrize("ending", ["text", "yaml", "toml", "json"])
def test_stdin_holds_a_text_or_a_plan(run, monkeypatch, ending):
    given = {
        "text": f" {COSINE}\n",
        "yaml": "# mine\nschedules:\n  lr: {warmup_cosine: {peak: 3e-4, warmup: 500}}\n"
        "format: 1\nrun: {steps: 10_000}\n",
        "toml": "# mine\nformat = 1\nrun.steps = 10_000\n[schedules.lr.warmup_cosine]\n"
        "peak = 3e-4\nwarmup = 500\n",
        "json": '{"format": 1, "run": {"steps": 10000}, "schedules": {"lr": {"warmup_cosine": '
        '{"peak": 3e-4, "warmup": 500}}}}',
    }[ending]
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    code, out, err = run("show", "-", "--at", "777")
    assert (code, err) == (0, "")
    assert float(out) == SCHEDULE(777)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "-: there is nothing on stdin."),
        ("format: 2\n", "stdin: plan: schedules is missing."),
        ("lr", "is neither a plan file"),
        ("x" * 300_000, "-: stdin has more than 200000 characters."),
    ],
)
def test_what_stdin_may_not_be(run, monkeypatch, given, said):
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    code, out, err = run("show", "-")
    assert (code, out) == (2, "")
    assert said in err


def test_code_may_come_on_stdin(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("StepLR(optimizer, 30)\n"))
    code, out, _ = run("convert", "-", "--from", "torch", "--lr", "0.1")
    assert code == 0
    assert parse(out)(30) == pytest.approx(0.01)


def test_a_text_that_is_too_long_for_a_name_is_a_text(run):
    text = f"StepLR(optimizer, {' ' * 300}30)"
    code, out, _ = run("convert", text, "--from", "torch", "--lr", "0.1")
    assert code == 0
    assert parse(out)(30) == pytest.approx(0.01)
    code, out, _ = run("show", f"Linear(1.0, 0.0, {' ' * 300}10)", "--at", "5")
    assert (code, out) == (0, "0.5\n")


def test_a_typing_mistake_is_answered_with_the_nearest_names(run):
    _, _, err = run("show", "warmup_cosin(peak=1.0, steps=10)")
    assert "Did you mean 'warmup_cosine'? Known: warmup_cosine, warmup_" in err
    assert len(err) < 250


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(run, tmp_path, monkeypatch, ending):
    out = tmp_path / f"curve.{ending}"
    out.write_bytes(b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run("show", COSINE, "--out", str(out))
    assert code == 2
    assert err.endswith("cannot be written: No space left on device.\n")
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_bytes() == b"old"


def test_a_report_is_about_all_that_is_shown(run, parts, tmp_path):
    out = tmp_path / "plan.html"
    assert run("show", parts, "--out", str(out))[0] == 0
    assert "<h2>weight_decay</h2>" in out.read_text()
    assert "<h2>Rules</h2>" in out.read_text()
    code, _, err = run("show", f"mine={parts}", "lr/head=Constant(1.0)", "--out", str(out))
    assert (code, err) == (0, "")
    text = out.read_text()
    assert "<h1>mine, lr/head</h1>" in text
    assert "<b>1 mine</b> <code>lr: Plateau(mode=&#x27;min&#x27;, patience=3)</code>" in text
    code, _, err = run("show", "Constant(1.0)", "--out", str(out))
    assert (code, err) == (0, "")


def test_show_loads_no_framework_and_no_plots():
    program = (
        "import sys\nfrom gradatim.cli import main\ntry:\n"
        f"    main(['show', {COSINE!r}])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'matplotlib', 'jax', 'keras', 'sympy', 'scipy', 'yaml'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_is_offered():
    done = command(
        "--show-completion", "bash", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    )
    assert done.returncode == 0
    assert b"complete -" in done.stdout
    assert b"gradatim" in done.stdout


def test_a_plan_is_what_the_command_says(run, plan):
    _, out, _ = run("show", plan, "--value", "lr", "--at", "500")
    assert float(out) == load_plan(plan)["lr"](500)


def test_convert_names_every_project(run):
    code, out, _ = run("convert", "--help")
    assert code == 0
    assert [name for name in PEERS if name not in out] == []


def test_a_verb_does_not_import_the_readers_of_other_projects_for_another():
    said = "import sys, gradatim.cli as c\ntry:\n    c.main(['--version'])\nfinally:\n"
    said += "    assert 'gradatim.peers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")

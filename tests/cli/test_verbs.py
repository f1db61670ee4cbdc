"""The command as a person and a script use it: output, exit codes, pipes, poor terminals."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from gradatim import load_plan, parse, warmup_cosine
from gradatim.cli import main

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


def test_show_draws_the_curve_and_its_key_points(run, plan):
    for given in (COSINE, plan):
        code, out, err = run("show", given)
        assert (code, err) == (0, "")
        assert "⠉" in out
        table = {line[:15].strip(): line.split()[-1] for line in out.splitlines() if line.strip()}
        assert float(table["peak"]) == 3e-4
        assert float(table["area"]) == pytest.approx(1.5)
    assert "--value weight_decay" in out


def test_show_one_value(run, plan):
    code, out, _ = run("show", plan, "--value", "weight_decay", "--at", "3", "--at", "10000000")
    assert (code, out.split()) == (0, ["0.1", "0.1"])


def test_show_at_gives_every_digit(run):
    _, out, _ = run("show", COSINE, "--at", "777")
    assert float(out) == SCHEDULE(777)
    _, out, _ = run("show", COSINE, "--at", "777", "--json")
    assert json.loads(out) == {"777": SCHEDULE(777)}


def test_show_json_is_the_schedule(run):
    _, out, _ = run("show", COSINE, "--json")
    page = json.loads(out)
    assert parse(page["text"]) == SCHEDULE
    assert page["updates"] == 10_000
    assert all(value == SCHEDULE(step) for step, value in page["curve"])


def test_show_csv_is_the_curve(run):
    _, out, _ = run("show", COSINE, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 1001
    assert all(float(row["lr"]) == SCHEDULE(int(row["step"])) for row in rows)
    assert rows[-1]["step"] == "9999"


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


def test_check_fails_on_errors_only(run, plan):
    code, out, _ = run("check", plan)
    assert (code, out) == (0, "Nothing to say against it.\n")
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
        "fields": [["all", "Linear(start=1.0, end=0.0, steps=10)", "Constant(value=0.5)"]],
        "step": 0, "gap": -0.5,
    }  # fmt: skip


def test_convert_prints_code_and_says_what_differs(run, plan):
    code, out, err = run("convert", plan, "--to", "transformers")
    assert code == 0
    assert "get_cosine_schedule_with_warmup" in out
    compile(out, "printed", "exec")
    assert err.startswith("# ")
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
    _, _, err = run("show", COSINE, "--updates", "1e3")
    assert err.endswith(". Try gradatim show --help.\n")
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
        [sys.executable, "-m", "gradatim", *arguments], stdin=child, stdout=child, stderr=child,
        env={**known, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **env},
    )  # fmt: skip
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
    compared = ("diff", "Cosine(1, 0, 100)", "Linear(1, 0, 100)")
    _, seen = on_a_terminal(*compared, columns=80)
    assert "A ⣿  B \x1b[36m⣿" in seen
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_a_terminal(*compared, columns=80, **plain)[1]
    assert "A *  B o" in on_a_terminal(*compared, columns=80, PYTHONIOENCODING="ascii")[1]


def command(*arguments, env=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "gradatim", *arguments], capture_output=True, check=False,
        env={**os.environ, **(env or {})}, timeout=60, **options,
    )  # fmt: skip


@pytest.mark.parametrize("verb", [("show", COSINE), ("list",), ("list", "wsd"),
                                  ("diff", COSINE, "Constant(1)")], ids=" ".join)  # fmt: skip
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
        ["sh", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("Constant")
    assert done.stderr == ""


def test_show_loads_no_framework_and_no_plots():
    program = (
        "import sys\nfrom gradatim.cli import main\ntry:\n"
        f"    main(['show', {COSINE!r}])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'matplotlib', 'jax', 'keras', 'sympy', 'scipy', 'yaml'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
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
    _, out, _ = run("show", plan, "--at", "500")
    assert float(out) == load_plan(plan)["lr"](500)

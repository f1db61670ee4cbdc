"""The command itself, whatever the verb: help, unknown verbs, readers that leave."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gradatim
from gradatim.cli import main

SOURCE = Path(__file__).parents[2] / "src"


def run(program, *arguments):
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=known | {"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.DEVNULL,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_the_verbs_and_loads_nothing_heavy(arguments):
    program = (
        "import sys\nfrom gradatim.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    process = run(program, *arguments)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, "")
    assert "race " in out
    assert out.isascii(), "a plain help reads well in every pipe and log"
    loaded = set(out.splitlines()[-1].split())
    assert "typer" in loaded
    assert not loaded & {"torch", "numpy", "scipy", "matplotlib", "joblib", "sklearn", "jax"}


def test_an_unknown_verb_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["rase"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "No such command 'rase'" in said
    assert len(said.splitlines()) == 1


PASTED = {
    "code": "torch.optim.lr_scheduler.StepLR(optimizer, 30)\n",
    "lines": "\n",
    "blanks": " ",
    "letters": "x",
    "letters of two bytes": "ä",
    "folders": "a/",
    "flags": "--lr 0.1 --warmup 5\n",
}


@pytest.mark.parametrize("length", [256, 499, 5_000])
@pytest.mark.parametrize("text", PASTED)
@pytest.mark.parametrize("verb", ["show", "check", "convert", "audit", "history", "forecast"])
def test_a_text_pasted_as_an_argument_is_refused_in_a_sentence(verb, text, length, capsys):
    pasted = (PASTED[text] * length)[:length]
    with pytest.raises(SystemExit) as end:
        main([verb, pasted])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith("gradatim: ")
    assert len(said.splitlines()) <= 5
    assert len(said) < 1_000
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", f"Constant({'1' * 5_000})"], "a number has thousands of digits"),
        (["show", "Constant(1)", "--steps", "1" * 5_000], "is not a whole number"),
        (["show", "Constant(1)", "--steps", "nan"], "'nan' is not a whole number"),
        (["show", "Constant(1)", "--steps", "1e300"], "'1e300' is above 2**63, the last update"),
        (["show", "Constant(1)", "--steps", "-1e400"], "'-1e400' is not a whole number"),
    ],
)
def test_numbers_that_are_none_are_refused_in_a_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert words in said
    assert len(said) < 400


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_stops_reading_is_no_error_of_ours(lines):
    # A verb that only prints: a little, which waits in the buffer until the end, or a lot.
    program = (
        "import typer\nfrom gradatim.cli import main\n"
        f"typer.Typer.__call__ = lambda *a, **k: print('words\\n' * {lines})\n"
        "main()"
    )
    process = run(program, "race")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "race"]])
def test_the_version(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    assert capsys.readouterr().out == f"gradatim {gradatim.__version__}\n"


def test_ctrl_c_in_any_verb_is_no_traceback():
    program = (
        "import typer\nfrom gradatim.cli import main\n"
        "def interrupted(*a, **k): raise KeyboardInterrupt\n"
        "typer.Typer.__call__ = interrupted\n"
        "main()"
    )
    process = run(program, "race")
    _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (130, "")

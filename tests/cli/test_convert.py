"""``gradatim convert`` on files of other projects: what it lists, chooses, asks for and refuses."""

import errno
import os

import pytest

from gradatim import Cosine, Linear, parse, step_decay
from gradatim.cli import main

ONE = """\
import argparse
p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=90)
args = p.parse_args()
o = SGD(m, lr=args.lr)
s = CosineAnnealingLR(o, T_max=args.epochs)
for epoch in range(args.epochs):
    for x in loader:
        o.step()
    s.step()
"""
TWO = "a = StepLR(o, 30)\nb = ExponentialLR(o, 0.9)\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text(ONE)
    (tmp_path / "two.py").write_text(TWO)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["convert", *map(str, arguments)])
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


def test_schedulers_are_listed_with_file_line_and_project(run):
    code, out, err = run("one.py", "two.py", "--list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "one.py:6 torch CosineAnnealingLR(o, T_max=args.epochs)",
        "two.py:1 torch StepLR(o, 30)",
        "two.py:2 torch ExponentialLR(o, 0.9)",
    ]


def test_one_of_several_is_chosen_by_its_line(run):
    code, out, err = run("two.py", "--lr", 0.1)
    assert (code, out) == (2, "")
    assert "there are 2 schedulers: two.py:1 torch StepLR(o, 30); two.py:2 torch Exp" in err
    assert err.endswith("Choose one by its line, such as --at 1.\n")
    _, out, err = run("two.py", "--lr", 0.1, "--at", 1)
    assert parse(out) == step_decay(0.1, every=30)
    assert "ExponentialLR(o, 0.9) is in the code too (line 2)" in err
    _, again, _ = run("one.py", "two.py", "--lr", 0.1, "--at", "two.py:1")
    assert again == out
    assert run("two.py", "--at", 7)[2] == (
        "gradatim: --at: unknown line of a scheduler '7'. Known: 1, 2.\n"
    )


def test_a_value_is_asked_for_with_file_and_line_and_is_set(run):
    code, out, err = run("one.py")
    assert (code, out) == (2, "")
    assert err == (
        "gradatim: convert: one.py:6: args.lr is not set in the file. Write --set args.lr=VALUE.\n"
    )
    code, out, err = run("one.py", "--set", "args.lr=0.1")
    assert (code, parse(out)) == (0, Cosine(0.1, 0.0, 90))
    assert "# args.epochs = 90 is the default of the file (line 3).\n" in err
    assert "# It is stepped once an epoch (line 10). Its lengths are epochs. Write --every" in err


@pytest.mark.parametrize(
    "options", [("--every", 391), ("--run", "samples=50000,batch=128,epochs=90")]
)
def test_epochs_become_updates(run, options):
    _, out, err = run("one.py", "--set", "args.lr=0.1", *options)
    assert parse(out) == Cosine(0.1, 0.0, 35190).staircase(391)
    assert "epoch (line" not in err


def test_what_is_set_in_vain_is_refused(run):
    code, _, err = run("one.py", "--set", "args.lr=0.1", "--set", "args.epoch=3")
    assert code == 2
    assert "--set: args.epoch is not asked for by one.py:6 torch Cos" in err


def test_what_is_in_the_file_and_changes_nothing_is_said(run, tmp_path):
    text = "s = CosineAnnealingLR(optimizer, T_max=n if known else 5)\nrate = 3"
    (tmp_path / "a.py").write_text(text)
    options = ("--set", "known=False", "--set", "n=3", "--set", "rate=2", "--lr", "0.1")
    code, out, err = run(str(tmp_path / "a.py"), *options)
    assert (code, parse(out)) == (0, Cosine(0.1, 0.0, 5))
    assert "changes nothing" in err
    assert "rate" in err


def test_alike_schedulers_of_one_file_need_no_choice(run, tmp_path):
    file = tmp_path / "a.py"
    text = "a = CosineAnnealingLR(one, 5)\nb = CosineAnnealingLR(two, {})"
    file.write_text(text.format(5))
    code, out, _ = run(str(file), "--lr", "0.1")
    assert (code, parse(out)) == (0, Cosine(0.1, 0.0, 5))
    file.write_text(text.format(6))
    code, _, err = run(str(file), "--lr", "0.1")
    assert code == 2
    assert "there are 2 schedulers" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "args.lr"), "--set: 'args.lr' has no value. Write --set args.epochs=100."),
        (("--set", "a=1", "--set", "a=2"), "--set: a is given twice."),
        (("--lr", "1", "--set", "args.epochs={[]: 1}"), "got '{[]: 1}'."),
        (("--every", "0"), "--every: it must be 1 or more, got 0."),
        (("--run", "sample=3"), "--run: Run: unknown argument 'sample'."),
        (("--run", "samples"), "'samples' has no value"),
        (("--from", "tensorflow"), "convert: one.py: unknown project 'tensorflow'."),
    ],
)
def test_bad_options_are_one_sentence(run, options, said):
    code, out, err = run("one.py", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_is_searched_and_what_cannot_be_read_is_said(run, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "broken.py").write_text("lr = (\n")
    (tmp_path / "sub" / "latin.py").write_bytes(b"lr = '\xff'")
    (tmp_path / "sub" / "none.py").write_text("print(1)")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "hidden.py").write_text(TWO)
    code, out, err = run(".", "--list")
    assert code == 0
    assert [line.split(" ")[0] for line in out.splitlines()] == ["one.py:6", "two.py:1", "two.py:2"]
    assert err.count("\n") == 2
    assert "# convert: sub/broken.py: line 1: not Python" in err
    assert "# convert: sub/latin.py: not UTF-8 text, at byte 7.\n" in err
    assert run("sub", "--list")[0] == 2
    code, _, err = run("sub/broken.py", "--list")
    assert code == 2
    assert err.startswith("gradatim: convert: sub/broken.py: line 1: not Python")


def test_a_folder_that_may_not_be_read_is_said(run, tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refusing(path):  # tests may run as root, who may read every folder
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    said = "convert: {}closed cannot be read: Permission denied.\n"
    code, out, err = run(".", "--list")
    assert (code, len(out.splitlines()), err) == (0, 3, f"# {said.format('./')}")
    assert run("closed", "--list") == (2, "", f"gradatim: {said.format('')}")


def test_a_folder_without_code_is_said(run, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("empty", "--list")
    assert code == 2
    assert err.startswith("gradatim: convert: 'empty' has no file that ends in .py, ")


def test_200_files_in_one_call(run, tmp_path):
    for k in range(200):
        (tmp_path / f"many{k}.py").write_text(f"s = StepLR(o, {k + 1})")
    code, out, _ = run(".", "--list")
    assert code == 0
    assert len(out.splitlines()) == 203


@pytest.mark.parametrize("length", [256, 300, 499])
def test_a_text_of_any_length_is_a_text(run, length):
    text = "StepLR(o, 30)".ljust(length - 1) + "#"
    assert parse(run(text, "--lr", 0.1)[1]) == step_decay(0.1, every=30)


def test_no_project_needs_to_be_named(run, tmp_path):
    assert parse(run("StepLR(o, 30)", "--lr", 0.1)[1]) == step_decay(0.1, every=30)
    (tmp_path / "hf.py").write_text(
        "TrainingArguments('out', learning_rate=0.1, warmup_steps=10, max_steps=20)"
    )
    assert parse(run("hf.py")[1]) == Linear(0.0, 0.1, 10) >> Linear(0.1, 0.0, 10)


def test_what_is_read_is_written_for_another_project(run):
    code, out, _ = run("one.py", "--set", "args.lr=0.1", "--every", 10, "--to", "optax")
    assert code == 0
    compile(out, "printed", "exec")


def test_a_wrong_schedule_of_ours_gets_our_sentence(run):
    code, out, err = run("wsd(peak=1, steps=1)")
    assert (code, out) == (2, "")
    assert err.startswith("gradatim: wsd: cooldown (1) must be less than steps, 1, ")


def test_a_plan_is_still_written(run, tmp_path):
    (tmp_path / "plan.yaml").write_text(
        "format: 1\nschedules:\n  lr: {Linear: {start: 1.0, end: 0.0, steps: 10}}\n"
    )
    code, out, _ = run("plan.yaml", "--to", "torch")
    assert code == 0
    assert "LambdaLR" in out
    code, _, err = run("plan.yaml")
    assert code == 2
    assert "Write --to torch." in err

"""``gradatim audit``: sentences, JSON, the report, exit codes, and what cannot be read."""

import json
import os
import sys

import pytest

from gradatim import GradatimError, Plan, warmup_cosine
from gradatim.audit import Known, audit
from gradatim.audit.planned import Planned
from gradatim.cli import main
from gradatim.logs.logged_rates import MOST_ROWS, read_rates
from tests.audit.planted import FAULTS, KNOWN, PLANS, write_csv, write_text

PLAN = "warmup_cosine(peak=3e-4, warmup=300, steps=6000, floor=3e-5)"
STEPS = range(0, 6000, 10)


def run(*arguments):
    with pytest.raises(SystemExit) as exit_:
        main(["audit", *map(str, arguments)])
    return exit_.value.code


@pytest.fixture
def clean(tmp_path):
    return write_csv(tmp_path, [(s, PLANS["cosine"](s)) for s in STEPS])


def test_as_planned_exits_with_0(clean, capsys):
    assert run(clean, "--plan", PLAN) == 0
    assert "as planned" in capsys.readouterr().out


def test_a_fault_exits_with_1_and_names_step_and_cause(tmp_path, capsys):
    log = write_csv(tmp_path, FAULTS["counted anew"].make(PLANS["cosine"], STEPS))
    assert run(log, "--plan", PLAN) == 1
    said = capsys.readouterr().out
    assert "NOT as planned" in said
    assert "From step 2,800 on, where the run was resumed" in said
    assert "not restored on the resume at step 2800" in said


def test_what_is_known_ranks_the_causes(tmp_path, capsys):
    log = write_csv(tmp_path, FAULTS["once a micro-batch"].make(PLANS["cosine"], STEPS))
    run(log, "--plan", PLAN)
    assert "by what is known" not in capsys.readouterr().out
    run(log, "--plan", PLAN, "--accumulate", 4, "--processes", 2)
    said = capsys.readouterr().out
    assert said.count("by what is known") == 1
    first = next(line for line in said.splitlines() if "Cause" in line)
    assert "once per micro-batch" in first


def test_what_the_data_cannot_tell_is_said(tmp_path, capsys):
    # Half of the warm-up: twice as fast and twice as high are the same line.
    log = write_csv(tmp_path, [(s, 2 * PLANS["cosine"](s)) for s in range(0, 150, 10)])
    assert run(log, "--plan", PLAN) == 1
    said = capsys.readouterr().out
    assert "2 times the plan" in said
    assert "Equally well: the plan 2 times as fast" in said


def test_json(tmp_path, capsys):
    fault = FAULTS["once a process"]
    log = write_csv(tmp_path, fault.make(PLANS["cosine"], STEPS))
    assert run(log, "--plan", PLAN, "--json", "--processes", 8) == 1
    data = json.loads(capsys.readouterr().out)
    (rate,) = data["rates"]
    (stretch,) = rate["stretches"]
    assert (data["as_planned"], rate["target"], stretch["change"]) == (False, "lr", "scale")
    assert stretch["parameters"]["scale"] == 8
    assert stretch["causes"][0]["matches"]


def test_report(tmp_path, capsys):
    log = write_csv(tmp_path, FAULTS["stuck"].make(PLANS["cosine"], STEPS))
    out = tmp_path / "report.html"
    assert run(log, "--plan", PLAN, "--out", out) == 1
    page = out.read_text(encoding="utf-8")
    assert "<figure>" in page
    assert "From step 3,510 on" in page


def test_the_plot_marks_the_place(tmp_path):
    from gradatim.audit.report import plot_audit

    log = write_csv(tmp_path, FAULTS["stuck"].make(PLANS["cosine"], STEPS))
    figure = plot_audit(audit(log, PLANS["cosine"]).rates[0])
    marks = [line for line in figure.axes[0].lines if line.get_gid() == "change"]
    assert [line.get_xdata()[0] for line in marks] == [3510]


def test_groups_belong_to_targets(tmp_path):
    plan = Plan({"lr/head": PLANS["cosine"], "lr/*": 0.1 * PLANS["cosine"]})
    head, body = plan["lr/head"], plan["lr/*"]
    path = tmp_path / "log.jsonl"
    rows = [{"step": s, "lr-AdamW/head": head(s), "lr-AdamW/body": head(s)} for s in STEPS]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    by_name = {"lr/head": head, "lr": body}
    rates = {one.series.name: one for one in audit(path, Plan(by_name)).rates}
    assert rates["lr-AdamW/head"].target == "lr/head"
    assert rates["lr-AdamW/head"].as_planned
    assert rates["lr-AdamW/body"].target == "lr"
    assert rates["lr-AdamW/body"].found[0].segment.change.kind == "factor"


def test_a_log_of_micro_batches_is_as_planned_if_that_is_known(tmp_path):
    plan = PLANS["cosine"]
    log = write_csv(tmp_path, [(s, plan(s // 4)) for s in range(0, 24_000, 10)])
    assert audit(log, plan, known=Known(accumulate=4)).as_planned
    assert not audit(log, plan).as_planned
    # A run that ends where the plan ends did not count micro-batches.
    log = write_csv(tmp_path, [(s, plan(s // 4)) for s in range(0, 6000, 10)])
    assert not audit(log, plan, known=Known(accumulate=4)).as_planned


def test_wandb_and_mlflow(tmp_path):
    plan = PLANS["cosine"]
    export = tmp_path / "export.csv"
    rows = [f'"{s}","{plan(s)}","{plan(s)}","{plan(s)}"\n' for s in STEPS]
    head = '"Step","run - train/lr","run - train/lr__MIN","run - train/lr__MAX"\n'
    export.write_text(head + "".join(rows), encoding="utf-8")
    assert [series.name for series in read_rates(export)] == ["run - train/lr"]
    assert audit(export, plan).as_planned
    metric = tmp_path / "mlruns/0/run/metrics/train/lr"
    metric.parent.mkdir(parents=True)
    metric.write_text("".join(f"1700000000000 {plan(s)} {s}\n" for s in STEPS), encoding="utf-8")
    assert [series.name for series in read_rates(metric)] == ["train/lr"]
    assert audit(metric, plan).as_planned


def test_megatron(tmp_path):
    plan = PLANS["cosine"]
    lines = [
        f" [2024-01-01 00:00:00] iteration {s:8d}/    6000 | consumed samples: {s * 16} | elapsed "
        f"time per iteration (ms): 123.4 | learning rate: {plan(s):.6E} | global batch size: 16 |\n"
        for s in STEPS
    ]
    path = tmp_path / "megatron.log"
    path.write_text("".join(lines), encoding="utf-8")
    assert audit(path, plan).as_planned


HOSTILE = {
    "nan": ("a.csv", "step,lr\n1,0.1\n2,nan\n3,0.1\n", "a.csv, line 3: lr must be a finite"),
    "text": ("a.csv", "step,lr\n1,0.1\n2,x\n3,0.1\n", "a.csv, line 3: lr must be a finite number"),
    "one row": ("a.csv", "step,lr\n1,0.1\n", "a.csv, line 2: lr was logged 1 time(s)"),
    "no rate": ("a.csv", "step,loss\n1,0.1\n", "no column of rates"),
    "no step": ("a.csv", "lr,loss\n0.1,0.1\n", "a.csv, line 2: it has a rate and no step"),
    "step": ("a.csv", "step,lr\n-1,0.1\n", "a.csv, line 2: step must be a whole number"),
    "empty": ("a.csv", "", "no column of rates"),
    "no json": ("a.jsonl", '{"step": 1, "lr": 0.1}\n{"step": \n', "a.jsonl, line 2: it is no JSON"),
    "deep": ("a.json", "[" * 100_000, "it cannot be read as a log"),
    "binary": ("a.log", "\0\1\2", "it is a binary file"),
    "events": ("a.tfevents.1", "nothing of the kind", "it cannot be read as a log"),
    "mlflow": ("lr", "1700000000000 0.1 1\nx\n", "lr, line 2: a metric file of MLflow"),
    "huge": (
        "a.csv",
        "step,lr\n1,1\n2,1e308\n3,1\n",
        "a.csv, line 3: lr must be 0 or of a size between 1e-100 and 1e100, got '1e308'.",
    ),
    "tiny": ("a.csv", "step,lr\n1,1\n2,-1e-320\n3,1\n", "between 1e-100 and 1e100, got '-1e-320'."),
    "column twice": (
        "a.csv",
        "step,lr,lr\n1,0.5,0.1\n",
        "a.csv, line 1: the column 'lr' comes twice.",
    ),
    "key twice": (
        "a.jsonl",
        '{"step": 1, "lr": 0.1, "lr": 0.5}\n',
        "a.jsonl, line 1: it is no JSON: the key 'lr' comes twice.",
    ),
    "unsorted": (
        "a.csv",
        "step,lr\n" + "".join(f"{k * 7919 % 1009},0.1\n" for k in range(1000)),
        "the steps are in no order",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_log_that_cannot_be_read_is_one_sentence(name, tmp_path, capsys):
    file, text, said = HOSTILE[name]
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert run(tmp_path / file, "--plan", PLAN) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert file in error


def test_text_of_notepad_is_told_apart_from_binary_files(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("step,lr\n1,0.1\n", encoding="utf-16")
    assert run(tmp_path / "a.csv") == 2
    assert capsys.readouterr().err.endswith("a.csv: it is UTF-16 text. Save it as UTF-8.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_is_refused_for_it_can_be_read_only_once(tmp_path, capsys):
    os.mkfifo(tmp_path / "a.csv")
    assert run(tmp_path / "a.csv") == 2
    assert "a.csv: it is a pipe or a device, not a regular file." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("zero", "code"), [("0", 1), ("0.0", 1), ("0.00000", 1), ("0e+00", 1), ("0.000", 0)]
)
def test_a_rate_of_zero_everywhere_is_not_as_planned(zero, code, tmp_path, capsys):
    # The peak is 3e-4, which three decimals do not show.
    (tmp_path / "a.csv").write_text("step,lr\n" + "".join(f"{k},{zero}\n" for k in STEPS))
    assert run(tmp_path / "a.csv", "--plan", PLAN) == code
    assert ("the rate stays at 0" in capsys.readouterr().out) == bool(code)


def test_a_tiny_factor_lies_within_its_interval(tmp_path, capsys):
    log = write_csv(tmp_path, [(s, 1e-27 * PLANS["cosine"](s)) for s in STEPS])
    assert run(log, "--plan", PLAN) == 1
    assert "Every logged step: 1e-27 times the plan" in capsys.readouterr().out


def test_a_missing_file(tmp_path, capsys):
    assert run(tmp_path / "none.csv") == 2
    assert "none.csv" in capsys.readouterr().err


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    assert MOST_ROWS == 1_000_000
    monkeypatch.setattr("gradatim.logs.logged_rates.MOST_ROWS", 50)
    log = write_csv(tmp_path, [(s, 0.1) for s in range(100)])
    with pytest.raises(GradatimError, match=r"line 52: a log of more than 50 rows is not read"):
        read_rates(log)


def test_a_log_of_epochs_asks_for_their_length(tmp_path, capsys):
    path = tmp_path / "log.csv"
    rows = "".join(f"{e},{PLANS['cosine'](e * 100)!r}\n" for e in range(60))
    path.write_text("epoch,lr\n" + rows, encoding="utf-8")
    assert run(path, "--plan", PLAN) == 2
    assert "--updates-per-epoch" in capsys.readouterr().err
    assert run(path, "--plan", PLAN, "--updates-per-epoch", 100) == 0


def test_an_unknown_column(clean, capsys):
    assert run(clean, "--plan", PLAN, "--column", "rl") == 2
    assert "unknown column 'rl'. Known: loss, lr, step." in capsys.readouterr().err


def test_a_plan_by_time_is_refused(clean, tmp_path, capsys):
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "run: {seconds: 600}\nschedules:\n  lr: {warmup_linear: {peak: 0.1, steps: run}}\n",
        encoding="utf-8",
    )
    assert run(clean, "--plan", plan) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 5


def test_known_is_checked():
    with pytest.raises(GradatimError, match="processes must be a whole number"):
        Known(processes=0)
    assert Known(**KNOWN).accumulate == 4


def test_a_hundred_thousand_points_are_compared_few_times(tmp_path, monkeypatch):
    asked = []
    at = Planned.at
    monkeypatch.setattr(Planned, "at", lambda self, s: asked.append(len(s)) or at(self, s))
    steps = range(100_000)
    plan = warmup_cosine(peak=3e-4, warmup=3000, steps=100_000, floor=3e-5)
    for rate in (plan, lambda s: plan(s if s < 60_000 else s - 60_000)):
        log = write_text(tmp_path, [(s, rate(s)) for s in steps])
        asked.clear()
        assert audit(log, plan).as_planned == (rate is plan)
        assert sum(asked) < 100 * len(steps)


SCRIPT = """
def main(args):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    scheduler = get_cosine_schedule_with_warmup(optimizer, 300, args.steps)
    for batch in loader:
        optimizer.step()
        scheduler.step()
"""


def test_the_script_that_made_the_run_stands_for_a_plan(tmp_path, capsys):
    schedule = warmup_cosine(peak=3e-4, warmup=300, steps=6000)
    (tmp_path / "train.py").write_text(SCRIPT)
    like = ["--like", tmp_path / "train.py", "--set", "args.steps=6000"]
    good = write_csv(tmp_path, [(s, schedule(s)) for s in STEPS])
    assert run(good, *like) == 0
    out, err = capsys.readouterr()
    assert "as planned" in out
    assert "train.py:4 transformers get_cosine_schedule_with_warmup" in err
    twice = write_csv(tmp_path, [(s, schedule(2 * s)) for s in STEPS])
    assert run(twice, *like, "--processes", 2) == 1
    assert "once per process" in capsys.readouterr().out


def test_a_script_that_cannot_be_read_is_one_sentence(tmp_path, clean, capsys):
    (tmp_path / "train.py").write_text(SCRIPT)
    assert run(clean, "--like", tmp_path / "train.py") == 2
    assert "Write --set args.steps=VALUE" in capsys.readouterr().err
    assert run(clean, "--like", tmp_path / "train.py", "--plan", PLAN) == 2
    assert "Leave one out" in capsys.readouterr().err

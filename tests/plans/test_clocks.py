"""Plan files whose run is measured in time, in tokens, or in what the user counts."""

import json

import jsonschema
import pytest

from gradatim import Constant, GradatimError, Linear, Plan, Run, by_updates, wsd
from gradatim.plans import schema
from gradatim.plans.plan import read_plan
from gradatim.recipes import batch_stages, scale_with_batch

MINUTES = "format: 1\nrun: {seconds: 600, reserve: 20}\nschedules:\n"
BATCH = """format: 1
run:
  batch: {batch_stages: {stages: "0:256 20M:512", tokens_per_sample: 1024, per: 8}}
  processes: 8
  tokens_per_sample: 1024
  total_tokens: 200_000_000
  clock: tokens
schedules:
  lr: {scale_with_batch: {schedule: {wsd: {peak: 1}}, power: 1}}
"""


def plan(schedules: str, head: str = MINUTES) -> Plan:
    return read_plan(f"{head}  {schedules}\n", ".yaml")


def test_a_run_of_ten_minutes():
    found = plan(
        "lr: {wsd: {peak: 3e-3, warmup: 30 s, cooldown: 1 min}}\n  weight_decay: "
        "{Join: {pieces: [Linear: {start: 0, end: 0.1, steps: 10%}, Constant: {value: "
        "0.1}]}}"
    )
    run = Run(seconds=600, reserve=20)
    assert found.run == run
    assert found["lr"] == wsd(3e-3, steps=run, warmup="30 s", cooldown="1 min")
    assert found["lr"].length == 580_000
    assert found["weight_decay"] == Linear(0.0, 0.1, 58_000) >> Constant(0.1)


def test_the_same_in_every_format():
    rows = {
        ".yaml": "format: 1\nrun: {clock: env_steps, total: 1e6}\n"
        "schedules: {lr: {wsd: {peak: 1, warmup: 20k env_steps}}}",
        ".toml": 'format = 1\nrun = { clock = "env_steps", total = 1_000_000 }\n'
        'schedules.lr.wsd = { peak = 1, warmup = "20k env_steps" }',
        ".json": '{"format": 1, "run": {"clock": "env_steps", "total": 1000000}, '
        '"schedules": {"lr": {"wsd": {"peak": 1, "warmup": "20k env_steps"}}}}',
    }
    run = Run(clock="env_steps", total=10**6)
    for ending, text in rows.items():
        assert read_plan(text, ending) == Plan({"lr": wsd(1.0, steps=run, warmup="2%")}, run=run)


def test_what_follows_the_updates_has_lengths_in_updates():
    text = "momentum: {by_updates: {schedule: {Linear: {start: 0.85, end: 0.95, steps: %s}}}}"
    for written in ("300", "300 updates", "0.3k steps"):
        found = plan(text % written)["momentum"]
        assert found == by_updates(Linear(0.85, 0.95, 300))
    with pytest.raises(GradatimError, match=r"^line 4: .*steps='5%' is a share of the run, whose"):
        plan(text % "5%")
    tokens = "format: 1\nrun: {total_tokens: 1e6, batch: 10, tokens_per_sample: 100, clock: tokens}"
    found = plan(text % "5%", f"{tokens}\nschedules:\n")["momentum"]
    assert found == by_updates(Linear(0.85, 0.95, 50))
    whole = plan(
        "momentum: {by_updates: {schedule: {wsd: {peak: 1, warmup: 5%}}}}",
        f"{tokens}\nschedules:\n",
    )
    assert whole["momentum"] == by_updates(wsd(1.0, steps=1000, warmup=50))
    # After it, lengths are those of the run again.
    after = plan(text % "300" + "\n  lr: {wsd: {peak: 1, warmup: 1 min}}")
    assert after["lr"] == wsd(1.0, steps=580_000, warmup=60_000)


def test_a_batch_that_grows_and_a_rate_that_follows_it():
    found = read_plan(BATCH, ".yaml")
    run = Run(
        batch=batch_stages("0:256 20M:512", tokens_per_sample=1024, per=8),
        processes=8,
        tokens_per_sample=1024,
        total_tokens=2e8,
        clock="tokens",
    )
    assert found.run == run
    rate = scale_with_batch(wsd(1.0, steps=run), run=run, power=1.0)
    assert found["lr"] == rate
    assert found["lr"](20_185_088 - 1) == 1.0  # 77 updates of 256 samples
    assert found["lr"](20_185_088) == 2.0


@pytest.mark.parametrize(
    ("schedules", "said"),
    [
        (
            "lr: {wsd: {peak: 1, warmup: 500}}",
            "line 4: schedules.lr.wsd: warmup=500 has no unit, and the clock of the run is 'time'. "
            "Write '90 s' or '5%'.",
        ),
        ("lr: {wsd: {peak: 1, steps: 500}}", "line 4: schedules.lr.wsd: steps=500 has no unit"),
        ("lr: {Linear: {start: 0, end: 1, steps: 5e3}}", "steps=5000.0 has no unit"),
        (
            "lr: {Table: {points: [[0, 1], [300, 0.5]], between: hold}}",
            "points[1][0]=300 has no unit",
        ),
        ("lr: {multistep: {peak: 1, boundaries: [5%, 30]}}", "boundaries[1]=30 has no unit"),
        (
            "lr: {wsd: {peak: 1, warmup: 5 updates}}",
            "cannot be converted to milliseconds, the ticks",
        ),
        ("lr: {wsd: {peak: 1, warmup: 5 rounds}}", "warmup must be like '90 s' or '5%', got"),
        ("lr: {wsd: {peak: 1, warmup: 11 min}}", "must be less than steps, 580000"),
        (
            "lr: {Scale: {factor: 2, schedule: {by_updates: {schedule: {Constant: {value: 1}}}}}}",
            "cannot be a part of another schedule. Put by_updates(...)",
        ),
        (
            "lr: {scale_with_batch: {schedule: {Constant: {value: 1}}}}",
            "the samples of an update are",
        ),
        (
            "lr: {scale_with_batch: {schedule: {Constant: {value: 1}}, run: {seconds: 5}}}",
            "run is that of the plan. Leave it out.",
        ),
    ],
)
def test_what_is_refused_beside_a_run_in_time(schedules, said):
    with pytest.raises(GradatimError, match=r"^line 4: ") as error:
        plan(schedules)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("{seconds: 5, clock: tokens}", "seconds is the length of a run with the clock 'time'"),
        ("{seconds: 600 s}", "seconds must be a finite number above 0, got '600 s'"),
        ("{total_tokens: 5}", "total_tokens cannot be converted to updates"),
        (
            "{steps: 5, batch: {Linear: {start: 1, end: 2, steps: 9}}}",
            "Write batch=schedule.rounded()",
        ),
        (
            "{steps: 5, batch: {Linear: {start: 1, end: 2, steps: 5%}}}",
            "needs a run to be a length",
        ),
        (
            "{steps: 5, batch: 1.5}",
            "batch must be a whole number, 1 or more, or a schedule of them",
        ),
        ("{steps: 5, batch: {Plateau: {mode: min}}}", "unknown schedule 'Plateau'"),
    ],
)
def test_a_run_that_cannot_be_is_refused_at_its_line(run, said):
    with pytest.raises(GradatimError, match=r"^line 2: ") as error:
        read_plan(f"format: 1\nrun: {run}\nschedules: {{lr: {{Constant: {{value: 1}}}}}}", ".yaml")
    assert said in str(error.value)


def test_without_a_run_a_rate_cannot_follow_its_batch():
    text = "lr: {scale_with_batch: {schedule: {Constant: {value: 1}}}}"
    with pytest.raises(GradatimError, match=r"^line 3: .*: the plan has no run\. Write run:"):
        plan(text, "format: 1\nschedules:\n")


def test_the_schema_knows_them():
    validator = jsonschema.Draft202012Validator(schema())
    plans = [
        {"run": {"seconds": 600, "reserve": 20, "start_after": 2}},
        {"run": {"clock": "env_steps", "total": 9}},
        {"run": {"steps": 9, "batch": {"batch_stages": {"stages": "0:8"}}}},
    ]
    rates = [{"wsd": {"peak": 1, "warmup": warmup}} for warmup in ("90 s", "20k env_steps", "2 h")]
    rates.append({"scale_with_batch": {"schedule": {"Constant": {"value": 1}}}})
    rates.append({"by_updates": {"schedule": {"Constant": {"value": 1}}}})
    for run in plans:
        for rate in rates:
            validator.validate({"format": 1, **run, "schedules": {"lr": rate}})
    for wrong in (
        {"run": {"seconds": 0}},
        {"run": {"steps": 9, "batch": 0}},
        {"run": {"steps": 9, "clock": 5}},
        {"schedules": {"lr": {"scale_with_batch": {"schedule": {}, "run": {}}}}},
        {"schedules": {"lr": {"wsd": {"peak": 1, "warmup": "90 s!"}}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({"format": 1, "schedules": {"lr": rates[0]}, **wrong})
    json.dumps(schema())

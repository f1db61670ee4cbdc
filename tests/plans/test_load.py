"""What a plan file may say, and how it is told what it may not."""

import pytest

import gradatim
from gradatim import GradatimError, Plateau, Run, Target, load_plan, warmup_cosine, wsd
from gradatim.plans.plan import read_plan
from tests.plans.strategies import GOOD

HEAD = "format: 1\nrun: {samples: 1000, batch: 10, epochs: 10, tokens: 100}\nschedules:\n  lr:\n"


def load(tmp_path, text, name="plan.yaml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_plan(path)


def lr(text):
    return read_plan(f"{HEAD}    {text}\n", ".yaml")["lr"]


def test_a_plan_has_a_run_schedules_and_rules(tmp_path):
    plan = load(tmp_path, GOOD[".yaml"])
    assert plan.run == Run(
        samples=50_000, batch=128, epochs=90, accumulate=2, processes=4, tokens_per_sample=512
    )
    steps = plan.run.steps
    assert plan["lr"] == warmup_cosine(peak=3e-4, warmup=plan.run.resolve("5%"), steps=steps)
    assert plan["weight_decay"](10**6) == 0.1
    assert plan.rules == {"lr": Plateau(mode="min", patience=3)}


def test_values_outside_of_any_optimizer_and_the_groups_of_several():
    plan = read_plan(
        "format: 1\nrun: {steps: 100}\n"
        "schedules: {lr/adamw/head: {Constant: {value: 1}}, lr/muon: {Constant: {value: 2}}}\n"
        "external: {kl: {Linear: {start: 1, end: 0}}}\nrules: {kl: {Plateau: {mode: min}}}\n",
        ".yaml",
    )
    head = Target("lr", "adamw/head")
    assert (plan[head](0), plan["lr/muon"](0), plan["kl"](25)) == (1.0, 2.0, 0.75)
    assert (plan.external, list(plan.rules)) == (("kl",), ["kl"])


def test_a_plan_may_have_nothing_but_values_outside_of_any_optimizer():
    plan = read_plan("format = 1\nexternal.kl.Constant.value = 0.5\n", ".toml")
    assert plan == gradatim.Plan(external={"kl": 0.5})


@pytest.mark.parametrize("ending", GOOD)
def test_every_format_says_the_same(ending, tmp_path):
    text = {
        ".yaml": "format: 1\nrun: {updates: 1000}\nschedules: {lr: {wsd: {peak: 1e-3}}}",
        ".toml": "format = 1\nrun.updates = 1000\nschedules.lr.wsd.peak = 1e-3",
        ".json": '{"format": 1, "run": {"steps": 1000}, "schedules": {"lr": {"wsd": '
        '{"peak": 1e-3}}}}',
    }[ending]
    assert load(tmp_path, text, f"plan{ending}")["lr"] == wsd(peak=1e-3, steps=1000)


@pytest.mark.parametrize(
    ("written", "updates"),
    [
        ("50", 50),
        ("5%", 50),
        ("2 epochs", 200),
        ("300 samples", 30),
        ("1e4 tokens", 10),
        ("0.5k updates", 500),
    ],
)
def test_lengths_in_any_unit_become_updates(written, updates):
    assert lr(f"warmup_cosine: {{peak: 1, warmup: {written}}}") == warmup_cosine(
        peak=1, warmup=updates, steps=1000
    )


def test_the_configuration_of_any_schedule_is_a_plan():
    schedule = 0.5 * (warmup_cosine(1.0, steps=100, warmup=10) >> gradatim.Constant(0.1)).clip(
        low=0.01
    )
    text = f'{{"format": 1, "schedules": {{"lr": {schedule.config()}}}}}'
    text = text.replace("'", '"').replace("None", "null")
    assert read_plan(text, ".json")["lr"] == schedule


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("1.0e3", 1000.0),
        (".5", 0.5),
        ("+1", 1.0),
        ("1_000", 1000.0),
        ("5.", 5.0),
        ("-0", 0.0),
    ],
)
def test_numbers_are_numbers(written, number):
    assert lr(f"Constant: {{value: {written}}}")(0) == number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("010", "octal"),
        ("0x1F", "decimal"),
        ("12:30:45", "base 60"),
        ("yes", "boolean"),
        (".nan", "finite"),
        ("-.inf", "finite"),
        ("nan", "finite"),
        ("1e999", "is no finite number"),
        ("true", "must be a finite number, got True"),
        ("null", "got None"),
        ("'1e-3'", "must be a finite number, got '1e-3'"),
        ("2026-01-01", "date"),
        ("1" * 60, "too long"),
        ("[1]", "must be a finite number"),
        ("!!float 1", "tags"),
        ("&a 1", "anchors"),
        ("1, value: 2", "'value' comes twice"),
        ("1, vlaue: 2", "Did you mean 'value'?"),
    ],
)
def test_a_wrong_entry_is_refused_at_its_line(written, said):
    with pytest.raises(GradatimError, match=r"^line 5: ") as error:
        lr(f"Constant: {{value: {written}}}")
    assert said in str(error.value)


@pytest.mark.parametrize("number", ["9223372036854775809", "1e30", "'1e24 epochs'"])
def test_more_updates_than_can_be_counted_are_refused_however_they_are_written(number):
    with pytest.raises(
        GradatimError, match=r"^line 5: .*above 2\*\*63, the last update that can be"
    ):
        lr(f"Linear: {{start: 0, end: 1, steps: {number}}}")


def test_they_are_refused_in_the_run_and_in_lists():
    with pytest.raises(GradatimError, match=r"^line 1: Run\.steps: 1e\+19 is above 2\*\*63"):
        read_plan('{"format": 1, "run": {"steps": 1e19}, "schedules": {"lr": {}}}', ".json")
    with pytest.raises(GradatimError, match=r"boundaries: a number in it is above 2\*\*63"):
        lr("piecewise_constant: {values: [1, 2], boundaries: [1e30]}")


@pytest.mark.parametrize(
    ("ending", "text", "line"),
    [
        (".yaml", "format: 1\nschedules:\n  lr:\n    Linear:\n      start: 1\n      ned: 0", 6),
        (".yaml", "format: 1\nschedules:\n  lr:\n    Linaer: {}\n", 4),
        (".yaml", "format: 1\n\nshedules: {}\n", 3),
        (".yaml", "format: 1\nshedules:\n  lr: {}\n", 2),
        (".yaml", "format: 1\nschedules:\n  lr:\n    Linaer:\n      start: 0\n", 4),
        (".json", '{"format": 1,\n"schedules": {},}', 2),
        (".json", '{"format": 1,\n"schedules": [1,\n]}', 3),
        (".yaml", "format: 1\nformat: 1\n", 2),
        (".yaml", "format: 1\nschedules:\n  lr: [\n", 4),
        (".json", '{"format": 1,\n"schedules": {"lr":\n{"Constant": {"value": "x"}}}}', 3),
        (".json", '{"format": 1,\n"format": 2}', 2),
        (".json", '{"format": 1,\n"schedules": {"lr": NaN}}', 2),
        (".toml", "format = 1\n[schedules.lr.Constant]\n\nvalue = true", 4),
        (".toml", "format = 1\n[schedules.lr.Constant]\nvalue = 1\nvalue = 2", 4),
        (".toml", "format = 1\n[[schedules.lr.Join.pieces]]\nLinear = {}", 2),
        (".toml", "format = 1\n# nan\n[schedules.lr.Constant]\nvalue = nan", 4),
        (".toml", "format = 1\n[schedules.lr.Constant]\nvalue = -1e400", 3),
        (".toml", "format = 1\nschedules.lr.multistep.boundaries = [1, 2, inf]", 2),
        (".toml", "run.updates = 9223372036854775809\nformat = 1", 1),
        (".json", '{"schedules": {},\n"format": [1]}', 2),
        (".toml", "schedules = {}\nformat = {a = 1}", 2),
    ],
)
def test_errors_name_the_line(ending, text, line):
    with pytest.raises(GradatimError, match=rf"^line {line}: "):
        read_plan(text, ending)


@pytest.mark.parametrize("text", ['{"format": 1,}', '{"format": [1,\n]}'])
def test_a_comma_too_many_is_said(text):
    with pytest.raises(GradatimError, match="there is a comma before the closing bracket"):
        read_plan(text, ".json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be format, run and schedules, got nothing"),
        ("format: 1", "schedules is missing"),
        ("format: 2\nschedules: {}", "newer gradatim"),
        ("format: true\nschedules: {}", "format must be 1, got True"),
        ("format: 1\nschedules: {}", "schedules is empty"),
        ("format: 1\nschedules: {lr: 0.1}", "got 0.1"),
        ("format: 1\nschedules: {lr: {Constant: {value: 1}, Linear: {}}}", "got 2 names"),
        ("format: 1\nschedules: {lr: {Plateau: {mode: min}}}", "unknown schedule 'Plateau'"),
        ("format: 1\nschedules: {lr: {wsd: {peak: 1}}}", "steps is missing"),
        ("format: 1\nschedules: {lr: {wsd: {peak: 1, steps: 5%}}}", "needs a run"),
        ("format: 1\nschedules: {lr: {Function: {function: 'math:sqrt'}}}", "runs code"),
        ("format: 1\nrun: {batch: 1}\nschedules: {lr: {Constant: {value: 1}}}", "Run: give either"),
        ("format: 1\nrun: {updates: 9}\nschedules: {'l r': {Constant: {value: 1}}}", "'l r'"),
        (
            "format: 1\nschedules: {lr: {Constant: {value: 1}}}\n"
            "rules: {wd: {Plateau: {mode: min}}}",
            "unknown value 'wd'",
        ),
        (
            "format: 1\nschedules: {lr: {Constant: {value: 1}}, lr/a: {Constant: {value: 1}}}",
            "for a part",
        ),
        ("format: 1\nexternal: {}", "external is empty"),
        ("format: 1\nexternal: {kl/a: {Constant: {value: 1}}}", 'like "kl"'),
        ("format: 1\nschedules: {lr/a/b/c: {Constant: {value: 1}}}", '"lr/adamw/head"'),
        (
            "format: 1\nschedules: {a: {Constant: {value: 1}}}\n"
            "external: {a: {Constant: {value: 1}}}",
            "a is driven in the optimizer already",
        ),
    ],
)
def test_what_is_no_plan_is_refused(text, said):
    with pytest.raises(GradatimError) as error:
        read_plan(text, ".yaml")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf" + b"format: 1\nschedules: {lr: {Constant: {value: 1}}}", ""),
        (b"format: 1\r\nschedules: {lr: {Constant: {value: 1}}}\r\n", ""),
        (b"format: 1 # \xe9", "not UTF-8 text, at byte 13"),
        ("format: 1".encode("utf-16"), "not UTF-8"),
        (b"format: 1\x00", "not YAML"),
        (b"#" * 70_000, "more than 64 KiB"),
    ],
)
def test_encodings_and_sizes(data, said, tmp_path):
    if not said:
        assert load(tmp_path, data)["lr"](0) == 1.0
        return
    with pytest.raises(GradatimError, match=r"plan\.yaml") as error:
        load(tmp_path, data)
    assert said in str(error.value)


@pytest.mark.parametrize(("ending", "text"), GOOD.items())
def test_a_mark_of_the_byte_order_is_no_part_of_the_text(ending, text, tmp_path):
    assert load(tmp_path, "\ufeff" + text, f"plan{ending}").schedules


def test_files_that_are_none(tmp_path):
    with pytest.raises(GradatimError, match="No such file"):
        load_plan(tmp_path / "none.yaml")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(GradatimError, match="not a file"):
        load_plan(tmp_path / "folder.json")
    with pytest.raises(GradatimError, match=r"Known: \.json, \.toml, \.yaml, \.yml"):
        load_plan(tmp_path / "plan.txt")


def test_a_part_of_the_model_is_part_of_the_target():
    text = "format: 1\nschedules: {lr/head: {Constant: {value: 1}}, 'lr/*': {Constant: {value: 2}}}"
    plan = read_plan(text, ".yaml")
    assert plan == gradatim.Plan({"lr/head": 1.0, "lr/*": 2.0})
    assert list(plan) == [gradatim.Target("lr", "head"), gradatim.Target("lr", "*")]

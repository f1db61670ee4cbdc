"""One builder behind configs, texts and plan files: one meaning and one error for each name."""

import pytest

from gradatim import Function, GradatimError, build, parse
from gradatim.plans.plan import read_plan


def from_config(name, **arguments):
    return build({name: arguments})


def from_text(name, **arguments):
    return parse(f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})")


def from_plan(name, **arguments):
    entries = ", ".join(f"{key}: {value!r}" for key, value in arguments.items())
    text = f"format: 1\nschedules:\n  lr:\n    {name}: {{{entries}}}\n"
    return read_plan(text, ".yaml")["lr"]


READERS = [from_config, from_text, from_plan]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("Linaer", {"start": 0}, "unknown schedule 'Linaer'. Did you mean 'Linear'?"),
        ("Linear", {"stat": 0}, "unknown argument 'stat'. Did you mean 'start'?"),
        ("wsd", {"peak": 1, "total_steps": 9}, "total_steps is called steps here. Write steps=9."),
        ("Linear", {"start": "x", "end": 1, "steps": 2}, "start must be a finite number, got 'x'."),
        ("Linear", {"start": 0, "end": 1}, "steps is missing."),
        ("Function", {"function": "math:sqrt"}, "Function "),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else None,
)
def test_what_is_wrong_has_one_sentence(read, name, arguments, sentence):
    with pytest.raises(GradatimError) as error:
        read(name, **arguments)
    assert sentence in str(error.value)


@pytest.mark.parametrize("read", READERS)
def test_names_of_older_versions_are_read(read):
    new = read("ExponentialDecay", start=1.0, factor=0.5, every=10)
    assert read("ExponentialDecay", start=1.0, rate=0.5, every=10) == new


@pytest.mark.parametrize(
    ("build_it", "place"),
    [
        (lambda: build({"Scale": {"factor": 2.0, "schedule": {"Linaer": {}}}}), "config"),
        (lambda: parse("Scale(factor=2.0, schedule=Linaer())"), "parse"),
        (lambda: from_plan("Scale", factor=2.0, schedule={"Linaer": {}}), "line 4: schedules.lr"),
    ],
    ids=["config", "text", "plan"],
)
def test_the_place_of_an_error_is_named(build_it, place):
    with pytest.raises(GradatimError) as error:
        build_it()
    assert str(error.value).startswith(f"{place}.Scale.schedule: unknown schedule 'Linaer'.")


def test_code_is_allowed_to_those_who_ask_and_never_to_a_plan_file():
    schedule = Function("math:sqrt")
    assert build(schedule.config(), imports=True) == parse(repr(schedule), imports=True) == schedule
    with pytest.raises(GradatimError, match="a plan file may not"):
        from_plan("Function", function="math:sqrt")


def test_an_argument_of_any_name_is_only_an_argument():
    for name in ("line", "function", "node", "operate", "schedule", "self", "make"):
        with pytest.raises(GradatimError):
            parse(f"Linear(0, 1, 10).clip({name}=1)")
        with pytest.raises(GradatimError):
            parse(f"Linear(0, 1, 10, {name}=1)")

"""What the page is answered: forms, completions, problems, figures, exports."""

import base64
import json
import math
import struct

import pytest

from gradatim import Plan, Run, check
from gradatim.core.text import parse
from gradatim.errors import GradatimError
from gradatim.look.points import key_points
from gradatim.peers import TARGETS
from gradatim.plans.plan import read_plan
from gradatim.studio.api import Api
from gradatim.studio.body import Body
from gradatim.studio.calls import units
from gradatim.studio.documents import plan_as_yaml, read_text
from gradatim.studio.gallery import gallery
from gradatim.studio.problems import PlacedError
from gradatim.studio.session import Session
from tests.studio.test_page import COSINE, PLAN, WSD

TEXTS = list(dict.fromkeys(entry["text"] for entry in gallery(Body({}))["entries"]))
SMILE = "\N{GRINNING FACE}"
RUN = {"samples": 1_000, "batch": 10, "epochs": 100}


def ask(question, **body):
    return Api(Session()).answers[question](Body(body))


def fields(text):
    return [field for group in ask("form", text=text)["groups"] for field in group["fields"]]


def unpacked(text):
    """Numbers that the page is sent, as it reads them."""
    return [number for (number,) in struct.iter_unpack("<d", base64.b64decode(text))]


def marked(text, start, end):
    """The part of a text between two places."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def written(text, field, value):
    """The text after an edit of a field, as the page makes it; places are UTF-16 units."""
    data = text.encode("utf-16-le")
    start, end = 2 * field["start"], 2 * field["end"]
    middle = f"{field.get('before', '')}{value}{field.get('after', '')}".encode("utf-16-le")
    return (data[:start] + middle + data[end:]).decode("utf-16-le")


@pytest.mark.parametrize("text", [*TEXTS, PLAN, f"  0.5 * {WSD}.clip(low=1e-5) >> Constant(1)"])
def test_every_field_stands_where_its_value_does(text):
    given = [field for field in fields(text) if field["text"] is not None]
    for field in given:
        assert written(text, field, "@").count("@") == 1
        assert written(text, field, field["text"]) == text
    assert given or text.startswith(("Product", "Sum"))


@pytest.mark.parametrize("text", [COSINE, PLAN, PLAN.replace("Linear", '"Linear"'), "noam()"])
def test_an_argument_that_is_not_given_can_be_written(text):
    for field in fields(text):
        if field["text"] is None:
            after = written(text, field, "@")
            same = [one for one in fields(after.replace("@", "1")) if one["name"] == field["name"]]
            assert any(one["text"] == "1" for one in same), after


def test_a_plan_in_json_has_a_form():
    plan = {"format": 1, "schedules": {"lr": {"wsd": {"peak": 1.0, "steps": 50, "warmup": 5}}}}
    text = json.dumps(plan, indent=1)
    peak = next(field for field in fields(text) if field["name"] == "peak")
    assert read_text(written(text, peak, "2.5"))["lr"](5) == 2.5
    floor = next(field for field in fields(text) if field["name"] == "floor")
    assert read_text(written(text, floor, "0.5"))["lr"](50) == 0.5


@pytest.mark.parametrize("text", [*TEXTS, PLAN])
def test_every_field_says_what_it_is(text):
    if not text.startswith("trapezoid"):  # its arguments are described as those of wsd
        assert [field["name"] for field in fields(text) if not field["help"]] in ([], ["factor"])


TOML = f"""format = 1  # peak = 3
run = {{steps = 1000, clock = "updates"}}
[schedules."lr/*".warmup_cosine]
# {SMILE}
peak = 3e-4
  warmup = '10%'
[schedules]
"lr/a.b" = {{Linear = {{start = 1e-4, end = 0}}}}
momentum.Join.pieces = [{{Constant = {{value = 0.9, steps = 10}}}}, {{Constant.value = 0.95}}]
weight_decay.Table.points = [[0, 0.1],
  [5, 0.2]]
weight_decay.Table.between = "hold"
[rules.lr]
Plateau.patience = 2
Plateau.mode = "min"
"""


def test_a_plan_in_toml_has_a_form():
    names = [(group["name"], group["about"]) for group in ask("form", text=TOML)["groups"]]
    assert names == [
        ("Run", "run"),
        ("warmup_cosine", "lr/*"),
        ("Linear", "lr/a.b"),
        ("Join", "momentum"),
        ("Constant", "momentum"),
        ("Constant", "momentum"),
        ("Table", "weight_decay"),
        ("Plateau", "rule of lr"),
    ]
    given = [field for field in fields(TOML) if field["text"] is not None]
    assert all(marked(TOML, one["start"], one["end"]) == one["text"] for one in given)
    assert [field["text"] for field in given] == [
        *("1000", '"updates"', "3e-4", "'10%'", "1e-4", "0", "0.9", "10", "0.95"),
        *("[[0, 0.1],\n  [5, 0.2]]", '"hold"', '"min"', "2"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("peak", "1.5", lambda plan: plan["lr/*"](100) == 1.5),
        ("floor", "1e-5", lambda plan: plan["lr/*"](1_000) == 1e-5),
        ("end", "2e-4", lambda plan: plan["lr/a.b"](1_000) == 2e-4),
        ("samples", "5", lambda plan: plan.run.samples == 5),
        ("between", '"linear"', lambda plan: plan["weight_decay"].between == "linear"),
        ("nan", '"ignore"', lambda plan: plan.rules["lr"].nan == "ignore"),
        ("factor", "0.25", lambda plan: plan.rules["lr"].factor == 0.25),
    ],
)
def test_an_edit_of_the_form_of_a_toml_plan(name, value, changed):
    text = TOML.replace("steps = 1000", "batch = 1, epochs = 1000, samples = 1")
    text = text if name != "samples" else text.replace(", samples = 1", "")
    field = next(field for field in fields(text) if field["name"] == name)
    assert changed(read_text(written(text, field, value)))


def test_places_are_counted_as_a_browser_counts():
    text = f"Table([(0, 1.0)], between='{SMILE}') * Linear(0, 1, steps=0)"
    field = next(field for field in fields(text) if field["name"] == "steps")
    assert marked(text, field["start"], field["end"]) == "0"
    assert units(text) == len(text) + 1


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("one_c", ["one_cycle("]),
        ("wsd(", ["peak=", "steps=", "warmup=", "cooldown=", "shape="]),
        ("wsd(peak=1.0, st", ["steps=", "start="]),
        ("wsd(1.0, shape=", ['"linear"', '"1-sqrt"']),
        ("wsd(1.0, shape='1", ["1-sqrt"]),
        ("Linear(0, 1, steps=10).re", ["repeat("]),
        ("Linear(0, 1, steps=10) >> Const", ["Constant("]),
        ("wsd(peak=Lin", []),
        ("format: 1\nschedules:\n  lr:\n    warmup_cos", ["warmup_cosine:"]),
        ("format: 1\nschedules:\n  lr:\n    wsd:\n      pe", ["peak: "]),
    ],
)
def test_completions(before, wanted):
    found = ask("complete", text=before, cursor=len(before))
    assert [option["text"] for option in found["options"]][: len(wanted)] == wanted


def test_no_completion_offers_to_run_code():
    options = ask("complete", text="Func", cursor=4)["options"]
    assert [option["text"] for option in options] == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("warmup_cosine(peak='a', warmup=50, steps=100)", "peak='a'"),
        ("warmup_cosine(peak=1.0, warmup=5000, steps=100)", "warmup=5000"),
        ("1 + wsdd(peak=1.0)", "wsdd"),
        ("x >> Constant(1)", "x"),
        (f"Constant(1) >> Linear(start='{SMILE}', end=1, steps=5)", f"start='{SMILE}'"),
        ("wsd(", "("),
        (" wsd(peak=1.0,\n steps=0)", "steps=0"),
    ],
)
def test_the_smallest_part_with_the_problem_is_marked(text, part):
    with pytest.raises(PlacedError) as refused:
        ask("judge", text=text)
    assert marked(text, *refused.value.place) == part


@pytest.mark.parametrize("name", ["Function(function='os:getcwd', steps=3)", "__import__('os')"])
@pytest.mark.parametrize("question", ["curves", "judge", "export"])
def test_nothing_is_imported_or_run(name, question):
    with pytest.raises(GradatimError):
        ask(question, text=name, unit="updates", columns=10, form="plan")
    plan = "format: 1\nschedules: {lr: {Function: {function: 'os:getcwd', steps: 3}}}"
    with pytest.raises(GradatimError, match="runs code"):
        ask(question, text=plan, unit="updates", columns=10, form="plan")


@pytest.mark.parametrize("text", [COSINE, PLAN, "warmup_cosine(peak=30.0, warmup=1, steps=900)"])
def test_findings_and_figures_are_those_of_check_and_look(text):
    plan = read_text(text)
    judged = ask("judge", text=text)
    run = plan.run or Run(steps=plan.steps)
    found = check(plan.replaced(plan.schedules, plan.rules, run))
    shown = [{key: one[key] for key in one.keys() - {"at"}} for one in judged["findings"]]
    assert shown == [finding._asdict() for finding in found]
    for figures in judged["figures"]:
        points = key_points(plan[figures["target"]], run.steps)
        assert [one["value"] for one in figures["points"]] == [point.value for point in points]


def test_a_finding_has_its_place_on_the_axis():
    short = "warmup_cosine(peak=3e-4, warmup=5, steps=90)"
    (finding,) = ask("judge", text=short, run={"steps": 9_000})["findings"]
    assert finding["place"] == "update 91 of 9000"
    assert finding["at"] == 90


def test_shares_of_warmup_and_cooldown():
    (figures,) = ask("judge", text="wsd(peak=1.0, steps=1_000, warmup=100, cooldown=200)")[
        "figures"
    ]
    assert figures["warmup"] == pytest.approx(0.1)
    assert figures["cooldown"] == pytest.approx(0.2, abs=2e-3)


@pytest.mark.parametrize("text", [*TEXTS, PLAN])
def test_a_plan_file_is_read_back_as_the_plan(text):
    found = ask("export", text=text, form="plan")
    assert read_plan(found["content"], f".{found['ending']}") == read_text(text)


def test_a_plan_file_keeps_the_call_that_was_written():
    assert "warmup_cosine:" in plan_as_yaml(read_text(COSINE), COSINE)
    on_run = ask("export", text=COSINE, form="plan", run=RUN)["content"]
    read = read_plan(on_run, ".yaml")
    assert read.run == Run(**RUN)
    assert read["lr"] == parse(COSINE)


@pytest.mark.parametrize("form", ["expression", *TARGETS])
def test_what_an_export_leaves_out_is_said(form):
    try:
        found = ask("export", text=PLAN, form=form)
    except GradatimError:
        return  # the project has no words for this schedule
    said = " ".join(found["differences"])
    assert "lr/* of the plan is not in it." in said
    assert "weight_decay of the plan is not in it." in said
    assert "The rule of lr is not in it." in said


def test_an_exported_expression_is_the_schedule():
    found = ask("export", text=COSINE, form="expression")
    assert parse(found["content"]) == parse(COSINE)


def test_the_largest_difference_is_that_of_diff():
    (first, second, broken) = ask("compare", texts=[COSINE, WSD, "x("])["differences"]
    assert first == [{"target": "lr", "at": "step 0", "gap": 0.0}]
    one, other = parse(COSINE), parse(WSD)
    gaps = [other(step) - one(step) for step in range(10_000)]
    assert second == [{"target": "lr", "at": f"step {gaps.index(max(gaps)):,}", "gap": max(gaps)}]
    assert broken is None


def test_a_rule_is_replayed():
    found = ask("replay", text=PLAN, value="lr", metrics=[3.0, 2.0, 2.0, 2.0])
    assert found["scales"] == read_text(PLAN).rules["lr"].replay([3.0, 2.0, 2.0, 2.0])
    with pytest.raises(GradatimError, match="a number"):
        ask("replay", text=PLAN, value="lr", metrics=[math.inf])


def test_curves_of_two_clocks_have_an_axis_each():
    text = (
        "format: 1\nrun: {seconds: 600}\nschedules:\n  lr: {wsd: {peak: 1.0, warmup: 5%}}\n"
        "  momentum: {by_updates: {schedule: {Linear: {start: 0.8, end: 0.9, steps: 300}}}}\n"
    )
    found = ask("curves", text=text, unit="updates", columns=50)["curves"]
    assert [curve["axis"] for curve in found] == ["training time (s)", "step (completed updates)"]
    assert unpacked(found[0]["places"] or found[0]["steps"])[-1] == 600.0


def test_the_plan_of_every_gallery_text_is_that_of_its_expression():
    for text in TEXTS:
        assert read_text(text) == Plan({"lr": parse(text)})

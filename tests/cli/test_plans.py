"""Every verb reads ``[NAME=]PLAN`` alike: a file or a schedule as text, named or not."""

import pytest

from gradatim import GradatimError, parse
from gradatim.cli import main
from gradatim.cli._plans import Source, learning_rates, load, sources, split_name

TEXT = "warmup_cosine(peak=0.01, warmup=5, steps=20)"
PLAN = "format: 1\nschedules:\n  lr: {warmup_cosine: {peak: 0.01, warmup: 5, steps: 20}}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current directory with the plan in plan.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        return (end.value.code, *capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("given", "name", "plan"),
    [
        (TEXT, TEXT, TEXT),
        (f"a={TEXT}", "a", TEXT),
        (f" long name = {TEXT}", "long name", TEXT),
        ("plan.yaml", "plan.yaml", "plan.yaml"),
        ("a=plan.yaml", "a", "plan.yaml"),
        ("a=-", "a", "-"),
        ("lr=0.1.yaml", "lr", "0.1.yaml"),
    ],
)
def test_the_name_ends_at_the_first_equals_sign_before_any_parenthesis(given, name, plan):
    assert split_name(given) == (name, plan)


def test_a_file_with_an_equals_sign_in_its_path_is_that_file(here):
    (here / "lr=0.1.yaml").write_text(PLAN)
    assert split_name("lr=0.1.yaml") == ("lr=0.1.yaml", "lr=0.1.yaml")
    assert load(split_name("a=lr=0.1.yaml"))["lr"] == parse(TEXT)


def test_all_four_forms_are_the_same_plan(here):
    forms = [TEXT, f"b={TEXT}", "plan.yaml", "d=plan.yaml"]
    assert [load(source)["lr"] for source in sources("race", forms)] == [parse(TEXT)] * 4
    assert learning_rates("race", forms) == dict.fromkeys(
        [TEXT, "b", "plan.yaml", "d"], parse(TEXT)
    )


@pytest.mark.parametrize("given", [["a=plan.yaml", f"a={TEXT}"], [TEXT, TEXT]])
def test_names_must_differ(here, given):
    with pytest.raises(GradatimError, match="race: plans need different names, got '"):
        learning_rates("race", given)


@pytest.mark.parametrize(
    ("given", "missing"), [(f"={TEXT}", "name"), ("a=", "plan"), ("", "plan"), (" ", "plan")]
)
def test_neither_name_nor_plan_is_empty(here, given, missing):
    with pytest.raises(GradatimError) as error:
        learning_rates("race", [given])
    assert str(error.value) == f"race: the {missing} in {given!r} is empty. Write NAME=PLAN."


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ("warmup_cosine", "Write warmup_cosine(...); gradatim list warmup_cosine shows its"),
        ("warmup", "Did you mean warmup_constant(...)?"),
        ("log.csv", "For a log, write gradatim audit log.csv."),
        ("train.py", "For code, write gradatim convert train.py --from torch."),
        (".", "It is a folder."),
        ("StepLR(optimizer, 30)", "StepLR is of torch: write gradatim convert --from torch."),
        ("s = torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1)", "convert --from torch."),
        ("get_cosine_schedule_with_warmup(o, 5, 9)", "convert --from transformers."),
    ],
)
def test_what_is_no_plan_is_answered_with_what_to_write(here, given, instead):
    with pytest.raises(GradatimError) as error:
        load(Source(given, given))
    assert instead in str(error.value)


def test_what_is_unlike_everything_gets_no_hint(here):
    for given in ("x", "lr", "wsd(peak=1.0)", "nonsense(1)"):
        with pytest.raises(GradatimError) as error:
            load(Source(given, given))
        assert not str(error.value).endswith((")?", "torch."))


def test_show_calls_each_plan_by_its_name(here, run):
    code, out, _ = run("show", f"text={TEXT}", "file=plan.yaml", "--at", "5")
    assert (code, out.splitlines()[0].split()) == (0, ["step", "text:", "lr", "file:", "lr"])
    code, out, _ = run("show", f"text={TEXT}", "file=plan.yaml")
    assert code == 0
    for name in ("text", "file"):
        assert f" {name}: {parse(TEXT)!r}" in out


def test_diff_calls_each_plan_by_its_name(here, run):
    other = TEXT.replace("0.01", "0.02")
    code, out, _ = run("diff", "now=plan.yaml", f"next={other}")
    assert (code, out.splitlines()[0].split()) == (1, ["field", "now", "next"])
    assert "where now has 0.01 and next has 0.02." in out
    code, out, _ = run("diff", "plan.yaml", other)
    assert (code, out.splitlines()[0].split()) == (1, ["field", "A", "B"])
    assert run("diff", "a=plan.yaml", f"b={TEXT}")[:2] == (0, "They are the same schedule.\n")


def test_bound_and_check_read_the_same_forms(here, run):
    pytest.importorskip("scipy")
    code, out, _ = run("bound", "plan.yaml", f"text={TEXT}")
    rows = [line.split() for line in out.splitlines()[1:3]]
    assert (code, [row[0] for row in rows]) == (0, ["plan.yaml", "text"])
    assert rows[0][1:] == rows[1][1:]
    assert run("check", "plan.yaml")[:2] == run("check", f"name={TEXT}")[:2]

"""Differences of two plans, in the words that schedules are written in."""

import pytest

from gradatim import (
    Constant,
    Cosine,
    Driver,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    warmup_constant,
    warmup_cosine,
    wsd,
)
from gradatim.drive.resume.differences import differences_in, differences_of

LINE = Linear(0.0, 1.0, 10)
PAIRS = {
    "one field": (
        LINE >> Cosine(1.0, 0.0, 90),
        LINE >> Cosine(1.0, 0.0, 190),
        ["Cosine(..., steps=90) -> Cosine(..., steps=190)"],
    ),
    "several": (
        LINE >> Cosine(1.0, 0.0, 90),
        2.0 * LINE >> Cosine(2.0, 0.0, 190),
        [
            "Linear(start=0.0, end=1.0, steps=10) -> 2.0 * Linear(start=0.0, end=1.0, steps=10)",
            "Cosine(..., start=1.0, steps=90) -> Cosine(..., start=2.0, steps=190)",
        ],
    ),
    "all fields": (
        Linear(0.0, 1.0, 10),
        Linear(1.0, 2.0, 20),
        ["Linear(start=0.0, end=1.0, steps=10) -> Linear(start=1.0, end=2.0, steps=20)"],
    ),
    "inside": (
        (0.5 * LINE).clip(low=0.1),
        (0.5 * LINE.replace(steps=20)).clip(low=0.1),
        ["Linear(..., steps=10) -> Linear(..., steps=20)"],
    ),
    "a factor": (0.5 * LINE, 0.1 * LINE, ["0.5 * ... -> 0.1 * ..."]),
    "a factor and more": (
        0.5 * LINE,
        0.1 * LINE.replace(steps=20),
        ["Linear(..., steps=10) -> Linear(..., steps=20)", "0.5 * ... -> 0.1 * ..."],
    ),
    "an end": (
        Constant(1.0),
        Constant(1.0, 10),
        ["Constant(..., steps=nothing) -> Constant(..., steps=10)"],
    ),
    "pieces more": (
        warmup_constant(1.0, warmup=10),
        wsd(1.0, warmup=10, steps=100, cooldown=10),
        [
            "... >> Constant(value=1.0) -> ... >> Constant(value=1.0, steps=80) >> "
            "OneMinusSqrt(start=1.0, end=0.0, steps=10)"
        ],
    ),
    "a piece less": (
        LINE >> LINE >> Constant(1.0),
        LINE >> LINE,
        ["... >> Constant(value=1.0) -> ... >> nothing more"],
    ),
    "another curve": (
        LINE,
        3.0 * (LINE >> Constant(1.0)),
        [
            "Linear(start=0.0, end=1.0, steps=10) -> "
            "3.0 * (Linear(start=0.0, end=1.0, steps=10) >> Constant(value=1.0))"
        ],
    ),
    "a rule": (
        Plateau(mode="min"),
        Plateau(mode="max"),
        ["Plateau(..., mode='min') -> Plateau(..., mode='max')"],
    ),
    "a run": (
        Run(steps=10),
        Run(seconds=10),
        ["Run(..., steps=10, seconds=nothing) -> Run(..., steps=nothing, seconds=10.0)"],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_values(name):
    one, other, lines = PAIRS[name]
    assert list(differences_in(one.config(), other.config())) == lines
    assert list(differences_in(one.config(), one.config())) == []


def test_two_plans():
    one = Plan(
        {"lr": warmup_cosine(1.0, steps=100), "momentum": 0.9},
        external={"kl": 0.5},
        rules=Plateau(mode="min"),
        run=Run(steps=100),
    )
    other = Plan({"lr": warmup_cosine(1.0, steps=200), "kl": 0.5}, run=Run(steps=200))
    assert list(differences_of(one.config(), other.config())) == [
        "lr: Cosine(..., steps=100) -> Cosine(..., steps=200)",
        "momentum: Constant(value=0.9) -> nothing",
        "rule of lr: Plateau(mode='min') -> nothing",
        "external: ['kl'] -> []",
        "run: Run(..., steps=100) -> Run(..., steps=200)",
    ]


def test_what_cannot_be_built_here_is_shown_too():
    theirs = {"Mine": {"start": 1.0, "curve": {"Bent": {"by": 3}}}}
    ours = {"Mine": {"start": 1.0, "curve": {"Bent": {"by": 4}}}}
    assert list(differences_in(theirs, ours)) == ["Bent(by=3) -> Bent(by=4)"]
    state = Driver({"lr": 0.1}).state() | {"schedules": {"lr": theirs}}
    with pytest.raises(GradatimError, match=r"lr: Mine\(start=1\.0, curve=Bent\(by=3\)\) -> Const"):
        Driver({"lr": 0.1}).load(state)


@pytest.mark.parametrize(
    "broken",
    [
        {"Join": {"pieces": 5}},
        {"Join": {}},
        {"Scale": {}},
        {"Join": {"pieces": [1, 2]}},
        {"Scale": {"schedule": 3, "factor": []}},
        {"a": 1},
        {},
        [],
        None,
        {"Join": []},
        {3: {4: 5}},
    ],
)
def test_broken_data_is_shown_and_raises_nothing(broken):
    whole = (0.5 * (LINE >> Constant(1.0))).config()
    for pair in ((broken, whole), (whole, broken), (broken, (LINE >> LINE).config())):
        assert all(" -> " in line for line in differences_in(*pair))


class TestTheErrorOfALoad:
    def error(self, theirs, ours, at=60, **more):
        saved = Driver({"lr": theirs}, **more)
        saved.advance(at)
        with pytest.raises(GradatimError) as error:
            Driver({"lr": ours}, **more).load(saved.state())
        return str(error.value).splitlines()[-1]

    def test_a_longer_run_of_the_same_recipe_names_extend(self):
        short, long = (warmup_cosine(1.0, steps=n) for n in (100, 200))
        assert self.error(short, long).endswith(
            "To train longer, on_mismatch='extend' continues the checkpoint's to the end of this "
            "script's."
        )
        assert "extend" not in self.error(long, short)

    def test_at_the_end_it_names_rewarm(self):
        short, long = (warmup_cosine(1.0, steps=n) for n in (100, 200))
        assert "write rewarm(schedule, at=100, steps=..., peak=...)" in self.error(short, long, 100)

    def test_another_recipe_names_extend_by_hand(self):
        line = self.error(Linear(1.0, 0.0, 100), Cosine(1.0, 0.0, 200))
        assert "write extend(schedule, at=60, steps=...) with the checkpoint's schedule" in line

    def test_the_same_past_is_said(self):
        short, long = (wsd(1.0, steps=n, warmup=9, cooldown=20) for n in (100, 200))
        assert "on_mismatch='same-past' accepts" in self.error(short, long)
        assert "same-past" not in self.error(short, long, 90)

    def test_what_cannot_be_kept_names_seek(self):
        saved = Driver({"lr": LINE, "momentum": 0.9})
        saved.advance(60)
        with pytest.raises(GradatimError) as error:
            Driver({"lr": LINE}).load(saved.state())
        assert str(error.value).splitlines()[-1] == (
            "To go on with the script's at position 60, on_mismatch='override'; without the "
            "state, seek(60)."
        )

    def test_rescale_is_named_where_an_update_sees_another_share_of_the_data(self):
        one, other = (Run(samples=1000, batch=b, epochs=1) for b in (10, 20))
        saved = Driver({"lr": LINE}, run=one)
        with pytest.raises(GradatimError, match=r"at the same place in the data, .*'rescale'"):
            Driver({"lr": LINE}, run=other).load(saved.state())
        longer = one.replace(epochs=2)
        with pytest.raises(GradatimError) as error:
            Driver({"lr": LINE}, run=longer).load(saved.state())
        assert "rescale" not in str(error.value)

"""Halving and hindsight: who is dropped, on what grounds, and what a forecast was worth."""

import numpy as np
import pytest

from gradatim import Constant
from gradatim.forecast.prediction import Estimate
from gradatim.race import Task, elimination, hindsight, race, table, write_report
from tests.forecast.public_runs import grid_find, grid_run
from tests.race import toys

SHAPES = ("constant", "linear 0.2", "cosine 0.1", "linear 0.4")
NOISE = 0.0013
"""The deviation of a final loss over repeated runs of this model, as published."""


def replay(schedule, seed):
    """A public run of 25,000 updates of a 124M model; the seed adds the noise of a repetition."""
    shape = SHAPES[int(schedule(0))]
    curve = grid_run(grid_find(5e-4, 50_000 if shape == "constant" else 25_000, shape), 25_000)
    noise = np.random.default_rng([seed, SHAPES.index(shape)]).normal(0, NOISE, len(curve.steps))
    for step, loss, extra in zip(curve.steps, curve.losses, noise, strict=True):
        yield int(step), float(loss + extra), float(curve.rates[step])


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    contestants = {shape: Constant(float(i)) for i, shape in enumerate(SHAPES)}
    out = tmp_path_factory.mktemp("race") / "replay"
    return race(
        Task("replay", replay, weight_decay=0.1), contestants, seeds=4, halving=True, out=out
    )


@pytest.fixture(scope="module")
def seen(replayed):
    return hindsight.forecast_each(replayed)


def ends(values):
    """A task whose contestants end with these losses, one a seed; None diverges."""

    def run(schedule, seed):
        value = values[int(schedule(0))][seed]
        return {"loss": float("nan") if value is None else value}

    return Task("ends", run)


def run(values, out, **options):
    contestants = {f"c{i}": Constant(float(i)) for i in range(len(values))}
    seeds = len(values[0])
    return race(ends(values), contestants, seeds=seeds, halving=True, out=out, jobs=1, **options)


def seeds_of(result):
    return {name: sum(r.name == name for r in result.runs) for name in result.contestants}


def test_the_forecast_drops_what_the_seeds_alone_could_not(replayed):
    # After two seeds Student's t is 12.7, and the intervals over the seeds would still overlap.
    assert {d.name: d.seeds for d in replayed.dropped} == {"constant": 2, "cosine 0.1": 2}
    assert all("by forecast" in d.why for d in replayed.dropped)
    assert seeds_of(replayed) == {"constant": 2, "linear 0.2": 4, "cosine 0.1": 2, "linear 0.4": 4}
    assert len(replayed.runs) == replayed.size == 2 * 4 + 2 * 2
    assert "forecast from the losses of the other contestants" in replayed.halving


def test_each_is_forecast_from_the_others_as_well_as_the_law_can(replayed, seen):
    for one in seen:
        assert one.why == ""
        assert one.measured.mean == pytest.approx(
            np.mean([r.losses[-1] for r in replayed.runs if r.name == one.name])
        )
        assert abs(one.forecast.mean - one.measured.mean) < 0.008
        assert one.forecast.low < one.measured.mean < one.forecast.high


def test_the_report_shows_forecast_against_outcome_and_who_was_dropped(replayed, seen, monkeypatch):
    # The forecasts of this race, which take 12 s, are not computed again.
    monkeypatch.setattr(hindsight, "forecast_each", lambda race: {id(replayed): seen}[id(race)])
    page = write_report(replayed).read_text(encoding="utf-8")
    assert "Forecast against outcome" in page
    header, *rows = table.hindsight(seen)
    assert header[1:4] == ("forecast", "interval", "measured")
    for cell in (cell for row in rows for cell in row):
        assert f"<td>{cell}</td>" in page
    assert "Dropped after 2 seeds: constant: loss 3.1" in page
    assert "No forecast" not in page


def test_without_curves_the_seeds_decide_and_that_is_said(tmp_path):
    near, far = [1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 1.0, 1.1], [5.0, 5.1, 5.0, 5.1] * 2
    result = run([far, near, [x + 0.05 for x in near]], tmp_path / "race")
    # After two seeds: 5.05 +- 12.7 * 0.07 / sqrt 2 = 0.64, far from 1.05 +- 0.64.
    assert [(d.name, d.seeds) for d in result.dropped] == [("c0", 2)]
    assert result.dropped[0].why == (
        "loss 4.415 to 5.685 over the seeds, and that of 'c1' 0.4147 to 1.685 over the seeds"
    )
    assert seeds_of(result) == {"c0": 2, "c1": 8, "c2": 8}
    assert "a forecast needs a loss that the task yields" in result.halving
    assert "c0" not in table.verdict(result), "not told apart, with two seeds of one"


def test_whoever_overlaps_the_best_stays(tmp_path):
    # 1.2 +- 0.18 and 1.0 +- 0.18 at eight seeds, and wider before.
    wave = [0.2, -0.2] * 8
    result = run([[1.2 + x for x in wave], [1.0 + x for x in wave]], tmp_path / "race")
    assert result.dropped == ()
    assert len(result.runs) == result.size == 32


def test_higher_can_be_better(tmp_path):
    task = Task("scored", toys.scored, metric="accuracy", better="higher")
    pair = {"low": Constant(0.25), "high": Constant(0.9)}
    result = race(task, pair, seeds=4, halving=True, out=tmp_path / "race")
    assert [d.name for d in result.dropped] == ["low"]


def test_a_contestant_whose_runs_all_diverge_is_dropped_and_one_that_errs_is_not(tmp_path):
    result = run([[None] * 4, [1.0, 1.1, 1.2, 1.3]], tmp_path / "race")
    assert [(d.name, d.why) for d in result.dropped] == [
        ("c0", "none of its 2 runs ended with a number")
    ]
    half = run([[None, 9.0, 9.0, 9.1, 9.0], [1.0, 1.1, 1.0, 1.1, 1.0]], tmp_path / "half")
    # The mean over the survivors flatters or slanders, so it decides nothing.
    assert half.dropped == ()

    def errs(schedule, seed):
        if schedule(0) == 0:
            raise FileNotFoundError("data")
        return float(seed)

    pair = {"a": Constant(0.0), "b": Constant(1.0)}
    kept = race(Task("errs", errs), pair, seeds=4, halving=True, out=tmp_path / "errs")
    assert kept.dropped == ()


def test_going_on_drops_the_same_and_runs_nothing_again(tmp_path):
    values = [[5.0, 5.1] * 4, [1.0, 1.1] * 4]
    first = run(values, tmp_path / "race")
    record = (tmp_path / "race" / "runs.jsonl").read_bytes()
    again = run(values, tmp_path / "race")
    assert [one.name for one in first.dropped] == ["c0"]
    assert again.dropped == first.dropped
    assert (tmp_path / "race" / "runs.jsonl").read_bytes() == record
    contestants = {"c0": Constant(0.0), "c1": Constant(1.0)}
    whole = race(ends(values), contestants, seeds=8, out=tmp_path / "race")
    assert (whole.dropped, whole.halving, len(whole.runs)) == ((), "", 16)


def test_the_decisions_come_after_2_4_8_seeds_whatever_their_numbers():
    assert elimination.rungs((3, 1, 4, 15, 9)) == ((3, 1), (4, 15), (9,))
    assert elimination.rungs((7,)) == ((7,),)
    assert elimination.rungs((7, 8)) == ((7, 8),)


@pytest.mark.parametrize(
    ("task", "seeds", "why"),
    [
        (toys.steady, 1, "needs two seeds or more"),
        (toys.scored, 2, "needs the curves of 2 other contestants, 1 can be used"),
        (toys.steady, 2, "needs the curves of 2 other contestants, 0 can be used"),
        (toys.diverges, 2, "a run failed, and a law is fitted to runs that train"),
    ],
)
def test_why_there_is_no_forecast_is_said(tmp_path, task, seeds, why):
    pair = {"half": Constant(0.5), "more": Constant(0.75)}
    result = race(task, pair, seeds=seeds, out=tmp_path / "race")
    assert all(why in seen.why for seen in hindsight.forecast_each(result))
    page = write_report(result).read_text(encoding="utf-8")
    assert f"<li>half: {why}" in page


def test_a_race_without_losses_has_no_word_of_forecasts(tmp_path):
    result = race(
        Task("m", lambda schedule, seed: 1.0), {"a": Constant(1.0)}, seeds=2, out=tmp_path / "race"
    )
    page = write_report(result).read_text(encoding="utf-8")
    assert "orecast" not in page
    assert "Dropped" not in page


def test_a_forecast_against_what_was_measured_drops_nobody(tmp_path, monkeypatch):
    def curves(schedule, seed):
        yield 0, 1.0 + schedule(0) / 10 + seed / 1000

    def wrong(race):
        yield hindsight.Hindsight("good", Estimate(0.95, 0.9, 1.02), Estimate(1.0, 1.0, 1.0))
        yield hindsight.Hindsight("slandered", Estimate(9.0, 8.0, 10.0), Estimate(1.01, 1.0, 1.0))
        yield hindsight.Hindsight("bad", Estimate(1.2, 1.1, 1.3), Estimate(2.0, 2.0, 2.0))

    monkeypatch.setattr(hindsight, "forecast_each", wrong)
    contestants = {"good": Constant(0.0), "slandered": Constant(0.1), "bad": Constant(10.0)}
    task = Task("curves", curves)
    result = race(task, contestants, seeds=3, halving=True, out=tmp_path / "race")
    assert [d.name for d in result.dropped] == ["bad"]

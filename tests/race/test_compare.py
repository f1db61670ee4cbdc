"""The statistics, against numbers worked out by hand, and against SciPy's own way."""

import math
import statistics

import pytest
from scipy import stats

from gradatim.race.compare import comparisons, least_p, standings
from gradatim.race.trial import FinishedRun


def runs(**ends):
    """Runs of contestants: a metric each, None for a run without a number."""
    return [
        FinishedRun(
            name,
            seed,
            {},
            failed=None if value and value > 0.5 else "failed",
            metrics={} if value is None else {"m": value},
            seconds=2.0 + seed,
        )
        for name, values in ends.items()
        for seed, value in enumerate(values)
    ]


def compare(better="higher", **ends):
    return comparisons(runs(**ends), list(ends), "m", better)


def test_standings_by_hand():
    good, bad, none = standings(
        runs(good=[0.9, 1.0, 0.8], bad=[0.2, None, 0.6], none=[None]), ["good", "bad", "none"], "m"
    )
    assert (good.name, good.runs, good.failed, good.counted) == ("good", 3, 0, 3)
    assert good.mean == pytest.approx(0.9)
    assert good.deviation == pytest.approx(0.1)  # squares .0, .01, .01 over 2: sqrt(.01)
    assert good.seconds == pytest.approx(3.0)
    assert (bad.runs, bad.failed, bad.counted) == (3, 2, 2)
    assert bad.mean == pytest.approx(0.4)
    assert bad.deviation == pytest.approx(math.sqrt(0.08))  # squares .04, .04 over 1
    assert (none.counted, none.failed) == (0, 1)
    assert math.isnan(none.mean)
    assert math.isnan(none.deviation)


def test_a_comparison_by_hand():
    # b - a: 0.1, 0.3, 0.2, 0.2. Mean 0.2, squares .01 .01 0 0 over 3: deviation .0816,
    # its error .0408, times t(0.975, 3) = 3.1824: 0.1299. All four up: p = 2 / 2^4.
    (c,) = compare(a=[0.6, 0.6, 0.6, 0.6], b=[0.7, 0.9, 0.8, 0.8])
    assert (c.name, c.other) == ("b", "a")
    assert c.difference == pytest.approx(0.2)
    assert c.low == pytest.approx(0.2 - 0.1299, abs=1e-4)
    assert c.high == pytest.approx(0.2 + 0.1299, abs=1e-4)
    assert (c.better, c.worse, c.equal) == (4, 0, 0)
    assert c.p == pytest.approx(0.125)


def test_seeds_are_paired_not_pooled():
    # Seeds differ far more than schedules do, and the difference is still plain to see.
    a = [0.1, 0.9, 0.5, 0.3, 0.7, 0.2]
    (c,) = compare(a=a, b=[x + 0.01 + 0.001 * i for i, x in enumerate(a)])
    assert c.p == pytest.approx(2 / 2**6)
    assert c.low > 0


def test_pairs_are_by_seed_even_if_the_runs_come_in_another_order():
    mixed = runs(a=[0.1, 0.2, 0.3], b=[0.2, 0.3, 0.4])[::-1]
    (c,) = comparisons(mixed, ["a", "b"], "m", "higher")
    assert c.low == pytest.approx(c.high)
    assert c.difference == pytest.approx(0.1)


def test_lower_may_be_better():
    (c,) = compare("lower", a=[1.0, 1.0, 1.0], b=[0.5, 0.75, 1.0])
    assert (c.better, c.worse, c.equal) == (2, 0, 1)
    assert c.difference == pytest.approx(-0.25)


def test_a_run_without_a_number_is_the_worst_of_all():
    for better, sign in (("higher", 1), ("lower", -1)):
        a = [None, 0.5, 0.5, 0.5, 0.5, None]
        b = [0.1, *(0.5 + sign * gap for gap in (0.1, 0.2, 0.3, 0.4)), None]
        (c,) = compare(better, a=a, b=b)
        assert (c.better, c.worse, c.equal) == (5, 0, 1)
        assert c.p == pytest.approx(2 / 2**5)
        assert c.difference == pytest.approx(sign * 0.25)  # where both have a number


def test_one_lucky_seed_of_the_other_costs_what_its_rank_says():
    # Ranks of |b - a|: 1 (down), 2, 3, 4, 5, 6 (up). W- = 1; of 64 signs 2 are as one-sided on
    # each side: {} and {1}. p = 4 / 64.
    gaps = [-0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    (c,) = compare(a=[0.5] * 6, b=[0.5 + gap for gap in gaps])
    assert c.p == pytest.approx(4 / 64)


def test_ties_are_counted_exactly():
    # |gaps| 1 1 2: ranks 1.5 1.5 3, signs - + +: W- = 1.5; of 8 signs those with W- <= 1.5 or
    # >= 4.5: sums 0, 1.5, 1.5, 3, 3, 4.5, 4.5, 6: six of them.
    (c,) = compare(a=[0.5, 0.5, 0.5], b=[0.25, 0.75, 1.0])
    assert c.p == pytest.approx(6 / 8)
    # Ranks 1.5 1.5 3.5 3.5 5, the last one down: W- = 5; of 32 signs 11 have a sum up to 5: none,
    # 1.5 twice, 3, 3.5 twice, 5, and 1.5 + 3.5 four times.
    (c,) = compare(a=[0.5] * 5, b=[0.625, 0.625, 0.75, 0.75, 0.125])
    assert c.p == pytest.approx(2 * 11 / 32)


def test_equal_differences_tie_in_spite_of_their_last_digits():
    a = [17 / 450, 180 / 450, 301 / 450, 444 / 450]
    b = [18 / 450, 181 / 450, 302 / 450, 443 / 450]  # three up by one image, one down by one
    assert len({abs(y - x) for x, y in zip(a, b, strict=True)}) > 1
    (c,) = compare(a=a, b=b)
    assert c.p == pytest.approx(10 / 16)  # of 16 signs all but the 6 with two up and two down


def test_nothing_differs():
    (c,) = compare(a=[0.5, 0.6], b=[0.5, 0.6])
    assert (c.difference, c.low, c.high, c.p, c.equal) == (0.0, 0.0, 0.0, 1.0, 2)
    (c,) = compare(a=[None, None], b=[None, None])
    assert (c.p, c.equal) == (1.0, 2)
    assert math.isnan(c.difference)


def test_one_seed_says_nothing():
    (c,) = compare(a=[0.5], b=[0.75])
    assert (c.difference, c.p) == (0.25, 1.0)
    assert (c.low, c.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("seeds", [7, 13, 14, 30])
def test_p_agrees_with_the_exact_table_of_scipy(seeds):
    gaps = [0.01 * (i + 1) * (-1 if i % 3 == 0 else 1) for i in range(seeds)]
    (c,) = compare(a=[0.5] * seeds, b=[0.5 + gap for gap in gaps])
    # Where there are no ties, SciPy has a second way: the tabulated distribution.
    table = stats.wilcoxon([round(gap, 6) for gap in gaps], method="exact").pvalue
    assert c.p == pytest.approx(table, abs=1e-9)


def test_several_comparisons_are_corrected():
    # Six seeds, three pairs. c beats a and b everywhere: p = 1/32 each, times 3, and the second
    # may not be below the first. b and a are the same: p = 1.
    found = compare(a=[0.1] * 6, b=[0.1] * 6, c=[0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert [(c.name, c.other) for c in found] == [("b", "a"), ("c", "a"), ("c", "b")]
    assert [c.p for c in found] == pytest.approx([1.0, 3 / 32, 3 / 32])


def test_many_contestants_are_compared_with_the_first():
    names = {f"c{i}": [0.1 * i, 0.2] for i in range(6)}
    assert [(c.name, c.other) for c in compare(**names)] == [(f"c{i}", "c0") for i in range(1, 6)]
    assert compare(a=[0.5]) == ()


def test_least_p_is_what_a_clean_sweep_gives():
    (c,) = compare(a=[0.0] * 5, b=[0.1, 0.2, 0.3, 0.4, 0.5])
    assert c.p == pytest.approx(least_p(5, 1)) == pytest.approx(0.0625)
    assert least_p(10, 6) == pytest.approx(12 / 1024)
    assert least_p(2, 6) == 1.0


def test_the_interval_covers_as_often_as_it_says():
    # 300 races of 8 seeds with a true difference of 0.3: 95% of the intervals hold it.
    import random

    draw = random.Random(0).gauss
    held = 0
    for _ in range(300):
        (c,) = compare(a=[0.0] * 8, b=[draw(0.3, 0.2) for _ in range(8)])
        held += c.low <= 0.3 <= c.high
    assert statistics.fmean([held / 300]) == pytest.approx(0.95, abs=0.035)

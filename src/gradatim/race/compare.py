"""The statistics of a race: the results of each contestant, and tests of their differences."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from gradatim.race.trial import FinishedRun

METHOD = (
    "Differences are taken seed by seed. The interval is Student's t, 95%. p is from a Wilcoxon "
    "signed-rank test, exact: it uses ranks only, so a few failed runs cannot dominate it, and a "
    "run without a number counts as the worst. p is corrected for the number of comparisons (Holm)."
)
LEVEL = 0.05
"""A difference with a smaller p is called significant."""


@dataclass(frozen=True)
class Standing:
    """The results of one contestant: ``runs`` finished runs, of which ``failed`` failed.

    ``mean`` and ``deviation`` (of the sample) are over the ``counted`` runs that ended with a
    number, failed ones included; NaN if there are too few.
    """

    name: str
    runs: int
    failed: int
    counted: int
    mean: float
    deviation: float
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """The contestant ``name`` against ``other``, seed by seed.

    ``difference`` is the mean of this minus the other over the seeds at which both ended with a
    number, from ``low`` to ``high`` with 95% confidence. ``better``, ``worse`` and ``equal`` count
    seeds. ``p`` is corrected for the number of comparisons.
    """

    name: str
    other: str
    difference: float
    low: float
    high: float
    better: int
    worse: int
    equal: int
    p: float


def standings(
    runs: Iterable[FinishedRun], names: Sequence[str], metric: str
) -> tuple[Standing, ...]:
    """The results of each contestant, in the order of the names."""
    runs = tuple(runs)
    return tuple(_standing([r for r in runs if r.name == name], name, metric) for name in names)


def _standing(runs: list[FinishedRun], name: str, metric: str) -> Standing:
    values = [run.metrics[metric] for run in runs if metric in run.metrics]
    return Standing(
        name=name,
        runs=len(runs),
        failed=sum(run.failed is not None for run in runs),
        counted=len(values),
        mean=statistics.fmean(values) if values else math.nan,
        deviation=statistics.stdev(values) if len(values) > 1 else math.nan,
        seconds=statistics.fmean(run.seconds for run in runs) if runs else math.nan,
    )


def comparisons(
    runs: Iterable[FinishedRun],
    names: Sequence[str],
    metric: str,
    better: Literal["higher", "lower"],
) -> tuple[Comparison, ...]:
    """Every contestant against every one before it; with more than four, against the first."""
    ends: dict[str, dict[int, float]] = {name: {} for name in names}
    for run in runs:
        # A diverged run counts as worse than any number, or it would drop out of the comparison.
        ends[run.name][run.seed] = run.metrics.get(
            metric, -math.inf if better == "higher" else math.inf
        )
    pairs = combinations(names, 2) if len(names) <= 4 else ((names[0], n) for n in names[1:])
    return _holm([_compare(name, ends[name], other, ends[other], better) for other, name in pairs])


def _compare(
    name: str,
    mine: Mapping[int, float],
    other: str,
    theirs: Mapping[int, float],
    better: Literal["higher", "lower"],
) -> Comparison:
    pairs = [(mine[seed], theirs[seed]) for seed in sorted(mine.keys() & theirs.keys())]
    # Two runs without a number are equal; inf - inf would be NaN.
    gaps = [0.0 if a == b else a - b for a, b in pairs]
    finite = [a - b for a, b in pairs if math.isfinite(a) and math.isfinite(b)]
    difference, low, high = interval(finite)
    up, down = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    return Comparison(
        name=name,
        other=other,
        difference=difference,
        low=low,
        high=high,
        better=up if better == "higher" else down,
        worse=down if better == "higher" else up,
        equal=len(gaps) - up - down,
        p=_signed_rank([gap for gap in gaps if gap]),
    )


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean and its 95% confidence interval."""
    if not values:
        return math.nan, math.nan, math.nan
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, -math.inf, math.inf
    from scipy import stats

    reach = float(stats.t.ppf(0.975, len(values) - 1))
    reach *= statistics.stdev(values) / math.sqrt(len(values))
    return mean, mean - reach, mean + reach


def _signed_rank(gaps: Sequence[float]) -> float:
    """The two-sided p value of the Wilcoxon signed-rank test.

    Exact: the rank sums of all 2^n ways to choose the signs are counted.
    """
    # Metrics are often fractions of counts: equal differences of them vary in the last digits.
    gaps = [float(f"{gap:.12g}") for gap in gaps]
    sizes = sorted(map(abs, gaps))
    # Twice the rank, so that the mean rank of a tie is an integer too.
    ranks = [bisect_left(sizes, abs(gap)) + bisect_right(sizes, abs(gap)) + 1 for gap in gaps]
    ways = [1] + [0] * sum(ranks)
    for rank in ranks:
        ways = [n + (ways[total - rank] if total >= rank else 0) for total, n in enumerate(ways)]
    up = sum(rank for rank, gap in zip(ranks, gaps, strict=True) if gap > 0)
    fewer = min(up, sum(ranks) - up)
    return min(1.0, sum(ways[: fewer + 1]) / 2.0 ** (len(gaps) - 1))


def _holm(compared: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The same comparisons with p corrected for multiple comparisons (Holm 1979)."""
    order = sorted(range(len(compared)), key=lambda i: compared[i].p)
    corrected = [1.0] * len(compared)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * compared[i].p))
        corrected[i] = highest
    return tuple(replace(c, p=p) for c, p in zip(compared, corrected, strict=True))


def least_p(seeds: int, compared: int) -> float:
    """The smallest p that is possible with this many seeds, after the correction."""
    return min(1.0, compared * 2.0 / 2**seeds) if seeds else 1.0

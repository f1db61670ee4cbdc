"""Forecasts against runs that were made, by family, beside the method of version 0.1.

Every fit predicts the final loss of runs that it has not seen. A family's score is Winkler's for a
90% interval: its width, and 20 times what it misses by. Coverage has an interval of its own, from a
bootstrap over fits, because predictions of one fit are alike. The method of 0.1 is computed from
the same members: those fitted from a tenth of the run, weighted as it did, and its range widened by
0.0026. The whole takes about ten minutes.

    python benchmarks/forecast.py [PART OF A FAMILY'S NAME]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from gradatim.errors import GradatimError
from gradatim.forecast import Forecast, fit
from gradatim.logs import LossCurve
from tests.forecast import muon_runs, public_runs, text_runs

PEAKS = (1e-4, 5e-4, 1e-3)
FOURS = (
    ("linear 0.2", "sqrt 0.2", "cosine 0"),
    ("linear 0.1", "linear 0.4", "cosine 0.1"),
    ("linear 0.2", "linear 0.6", "cosine 0"),
)


class Case(NamedTuple):
    """One fit: the runs it is fitted to, and those it predicts."""

    family: str
    name: str
    inputs: Sequence[LossCurve]
    targets: Sequence[LossCurve]


class Outcome(NamedTuple):
    """What one fit predicted: a row of mean, low, high and real for each target."""

    case: Case
    new: np.ndarray
    old: np.ndarray
    refused: tuple[bool, ...]
    curve: tuple[float, ...]


def cases() -> Iterator[Case]:
    """Every fit."""
    split = public_runs.published()
    for size in public_runs.SIZES:
        three, six = (
            [public_runs.multipower_run(size, name) for name in split[which]]
            for which in ("train_set", "test_set")
        )
        yield Case("MPL", f"{size}M", three, six)
    for peak in PEAKS:
        constant = public_runs.grid_find(peak, 50_000, "constant")
        rest = [n for n, row in public_runs.grid()[0].items() if float(row["peak_lr"]) == peak]
        rest.remove(constant)
        for cooldown in ("linear 0.2", "sqrt 0.2"):
            short = public_runs.grid_find(peak, 25_000, cooldown)
            others = [public_runs.grid_run(n) for n in rest if n != short][::3]
            for until in (None, 25_000):
                pair = [public_runs.grid_run(constant, until), public_runs.grid_run(short)]
                yield Case("grid from two", f"{peak:g} {cooldown} {until}", pair, others)
        for shapes in FOURS:
            found = [public_runs.grid_find(peak, 25_000, shape) for shape in shapes]
            four = [public_runs.grid_run(constant, 25_000), *map(public_runs.grid_run, found)]
            long = [n for n in rest if public_runs.grid()[0][n]["steps"] == "50000"]
            long_runs = [public_runs.grid_run(n) for n in long]
            yield Case("grid from four", f"{peak:g} {', '.join(shapes)}", four, long_runs)
    for many in (1, 2, 3):
        for some in combinations(muon_runs.PLAIN, many):
            ins = [seed for name in some for seed in muon_runs.seeds(name)]
            outs = [muon_runs.mean(name) for name in muon_runs.PLAIN if name not in some]
            name = " + ".join(muon_runs.short_name(one) for one in some)
            yield Case("one to one" if many == 1 else "Muon", name, ins, outs)
    for updates, shapes in text_runs.INPUTS:
        ins = [text_runs.run(updates, shape) for shape in shapes]
        if outs := text_runs.targets(2 * updates):
            yield Case("text", f"{updates} {', '.join(shapes)}", ins, outs)


def outcome(case: Case) -> Outcome | None:
    """Fit and predict; None if the fit is refused."""
    try:
        fitted = fit(case.inputs)
    except GradatimError as error:
        print(f"  {case.family}, {case.name}: {error}")
        return None
    new, refused, curves = [], [], []
    for run in case.targets:
        late = np.flatnonzero(run.steps >= 0.3 * len(run.rates))
        some = late[np.unique(np.linspace(0, len(late) - 1, 40).astype(int))]
        whole = fitted.predict(run.rates, at=run.steps[some], weight_decay=run.weight_decay)
        new.append((*whole.final, run.losses[-1]))
        refused.append(not whole.identified)
        curves.append(float(np.abs(whole.mean - run.losses[some]).mean()))
    return Outcome(case, np.array(new), version_01(fitted, case), tuple(refused), tuple(curves))


def version_01(fitted: Forecast, case: Case) -> np.ndarray:
    """The same as version 0.1 predicted it."""
    first = min(member.first for member in fitted.members)
    members = [member for member in fitted.members if member.first == first]
    cost = np.array([member.cost for member in members])
    weight = np.exp(-(cost - cost.min()) / (0.25 * cost.min()))
    weight[weight < 1e-3 * weight.max()] = 0.0
    rows = []
    for run in case.targets:
        last = run.steps[-1:]
        each = np.array([m.loss(run.rates, run.weight_decay, last)[0] for m in members])
        counted = each[weight > 0]
        mean = float(weight @ each / weight.sum())
        rows.append((mean, counted.min() - 0.0026, counted.max() + 0.0026, run.losses[-1]))
    return np.array(rows)


def score(rows: np.ndarray) -> tuple[float, float, float, float]:
    """Mean absolute error, coverage, width, and Winkler's score."""
    mean, low, high, real = rows.T
    missed = np.maximum(low - real, 0.0) + np.maximum(real - high, 0.0)
    width = high - low
    held = (low <= real) & (real <= high)
    return (
        float(abs(mean - real).mean()),
        float(held.mean()),
        float(width.mean()),
        float((width + 20.0 * missed).mean()),
    )


def coverage_interval(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """The 90% interval of the coverage, by drawing fits with replacement."""
    draw = np.random.default_rng(0)
    held = [(o.new[:, 1] <= o.new[:, 3]) & (o.new[:, 3] <= o.new[:, 2]) for o in outcomes]
    means = []
    for _ in range(2000):
        some = draw.integers(len(held), size=len(held))
        means.append(np.concatenate([held[i] for i in some]).mean())
    low, high = np.quantile(means, (0.05, 0.95))
    return float(low), float(high)


def row(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the table."""
    new = score(np.concatenate([o.new for o in outcomes]))
    old = score(np.concatenate([o.old for o in outcomes]))
    low, high = coverage_interval(outcomes)
    kept_rows = np.concatenate([o.new[~np.array(o.refused)] for o in outcomes])
    answered = "none identified"
    if len(kept_rows):
        error, held, width, _ = score(kept_rows)
        answered = f"{len(kept_rows):>3} identified: {error:.4f} {held:4.0%} {width:.4f}"
    return (
        f"{name:<15}{len(outcomes):>3} fits {sum(len(o.new) for o in outcomes):>4}  "
        f"error {new[0]:.4f} ({old[0]:.4f})  held {new[1]:4.0%} [{low:.0%}, {high:.0%}] "
        f"({old[1]:4.0%})  width {new[2]:.4f} ({old[2]:.4f})  "
        f"score {new[3]:.4f} ({old[3]:.4f})  {answered}"
    )


def main() -> None:
    """Print every fit, then the families; in brackets the method of version 0.1."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    made: list[Outcome] = []
    for case in cases():
        if wanted not in case.family:
            continue
        found = outcome(case)
        if found is None:
            continue
        made.append(found)
        error, held, width, _ = score(found.new)
        print(
            f"  {case.family:<15}{case.name:<44} error {error:.4f}  held {held:4.0%}  "
            f"width {width:.4f}  curve {np.mean(found.curve):.4f}  "
            f"not identified {sum(found.refused)} of {len(found.refused)}",
            flush=True,
        )
    for family in dict.fromkeys(o.case.family for o in made):
        print(row(family, [o for o in made if o.case.family == family]))
    print(row("all", made))


if __name__ == "__main__":
    main()

"""How near forecasts come to the public runs of ``tests/forecast/data``: every number of the docs.

Nothing is timed against a peer here, there is none; seconds are of the processor, so that a busy
machine does not count. The whole takes some minutes.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[1]))

from gradatim import Linear, forecast
from gradatim.forecast.optimise import optimise
from gradatim.logs import LossCurve
from gradatim.theory import bound
from tests.forecast import public_runs as data
from tests.forecast.test_laws import one_by_one
from tests.forecast.test_optimise import PEAK, STEPS, WARM, after_warmup, published_law
from tests.theory.test_bound import SHAPES, T

SHORT = ("linear 0.1", "linear 0.2", "sqrt 0.2", "linear 0.4", "linear 0.6", "linear 0.8")
SHORT += ("linear 0.9", "cosine 0", "cosine 0.1")


def main() -> None:
    """Print all; with an argument, only the parts whose names contain it."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for part in (published, own_fits, four, two, development, bounds, optimum, choice_of_four):
        name = part.__name__
        if wanted in name and (wanted or name != "choice_of_four"):  # that one takes long
            print(f"\n{name}: {part.__doc__}")
            part()


def published() -> None:
    """The published parameters of the multi-power law: mean absolute error, ours and reported."""
    for size in data.SIZES:
        law = published_law(size)
        for name in data.published()["test_set"]:
            run = data.multipower_run(size, name)
            error = abs(one_by_one(law.members[0].p, run.rates, run.steps) - run.losses).mean()
            said = data.published()["reported_metrics_from_logs"][size][name]["mae_loss"]
            print(f"  {size:>3}M {name:<24}{error:.6f} {said:.6f}")


def own_fits() -> None:
    """Three curves in, mean absolute error over the six others."""
    for law, whole in (
        ("effective", False),
        ("effective", True),
        ("multipower", False),
        ("momentum", False),
        ("functional", False),
    ):
        for size in data.SIZES:
            three = [data.multipower_run(size, n) for n in data.published()["train_set"]]
            start = time.process_time()
            fitted = forecast.fit(three, law, ensemble=whole)
            seconds = time.process_time() - start
            six = [data.multipower_run(size, n) for n in data.published()["test_set"]]
            error = np.mean(
                [abs(fitted.predict(r.rates, at=r.steps).mean - r.losses).mean() for r in six]
            )
            kind = "ensemble" if whole else "one fit"
            print(f"  {law:<11}{kind:<9}{size:>4}M  {error:.5f}  {seconds:.1f} s")


def judge(curves: Sequence[LossCurve], runs: Sequence[str]) -> str:
    """Final losses: error, regret, coverage, rank correlation, width of the interval."""
    fitted = forecast.fit(curves)
    rows = []
    for run in map(data.grid_run, runs):
        rows.append((run.losses[-1], *fitted.predict(run.rates, at=run.steps[-1:]).final))
    real, mean, low, high = np.array(rows).T
    return (
        f"{len(rows)} runs  MAE {abs(mean - real).mean():.5f}  "
        f"regret {real[mean.argmin()] - real.min():.5f}  "
        f"covered {((low <= real) & (real <= high)).mean():.2f}  "
        f"rank {spearmanr(mean, real)[0]:.4f}  width {(high - low).mean():.4f}"
    )


def grid(peak: float, steps: int | None, *but: str) -> list[str]:
    """The runs of this peak and horizon, without some."""
    return [
        number
        for number, row in data.grid()[0].items()
        if float(row["peak_lr"]) == peak
        and steps in (None, int(row["steps"]))
        and number not in but
    ]


def four_of(peak: float, shapes: Sequence[str]) -> str:
    constant = data.grid_find(peak, 50_000, "constant")
    short = [data.grid_run(data.grid_find(peak, 25_000, shape)) for shape in shapes]
    return judge([data.grid_run(constant, 25_000), *short], grid(peak, 50_000, constant))


def four() -> None:
    """A constant run and three others, all of 25k steps, to the nine of 50k."""
    for peak in (5e-4, 1e-3):
        for cosine in ("cosine 0", "cosine 0.1"):
            print(f"  {peak:g} {cosine:<11}", four_of(peak, ("linear 0.2", "sqrt 0.2", cosine)))


def two_of(peak: float, cooldown: str, until: int | None) -> str:
    constant = data.grid_find(peak, 50_000, "constant")
    short = data.grid_find(peak, 25_000, cooldown)
    pair = [data.grid_run(constant, until), data.grid_run(short)]
    return judge(pair, grid(peak, None, constant, short))


def two() -> None:
    """A constant run of 25k or 50k steps and one 20% cooldown at 25k, to all others."""
    for peak in (5e-4, 1e-3):
        for cooldown in ("linear 0.2", "sqrt 0.2"):
            for until in (None, 25_000):
                label = f"{peak:g} {cooldown} {until or 50_000}"
                print(f"  {label:<24}", two_of(peak, cooldown, until))


def development() -> None:
    """The same at the low peak 1e-4, on which the rule for the first steps was chosen."""
    for until in (None, 25_000):
        print(f"  two, {until or 50_000}", two_of(1e-4, "linear 0.2", until))
    print("  four      ", four_of(1e-4, ("linear 0.2", "sqrt 0.2", "cosine 0")))


def choice_of_four() -> None:
    """The four-run forecast with every choice of three shapes beside the constant run."""
    for peak in (5e-4, 1e-3):
        for shapes in combinations(SHORT, 3):
            print(f"  {peak:g} {', '.join(shapes):<36}", four_of(peak, shapes), flush=True)


def bounds() -> None:
    """The last-iterate bound."""
    line = bound.best(Linear(1.0, 0.0, 100))
    print(f"  linear decay, T=100: {line.value!r} at {line.rate!r}")
    for name, (shape, wanted) in SHAPES.items():
        scaled = math.sqrt(T) * bound.best(shape, T).value
        print(f"  {name:<9} sqrt(T) x bound {scaled:.4f} ({wanted})")
    ratio = bound.transfer(1.0, from_=SHAPES["cosine"][0], to=SHAPES["wsd 20%"][0])
    print(f"  rate of wsd 20% to that of cosine {ratio:.4f}")
    for times in (2, 4):
        print(f"  extension x{times}: {bound.extend(4000, times * 4000)}")
    rows = [row for row in data.grid()[0].values() if row["peak_lr"] != "0.005"]
    loss = np.array([float(row["last_logged_val"]) for row in rows])
    found = [bound.best(data.grid_rates(row)) for row in rows]
    first = np.array([f.value * f.rate / 2 for f in found])
    rest = np.array([f.value / f.rate / 2 for f in found])
    horizon = np.array([int(row["steps"]) for row in rows])
    at = [horizon == 25_000, horizon == 50_000, horizon > 0]
    for s in np.logspace(0, 1.5, 31)[::3]:
        each = [spearmanr((first / s + rest * s)[i], loss[i])[0] for i in at]
        print(f"  G/D {s:6.2f}: rank, 25k {each[0]:.3f}  50k {each[1]:.3f}  all 83 {each[2]:.3f}")
    rates = np.ones(10**6)
    seconds = []
    for _ in range(7):
        start = time.process_time()
        bound.value(rates)
        seconds.append(time.process_time() - start)
    print(f"  10^6 steps: {min(seconds):.3f} s")


def optimum() -> None:
    """The optimum under the published law, without the changes of the warm-up and with them."""
    for size in data.SIZES:
        start = time.process_time()
        found = optimise(published_law(size), STEPS, peak=PEAK, warmup=WARM - 1)
        seconds = time.process_time() - start
        best = after_warmup(size, found.schedule(np.arange(STEPS)))
        print(
            f"  {size:>3}M {best:.6f} ({found.final.mean:.6f}) in {seconds:.1f} s. {found.verdict}"
        )


if __name__ == "__main__":
    main()

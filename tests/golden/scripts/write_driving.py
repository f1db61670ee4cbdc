"""States of drivers in mid-run, the files of ``save`` and ``save_history``, and what follows."""

import sys
from itertools import cycle
from pathlib import Path
from typing import Any

from names import IS_0_1, has_a_run, rules_of
from plain import METRICS, write
from write_values import RULES, RUNS

import gradatim as g
from tests.core.cases.table import CASES

AHEAD = 20
EVERY = 4
"""After the state is taken, the rules get a metric after every fourth update."""


def main(folder: Path) -> None:
    states = {}
    together = zip(
        (case for case in CASES if case.name != "Function" and not has_a_run(case.arguments)),
        cycle((None, *RULES)),
        cycle(RUNS[:5]),
    )
    for i, (case, rule, run) in enumerate(together):
        rules = {} if rule is None else {"lr": rule}
        driver = g.Driver({"lr": case.schedule}, rules, run if i % 3 else None)
        # 0.1 itself does not load a position of 2**63 or more.
        train(driver, min(3 + (case.length or 40) // 3, 2**62), METRICS[: i % 15])
        states[str(case)] = {"state": driver.state(), "read": following(driver)}
    write(folder, "states.json", states)
    (folder / "saved").mkdir()
    saved = {}
    for name, driver in composed():
        file, history = f"saved/{name}.json", f"saved/{name}.csv"
        driver.save(folder / file)
        driver.save_history(folder / history)
        saved[name] = {"files": [file, history], "read": following(driver)}
    write(folder, "saved.json", saved)


def train(driver: g.Driver, updates: int, metrics: Any) -> None:
    for metric in metrics:
        driver.advance(updates // (len(metrics) + 1))
        if rules_of(driver):
            driver.observe(metric)
    driver.advance(updates - driver.position)


def following(driver: g.Driver) -> dict[str, Any]:
    """Position, scales, and the values of the next updates."""
    read: dict[str, Any] = {"position": driver.position, "scales": driver.scales, "next": []}
    for k in range(1, AHEAD + 1):
        read["next"].append(driver.next)
        driver.advance()
        if rules_of(driver) and k % EVERY == 0:
            driver.observe(METRICS[k])
    return read


def composed() -> Any:
    """Drivers with several values and groups, with rules, and with every kind of run."""
    lr = g.warmup_cosine(peak=1e-3, steps=60, warmup=10, floor=1e-5)
    decay = g.parse("ExponentialDecay(start=0.1, rate=0.5, every=20)")
    betas = g.parse("KDecay(start=0.95, end=0.85, steps=50, k=2.0)")
    plateau, newbob = {"lr": RULES[1]}, {"lr": RULES[4]}
    both = {"lr": RULES[0], "weight_decay": RULES[5]}
    parts = {"lr/head": lr, "lr/encoder.*": 0.1 * lr, "lr/*": decay, "lr/0": betas}
    function = 0.1 * g.Function(function="math:exp2", steps=30).clip(high=2.0)
    kinds: dict[str, Any] = {
        "values": ({"lr": lr, "weight_decay": decay, "betas[0]": betas}, {}),
        "parts": (parts, {}),
        "plateau": ({"lr": lr, "momentum": betas}, plateau),
        "newbob": ({"lr/body": lr, "lr/head": decay}, newbob),
        "greedy": ({"lr": decay}, {"lr": RULES[8]}),
        "two_rules": ({"lr": lr, "weight_decay": decay}, both),
        "function": ({"lr": function}, {}),
    }
    for i, run in enumerate(RUNS[:5]):
        kinds[f"run_{i}"] = ({"lr": lr}, plateau if i % 2 else {}, run)
    if not IS_0_1:
        tokens = g.Run(total_tokens=10**6, batch=8, tokens_per_sample=512, clock="tokens")
        samples = g.Run(samples=300, batch=8, epochs=2, accumulate=2, clock="samples")
        for run in (tokens, samples):
            curve = g.warmup_cosine(peak=1e-3, warmup="10%", steps=run, floor="1%")
            kinds[str(run.clock)] = ({"lr": curve, "lr/head": g.by_updates(lr)}, plateau, run)
        kinds["rounded"] = ({"lr": lr, "window": (1e6 * lr).rounded(to=128)}, {})
    for name, (schedules, rules, *run) in kinds.items():
        driver = g.Driver(schedules, rules, *run)
        train(driver, 37, METRICS[:12])
        yield name, driver
    grown = g.Driver({"lr/0": lr})
    grown.advance(9)
    grown.add("lr/1", decay)
    grown.advance(4)
    yield "grown", grown


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Forecasts that are written down before the runs are made, and what became of them.

The inputs are runs in ``tests/forecast/data/text``; the targets are longer than any run there, or
of another width, or trained by Muon. First the forecasts are written, then the targets are trained
with three seeds each, which takes an hour of one core. Their final losses are in
``forecast_blind_runs.jsonl``.

    python benchmarks/forecast_blind.py write  FORECASTS.json
    python benchmarks/forecast_blind.py run    RUNS.jsonl
    python benchmarks/forecast_blind.py judge  FORECASTS.json RUNS.jsonl
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from gradatim.forecast import fit
from tests.forecast import text_runs

INPUTS = ("constant", "linear 0.2")
GROUPS: dict[tuple[int, str, int], tuple[str, ...]] = {
    (48, "adamw", 3200): ("cosine", "linear 0.4", "sqrt 0.2", "linear 0.1"),
    (32, "adamw", 1600): ("cosine", "linear 0.4", "sqrt 0.2"),
    (48, "muon", 1600): ("cosine", "linear 0.4", "sqrt 0.2"),
}
"""Width, optimizer and updates of the inputs, and the schedules of targets twice as long."""
SEEDS = (1, 2, 3)


def target_name(width: int, kind: str, updates: int, shape: str) -> str:
    """The name of a target, as ``forecast_text.py`` has it, without the seed."""
    return f"{width} {kind} {2 * updates} {shape}"


def write(out: Path) -> None:
    """Fit the inputs and write the forecast of each target."""
    page: dict[str, Any] = {}
    for (width, kind, updates), shapes in GROUPS.items():
        fitted = fit([text_runs.run(updates, shape, width, kind) for shape in INPUTS])
        for shape in shapes:
            peak = text_runs.PEAKS[kind]
            longer = fitted.predict(text_runs.schedule(shape, 2 * updates, peak))
            page[target_name(width, kind, updates, shape)] = {
                **{key: round(value, 4) for key, value in longer.final._asdict().items()},
                "notes": longer.notes,
            }
    out.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")


def run(out: Path) -> None:
    """Train the targets that are not in the file yet."""
    names = [
        f"{target_name(*group, shape)} {seed}"
        for group, shapes in GROUPS.items()
        for shape in shapes
        for seed in SEEDS
    ]
    script = Path(__file__).parent / "forecast_text.py"
    subprocess.run([sys.executable, script, out, "--runs", *names], check=True)


def judge(forecasts: Path, runs: Path) -> None:
    """Print each forecast beside the mean of the seeds that are finished."""
    ends: dict[str, list[float]] = {}
    for line in runs.read_text(encoding="utf-8").splitlines():
        made = json.loads(line)
        ends.setdefault(made["run"].rpartition(" ")[0], []).append(made["losses"][-1])
    print(f"{'target':<28}{'forecast':>9}{'low':>9}{'high':>9}{'outcome':>9}{'error':>9}  seeds")
    for name, one in json.loads(forecasts.read_text(encoding="utf-8")).items():
        numbers = [one["mean"], one["low"], one["high"]]
        if name in ends:
            real = float(np.mean(ends[name]))
            numbers += [real, one["mean"] - real]
        said = [str(len(ends.get(name, [])))]
        if name in ends:
            said.append("held" if one["low"] <= real <= one["high"] else "missed")
        said += ["not identified"] * bool(one["notes"])
        print(f"{name:<28}" + "".join(f"{x:9.4f}" for x in numbers) + "  " + ", ".join(said))


if __name__ == "__main__":
    verb, *paths = sys.argv[1:]
    {"write": write, "run": run, "judge": judge}[verb](*map(Path, paths))

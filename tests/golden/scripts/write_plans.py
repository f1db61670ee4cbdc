"""Plan files in three formats: every schedule with all its keys, and files as users write them."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from names import has_a_run
from plain import METRICS, write
from write_values import RULES, argument

import gradatim as g
from tests.core.cases.table import CASES

WRITTEN = {
    "lengths.yaml": """# Every unit of length.
format: 1
run: {samples: 50_000, batch: 128, epochs: 90, accumulate: 2, processes: 4, tokens: 512}
schedules:
  lr:
    warmup_cosine: {peak: 3e-4, warmup: 5%, hold: 2 epochs, floor: 3e-6}
  lr2: {wsd: {peak: 1E-3, warmup: 300k samples, shape: 1-sqrt}}
  weight_decay:
    Join:
      pieces:
      - Linear: {start: 0, end: 1e-1, steps: 2 epochs}
      - Cosine: {start: 0.1, end: .05, steps: 1e9 tokens}
      - Constant: {value: .05}
  momentum: {one_cycle: {peak: 0.95, start: 0.85, floor: 0.85, warmup: "30%"}}
  other: {multistep: {peak: 0.1, boundaries: [1 epoch, 10%, 0.5k updates], warmup: 10 steps}}
""",
    "parts.yaml": """format: 1
run:
  samples: 1003
  batch: 10
  epochs: 4.5
  processes: 3
  drop_last: true
schedules:
  lr/head: {warmup_linear: {peak: 1e-3, warmup: 1 epoch}}
  "lr/encoder.*": {warmup_linear: {peak: 1e-4, warmup: 1 epoch}}
  lr/*: {Constant: {value: 1e-5}}
  betas[0]: {Table: {points: [[0, 0.9], [100, 0.95]], between: linear}}
rules:
  lr:
    Plateau: {mode: min, factor: 0.5, patience: 2, cooldown: 1, floor: 0.01}
""",
    "run.toml": """format = 1
run = { samples = 50_000, batch = 128, epochs = 90, tokens = 512 }

[schedules.lr.wsd]
peak = 3e-4
warmup = "300k samples"

[[schedules.weight_decay.Join.pieces]]
Linear = { start = 0, end = 0.1, steps = "2 epochs" }
[[schedules.weight_decay.Join.pieces]]
Constant = { value = 0.1 }

[rules.lr.Plateau]
mode = "min"
[rules.weight_decay.NewBob]
mode = "max"
nan = "worse"
""",
    "updates.toml": """format = 1
run.updates = 1_000
schedules."lr/head".ExponentialDecay = { start = 0.1, rate = 0.5, every = "10%" }
schedules."lr/*".KDecay = { start = 0.1, end = 0.0, steps = 1000, k = 1.5 }
rules.lr.Greedy = { mode = "min", factor = 0.9, patience = 3, warmup = 1 }
""",
    "updates.json": """{"format": 1,
 "run": {"updates": 10000},
 "schedules": {
  "lr": {"multistep": {"peak": 0.1, "boundaries": ["30%", "60%"], "warmup": 100}},
  "weight_decay": {"Scale": {
    "factor": 0.1, "schedule": {"Cosine": {"start": 1, "end": 0, "steps": "50%"}}}},
  "betas[0]": {"Table": {"points": [[0, 0.9], [100, 0.95]], "between": "linear"}}
 },
 "rules": {"weight_decay": {"Plateau": {"mode": "max", "ties": true, "reference": "previous"}}}}
""",
    "no_run.json": """{"format": 1, "schedules": {"lr": {"noam": {"peak": 1e-3, "warmup": 4000}}}}
""",
}
STEPS = (0, 1, 2, 9, 10, 11, 99, 100, 101, 390, 391, 1000, 5000, 10**4, 2 * 10**4, 10**6)


def main(folder: Path) -> None:
    (folder / "plans").mkdir()
    for name, text in WRITTEN.items():
        (folder / "plans" / name).write_text(text, encoding="utf-8")
    everything = {
        "format": 1,
        "run": {"updates": 1000},
        "schedules": {
            f"value_{i}": {case.name: {n: argument(v) for n, v in case.arguments.items()}}
            for i, case in enumerate(CASES)
            if case.name != "Function" and fits(case.arguments) and not has_a_run(case.arguments)
        },
        "rules": {f"value_{i}": rule.config() for i, rule in enumerate(RULES)},
    }
    for ending, dump in {"json": json.dumps, "yaml": yaml.safe_dump, "toml": toml}.items():
        path = folder / "plans" / f"everything.{ending}"
        path.write_text(dump(everything) + "\n", encoding="utf-8")
    files = sorted((folder / "plans").iterdir())
    write(folder, "plans.json", {path.name: entry(path) for path in files})


def entry(path: Path) -> dict[str, Any]:
    plan = g.load_plan(path)
    steps = STEPS if path.stem != "everything" else STEPS[:9:4]
    read = {
        "run": None if plan.run is None else plan.run.steps,
        "values": {n: {step: s(step) for step in steps} for n, s in plan.schedules.items()},
        "rules": {name: rule.replay(METRICS) for name, rule in plan.rules.items()},
    }
    return {"files": [f"plans/{path.name}"], "steps": steps, "read": read}


def fits(arguments: Any) -> bool:
    """Whether a plan file may hold these numbers."""
    numbers = re.findall(r"\b\d+\b", repr(arguments))
    return max(map(int, numbers), default=0) <= 2**63


def toml(plan: dict[str, Any]) -> str:
    """The plan as TOML, which has no null: arguments that are None are left out."""
    lines = [f"format = {plan['format']}", f"run = {inline(plan['run'])}"]
    for part in ("schedules", "rules"):
        for name, value in plan[part].items():
            ((kind, arguments),) = value.items()
            lines += [f"[{part}.{name}]", f"{kind} = {inline(arguments)}"]
    return "\n".join(lines)


def inline(value: Any) -> str:
    if isinstance(value, dict):
        entries = (f"{name} = {inline(v)}" for name, v in value.items() if v is not None)
        return f"{{ {', '.join(entries)} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

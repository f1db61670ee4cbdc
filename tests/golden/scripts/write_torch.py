"""States of torch schedulers in mid-run: as JSON, and in a file with the optimizer's state."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from names import IS_0_1, rules_of
from plain import METRICS, write

import gradatim as g
from gradatim.torch import Scheduler, relative

LR = g.warmup_cosine(peak=1e-3, steps=30, warmup=5, floor=1e-5)
DECAY = g.parse("ExponentialDecay(start=0.1, rate=0.5, every=10)")
SHARE = g.parse("KDecay(start=1.0, end=0.1, steps=25, k=2.0)")
BETA = g.Linear(start=0.95, end=0.85, steps=20)
PLATEAU = g.Plateau(mode="min", factor=0.5, patience=1)
ENTRIES = ("lr", "initial_lr", "weight_decay", "momentum", "betas")
UPDATES, AHEAD, EVERY = 11, 12, 3
PLAN = """format: 1
run: {updates: 30}
schedules:
  lr/head: {warmup_cosine: {peak: 1e-3, warmup: 20%}}
  lr/*: {KDecay: {start: 1e-4, end: 0, k: 2}}
  weight_decay: {ExponentialDecay: {start: 0.1, rate: 0.5, every: 10}}
rules:
  lr: {Plateau: {mode: min, factor: 0.5, patience: 1}}
"""


def main(folder: Path) -> None:
    (folder / "torch").mkdir()
    plan = folder / "torch" / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    entries = {}
    for name, (kind, groups, values, more) in schedulers().items():
        optimizer = optimizer_of(kind, groups)
        if values is None:
            scheduler = (
                Scheduler.from_plan(optimizer, plan) if IS_0_1 else Scheduler(optimizer, plan=plan)
            )
        else:
            scheduler = Scheduler(optimizer, **values, **more)
        list(used(optimizer, scheduler, UPDATES))
        file = f"torch/{name}.pt"
        whole = {"scheduler": scheduler.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(whole, folder / file)
        entries[name] = {
            "files": [file] if values is not None else [file, "torch/plan.yaml"],
            "optimizer": kind,
            "groups": groups,
            "values": None if values is None else {n: described(v) for n, v in values.items()},
            "rules": {n: rule.config() for n, rule in rules_of(scheduler.driver).items()},
            "run": more["run"].config() if "run" in more else None,
            "state": whole["scheduler"],
            "read": list(used(optimizer, scheduler, AHEAD)),
        }
    write(folder, "torch.json", entries)


def schedulers() -> dict[str, Any]:
    """The kind of optimizer, its groups, what drives them, rules and run."""
    one = [{"lr": 0.5}]
    two = [{"lr": 0.5, "name": "body"}, {"lr": 2.0, "name": "head"}]
    three = [*two, {"lr": 1.0, "name": "encoder.norm", "weight_decay": 0.0}]
    parts = {"head": LR, "encoder.*": 0.1 * LR, "*": DECAY}
    run = g.Run(samples=300, batch=10, epochs=1)
    return {
        "plain": ("SGD", one, {"lr": LR}, {}),
        "values": ("AdamW", one, {"lr": LR, "weight_decay": DECAY, "betas[0]": BETA}, {}),
        "momentum": ("SGD", one, {"lr": LR, "momentum": BETA}, {}),
        "relative": ("SGD", two, {"lr": relative(SHARE)}, {}),
        "names": ("SGD", two, {"lr": {"body": LR, "head": DECAY}}, {}),
        "indices": ("AdamW", [{"lr": 0.5}, {"lr": 2.0}], {"lr": {1: LR, 0: DECAY}}, {}),
        "patterns": ("AdamW", three, {"lr": parts, "weight_decay": relative(SHARE)}, {}),
        "listed": ("SGD", two, {"lr": [LR, relative(SHARE)]}, {}),
        "rule": ("SGD", two, {"lr": relative(SHARE)}, {"rule": PLATEAU}),
        "rules": (
            "AdamW",
            two,
            {"lr": LR, "weight_decay": {"head": DECAY, "*": SHARE}},
            {"rule": {"lr": PLATEAU, "weight_decay": g.NewBob(mode="min", factor=0.9)}},
        ),
        "run": ("SGD", one, {"lr": LR}, {"run": run, "rule": g.Greedy(mode="min", patience=0)}),
        "tensor": ("SGD", [{"lr": "tensor"}], {"lr": LR}, {}),
        "plan": ("AdamW", two, None, {}),
    }


def described(value: Any) -> dict[str, Any]:
    """The argument of the scheduler as JSON data."""
    if isinstance(value, g.Schedule):
        return {"schedule": value.config()}
    if isinstance(value, dict):
        return {"groups": [[part, described(inner)] for part, inner in value.items()]}
    if isinstance(value, list):
        return {"list": [described(inner) for inner in value]}
    return {"relative": value.schedule.config()}


def optimizer_of(kind: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    def made(group: dict[str, Any]) -> dict[str, Any]:
        lr = group["lr"]
        lr = torch.tensor(0.5, dtype=torch.float64) if lr == "tensor" else lr
        return {**group, "params": [torch.nn.Parameter(torch.ones(1))], "lr": lr}

    return getattr(torch.optim, kind)([made(group) for group in groups], lr=0.1)


def used(
    optimizer: torch.optim.Optimizer, scheduler: Scheduler, updates: int
) -> Iterator[dict[str, Any]]:
    """For each update: the values in the groups before it, and `applied` after it."""
    for _ in range(updates):
        in_groups = [
            {name: number(group[name]) for name in ENTRIES if name in group}
            for group in optimizer.param_groups
        ]
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.ones(1)
        optimizer.step()
        scheduler.step()
        yield {"groups": in_groups, "applied": scheduler.applied, "position": scheduler.position}
        if rules_of(scheduler.driver) and scheduler.position % EVERY == 0:
            scheduler.observe(METRICS[scheduler.position // EVERY + 2])


def number(held: Any) -> Any:
    return [number(slot) for slot in held] if isinstance(held, tuple) else float(held)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

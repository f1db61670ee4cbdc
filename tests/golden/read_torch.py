"""Torch checkpoints: the scheduler's and the optimizer's state, loaded in either order."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from gradatim import build
from gradatim.torch import Scheduler, relative
from tests.golden.reading import Reading, entries
from tests.golden.scripts.plain import METRICS

ENTRIES = ("lr", "initial_lr", "weight_decay", "momentum", "betas")
AHEAD, EVERY = 12, 3  # as in scripts/write_torch.py
ORDERS = ("scheduler first", "optimizer first")


def readings(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "torch.json").items():
        saved = torch.load(folder / entry["files"][0], weights_only=True)
        states = {"the file": saved["scheduler"], "JSON": entry["state"]}
        for order in ORDERS:
            for way, state in states.items():
                read = partial(_went_on, folder, entry, state, saved["optimizer"], order)
                yield Reading("torch.json", name, f"{way}, {order}", entry["read"], read)


def _went_on(
    folder: Path, entry: dict[str, Any], state: Any, of_optimizer: Any, order: str
) -> list[dict[str, Any]]:
    optimizer = _optimizer(entry)
    scheduler = _scheduler(folder, entry, optimizer)
    loads = [partial(scheduler.load_state_dict, state)]
    loads.insert(order == "scheduler first", partial(optimizer.load_state_dict, of_optimizer))
    for load in loads:
        load()
    return list(_used(optimizer, scheduler))


def _optimizer(entry: dict[str, Any]) -> torch.optim.Optimizer:
    groups = []
    for group in entry["groups"]:
        lr = group["lr"]
        lr = torch.tensor(0.5, dtype=torch.float64) if lr == "tensor" else lr
        groups.append({**group, "params": [torch.nn.Parameter(torch.ones(1))], "lr": lr})
    optimizer: torch.optim.Optimizer = getattr(torch.optim, entry["optimizer"])(groups, lr=0.1)
    return optimizer


def _scheduler(folder: Path, entry: dict[str, Any], optimizer: Any) -> Scheduler:
    if entry["values"] is None:
        return Scheduler(optimizer, plan=folder / entry["files"][1])
    run = None if entry["run"] is None else build(entry["run"])
    rules = {name: build(config) for name, config in entry["rules"].items()}
    values = {name: _made(one) for name, one in entry["values"].items()}
    return Scheduler(optimizer, rule=rules or None, run=run, **values)


def _made(description: dict[str, Any]) -> Any:
    """An argument of the scheduler, from its description in the entry."""
    ((how, what),) = description.items()
    if how == "groups":
        return {part: _made(inner) for part, inner in what}
    if how == "list":
        return [_made(inner) for inner in what]
    return relative(build(what)) if how == "relative" else build(what)


def _used(optimizer: torch.optim.Optimizer, scheduler: Scheduler) -> Iterator[dict[str, Any]]:
    for _ in range(AHEAD):
        in_groups = [
            {name: _number(group[name]) for name in ENTRIES if name in group}
            for group in optimizer.param_groups
        ]
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.ones(1)
        optimizer.step()
        scheduler.step()
        yield {"groups": in_groups, "applied": scheduler.applied, "position": scheduler.position}
        if scheduler.driver.plan.rules and scheduler.position % EVERY == 0:
            scheduler.observe(METRICS[scheduler.position // EVERY + 2])


def _number(held: Any) -> Any:
    return [_number(slot) for slot in held] if isinstance(held, (tuple, list)) else float(held)

"""Optimizers that train nothing and keep what each of their steps used, and a scripted clock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from tests.projects import recorded

CLOSE = 1e-15
"""What may be between two formulas of the same curve, relative to the peak."""


class Keeping(torch.optim.Optimizer):
    """Keeps the numbers that each step finds in its groups.

    Args:
        groups: What each group holds, by its name.
        name: The name of the optimizer where it is one of several.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, float]], name: str = "") -> None:
        made: list[dict[str, Any]] = [
            {"params": [torch.nn.Parameter(torch.zeros(1))], "name": group, **holds}
            for group, holds in groups.items()
        ]
        super().__init__(made, {"lr": 1.0})
        self.prefix = f"{name}/" if name else ""
        self.used: dict[str, list[float]] = defaultdict(list)

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            part = f"{self.prefix}{group['name']}".removesuffix("/")
            for value in group.keys() - {"params", "name"}:
                self.used[f"{value}/{part}"].append(group[value])


class Clock:
    """Seconds that pass when the script says so."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


def apart(ours: Iterable[float], name: str, target: str, updates: slice = slice(None)) -> float:
    """The largest difference from the original at any of the updates, relative to the peak."""
    theirs = recorded.read(name)[target]
    values = np.fromiter(ours, dtype="<f8")
    assert values.shape == theirs[updates].shape
    peak = np.abs(theirs).max() or 1.0
    return float(np.abs(values - theirs[updates]).max() / peak)


def differences(used: Mapping[str, Iterable[float]], name: str) -> dict[str, float]:
    """The targets of a project whose values are not the original's, with how far they are apart.

    Every target that was recorded must be there.
    """
    found = {target: apart(used[target], name, target) for target in recorded.targets(name)}
    return {target: distance for target, distance in found.items() if not distance <= CLOSE}

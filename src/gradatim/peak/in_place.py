"""Find the peak rate of a model in a script or a notebook, which is left as it was."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peak.answer import PeakAnswer
from gradatim.peak.find import search
from gradatim.peak.schedules import DEFAULT, ScheduleOf, shortened
from gradatim.peak.snapshot import Snapshot, Stateful
from gradatim.torch import Scheduler

_LAST = 0.1
"""The share of a run whose training losses are averaged where nothing evaluates it."""


def find_peak_for(
    model: nn.Module,
    optimizer: Optimizer,
    step: Callable[[], Any],
    *,
    steps: int,
    schedule: ScheduleOf = DEFAULT,
    evaluate: Callable[[], Any] | None = None,
    restore: Sequence[Stateful] = (),
    budget: float = 4.0,
    low: float = 1e-6,
    high: float = 10.0,
    progress: Callable[[str], None] | None = None,
) -> PeakAnswer:
    """Suggest the peak rate of a model as it is, by the method of ``find_peak``.

    Trains the model itself, again and again from where it is, one run after the other. At the end,
    and after an error, everything is put back bit for bit: weights, gradients, buffers, optimizer,
    random numbers of Python, NumPy and torch, and what is in ``restore``.

    Args:
        model: The model.
        optimizer: Its optimizer. Groups keep the ratios of their rates, and the peak is that of the
            group with the highest.
        step: Makes one update, ``optimizer.step()`` included, and returns the training loss.
        steps: The updates of a full run.
        schedule: Makes the schedule of a run, as for ``find_peak``.
        evaluate: Returns the loss that counts, after a run. Default: the mean of the last tenth of
            the training losses.
        restore: What else ``step`` changes, with ``state_dict`` and ``load_state_dict``: a gradient
            scaler, a loader that knows its place. What it draws from a plain iterator is gone.
        budget: What the search may cost, in full runs.
        low: The lowest peak to try.
        high: The highest peak to try.
        progress: Called with a sentence before each stage.

    Raises:
        GradatimError: If an argument is wrong, a scheduler is attached to the optimizer, or
            ``step`` makes no update or more than one.

    >>> model = nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> def step():
    ...     optimizer.zero_grad()
    ...     loss = (model(torch.ones(1, 1)) - 3.0).square().mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> found = find_peak_for(model, optimizer, step, steps=128, low=1e-4)
    >>> found.cost <= 4.0
    True
    """
    if not callable(step):
        raise invalid_value("find_peak_for", "step", step, "a function that makes one update")
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    if not max(rates) > 0.0:
        raise GradatimError(
            "find_peak_for: the optimizer has no rate above 0, so that the ratios of its groups "
            "are not known. Build it with lr=1.0, or with the ratios."
        )
    ratios = [rate / max(rates) for rate in rates]
    before = Snapshot(model, optimizer, restore)

    def run(curve: Schedule, updates: int, seed: int) -> float:
        before.restore()
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        scheduler = Scheduler(optimizer, lr=[ratio * curve for ratio in ratios])
        try:
            losses = []
            for k in range(updates):
                losses.append(_number(step()))
                if not math.isfinite(losses[-1]):
                    return math.inf
                if k == 0 and scheduler.position != 1:
                    raise GradatimError(
                        f"find_peak_for: step made {scheduler.position} updates of the optimizer. "
                        "It must make one, by optimizer.step()."
                    )
        finally:
            scheduler.detach()
        last = losses[-max(1, round(_LAST * updates)) :]
        end = _number(evaluate()) if evaluate is not None else sum(last) / len(last)
        return end if math.isfinite(end) else math.inf

    def probe(peaks: Sequence[float], updates: int, seed: int) -> list[float]:
        return [run(shortened(schedule, peak, steps, updates), updates, seed) for peak in peaks]

    try:
        return search(probe, steps, budget, low, high, progress)
    finally:
        before.restore()


def _number(loss: Any) -> float:
    # float() of a tensor with a gradient warns.
    return float(loss.item() if isinstance(loss, torch.Tensor) else loss)

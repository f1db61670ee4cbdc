"""What the originals do, step by step: the right values of the cases.

Where a project is installed with the tests its own scheduler is run; else its published formula is
written down here, without anything of ours.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Values = Callable[[], list[float]]
_IMPROVING = [1.0 / (1 + k) for k in range(8)]
METRICS = _IMPROVING + [0.2] * 14 + [0.1] + [0.3] * 12 + [0.05, 0.049] + [0.06] * 8
"""A validation loss that improves, stalls, improves and stalls again."""
SCORES = [1 - metric for metric in METRICS]
"""The same as something to maximise."""


def torch(lr: float, make: Callable[[Any], Any], steps: int, **optimizer: Any) -> Values:
    """The rates of steps 0 to ``steps`` under a scheduler of torch or transformers."""

    def values() -> list[float]:
        from torch import nn, zeros
        from torch.optim import SGD

        over = SGD([nn.Parameter(zeros(1))], lr, **optimizer)
        rates = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler = make(over)
            for _ in range(steps + 1):
                rates.append(float(over.param_groups[0]["lr"]))
                over.step()
                scheduler.step()
        return rates

    return values


def plateau(lr: float, **arguments: Any) -> Values:
    """The rates under torch's ``ReduceLROnPlateau``, after each of METRICS or of SCORES."""

    def values() -> list[float]:
        from torch import nn, zeros
        from torch.optim import SGD
        from torch.optim.lr_scheduler import ReduceLROnPlateau

        over = SGD([nn.Parameter(zeros(1))], lr)
        scheduler = ReduceLROnPlateau(over, **arguments)
        rates = [lr]
        for metric in SCORES if arguments.get("mode") == "max" else METRICS:
            scheduler.step(metric)
            rates.append(float(over.param_groups[0]["lr"]))
        return rates

    return values


def formula(at: Callable[[int], float], steps: int) -> Values:
    """The values of a function of the step, for steps 0 to ``steps``."""
    return lambda: [float(at(step)) for step in range(steps + 1)]


def cosine(share: float) -> float:
    """From 1 to 0 as the share goes from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * share))


def hf(kind: str, lr: float, warmup: int, steps: int, **more: Any) -> Values:
    """The rates under transformers' ``get_scheduler``, which the Trainer calls."""
    from transformers import get_scheduler

    return torch(
        lr,
        lambda o: get_scheduler(kind, o, warmup, steps, scheduler_specific_kwargs=more),
        steps,
    )


def deepspeed(low: float, high: float, warmup: int, total: int | None, steps: int) -> Values:
    """DeepSpeed's logarithmic ``WarmupLR``, or ``WarmupDecayLR`` with a total, at its iterations.

    It also runs its first update at ``low``, one iteration before these: a reader has to say so.
    """

    def rate(k: int) -> float:
        if k < warmup:
            share = math.log(k + 1) / math.log(warmup)
        else:
            share = 1.0 if total is None else max(0.0, (total - k) / max(1, total - warmup))
        return low + (high - low) * share

    return formula(rate, steps)


def newbob(
    value: float, factor: float = 0.5, threshold: float = 0.0025, patient: int = 0
) -> Values:
    """SpeechBrain's ``NewBobScheduler``, after each of METRICS."""

    def values() -> list[float]:
        rates, left, seen = [value], patient, []
        for metric in METRICS:
            if seen:
                better = (seen[-1] - metric) / seen[-1]
                if better < threshold and left == 0:
                    rates.append(rates[-1] * factor)
                    left = patient
                else:
                    left -= better < threshold
                    rates.append(rates[-1])
            else:
                rates.append(rates[-1])
            seen.append(metric)
        return rates

    return values


def megatron(
    lr: float,
    decay: float,
    steps: int,
    *,
    low: float = 0.0,
    warmup: float = 0.0,
    counted: Callable[[int], float] = float,
) -> Values:
    """Megatron's cosine; lengths and ``counted`` (of updates so far) are of one unit."""

    def rate(k: int) -> float:
        done = counted(k)
        if warmup > 0 and done <= warmup:
            return lr * done / warmup
        if done > decay:
            return low
        return low + (lr - low) * cosine((done - warmup) / (decay - warmup))

    return formula(rate, steps)


def composer(
    lr: float, warmup: int, last: int, share: float, shape: Callable[[float], float]
) -> Values:
    """Composer's schedulers with a warm-up, in batches, with alpha_f ``share``."""

    def rate(k: int) -> float:
        if k < warmup:
            return lr * k / warmup
        return lr * (share + (1 - share) * shape((k - warmup) / (last - warmup)))

    return formula(rate, last)


def timm(lr: float, epochs: int, **arguments: Any) -> Values:
    """The rate of each epoch under ``timm.scheduler.create_scheduler_v2``."""

    def values() -> list[float]:
        from torch import nn, zeros
        from torch.optim import SGD

        from tests.peers.random_schedulers import timm as schedulers

        over = SGD([nn.Parameter(zeros(1))], lr)
        scheduler, _ = schedulers.create_scheduler_v2(over, num_epochs=epochs, **arguments)
        rates = []
        for epoch in range(epochs):
            scheduler.step(epoch)
            rates.append(float(over.param_groups[0]["lr"]))
        return rates

    return values


def keras_plateau(lr: float, **arguments: Any) -> Values:
    """The rates under Keras' ``ReduceLROnPlateau``, after each of METRICS, in double precision."""

    def values() -> list[float]:
        import keras

        model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=lr))
        callback = keras.callbacks.ReduceLROnPlateau(**arguments)
        callback._model = model
        callback.on_train_begin()
        rates = [lr]
        for epoch, metric in enumerate(METRICS):
            callback.on_epoch_end(epoch, {"val_loss": metric})
            rates.append(float(model.optimizer.learning_rate))
        return rates

    return values

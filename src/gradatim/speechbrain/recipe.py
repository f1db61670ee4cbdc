"""The schedule of a recipe's scheduler, and problems in how the recipe uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.errors import invalid_value
from gradatim.findings import Finding
from gradatim.findings import check as check_schedule
from gradatim.speechbrain.arguments import as_python_number
from gradatim.speechbrain.epochs import LinearScheduler, StepScheduler
from gradatim.speechbrain.metrics import NewBobScheduler, ReduceLROnPlateau
from gradatim.speechbrain.optimizer import PerUpdate
from gradatim.speechbrain.originals import from_original

_HIGHER_IS_BETTER = re.compile(
    r"(?<![a-z])(acc(uracy)?|bleu|chrf|f1|f_?score|map|pesq|(si_?)?s[dn]ri?|stoi)(?![a-z])", re.I
)
_PER_EPOCH = (LinearScheduler, StepScheduler, NewBobScheduler, ReduceLROnPlateau)


def explain(scheduler: Any) -> Schedule | Rule:
    """The schedule of a scheduler as a value, or the rule of one that reacts to a metric.

    Args:
        scheduler: A scheduler of this package, or SpeechBrain's own of the same name.

    Raises:
        GradatimError: If it is not a scheduler, or its curve starts at the optimizer's rate and
            it was never called.

    >>> from gradatim.speechbrain import InverseSquareRootScheduler, NoamScheduler
    >>> explain(NoamScheduler(lr_initial=1e-3, n_warmup_steps=25000))
    0.001 * Noam(warmup=25000)
    """
    scheduler = from_original(scheduler)
    for known in (getattr(scheduler, "rule", None), getattr(scheduler, "schedule", None)):
        if isinstance(known, Schedule | Rule):
            return known
    raise invalid_value(
        "explain", "scheduler", scheduler, "a scheduler of gradatim.speechbrain or speechbrain"
    )


def check(
    scheduler: Any,
    run: Run | int | None = None,
    *,
    updates: int | None = None,
    metric: str | None = None,
    recoverables: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Problems in how a recipe uses a scheduler, errors first.

    Args:
        scheduler: The scheduler, before or during the run; also one of SpeechBrain's own.
        run: The run, or its number of updates, to check the curve on.
        updates: The updates that the optimizer has made so far, ``brain.optimizer_step``.
        metric: The name of the metric that the scheduler is called with, such as "WER" or "BLEU".
        recoverables: What the checkpointer saves, ``brain.checkpointer.recoverables``.

    >>> from gradatim.speechbrain import NewBobScheduler
    >>> for finding in check(NewBobScheduler(initial_value=1e-3), metric="BLEU"):
    ...     print(finding.severity, finding.place, finding.sentence)
    error metric A higher BLEU is better, and the value is lowered for each improvement.
    """
    original, scheduler = scheduler, from_original(scheduler)
    per_update = not isinstance(scheduler, _PER_EPOCH) and not _starts_at_optimizer_rate(scheduler)
    curve = explain(scheduler) if per_update else None
    found = [
        *_calls(scheduler, updates),
        *_direction(scheduler, metric),
        *_horizon(scheduler, run),
        *_recovery(original, scheduler, recoverables),
    ]
    if run is not None and isinstance(curve, Schedule):
        found += _first_update(scheduler, curve)
        found += [f for f in check_schedule(curve, run) if not _is_of_step_0(f, curve)]
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.severity))


def _starts_at_optimizer_rate(scheduler: Any) -> bool:
    return getattr(scheduler, "_first", 0) is None or (
        getattr(scheduler, "initial_lr", 0) is None and scheduler._peak is None
    )


def _calls(scheduler: Any, updates: int | None) -> Iterator[Finding]:
    counters = ("n_steps", "current_step", "clr_iterations")
    calls = next((int(getattr(scheduler, n)) for n in counters if hasattr(scheduler, n)), None)
    if calls is None or updates is None or calls == updates:
        return
    name = type(scheduler).__name__
    call = "on_batch_end(optimizer)" if hasattr(scheduler, "on_batch_end") else "the scheduler"
    if calls == 0:
        yield Finding(
            "error",
            f"update {updates}",
            f"{name} was never called: all {updates} updates ran at the optimizer's own rate.",
            f"Call {call} in on_fit_batch_end, if should_step.",
        )
    elif calls > updates:
        yield Finding(
            "warning",
            f"update {updates}",
            f"{name} was called {calls} times in {updates} updates: the curve runs ahead.",
            f"Call {call} for training batches only, if should_step, and for one optimizer.",
        )
    else:
        yield Finding(
            "warning",
            f"update {updates}",
            f"{name} was called {calls} times in {updates} updates: the curve lags behind.",
            "List it under recoverables, and call it after each update.",
        )


def _is_of_step_0(finding: Finding, curve: Schedule) -> bool:
    """Whether it reports the 0 of step 0, which no update uses: calls follow updates."""
    return (
        curve(0) == 0.0 != curve(1)
        and finding.severity == "note"
        and finding.place.startswith("update 1 ")
    )


def _first_update(scheduler: Any, curve: Schedule) -> Iterator[Finding]:
    """Warn if the first update runs at a far higher rate than the second."""
    own = getattr(scheduler, "lr_initial", None)
    if own is None or not isinstance(scheduler, PerUpdate) or own <= 2.0 * curve(1):
        return
    yield Finding(
        "warning",
        "update 1",
        f"The scheduler is called after the update. So the first one runs at the optimizer's own "
        f"rate, {own:g} if that is lr_initial, and the second at {curve(1):g}.",
        f"Build the optimizer with lr={curve(1):g}; lr_initial stays.",
    )


def _direction(scheduler: Any, metric: str | None) -> Iterator[Finding]:
    if not isinstance(scheduler, NewBobScheduler | ReduceLROnPlateau):
        return
    if getattr(scheduler, "mode", "min") == "max":
        return
    remedy = 'mode="max"' if isinstance(scheduler, NewBobScheduler) else "-metric"
    if metric is not None and _HIGHER_IS_BETTER.search(metric):
        yield Finding(
            "error",
            "metric",
            f"A higher {metric} is better, and the value is lowered for each improvement.",
            f"Write {remedy}.",
        )
        return
    seen = getattr(scheduler, "metric_values", None) or scheduler.__dict__.get("losses", [])
    values = [float(as_python_number(value)) for value in seen]
    rises = sum(after > before for before, after in pairwise(values))
    if metric is None and len(values) >= 5 and rises > 0.75 * (len(values) - 1):
        yield Finding(
            "warning",
            "metric",
            f"It rose in {rises} of {len(values) - 1} epochs, from {values[0]:g} to "
            f"{values[-1]:g}, and a lower one is taken to be better.",
            f"If a higher one is better, write {remedy}.",
        )


def _horizon(scheduler: Any, run: Run | int | None) -> Iterator[Finding]:
    if not isinstance(scheduler, LinearScheduler):
        return
    count = len(scheduler.value_at_epoch)
    epochs = run.epochs if isinstance(run, Run) else None
    if count == 1:
        yield Finding(
            "error",
            "epoch 1",
            f"epoch_count is 1: the value stays at {scheduler.value_at_epoch[0]:g} for ever.",
            "Take a scheduler that is called per update, such as LinearWarmupScheduler.",
        )
    elif epochs is not None and epochs != count:
        then = "stays at its end" if epochs > count else "does not reach its end"
        yield Finding(
            "warning",
            f"epoch {min(count, int(epochs))}",
            f"The line has {count} epochs and the run {epochs:g}: the value {then}.",
            f"Write epoch_count={int(epochs)}.",
        )


def _recovery(
    original: Any, scheduler: Any, recoverables: Mapping[str, Any] | None
) -> Iterator[Finding]:
    if recoverables is None or not getattr(scheduler, "saved", ()):
        return
    if not any(entry is original for entry in recoverables.values()):
        yield Finding(
            "warning",
            "recoverables",
            f"{type(scheduler).__name__} has a state and is not saved: after a resume it begins "
            "anew, and the optimizer goes on at its rate.",
            "List it under recoverables.",
        )

"""Reads losses and rates from log files: CSV, JSON lines, trainer states, TensorBoard events."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.logs.curve import LossCurve
from gradatim.logs.rates import check_steps
from gradatim.logs.rows import rows_of

if TYPE_CHECKING:
    from gradatim.logs.rates import Rates

STEPS = ("step", "steps", "global_step", "iteration", "iter", "update", "current_step", "_step")
LOSSES = (
    "eval_loss",
    "val_loss",
    "valid_loss",
    "validation_loss",
    "val/loss",
    "eval/loss",
    "validation loss",
    "loss",
    "train_loss",
    "train/loss",
    "training_loss",
)
RATES = ("learning_rate", "lr", "rate", "train/learning_rate")
EPOCHS = ("epoch", "epochs", "train/epoch")
MOST_ROWS = 1_000_000
"""The rows of a log; a law is fitted to a few hundred points of a run."""
_ENDINGS = (".csv", ".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class Log:
    """The losses in a log file, and the rates if it has any, by step."""

    name: str
    losses: Mapping[int, float]
    rates: Mapping[int, float]

    def curve(self, schedule: Rates | None = None, weight_decay: float | None = None) -> LossCurve:
        """The loss curve with the schedule of the run.

        Args:
            schedule: The schedule; by default linear interpolation of the logged rates.
            weight_decay: The weight decay of the optimizer, which some laws need.

        Raises:
            GradatimError: If there is neither a schedule nor a logged rate.
        """
        steps = sorted(self.losses)
        if schedule is None:
            if not self.rates:
                raise GradatimError(
                    f"forecast: {self.name} has no column with finite rates (looked for: "
                    f"{', '.join(RATES)}). Give the schedule of the run."
                )
            known = sorted(self.rates)
            check_steps(self.name, steps[-1] + 1)
            every = np.arange(steps[-1] + 1)
            schedule = np.interp(every, known, [self.rates[k] for k in known])
            if known[0] > 0:  # a warm-up from 0 is assumed before the first logged rate
                schedule[: known[0]] = self.rates[known[0]] * every[: known[0]] / known[0]
        losses = [self.losses[k] for k in steps]
        return LossCurve(steps, losses, schedule, weight_decay, self.name)


def read_log(
    path: str | Path, *, loss: str | None = None, steps_per_epoch: int | None = None
) -> Log:
    """The losses and rates in a log.

    The kind follows from the name: ``.csv``; ``.jsonl`` and ``.ndjson``, one object a line;
    ``trainer_state.json`` of transformers, or a JSON list of objects; a TensorBoard event file, or
    a folder of them. Evaluation losses are preferred to training losses; the two are never mixed.
    A log with epochs and no steps, as the ``CSVLogger`` of Keras writes it, needs the number of
    updates in an epoch; its epochs count from 0, and its losses are those at the end of each.

    Args:
        path: The file.
        loss: The name of the column, key or tag of the loss, if it is not a usual one.
        steps_per_epoch: The updates of an epoch, for a log without steps.

    Raises:
        GradatimError: If the file cannot be read, or has no losses by step.
    """
    path = Path(path)
    rows = _read_rows(path)
    steps, epoch = _column(rows, STEPS), 0
    if steps is None and (epochs := _column(rows, EPOCHS)) is not None:
        steps, epoch = epochs, _updates_of_an_epoch(path, epochs, steps_per_epoch)
    if steps is None:
        raise _missing_column(path, "steps", STEPS, rows)
    loss = loss or _column(rows, LOSSES)
    losses = _values_by_step(path, rows, steps, loss, epoch) if loss else {}
    if not losses:
        raise _missing_column(path, "losses", (loss,) if loss else LOSSES, rows)
    rate = _column(rows, RATES)
    rates = _values_by_step(path, rows, steps, rate, epoch) if rate else {}
    return Log(path.stem, losses, {k: r for k, r in rates.items() if math.isfinite(r)})


def _read_rows(path: Path) -> list[Mapping[str, Any]]:
    is_events = path.is_dir() or ".tfevents." in path.name
    if not is_events and path.suffix not in _ENDINGS:
        raise GradatimError(
            f"forecast: {path} has no known file ending of a log. Known: {', '.join(_ENDINGS)}, "
            "TensorBoard event files and their folders."
        )
    try:
        rows = [row for _, row in islice(rows_of(path).rows, MOST_ROWS + 1)]
    except OSError as error:
        raise GradatimError(f"forecast: cannot read {path}: {error.strerror}.") from None
    except GradatimError as error:
        raise GradatimError(f"forecast: {error}") from None
    except (ValueError, csv.Error, RecursionError) as error:
        raise GradatimError(f"forecast: {path} cannot be read as a log: {error}.") from None
    if len(rows) > MOST_ROWS:
        raise GradatimError(
            f"forecast: {path} has more than {MOST_ROWS:,} rows. Keep the rows of every 10th or "
            "100th step."
        )
    return rows


def _updates_of_an_epoch(path: Path, epochs: str, given: int | None) -> int:
    if given is None:
        raise GradatimError(
            f"forecast: {path} has the column {epochs!r} and no steps. Give the updates of an "
            "epoch, steps_per_epoch=... or --steps-per-epoch."
        )
    if given < 1:
        raise invalid_value("forecast", "steps_per_epoch", given, "1 or more")
    return given


def _column(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> str | None:
    """The first of these names, in this order, that any row has."""
    known = {key for row in rows for key in row}
    return next((name for name in names if name in known), None)


def _values_by_step(
    path: Path, rows: Iterable[Mapping[str, Any]], steps: str, name: str, epoch: int
) -> dict[int, float]:
    """The value at each step; the last one if a step was logged twice, as after a resume.

    With ``epoch``, the updates of an epoch, ``steps`` counts epochs from 0.
    """
    found: dict[int, float] = {}
    for number, row in enumerate(rows, start=1):
        value = row.get(name)
        if value is None or value == "":
            continue
        try:
            step = float(row[steps])
            if step < 0 or step % 1 or isinstance(value, bool) or isinstance(row[steps], bool):
                raise ValueError
            found[int((step + 1) * epoch - 1 if epoch else step)] = float(value)
        except (TypeError, ValueError, KeyError, OverflowError):
            raise GradatimError(
                f"forecast: {path}, row {number}: {name} {shown(value)} at {steps} "
                f"{shown(row.get(steps))} are no two numbers, the step a whole one from 0 on."
            ) from None
    return found


def _missing_column(
    path: Path, what: str, names: Iterable[str], rows: Iterable[Mapping[str, Any]]
) -> GradatimError:
    known = sorted({str(key) for row in rows for key in row})
    return GradatimError(
        f"forecast: {path} has no {what}: looked for {', '.join(names)}; "
        f"it has {', '.join(known) or 'nothing'}."
    )

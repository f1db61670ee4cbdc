"""Reads the rates that a run logged, from the files of many trainers and loggers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradatim.errors import GradatimError, shown, unknown_name
from gradatim.logs.files import EPOCHS, MOST_ROWS, STEPS
from gradatim.logs.rate_series import RateSeries, tolerances
from gradatim.logs.rows import rows_of

FEWEST_POINTS = 3
_STEPS = (*STEPS, "trainer/global_step", "train/global_step", "iterations", "updates")
_MISSING = (None, "", "NA", "N/A", "None", "null")
_RATE = re.compile(r"(?:^|[/ ._-])(?:lr|lrs|learning[ _-]?rates?)(?:$|[/ ._-]|\d)", re.I)
_NO_RATE = re.compile(
    r"momentum|weight[_ -]?decay|sched|scale|mult|ratio|factor|__min$|__max$", re.I
)


def is_rate(name: str) -> bool:
    """Whether a column of this name is a learning rate.

    >>> [is_rate(name) for name in ("lr", "lr-AdamW/pg1", "run - train/lr", "train/learning_rate")]
    [True, True, True, True]
    >>> [is_rate(name) for name in ("loss", "run - lr__MIN", "lr-SGD-momentum", "already")]
    [False, False, False, False]
    """
    return bool(_RATE.search(name)) and not _NO_RATE.search(name)


def read_rates(path: str | Path, column: str | None = None) -> list[RateSeries]:
    """The rates in a log, one series for each column, key or tag that is a learning rate.

    CSV files, also exports of W&B; JSON lines; ``trainer_state.json`` of transformers; TensorBoard
    event files and their folders; metric files of MLflow; text with a step and a rate on one line,
    as nanoGPT and Megatron-LM write it.

    Args:
        path: The file.
        column: The name of the rate, if not an ordinary one, or if only one of several is wanted.

    Raises:
        GradatimError: If the file cannot be read, or has no rates by step.
    """
    path = Path(path)
    columns = _Columns(path, column)
    try:
        place, rows = rows_of(path)
        columns.place = place
        for number, row in rows:
            columns.add(number, row)
    except OSError as error:
        raise GradatimError(f"{path}: it cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise GradatimError(f"{path}: it is no UTF-8 text, at byte {error.start + 1}.") from None
    except GradatimError:
        raise
    except (ValueError, csv.Error, RecursionError) as error:
        after = f", after {columns.place} {columns.rows}" if columns.rows else ""
        raise GradatimError(f"{path}{after}: it cannot be read as a log: {error}.") from None
    return columns.series()


class _Columns:
    """The points of each rate, collected row by row."""

    def __init__(self, path: Path, wanted: str | None) -> None:
        self.path, self.wanted, self.place = path, wanted, "line"
        self.rows = 0
        self.known: dict[str, bool] = {}
        """The columns seen so far, and whether each is a rate that is wanted."""
        self.points: dict[tuple[str, str], list[tuple[int, float, Any]]] = {}
        """Line, step and rate as written, by the name of the rate and the unit of the step."""

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise GradatimError(
                f"{self.path}, {self.place} {number}: a log of more than {MOST_ROWS:,} rows is "
                "not read. Keep the rows of every 10th or 100th step."
            )
        for name in row.keys() - self.known.keys():
            self.known[name] = is_rate(name) if self.wanted is None else name == self.wanted
        for name, value in row.items():
            if self.known[name] and value not in _MISSING:
                step, unit = self._step(number, row)
                self._rate(number, name, value)
                self.points.setdefault((name, unit), []).append((number, step, value))

    def _step(self, number: int, row: Mapping[str, Any]) -> tuple[float, str]:
        lower = {name.lower(): name for name in row}
        for unit, names in (("step", _STEPS), ("epoch", EPOCHS)):
            for name in names:
                value = row.get(lower.get(name, ""))
                if value in _MISSING:
                    continue
                try:
                    step = float(value)
                except (TypeError, ValueError):
                    step = -1.0
                # Whole numbers up to 2^53 are exact as floats.
                if not 0 <= step < 2.0**53 or (unit == "step" and step % 1):
                    raise self._wrong(
                        number, lower[name], value, "a whole number from 0 to below 2**53"
                    )
                return step, unit
        raise GradatimError(
            f"{self.path}, {self.place} {number}: it has a rate and no step. Looked for: "
            f"{', '.join((*_STEPS, *EPOCHS))}."
        )

    def _rate(self, number: int, name: str, value: Any) -> None:
        try:
            fine = np.isfinite(float(value)) and not isinstance(value, bool)
        except (TypeError, ValueError, OverflowError):
            fine = False
        if not fine:
            raise self._wrong(number, name, value, "a finite number")
        # The search for a schedule multiplies and divides rates by each other.
        if not 1e-100 < abs(float(value) or 1.0) < 1e100:
            raise self._wrong(number, name, value, "0 or of a size between 1e-100 and 1e100")

    def _wrong(self, number: int, name: str, value: Any, allowed: str) -> GradatimError:
        written = value if isinstance(value, float) else str(value)
        return GradatimError(
            f"{self.path}, {self.place} {number}: {name} must be {allowed}, got {shown(written)}."
        )

    def series(self) -> list[RateSeries]:
        """What was collected.

        Raises:
            GradatimError: If there is no rate, or one has too few points or no order.
        """
        if not self.points and self.wanted is not None:
            raise unknown_name(str(self.path), "column", self.wanted, map(str, self.known))
        if not self.points:
            known = ", ".join(sorted(self.known)[:24]) or "nothing that could be read"
            raise GradatimError(
                f"{self.path}: it has no column of rates such as lr, learning_rate or "
                f"train/lr; it has {known}. Write --column NAME."
            )
        return [self._series(*key, points) for key, points in self.points.items()]

    def _series(self, name: str, unit: str, points: Iterable[tuple[int, float, Any]]) -> RateSeries:
        lines, steps, values = zip(*points, strict=True)
        rates = np.array([float(value) for value in values])
        texts = None if isinstance(values[0], float) else [str(value) for value in values]
        rounded, exact = tolerances(rates, texts)
        found = RateSeries(
            str(self.path),
            name,
            unit,
            self.place,
            np.array(lines),
            np.array(steps),
            rates,
            rounded,
            exact,
        )
        if len(found) < FEWEST_POINTS:
            raise GradatimError(
                f"{found.at(0)}: {name} was logged {len(found)} time(s); "
                f"an audit needs at least {FEWEST_POINTS} points."
            )
        back = found.resumed_at
        if len(back) > max(20, len(found) // 10):
            raise GradatimError(
                f"{found.at(back[0])}: the steps are in no order, they go back {len(back):,} "
                "times. Sort the log by step, or split it by run."
            )
        return found

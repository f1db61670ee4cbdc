"""The loss curves in the folder of a race, one for each finished run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

from gradatim.errors import GradatimError
from gradatim.logs.files import Log


class RaceLogs(NamedTuple):
    """The runs of a race, and a sentence for each schedule that is left out."""

    logs: list[Log]
    left_out: tuple[str, ...]


def is_race(path: Path) -> bool:
    """Whether this is the folder of a race."""
    return (path / "race.json").is_file()


def read_race(folder: str | Path) -> RaceLogs:
    """The losses and rates of every run of a race, each named after its schedule.

    Runs that differ by their seed have the same name. A law is fitted to runs that train, so a
    schedule with a failed run is left out.

    Args:
        folder: The folder, with ``race.json`` and ``runs.jsonl``.

    Raises:
        GradatimError: If it cannot be read, or the task yields no losses at its updates.
    """
    path = Path(folder) / "runs.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GradatimError(f"forecast: cannot read {path}: {error}.") from None
    logs, left_out = [], {}
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            name, failed, seed = str(run["name"]), run["failed"], run["seed"]
            curve = list(zip(run["steps"], run["rates"], run["losses"], strict=True))
            rates = {int(step): float(rate) for step, rate, _ in curve}
            losses = {int(step): float(loss) for step, _, loss in curve if loss is not None}
            if (
                not all(map(math.isfinite, (*rates.values(), *losses.values())))
                or min(rates, default=0) < 0
            ):
                raise ValueError
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise GradatimError(
                f"forecast: {path}, line {number}, is not a finished run of a race."
            ) from None
        if failed is not None:
            left_out[name] = f"{name!r} is left out: its run with seed {seed} failed."
        elif losses:
            logs.append(Log(name, losses, rates))
    logs = [log for log in logs if log.name not in left_out]
    if not logs:
        raise GradatimError(
            f"forecast: {path} has no finished run with losses. A task that yields step and loss "
            "at each update has them."
        )
    return RaceLogs(logs, tuple(left_out.values()))

"""Options of the verbs that fit a law to logs, and the fit itself."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli._plans import learning_rate, split_name
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.forecast.forecast import Forecast
    from gradatim.logs import Log

Logs = Annotated[
    list[Path],
    typer.Argument(
        metavar="LOG...",
        show_default=False,
        help="Logs of finished runs: .csv, .jsonl, trainer_state.json, TensorBoard event files, "
        "or the folder of a race. Logs with the same rates are seeds of one run.",
    ),
]
Runs = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="[NAME=]PLAN",
        show_default=False,
        help="The schedule of a log, as text or a plan file. Repeatable, in the order of the logs. "
        "Default: the rates in the logs.",
    ),
]
Law = Annotated[str, typer.Option(help="effective, multipower, momentum or functional.")]
WeightDecay = Annotated[
    float | None,
    typer.Option(
        show_default=False,
        help="The decoupled weight decay of all runs, 0 for none. The law effective needs it.",
    ),
]
StepsPerEpoch = Annotated[
    int | None,
    typer.Option(
        show_default=False,
        help="Updates of an epoch, for logs with epochs and no steps, as CSVLogger of Keras.",
    ),
]
Loss = Annotated[
    str | None, typer.Option(show_default=False, help="The name of the loss in the logs.")
]


def fit_logs(
    verb: str,
    logs: Sequence[Path],
    runs: Sequence[str],
    law: str,
    decay: float | None,
    loss: str | None,
    steps_per_epoch: int | None,
) -> Forecast:
    """Fit a law to these logs.

    Raises:
        GradatimError: If they cannot be read, or no law can be fitted to them.
    """
    for package in ("numpy", "scipy", "matplotlib"):
        if importlib.util.find_spec(package) is None:
            raise GradatimError(
                f"{verb}: the package {package} is not installed. "
                'Write pip install "gradatim[choose,look]".'
            )
    from gradatim.forecast import fit

    if runs and len(runs) != len(logs):
        raise GradatimError(
            f"{verb}: {len(logs)} logs and {len(runs)} --run are given. Give one --run for each "
            "log, in the same order, or none if the logs hold the rates."
        )
    read = _read(logs, loss, steps_per_epoch)
    if runs and len(runs) != len(read):
        raise GradatimError(f"{verb}: a race holds the rates of its runs. Leave out --run.")
    each: list[Schedule | None] = [learning_rate(verb, split_name(text)) for text in runs]
    curves = [
        log.curve(schedule, decay)
        for log, schedule in zip(read, each or [None] * len(read), strict=True)
    ]
    return fit(curves, law)


def _read(paths: Sequence[Path], loss: str | None, steps_per_epoch: int | None) -> list[Log]:
    """The logs in these files, and of every run in these folders of races."""
    from gradatim.logs import read_log, read_race
    from gradatim.logs.races import is_race

    found = []
    for path in paths:
        if not is_race(path):
            found.append(read_log(path, loss=loss, steps_per_epoch=steps_per_epoch))
            continue
        logs, left_out = read_race(path)
        found.extend(logs)
        for sentence in left_out:
            print(sentence, file=sys.stderr)
    return found

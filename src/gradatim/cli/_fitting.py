"""Options of the verbs that fit a law to logs, and the fit itself."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli._plans import learning_rate, split_name
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.forecast.forecast import Forecast

Logs = Annotated[
    list[Path],
    typer.Argument(
        metavar="LOG...",
        show_default=False,
        help="Logs of finished runs: .csv, .jsonl, trainer_state.json, TensorBoard event files.",
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
WeightDecay = Annotated[float, typer.Option(help="The decoupled weight decay of all runs.")]
Loss = Annotated[
    str | None, typer.Option(show_default=False, help="The name of the loss in the logs.")
]


def fit_logs(
    verb: str, logs: Sequence[Path], runs: Sequence[str], law: str, decay: float, loss: str | None
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
    from gradatim.logs import read_log

    if runs and len(runs) != len(logs):
        raise GradatimError(
            f"{verb}: {len(logs)} logs and {len(runs)} --run are given. Give one --run for each "
            "log, in the same order, or none if the logs hold the rates."
        )
    each: list[Schedule | None] = [learning_rate(verb, split_name(text)) for text in runs]
    curves = [
        read_log(path, loss=loss).curve(schedule, decay)
        for path, schedule in zip(logs, each or [None] * len(logs), strict=True)
    ]
    return fit(curves, law)

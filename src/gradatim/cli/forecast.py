"""``gradatim forecast``: predict the loss of schedules that were not run, from a few logs."""

from __future__ import annotations

from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, StepsOfEach
from gradatim.cli._fitting import Law, Logs, Loss, Runs, StepsPerEpoch, WeightDecay, fit_logs
from gradatim.cli._out import Report, writing
from gradatim.cli._plans import learning_rates
from gradatim.errors import GradatimError

Schedules = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule",
        "-s",
        metavar="[NAME=]PLAN",
        show_default=False,
        help='A schedule to predict, such as "wsd=wsd(peak=3e-4, steps=50_000, warmup=300)". '
        "Repeatable.",
    ),
]


def forecast(
    logs: Logs,
    schedule: Schedules = None,
    run: Runs = None,
    steps: StepsOfEach = None,
    law: Law = "effective",
    weight_decay: WeightDecay = None,
    loss: Loss = None,
    steps_per_epoch: StepsPerEpoch = None,
    out: Report = None,
    modules: Import = None,
) -> None:
    """Predict the loss of schedules that were not run, from two to four logged runs."""
    if not schedule:
        raise GradatimError(
            "forecast: no schedule is given to predict. "
            'Write --schedule "name=wsd(peak=3e-4, steps=50_000, warmup=300)".'
        )
    wanted = learning_rates("forecast", schedule)
    found = fit_logs("forecast", logs, run or (), law, weight_decay, loss, steps_per_epoch)
    from gradatim.forecast import report
    from gradatim.logs.rates import as_rates

    ranked = found.rank(wanted, steps)
    _terminal.print_table(report.ranking(ranked), right=(1, 2))
    print()
    _terminal.print_table(report.diagnostics(found), right=(1, 2, 3, 4))
    for reason in report.reasons(ranked):
        print(reason)
    if out is not None:
        each = {name: as_rates("forecast", s, steps) for name, s in wanted.items()}
        with writing(out):
            written = report.write_report(out, found, ranked, each)
        print(written)

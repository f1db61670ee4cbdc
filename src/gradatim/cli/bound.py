"""``gradatim bound``: rank schedules and transfer a rate between them, without a training run."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, StepsOfEach
from gradatim.cli._plans import learning_rates
from gradatim.errors import GradatimError

Schedules = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]PLAN...",
        show_default=False,
        help='Schedules, such as "cosine=warmup_cosine(peak=1, steps=4000)". '
        "--lr was tuned with the first.",
    ),
]
Lr = Annotated[
    float | None,
    typer.Option("--lr", help="The peak rate that was tuned for the first schedule."),
]
Exponent = Annotated[
    float,
    typer.Option(help="The best rate falls with the horizon T as T^-EXPONENT; 0.32 was measured."),
]


def bound(
    schedules: Schedules,
    steps: StepsOfEach = None,
    lr: Lr = None,
    exponent: Exponent = 0.5,
    modules: Import = None,
) -> None:
    """Compare schedules by the last-iterate bound of convex theory, each at its best rate."""
    for package in ("numpy", "scipy"):
        if importlib.util.find_spec(package) is None:
            raise GradatimError(
                f"bound: the package {package} is not installed. "
                'Write pip install "gradatim[choose]".'
            )
    from gradatim.logs.rates import as_rates
    from gradatim.theory import bound as theory

    each = {
        name: as_rates("bound", schedule, steps)
        for name, schedule in learning_rates("bound", schedules).items()
    }
    first = next(iter(each.values()))
    base = theory.best(first)
    rows = [("schedule", "updates", "bound", "relative rate", *(("rate",) if lr else ()))]
    for name, values in each.items():
        least = theory.best(values).value / base.value
        ratio = theory.transfer(lr or 1.0, from_=first, to=values, exponent=exponent)
        cells = (name, f"{len(values):,}", f"{least:.4f}", f"{ratio / (lr or 1.0):.4f}")
        rows.append((*cells, f"{ratio:.4g}") if lr else cells)
    _terminal.print_table(rows, right=(1, 2, 3, 4))
    print("\nBounds and rates are relative to the first schedule, each schedule at its best rate.")

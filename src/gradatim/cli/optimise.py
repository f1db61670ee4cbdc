"""``gradatim optimise``: find the best schedule under a law fitted to a few logs."""

from __future__ import annotations

from typing import Annotated

import typer

from gradatim.cli._arguments import Import, whole_number
from gradatim.cli._fitting import Law, Logs, Loss, Runs, StepsPerEpoch, WeightDecay, fit_logs
from gradatim.cli._out import Report, writing

Steps = Annotated[
    int,
    typer.Option(
        "--steps",
        "--updates",
        parser=whole_number,
        metavar="NUMBER",
        show_default=False,
        help="Updates of the run.",
    ),
]
Peak = Annotated[
    float | None, typer.Option(help="The highest rate. Default: the highest in the logs.")
]
Floor = Annotated[float, typer.Option(help="The lowest rate.")]
Warmup = Annotated[int, typer.Option(help="Updates of a linear warm-up.")]


def optimise(
    logs: Logs,
    steps: Steps,
    peak: Peak = None,
    floor: Floor = 0.0,
    warmup: Warmup = 0,
    run: Runs = None,
    law: Law = "effective",
    weight_decay: WeightDecay = None,
    loss: Loss = None,
    steps_per_epoch: StepsPerEpoch = None,
    out: Report = None,
    modules: Import = None,
) -> None:
    """Find the best schedule under a law fitted to logged runs, and its gain over plain WSD.

    If it is not worth it, plain WSD is printed.
    """
    found = fit_logs("optimise", logs, run or (), law, weight_decay, loss, steps_per_epoch)
    from gradatim.forecast import report
    from gradatim.forecast.optimise import optimise as search
    from gradatim.logs.rates import as_rates

    best = search(found, steps, peak=peak, floor=floor, warmup=warmup, weight_decay=weight_decay)
    print(f"Predicted final loss: {report.interval(best.final)}")
    print(best.verdict)
    print(repr(best.schedule if best.worth else best.plain))
    if out is not None:
        both = {"optimised": best.schedule, "plain WSD": best.plain}
        each = {name: as_rates("optimise", s, steps) for name, s in both.items()}
        ranked = found.rank(both, steps)
        with writing(out):
            written = report.write_report(out, found, ranked, each, [best.verdict])
        print(written)

"""The results of a race as text: the rows of its tables, and sentences that sum it up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gradatim.race.compare import LEVEL, least_p

if TYPE_CHECKING:
    from gradatim.race.hindsight import Hindsight
    from gradatim.race.result import Race

Table = list[tuple[str, ...]]
"""A header, then rows."""


def standings(race: Race) -> Table:
    """One row for each contestant."""
    rows: Table = [("schedule", f"mean {race.task.metric}", "deviation", "failed", "seconds a run")]
    for s in race.table:
        show = _digits(s.mean)
        mean = show(s.mean) + (f" (of {s.counted})" if s.counted < s.runs else "")
        failed = f"{s.failed} of {s.runs}"
        rows.append((s.name, mean, show(s.deviation), failed, f"{s.seconds:.1f}"))
    return rows


def comparisons(race: Race) -> Table:
    """One row for each comparison; only the header if there is one contestant."""
    rows: Table = [("first - second", race.task.metric, "95% interval", "first better on", "p")]
    for c in race.comparisons:
        show = _digits(c.difference, c.low, c.high, sign="+")
        interval = f"{show(c.low)} to {show(c.high)}" if math.isfinite(c.low) else "-"
        better = f"{c.better} of {c.better + c.worse + c.equal}"
        p = f"{c.p:.3f}" if c.p >= 0.0005 else "<0.001"
        rows.append((f"{c.name} - {c.other}", show(c.difference), interval, better, p))
    return rows


def verdict(race: Race) -> str:
    """Which contestant did best, and which do not differ from it significantly."""
    metric, higher = race.task.metric, race.task.better == "higher"
    counted = [s for s in race.table if not math.isnan(s.mean)]
    if not counted:
        return f"No run ended with a number for {metric}."
    # A mean over only the runs that have a number would favour contestants that fail.
    complete = [s for s in counted if s.counted == s.runs] or counted
    best = max(complete, key=lambda s: s.mean if higher else -s.mean)
    show = _digits(best.mean)
    deviation = f"deviation {show(best.deviation)}, " if best.runs > 1 else ""
    failed = f"{deviation}{best.failed} of {best.runs} failed"
    sentence = f"Best mean {metric}: {show(best.mean)} ({failed}) with {best.name!r}."
    dropped = {one.name for one in race.dropped}
    alike = [
        repr(c.other if c.name == best.name else c.name)
        for c in race.comparisons
        if best.name in (c.name, c.other) and c.p >= LEVEL and not dropped & {c.name, c.other}
    ]
    if alike and not too_few_seeds(race):
        sentence += f" These seeds do not tell it apart from {' or '.join(alike)}."
    return sentence


def too_few_seeds(race: Race) -> str:
    """A sentence if no difference can be significant with so few seeds, or ""."""
    compared = len(race.comparisons)
    if not compared or least_p(len(race.seeds), compared) < LEVEL:
        return ""
    enough = next(n for n in range(1, 99) if least_p(n, compared) < LEVEL)
    seeds = f"{len(race.seeds)} seeds" if len(race.seeds) > 1 else "one seed"
    return (
        f"With {seeds} no difference can reach p < {LEVEL:g}, however clear it is. "
        f"Take {enough} or more."
    )


def dropped(race: Race) -> list[str]:
    """One sentence for each dropped contestant."""
    return [f"Dropped after {d.seeds} seeds: {d.name}: {d.why}." for d in race.dropped]


def errors(race: Race) -> list[str]:
    """One line for each run that raised an error."""
    return [f"{r.name}, seed {r.seed}: {r.failed}" for r in race.runs if r.error is not None]


def hindsight(seen: Sequence[Hindsight]) -> Table:
    """One row for each contestant: its last loss as forecast from the others, and measured."""
    rows: Table = [("schedule", "forecast", "interval", "measured", "95% interval", "error")]
    for one in seen:
        if one.forecast is None or one.measured is None:
            rows.append((one.name, "-", "-", "-", "-", "-"))
            continue
        (mean, low, high), (end, least, most) = one.forecast, one.measured
        show = _digits(mean, end)
        error = _digits(mean, end, sign="+")(mean - end)
        ours, theirs = f"{show(low)} to {show(high)}", f"{show(least)} to {show(most)}"
        rows.append((one.name, show(mean), ours, show(end), theirs, error))
    return rows


def _digits(*values: float, sign: str = "") -> Callable[[float], str]:
    """A function that formats numbers with decimals that suit the largest of these values."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    power = math.floor(math.log10(max(sizes, default=1.0)))
    form = f"{sign}.{max(0, 3 - power - (power < 0))}f"
    return lambda value: "-" if math.isnan(value) else format(value, form)

"""The numbers of a race in words: the rows of its tables, and the sentence to take home."""

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
    """One row a contestant."""
    rows: Table = [("schedule", f"mean {race.task.metric}", "deviation", "failed", "seconds a run")]
    for s in race.table:
        show = _digits(s.mean)
        mean = show(s.mean) + (f" (of {s.counted})" if s.counted < s.runs else "")
        failed = f"{s.failed} of {s.runs}"
        rows.append((s.name, mean, show(s.deviation), failed, f"{s.seconds:.1f}"))
    return rows


def comparisons(race: Race) -> Table:
    """One row a comparison; only the header if there is one contestant."""
    rows: Table = [("first - second", race.task.metric, "95% interval", "first better on", "p")]
    for c in race.comparisons:
        show = _digits(c.difference, c.low, c.high, sign="+")
        interval = f"{show(c.low)} to {show(c.high)}" if math.isfinite(c.low) else "-"
        better = f"{c.better} of {c.better + c.worse + c.equal}"
        p = f"{c.p:.3f}" if c.p >= 0.0005 else "<0.001"
        rows.append((f"{c.name} - {c.other}", show(c.difference), interval, better, p))
    return rows


def verdict(race: Race) -> str:
    """Which contestant did best, and which cannot be told apart from it."""
    metric, higher = race.task.metric, race.task.better == "higher"
    counted = [s for s in race.table if not math.isnan(s.mean)]
    if not counted:
        return f"No run ended with a number for {metric}."
    # A contestant is as good as its failures allow: a mean over the survivors flatters.
    whole = [s for s in counted if s.counted == s.runs] or counted
    best = max(whole, key=lambda s: s.mean if higher else -s.mean)
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
    if alike and not too_few(race):
        sentence += f" These seeds do not tell it apart from {' or '.join(alike)}."
    return sentence


def too_few(race: Race) -> str:
    """What to do if so few seeds cannot show anything, whatever the runs say; or nothing."""
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
    """One sentence for each contestant that the race ran no more of."""
    return [f"Dropped after {d.seeds} seeds: {d.name}: {d.why}." for d in race.dropped]


def errors(race: Race) -> list[str]:
    """One line for each run that failed with an error, rather than by its metric."""
    return [f"{r.name}, seed {r.seed}: {r.failed}" for r in race.runs if r.error is not None]


def hindsight(seen: Sequence[Hindsight]) -> Table:
    """One row a contestant: its last loss as forecast from the others, and as measured."""
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
    """Writes numbers with as many decimals as the largest of these makes sensible."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    power = math.floor(math.log10(max(sizes, default=1.0)))
    form = f"{sign}.{max(0, 3 - power - (power < 0))}f"
    return lambda value: "-" if math.isnan(value) else format(value, form)

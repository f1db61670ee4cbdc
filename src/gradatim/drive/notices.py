"""The sentences of the warnings that a driver gives during a run.

That about a value which other code has written is in ``torch/attachment.py``.
"""

from __future__ import annotations

from gradatim.core.run.clocks import format_ticks, tick_name
from gradatim.core.run.run import Run


def early_end(end: int, run: Run) -> str:
    """The rate is 0 for good at tick ``end``, long before the run is over."""
    return (
        f"the schedule of lr is over, and 0, after {format_ticks(end, run.clock)}, and the run "
        f"lasts {format_ticks(run.ticks, run.clock)}. Lengths of pieces are ticks of the clock; a "
        "recipe takes the run: steps=run."
    )


def past_the_end(end_tick: int, end_updates: int, unit: str, position: int) -> str:
    """Updates go on after the rate has come to 0 for good."""
    after = f"{end_tick} {tick_name(unit)}" if end_tick else f"{end_updates} updates"
    return (
        f"the schedule of lr has ended at 0, after {after}, and the run goes on: update {position} "
        "changed nothing, and later ones will not either. To train longer, write extend(...) or "
        "rewarm(...)."
    )


def other_order(first: int, second: int) -> str:
    """The loop steps optimizer ``first`` before ``second``, which is earlier in the list."""
    return (
        f"optimizer {first} stepped before optimizer {second}, which is earlier in the list. If "
        "the loop steps them in this order, list them so: as it is, an update is counted from one "
        f"step of {second} to the next. If {second} left its first step out, all is well."
    )

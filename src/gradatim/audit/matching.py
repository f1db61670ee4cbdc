"""Which logged rate belongs to which target of a plan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError
from gradatim.logs.rate_series import RateSeries


def match(
    every: Sequence[RateSeries], plan: Plan
) -> tuple[list[tuple[RateSeries, Target]], list[str]]:
    """Each logged rate with its target, and notes on those that have none.

    A rate belongs to the target whose part its name holds: "lr-AdamW/head" and "head_lr" to
    "lr/head", "lr-AdamW/pg1" and "lr/group1" to "lr/1". The others belong to "lr"; if the plan has
    no "lr", and as many targets as there are rates, they belong together in order.

    Raises:
        GradatimError: If the plan has no learning rate, or no rate belongs to any target.
    """
    targets = [target for target in plan if target.value == "lr"]
    if not targets:
        raise GradatimError(
            f"audit: the plan has no learning rate, only {', '.join(map(str, plan))}."
        )
    whole = next((target for target in targets if target.part is None), None)
    pairs, notes, left = [], [], []
    for series in every:
        parts = [t for t in targets if t.part is not None and _holds(series.name, t.part)]
        if len(parts) == 1:
            pairs.append((series, parts[0]))
        elif whole is not None:
            pairs.append((series, whole))
        elif len(targets) == 1:
            pairs.append((series, targets[0]))
        else:
            left.append(series)
    if left and len(left) == len(every) == len(targets):
        pairs = list(zip(left, targets, strict=True))
        named = ", ".join(f"{s.name} is {t}" for s, t in pairs)
        notes.append(f"By their order in the log and in the plan: {named}.")
    elif left:
        names = ", ".join(series.name for series in left)
        notes.append(f"Not compared, because the plan has no target for it: {names}.")
    if not pairs:
        raise GradatimError(
            f"audit: none of the logged rates ({', '.join(s.name for s in every)}) belongs to a "
            f"target of the plan ({', '.join(map(str, targets))}). Write --column NAME, and a plan "
            "with one target."
        )
    return pairs, notes


def _holds(name: str, part: str) -> bool:
    """Whether the name of a logged rate names this part of the model."""
    words = re.split(r"[/ ._:-]+", name.lower())
    if part.isdigit():
        return any(word in (f"pg{part}", f"group{part}", f"lr{part}", part) for word in words)
    plain = re.split(r"[/ ._:*-]+", part.lower())
    return all(word in words for word in plain if word) and any(plain)

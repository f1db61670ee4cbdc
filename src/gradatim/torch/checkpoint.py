"""The checkpoint of an optimizer, with its groups matched to the script's by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradatim.core.errors import GradatimError
from gradatim.torch.groups import Group

SAME_GROUPS = ("strict", "extend", "same-past")
"""The ``on_mismatch`` under which a checkpoint must have groups of the same names."""


def in_order_of(state: dict[str, Any], groups: Sequence[Group], strict: bool) -> dict[str, Any]:
    """The state of an optimizer with its groups in the order of these, by their names.

    torch matches groups by place: in another order, one would get the momentum of another.

    Raises:
        GradatimError: If both have names and, strictly, they are not the same ones.
    """
    saved = state.get("param_groups")
    if not isinstance(saved, list) or len(saved) != len(groups):
        return state  # torch says what is wrong
    ours, theirs = ([group.get("name") for group in some] for some in (groups, saved))
    if ours == theirs:
        return state
    if None not in ours and set(ours) == set(theirs) and len(set(ours)) == len(ours):
        by_name = {group["name"]: group for group in saved}
        return state | {"param_groups": [by_name[name] for name in ours]}
    if strict and any(
        one != two and None not in (one, two) for one, two in zip(ours, theirs, strict=True)
    ):
        raise GradatimError(
            f"Scheduler: the optimizer's checkpoint has the groups {_listed(theirs)}; this "
            f"optimizer has {_listed(ours)}. torch would match them by place. Give all groups the "
            "same names in both, or build the scheduler with on_mismatch='override'."
        )
    # A checkpoint written before the groups had names gets the script's.
    named = [
        group if name is None else group | {"name": name}
        for group, name in zip(saved, ours, strict=True)
    ]
    return state | {"param_groups": named}


def _listed(names: Sequence[Any]) -> str:
    return ", ".join("(no name)" if name is None else str(name) for name in names)

"""The checkpoint of an optimizer, with its parameter groups matched by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch.optim.optimizer import StateDict

from gradatim.errors import GradatimError
from gradatim.torch.hyperparameters import Group

STRICT_ABOUT_GROUPS = ("strict", "extend", "same-past")
"""The ``on_mismatch`` with which a checkpoint must have groups of the same names."""


def with_groups_in_order(state: StateDict, groups: Sequence[Group], strict: bool) -> StateDict:
    """The ``state_dict`` of an optimizer, its groups in the order of these, matched by name.

    torch matches them by index: in another order, a group would get the momentum of another.

    Raises:
        GradatimError: If ``strict`` and the groups of both have names, but not the same ones.
    """
    saved = state.get("param_groups")
    if not isinstance(saved, list) or len(saved) != len(groups):
        return state  # the optimizer's load_state_dict raises
    ours, theirs = ([group.get("name") for group in some] for some in (groups, saved))
    if ours == theirs:
        return state
    if None not in ours and set(ours) == set(theirs) and len(set(ours)) == len(ours):
        by_name = {group["name"]: group for group in saved}
        return state | {"param_groups": [by_name[name] for name in ours]}
    pairs = zip(ours, theirs, strict=True)
    if strict and any(None not in (one, other) and one != other for one, other in pairs):
        raise GradatimError(
            f"Scheduler: the optimizer's checkpoint has the groups {_listed(theirs)}; this "
            f"optimizer has {_listed(ours)}. torch would match them by index. Give all groups the "
            "same names in both, or build the scheduler with on_mismatch='override'."
        )
    # Groups of a checkpoint from before they had names get those of this optimizer.
    named = [
        group if name is None else group | {"name": name}
        for group, name in zip(saved, ours, strict=True)
    ]
    return state | {"param_groups": named}


def _listed(names: Iterable[str | None]) -> str:
    return ", ".join("(no name)" if name is None else str(name) for name in names)

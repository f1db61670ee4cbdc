"""Which schedule is for a parameter group: by its name, by its index, by a pattern, or for all."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from gradatim.errors import GradatimError
from gradatim.torch.hyperparameters import Group, group_label

GroupKey = str | int | None
"""The name of a group, a pattern of names, the index of a group, or None for all groups."""

_WILDCARDS = "*?["


class GroupKeys:
    """The keys under which the user gave schedules of one value.

    A group's own name comes first, then its index, then the most specific pattern that matches
    its name, then None. Of several optimizers, a group "embed" of "adamw" is named "adamw/embed",
    and "adamw" alone is the pattern "adamw/*".

    Args:
        value: The name of the value, such as "lr".
        keys: The keys.
        optimizers: The names of the optimizers, if there are several.
    """

    def __init__(self, value: str, keys: Collection[GroupKey], optimizers: Sequence[str]) -> None:
        self._value, self._keys, self._optimizers = value, keys, optimizers

    def find(self, group: Group, index: int, optimizer: str | None) -> GroupKey:
        """The key that applies to a group.

        Raises:
            GradatimError: If none does, or two patterns do and neither is more specific.
        """
        label = group_label(group, index, optimizer)
        if label in self._keys:
            return label
        if optimizer is None and index in self._keys:
            return index
        strings = [key for key in self._keys if isinstance(key, str)]
        patterns = [key for key in strings if fnmatchcase(label, self._pattern(key))]
        if patterns:
            return self._most_specific(patterns, label)
        if None in self._keys:
            return None
        listed = ", ".join(map(str, self._keys))
        prefix = next((key for key in strings if label.startswith(key)), None)
        hint = f" A name is not a prefix; a pattern is: write '{prefix}*'." if prefix else ""
        if optimizer is not None:
            hint += f" To leave that optimizer alone, write '{optimizer}': None."
        raise GradatimError(
            f"Scheduler: no schedule of {self._value} is for group {label!r}; there are {listed}. "
            f"Add one for it, or one for '*'.{hint}"
        )

    def _pattern(self, key: str) -> str:
        return f"{key}/*" if key in self._optimizers else key

    def _most_specific(self, patterns: Sequence[str], label: str) -> str:
        """The matching pattern with the most characters that are no wildcard."""
        most = max(map(self._literal_characters, patterns))
        rivals = [key for key in patterns if self._literal_characters(key) == most]
        if len(rivals) > 1:
            raise GradatimError(
                f"Scheduler: the patterns {' and '.join(map(repr, rivals))} of {self._value} both "
                f"match group {label!r}, and neither is more specific. Give the group a schedule "
                "under its own name."
            )
        return rivals[0]

    def _literal_characters(self, key: str) -> int:
        return len(re.sub(r"\[!?\]?[^]]*\]|[*?]", "", self._pattern(key)))


def is_pattern(key: GroupKey) -> bool:
    """Whether a key has wildcards."""
    return isinstance(key, str) and any(sign in key for sign in _WILDCARDS)

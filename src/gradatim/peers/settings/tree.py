"""The tree of a settings file, its limits, and its sections one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError
from gradatim.plans.tree import scalar_of

LARGEST = 8 * 1024 * 1024
"""The most characters of a settings file."""
DEEPEST = 64
MOST = 1_000_000
"""The most values of a settings file, where a repeated alias counts again."""

_LONGEST_LIST = 1_000

Place = tuple[str, ...]
"""The keys that lead to a value from the root; an entry of a list has its index as a key."""


class Setting(NamedTuple):
    """One value of a settings file: a mapping, a list or a scalar."""

    value: Scalar | list[Setting] | dict[str, Setting]
    line: int
    tag: str = ""
    """The YAML tag, such as "!new:speechbrain.nnet.schedulers.NoamScheduler", or ""."""

    @property
    def entries(self) -> dict[str, Setting]:
        """The entries of a mapping; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, key: str) -> Scalar | list[Setting] | dict[str, Setting]:
        """The value of a key of a mapping, or None."""
        return self.entries[key].value if key in self.entries else None


def sections(tree: Setting) -> Iterator[tuple[Place, Setting]]:
    """The mappings of a tree and where they are, the outer before the inner, each once.

    Longer lists than of 1,000 entries are data, such as the log of a run, and are left out.

    >>> inner = Setting({"lr": Setting(0.1, 2)}, 1)
    >>> [place for place, _ in sections(Setting({"optimizer": inner}, 1))]
    [(), ('optimizer',)]
    """
    seen: set[int] = set()
    waiting: list[tuple[Place, Setting]] = [((), tree)]
    while waiting:
        place, setting = waiting.pop()
        value = setting.value
        if not isinstance(value, dict | list) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            yield place, setting
            inner = [(key, entry) for key, entry in value.items()]
        elif len(value) <= _LONGEST_LIST:
            inner = [(str(index), entry) for index, entry in enumerate(value)]
        else:
            continue
        waiting += [((*place, key), entry) for key, entry in reversed(inner)]


def class_in_tag(setting: Setting) -> str:
    """The class that a tag of HyperPyYAML names, such as "torch.optim.Adam" of ``!name:``, or "".

    >>> class_in_tag(Setting({}, 1, "!new:torch.nn.Linear"))
    'torch.nn.Linear'
    """
    kind, _, name = setting.tag.partition(":")
    return name if kind in ("!new", "!name") else ""


def plain_scalar(text: str) -> Scalar:
    """The value of text without quotes: a number, true, false, null, or else the text itself.

    ``1e-4`` is a number, though readers of YAML 1.1 yield it as text. What they take for another
    value (``010``, ``12:30``, ``yes``, a date) stays text, and is refused where a number is needed.

    >>> plain_scalar("1e-4"), plain_scalar("yes"), plain_scalar("010"), plain_scalar("null")
    (0.0001, 'yes', '010', None)
    """
    try:
        return scalar_of(text, None)
    except GradatimError:
        return text

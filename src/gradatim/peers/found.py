"""A scheduler found in a file: where it stands, and how it is read with what the user adds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradatim.core.build import Scalar
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError


class Missing(GradatimError):
    """The error for values that the file does not set, and that the user can give by name.

    Args:
        reasons: Why each name has no value: {"args.epochs": "is not set in the file"}.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = dict(reasons)
        names: dict[str, list[str]] = {}
        for name, why in self.reasons.items():
            names.setdefault(why, []).append(name)
        facts = " ".join(f"{_listed(each)} {_plural(why, each)}." for why, each in names.items())
        options = " ".join(f"--set {_quoted(name)}" for name in list(self.reasons)[:_MOST])
        more = " and so on" if len(self.reasons) > _MOST else ""
        super().__init__(f"{facts} Write {options}{more}.")


_MOST = 8
"""The most names that a sentence lists."""


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _plural(why: str, names: Sequence[str]) -> str:
    return f"are{why.removeprefix('is')}" if len(names) > 1 and why.startswith("is ") else why


def _quoted(name: str) -> str:
    plain = re.fullmatch(r"[\w.:/-]+", name)
    quote = "'" if '"' in name else '"'
    return f"{name}=VALUE" if plain else f"{quote}{name}=VALUE{quote}"


@dataclass(frozen=True)
class Read:
    """What a scheduler of another project means."""

    values: Mapping[str, Schedule] = field(default_factory=dict)
    """The schedule of each value that it writes: "lr", "momentum"."""
    rule: Rule | None = None
    """The rule that scales the rate, where the scheduler follows a metric."""
    differences: tuple[str, ...] = ()
    """What is not the same there, in sentences."""
    epochs: str = ""
    """Where its steps are epochs and not updates, the sentence that says why."""

    def saying(self, *more: str) -> Read:
        """The same, with more sentences on what is not the same there; empty ones are left out."""
        return replace(self, differences=(*self.differences, *filter(None, more)))

    @property
    def schedule(self) -> Schedule:
        """The schedule of the rate.

        Raises:
            GradatimError: If it writes other values alone, or only a rule.
        """
        if "lr" in self.values:
            return self.values["lr"]
        if self.values:
            raise GradatimError(f"convert: it writes {', '.join(self.values)} and no rate.")
        raise GradatimError(
            "convert: it scales the rate that the optimizer has. Write --lr, such as --lr 0.1."
        )


def beside(read: Read) -> list[str]:
    """What else the scheduler does, beside its schedule of the rate."""
    said = [
        f"It drives {name} too: {name}={schedule!r}"
        for name, schedule in read.values.items()
        if name != "lr"
    ]
    if read.rule is not None:
        said.append(f"It scales the rate by a metric: rule={read.rule!r}")
    return said


@dataclass(frozen=True)
class Given:
    """What the user adds to a file, by the options of ``gradatim convert``."""

    lr: float | None = None
    """The rate of the optimizer, for schedulers that multiply it."""
    steps: int | None = None
    """The updates of the run."""
    every: int | None = None
    """The updates of an epoch, for schedulers that count epochs."""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    """The values of names and keys that the file does not set, as it writes them: "args.epochs"."""

    used: set[str] = field(default_factory=set)
    """The names that were asked for, of those that the user gave."""

    @property
    def epochs(self) -> int | None:
        """The epochs of the run, the last of them begun, if that is known."""
        return -(-self.steps // self.every) if self.steps and self.every else None

    def value(self, name: str) -> Scalar:
        """The value of a name that the file does not set.

        Raises:
            Missing: If the user gave none.
        """
        if name not in self.values:
            raise Missing({name: "is not set in the file"})
        self.used.add(name)
        return self.values[name]


@dataclass(frozen=True)
class Found:
    """One scheduler in a file."""

    line: int
    """The line where it begins, from 1."""
    project: str
    """The project whose scheduler it is."""
    text: str
    """How it is written there, in one line."""
    read: Callable[[Given], Read]
    """What it means. Raises GradatimError if a value is missing or it has no form here."""
    holds: Callable[[Given], bool | None] = lambda given: None
    """Whether the conditions under which it is made are known to hold, or known not to."""

"""A scheduler found in a file: where it stands, and how it is read with what the user adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradatim.core.build import Scalar
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError


@dataclass(frozen=True)
class Read:
    """What a scheduler of another project means."""

    values: Mapping[str, Schedule] = field(default_factory=dict)
    """The schedule of each value that it writes: "lr", "momentum"."""
    rule: Rule | None = None
    """The rule that scales the rate, where the scheduler follows a metric."""
    differences: tuple[str, ...] = ()
    """What is not the same there, in sentences."""

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


@dataclass(frozen=True)
class Given:
    """What the user adds to a file, by the options of ``gradatim convert``."""

    lr: float | None = None
    """The rate of the optimizer, for schedulers that multiply it."""
    steps: int | None = None
    """The updates of the run."""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    """The values of names and keys that the file does not set, as it writes them: "args.epochs"."""

    def value(self, name: str) -> Scalar:
        """The value of a name that the file does not set.

        Raises:
            GradatimError: If the user gave none.
        """
        if name not in self.values:
            raise GradatimError(f"{name} is not set in the file. Write --set {name}=VALUE.")
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

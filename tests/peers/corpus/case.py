"""One case of the corpus: an input, the options that it needs, and the values of its original."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from tests.peers.corpus.surroundings import surrounded

HERE = Path(__file__).parent
HELD_OUT = HERE / "held_out"
Number = float | int | str | bool
Values = Callable[[], list[float]]
_HEADER = re.compile(r"^======== (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A hit of a query of QUERIES.md.

    Its input is the part of ``inputs/QUERY.txt`` under a line ``======== HIT.SUFFIX``.
    """

    hit: str
    """The query and the hit: "q03.2"."""
    source: str
    """Where the original is: its number in the index that was searched, or repository and path."""
    right: Values | None
    """The values of the original from step 0 on; None if no option can make it readable."""
    asks: tuple[str, ...] = ()
    """Names of which a refusal of it as pasted has to mention one; () if nothing is missing."""
    given: Mapping[str, Number] = field(default_factory=dict)
    """--set NAME=VALUE."""
    lr: float | None = None
    steps: int | None = None
    every: int | None = None
    at: str = ""
    """Words of the line that --at names, where a file has several schedulers."""
    pasted: bool = False
    """Whether it is an excerpt, rather than a whole file."""
    epochs: bool = False
    """Whether the scheduler is stepped once an epoch, which a sentence has to say."""
    may_ask: bool = False
    """Whether it is right as well to ask for a default of the file that a caller could change."""
    size: int = 0
    """Characters of neutral code to put around the input, for files as large as the original."""
    since: int = 0
    """The first step that is compared: 1 where the first update runs at another rate there."""
    in_updates: bool = False
    """Whether ``right`` counts updates although ``every`` is given."""
    project: str | None = None
    """--from, for a format that its text alone does not show."""
    says: str = ""
    """Words that have to be said beside the schedule: where the values there differ by them."""

    @property
    def query(self) -> str:
        return self.hit.partition(".")[0]

    @property
    def needs_options(self) -> bool:
        return bool(self.given or self.lr or self.steps or self.every or self.at or self.project)

    def input(self) -> tuple[str, str]:
        """Its name and its text."""
        folder = HELD_OUT if self.query.startswith("h") else HERE
        name, text = _inputs(folder / "inputs" / f"{self.query}.txt")[self.hit.partition(".")[2]]
        return name, surrounded(text, self.size) if self.size else text

    def line(self, text: str) -> int | None:
        """The number of the line that --at names."""
        if not self.at:
            return None
        return text[: text.index(self.at) + len(self.at)].count("\n") + 1


def _inputs(file: Path) -> dict[str, tuple[str, str]]:
    parts = _HEADER.split(file.read_text(encoding="utf-8"))[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name.partition(".")[0]: (name, text.removeprefix("\n")) for name, text in pairs}


def cases(held_out: bool = False) -> Iterator[Case]:
    """All cases of the first list of queries, or of the second, in their order."""
    package = "tests.peers.corpus.held_out" if held_out else "tests.peers.corpus"
    folder = HELD_OUT if held_out else HERE
    for file in sorted((folder / "cases").glob("[qh]*.py")):
        yield from import_module(f"{package}.cases.{file.stem}").CASES

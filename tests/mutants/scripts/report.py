"""What the tests killed, by file and by folder, and what survived with or without a reason."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from math import sqrt
from pathlib import Path

from verdicts import KILLED, NAMES, TIMEOUT, Verdicts

from changes import Change, change_of

LISTED = Path(__file__).parents[1] / "survivors.toml"


def print_report(verdicts: Verdicts) -> None:
    """Print the survivors that have no reason yet, and the figures."""
    known = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    changes = {
        Change(one["file"], one["function"], one["was"], one["now"]) for one in known["survivor"]
    }
    kinds = [re.compile(one["pattern"]) for one in known["kind"]]
    at_import = {(one["file"], name) for one in known["at_import"] for name in one["functions"]}
    listed = 0
    for path, mutant in verdicts.survivors():
        change = change_of(mutant, path)
        if (
            change in changes
            or (change.file, change.function) in at_import
            or any(_is_of_kind(change, kind) for kind in kinds)
        ):
            listed += 1
            continue
        print(f"{mutant}\n{_marked('-', change.was)}\n{_marked('+', change.now)}\n")
    print(f"{'':40}" + "".join(f"{name:>10}" for name in NAMES.values()) + "     score")
    folders: dict[str, Counter[int]] = {}
    for path, codes in verdicts.by_file().items():
        print(_line("/".join(path.parts[2:]), codes))
        folders.setdefault(path.parts[2], Counter()).update(codes)
    for folder, codes in folders.items():
        print(_line(folder, codes))
    print(summary(verdicts))
    print(f"{listed} of the survivors are listed with a reason in {LISTED.name}")
    # The worst folder, for docs/reliability.md.
    print(f"killed: {int(100 * min(map(_killed, folders.values()), default=0.0))} %")


def _is_of_kind(change: Change, pattern: re.Pattern[str]) -> bool:
    return pattern.sub("", change.was) == pattern.sub("", change.now)


def summary(verdicts: Verdicts) -> str:
    """The figures of all files, with the interval of a sample."""
    codes = sum(verdicts.by_file().values(), Counter())
    low, high = interval(codes[KILLED] + codes[TIMEOUT], codes.total())
    return (
        f"{_line('all', codes)}  {codes.total()} of {verdicts.total} mutants judged, "
        f"95%: {low:.1%} to {high:.1%}"
    )


def _line(name: str, codes: Counter[int]) -> str:
    return f"{name:40}{''.join(f'{codes[code]:10d}' for code in NAMES)}{_killed(codes):10.1%}"


def _killed(codes: Counter[int]) -> float:
    return (codes[KILLED] + codes[TIMEOUT]) / max(codes.total(), 1)


def _marked(sign: str, lines: str) -> str:
    return "\n".join(f"  {sign} {line}" for line in lines.splitlines())


def interval(hits: int, of: int) -> tuple[float, float]:
    """The interval of Wilson, in which the true share of a sample lies with 95% confidence."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / 2 / of) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / 4 / of / of) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)

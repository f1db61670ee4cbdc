"""Files of other projects for the command: read, searched for schedulers, and one chosen."""

from __future__ import annotations

import ast
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gradatim.cli._plans import read_stdin
from gradatim.core.build import Scalar
from gradatim.core.run.run import Run
from gradatim.core.syntax_trees import NOT_PYTHON
from gradatim.core.utf8 import as_utf8
from gradatim.errors import GradatimError, shown, unknown_name
from gradatim.peers import SUFFIXES, Found, Given, Read, find, nothing_found

_LARGEST = 8_000_000
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist"}
_MOST_SHOWN = 6
_ABOUT_RATES = re.compile(r"sched|lr|learning.?rate|warm.?up|decay", re.IGNORECASE)


class Input(NamedTuple):
    """One file, or text, that is searched."""

    name: str
    """Its path; "-" for stdin, "" for a text of the command line."""
    text: str
    in_folder: bool = False
    """Whether it was found in a folder, and not named itself."""

    def where(self, line: int) -> str:
        """A line of it, as "train.py:88"."""
        return f"{self.name or 'line'}{':' if self.name else ' '}{line}"


class Place(NamedTuple):
    """A scheduler and the file that it is in."""

    source: Input
    found: Found

    def __str__(self) -> str:
        line = self.source.where(self.found.line)
        return f"{line} {self.found.project} {as_utf8(self.found.text)}"


def inputs(given: Sequence[str]) -> Iterator[Input | GradatimError]:
    """The files and texts that are given; in place of a file of a folder, why it is not read.

    Raises:
        GradatimError: If one that is named itself cannot be read.
    """
    for name in given:
        if name == "-":
            yield Input("-", read_stdin())
        elif os.path.isdir(name):
            yield from _in_folder(Path(name))
        elif _is_there(name):
            yield Input(name, read_text(name))
        elif any(sign in name for sign in "({:=") or name.lstrip().startswith("--"):
            yield Input("", name)  # all code and settings have one of these characters
        else:
            raise GradatimError(f"convert: {shown(name)} is no file, and no code or settings.")


def _is_there(name: str) -> bool:
    """Whether there is something of this name, though perhaps in a folder that may not be read."""
    try:
        os.stat(name)
    except PermissionError:
        return True
    except (OSError, ValueError):  # also of a text that is no name
        return False
    return True


def _in_folder(folder: Path) -> Iterator[Input | GradatimError]:
    unread: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unread.append):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        for file in sorted(files):
            if file.lower().endswith(SUFFIXES):
                path = Path(parent, file)
                try:
                    yield Input(str(path), read_text(path), True)
                except GradatimError as error:
                    yield error
    for failure in unread:
        yield GradatimError(f"convert: {failure.filename} cannot be read: {failure.strerror}.")


def read_text(name: str | Path) -> str:
    """The text of a file.

    Raises:
        GradatimError: If it cannot be read, is too large, or is not UTF-8.
    """
    path = Path(name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise GradatimError(f"convert: {path}: not a file.")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise GradatimError(f"convert: {path}: more than {_LARGEST} bytes, which is not read.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GradatimError(
            f"convert: {path}: not UTF-8 text, at byte {error.start + 1}."
        ) from None
    except GradatimError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GradatimError(f"convert: {path} cannot be read: {reason}.") from None


class Searched(NamedTuple):
    """What a search has found."""

    places: list[Place]
    unread: list[str]
    """Why files of a folder were not read."""


def search(given: Sequence[str], project: str | None) -> Searched:
    """The schedulers in some files, in order.

    Raises:
        GradatimError: If there are none, or a file that is named itself cannot be read.
    """
    places: list[Place] = []
    unread: list[str] = []
    last: Input | GradatimError | None = None
    files = 0
    for source in inputs(given):  # one at a time: a folder may hold more than fits into memory
        last, files = source, files + 1
        try:
            if isinstance(source, GradatimError):
                raise source
            if source.in_folder and not _ABOUT_RATES.search(source.text):
                continue
            found = find(source.text, name=source.name, source=project)
        except GradatimError as error:
            sentence = _after(str(error), source)
            if isinstance(source, Input) and not source.in_folder:
                raise GradatimError(sentence) from None
            unread.append(sentence)
            continue
        places += [Place(source, one) for one in found]
    if not places and files == 1 and isinstance(last, Input):
        raise _nothing_in(last, project)
    if not files:
        names = ", ".join(map(shown, given))
        raise GradatimError(f"convert: {names} has no file that ends in {', '.join(SUFFIXES)}.")
    if not places and len(unread) == files:
        raise GradatimError(unread[0])
    if not places:
        raise GradatimError(f"convert: there is no scheduler that is known in these {files} files.")
    return Searched(places, unread)


def _nothing_in(source: Input, project: str | None) -> GradatimError:
    return GradatimError(_after(str(nothing_found(source.text, source.name, project)), source))


def _after(sentence: str, source: Input | GradatimError) -> str:
    sentence = sentence.removeprefix("convert: ")
    name = f"{source.name}: " if isinstance(source, Input) and source.name else ""
    return f"convert: {name}{sentence}"


def choose(places: Sequence[Place], at: str | None, given: Given) -> Place:
    """The scheduler that is read: the one at a line, or else the only one.

    Raises:
        GradatimError: If there are several; it lists them.
    """
    chosen = list(places)
    if at is not None:
        file, _, line = at.rpartition(":")
        chosen = [
            place
            for place in places
            if str(place.found.line) == line and (not file or place.source.name == file)
        ]
        if not chosen:
            raise unknown_name("--at", "line of a scheduler", at, _lines(places))
    if len(chosen) > 1:
        chosen = [place for place in chosen if place.found.holds(given) is not False] or chosen
    if len(chosen) > 1 and len({(place.source.name, place.found.line) for place in chosen}) == 1:
        read_place(chosen[0], given)  # asks for what decides between commands of one line
    if len(chosen) > 1 and not _are_alike(chosen, given):
        listed = "; ".join(str(place) for place in chosen[:_MOST_SHOWN])
        more = f"; and {len(chosen) - _MOST_SHOWN} more" if len(chosen) > _MOST_SHOWN else ""
        raise GradatimError(
            f"convert: there are {len(chosen)} schedulers: {listed}{more}. Choose one by its line, "
            f"such as --at {_lines(chosen)[0]}."
        )
    return chosen[0]


def _are_alike(places: Sequence[Place], given: Given) -> bool:
    """Whether a few schedulers of one file are all the same, such as in two branches."""
    if len(places) > _MOST_SHOWN or len({place.source.name for place in places}) > 1:
        return False
    try:
        first, *others = [place.found.read(given) for place in places]
    except GradatimError:
        return False
    mine = (first.values, first.rule, first.epochs != "")
    return all((one.values, one.rule, one.epochs != "") == mine for one in others)


def _lines(places: Sequence[Place]) -> list[str]:
    if len({place.source.name for place in places}) < 2:
        return [str(place.found.line) for place in places]
    return [f"{place.source.name}:{place.found.line}" for place in places]


def read_place(place: Place, given: Given) -> Read:
    """What a scheduler means, with the file and the line in its errors.

    Raises:
        GradatimError: If it cannot be read.
    """
    try:
        read = place.found.read(given)
        _ = read.schedule
    except GradatimError as error:
        sentence = str(error).removeprefix("convert: ")
        where = f"{place.source.where(place.found.line)}: " if place.source.name else ""
        raise GradatimError(f"convert: {where}{sentence}") from None
    unused = [name for name in given.values if name not in given.used]
    if unused and all(_is_in(place.source.text, name) for name in unused):
        said = f"--set {', '.join(unused)} changes nothing: this schedule does not depend on it."
        return read.saying(said)
    if unused:
        raise GradatimError(
            f"--set: {', '.join(unused)} is not asked for by {place}. Write names as the file does."
        )
    return read


def _is_in(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None


def values(settings: Sequence[str]) -> dict[str, Scalar]:
    """The values of ``--set NAME=VALUE``.

    >>> values(["args.epochs=100", "args.sched=cosine", "len(loader)=391"])
    {'args.epochs': 100, 'args.sched': 'cosine', 'len(loader)': 391}

    Raises:
        GradatimError: If one has no name or no value.
    """
    found: dict[str, Scalar] = {}
    for setting in settings:
        name, equals, value = setting.rpartition("=")
        if not equals or not name.strip():
            raise GradatimError(
                f"--set: {shown(setting)} has no value. Write --set args.epochs=100."
            )
        if name.strip() in found:
            raise GradatimError(f"--set: {name.strip()} is given twice.")
        found[name.strip()] = _scalar(value.strip())
    return found


def _scalar(text: str) -> Scalar:
    """A number, a boolean or None as it is written in Python or YAML; else the text."""
    known: dict[str, Scalar] = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in known:
        return known[text.lower()]
    try:
        value = ast.literal_eval(text)
    except NOT_PYTHON:
        return text
    return value if isinstance(value, str | int | float | bool) else text


class Size(NamedTuple):
    """The updates of the run and of an epoch, where they are known."""

    steps: int | None
    every: int | None


def size(run: str | None, steps: int | None, every: int | None) -> Size:
    """The size of the run: from ``--run samples=50000,batch=128,epochs=90``, or as given.

    Raises:
        GradatimError: If it is given twice, or the run is not one.
    """
    for option, number in (("--steps", steps), ("--every", every)):
        if number is not None and number < 1:
            raise GradatimError(f"{option}: it must be 1 or more, got {number}.")
    if run is None:
        return Size(steps, every)
    arguments = values([part for part in run.split(",") if part.strip()])
    fields: dict[str, Any] = dict(arguments)
    try:
        made = Run(**fields)
    except GradatimError as error:
        hint = "Write --run samples=50000,batch=128,epochs=90."
        raise GradatimError(f"--run: {error} {hint}") from None
    epoch = made.resolve("1 epoch") if made.samples and made.batch else None
    return Size(made.steps if steps is None else steps, epoch if every is None else every)

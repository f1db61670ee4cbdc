"""The rows of a log by its format, each number as it is written, so that its digits are known."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from gradatim.core.json_objects import no_key_twice
from gradatim.core.paths import refuse_irregular
from gradatim.errors import GradatimError
from gradatim.logs import tfevents

Row: TypeAlias = tuple[int, Mapping[str, Any]]
"""Where it is in the file, from 1, and its cells: texts, numbers, or what JSON has."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|[-+]?inf"
_TEXT_STEP = re.compile(
    r"\b(?:global[_ ]?step|iteration|iter|step|update)s?\b\D{0,3}?\s*(\d+)", re.I
)
_TEXT_RATE = re.compile(
    rf"(?<![\w/.-])([\w/.-]*(?:\blr|_lr|learning[ _]rate)[\w/.-]*)['\"]?\s*[:=]?\s*({_NUMBER})\b",
    re.I,
)
_MLFLOW = re.compile(rf"\d{{10,}} (?:{_NUMBER}) \d+")
_BEGIN = 4096


class Rows(NamedTuple):
    """The rows of a log."""

    place: str
    """What the numbers of the rows count: "line", "row" or "record"."""
    rows: Iterator[Row]


class Written(str):
    """A number of a JSON file, as it is written there."""

    __slots__ = ()


def rows_of(path: Path) -> Rows:
    """The rows of a log, read one by one.

    The format follows from the name: ``.csv``; ``.jsonl``, ``.ndjson``; ``.json``, that is
    ``trainer_state.json`` or a list of objects; TensorBoard event files and their folders. Any
    other file is a metric file of MLflow, JSON lines, or text, by its first line.

    Raises:
        GradatimError: If the file is missing or binary, or a pipe, which can be read only once.
    """
    if path.is_dir() or ".tfevents." in path.name:
        return Rows("record", _events(path))
    refuse_irregular(str(path), str(path))
    first = _first_line(path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return Rows("line", _csv(path))
    if suffix == ".json":
        return Rows("row", _json(path))
    if suffix in (".jsonl", ".ndjson") or first.startswith("{"):
        return Rows("line", _json_lines(path))
    read: Callable[[Path], Iterator[Row]] = _mlflow if _MLFLOW.fullmatch(first) else _text
    return Rows("line", read(path))


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(_BEGIN)
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise GradatimError(f"{path}: it is UTF-16 text. Save it as UTF-8.")
    if b"\0" in begin:
        raise GradatimError(
            f"{path}: it is a binary file, and no TensorBoard event file by its name, which has "
            '".tfevents." in it.'
        )
    lines = begin.decode("utf-8-sig", "replace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "")


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        names = [name for name in reader.fieldnames or () if name]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise GradatimError(f"{path}, line 1: the column {twice!r} comes twice.")
        for row in reader:
            yield reader.line_num, {key: cell for key, cell in row.items() if key is not None}


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=no_key_twice,
        parse_float=Written,
        parse_int=Written,
        parse_constant=Written,
    )


def _json_lines(path: Path) -> Iterator[Row]:
    decode = _decoder().decode
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = decode(line)
            except (ValueError, RecursionError) as error:
                if not line.endswith("\n"):
                    raise GradatimError(
                        f"{path}, line {number}: it is cut off, as by a run that was killed. "
                        "Delete that last line."
                    ) from None
                raise GradatimError(f"{path}, line {number}: it is no JSON: {error}.") from None
            if isinstance(row, dict):
                yield number, row


def _json(path: Path) -> Iterator[Row]:
    content = _decoder().decode(path.read_text(encoding="utf-8-sig"))
    rows = content.get("log_history") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise GradatimError(f"{path}: it is neither a list of objects nor has it a log_history.")
    yield from ((i, row) for i, row in enumerate(rows, start=1) if isinstance(row, dict))


def _mlflow(path: Path) -> Iterator[Row]:
    """Lines of "timestamp value step"; the file has the name of the metric."""
    folders = path.parts
    after = len(folders) - folders[::-1].index("metrics") if "metrics" in folders else -1
    name = "/".join(folders[after:])
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            if not _MLFLOW.fullmatch(line.strip()):
                raise GradatimError(
                    f"{path}, line {number}: a metric file of MLflow has lines of "
                    '"timestamp value step".'
                )
            _, value, step = line.split()
            yield number, {"step": step, name: value}


def _text(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            step = _TEXT_STEP.search(line)
            rates = _TEXT_RATE.findall(line) if step else ()
            if step and rates:
                yield number, {"step": step[1], **dict(rates)}


def _events(path: Path) -> Iterator[Row]:
    for number, (step, tag, value) in enumerate(tfevents.read_scalars(path), start=1):
        yield number, {"step": step, tag: value}

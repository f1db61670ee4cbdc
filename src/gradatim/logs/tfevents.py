"""Reads the scalars in a TensorBoard event file, without TensorBoard.

A file is a sequence of records: a length (8 bytes), its checksum (4), an Event as a protocol
buffer, its checksum (4). Of an Event only the step (field 2) and the summary (field 5) matter; of a
summary its values (field 1), each with a tag (1) and either a simple value (2) or a tensor (8).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_FLOAT, _DOUBLE = 1, 2  # TensorFlow's codes for the types of a tensor
Field = tuple[int, int | bytes]


def read_scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Step, tag and value of each scalar in a file, or in every event file of a folder.

    An incomplete last record, as in a log that is still being written, is ignored.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If it is not an event file.
    """
    files = sorted(path.rglob("*.tfevents.*")) if path.is_dir() else [path]
    for file in files:
        for record in _records(file.read_bytes()):
            yield from _scalars_of_event(record)


def _records(data: bytes) -> Iterator[bytes]:
    place = 0
    while place + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        begin, place = place + 12, place + 12 + length + 4
        if place > len(data):
            if begin == 12:
                raise ValueError("it does not begin with a whole record")
            return
        yield data[begin : begin + length]


def _scalars_of_event(record: bytes) -> Iterator[tuple[int, str, float]]:
    step, summary = 0, b""
    for number, value in _fields(record):
        if number == 2 and isinstance(value, int):
            step = value
        elif number == 5 and isinstance(value, bytes):
            summary = value
    for number, value in _fields(summary):
        if number == 1 and isinstance(value, bytes):
            tag, scalar = _tag_and_scalar(value)
            if scalar is not None:
                yield step, tag, scalar


def _tag_and_scalar(message: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, value in _fields(message):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, bytes):
            (scalar,) = struct.unpack("<f", value)
        elif number == 8 and isinstance(value, bytes):
            scalar = _number_of_tensor(value)
    return tag, scalar


def _number_of_tensor(message: bytes) -> float | None:
    """The number in a tensor of one: as float_val (5), double_val (6) or raw content (4)."""
    kind, data = _FLOAT, b""
    for number, value in _fields(message):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number in (4, 5, 6) and isinstance(value, bytes):
            data = value
    form = {_FLOAT: "<f", _DOUBLE: "<d"}.get(kind)
    if form is None or len(data) != struct.calcsize(form):
        return None
    return float(struct.unpack(form, data)[0])


def _fields(message: bytes) -> Iterator[Field]:
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == 2:
            length, place = _varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of kind {kind} at byte {place}")
        if place + length > len(message):
            raise ValueError("a field that ends after its message")
        yield key >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError("a number without an end")

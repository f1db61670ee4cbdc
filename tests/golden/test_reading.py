"""The comparison reports every difference above the allowed ulps."""

import math

import pytest

from tests.golden.reading import Reading, compared
from tests.golden.scripts.plain import plain

STORED = {"a": [0.1, 0.0], "b": 3}
UNIT = math.ulp(0.1)

FOUND = {
    "the same": (STORED, 0, 0),
    "one unit more": ({"a": [0.1 + UNIT, 0.0], "b": 3}, 1, 0),
    "one unit, where none is allowed": ({"a": [0.1 + UNIT, 0.0], "b": 3}, 0, 1),
    "two units more": ({"a": [0.1 + 2 * UNIT, 0.0], "b": 3}, 1, 1),
    "a zero of the other sign, bit for bit": ({"a": [0.1, -0.0], "b": 3}, 0, 1),
    "not a number, and another count": ({"a": [math.nan, 0.0], "b": 4}, 1, 2),
    "a float for a count": ({"a": [0.1, 0.0], "b": 3.0}, 1, 1),
    "true for one": ({"a": [0.1, 0.0], "b": True}, 1, 1),
    "a number missing": ({"a": [0.1], "b": 3}, 1, 1),
    "a key missing": ({"a": [0.1, 0.0]}, 1, 1),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_differs_is_seen(name):
    found, ulps, seen = FOUND[name]
    numbers, wrong = compared([Reading("file", "entry", "way", plain(STORED), lambda: found)], ulps)
    assert len(wrong) == seen, wrong
    assert numbers <= 3


def test_what_cannot_be_read_is_seen():
    def fails():
        raise RuntimeError("no such class")

    reading = Reading("file", "entry", "way", plain(STORED), fails)
    assert compared([reading], 1) == (0, ["file, entry, way: RuntimeError: no such class"])

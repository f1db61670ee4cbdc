"""Expressions parsed in several threads at once, which CPython's own parser may not bear."""

from concurrent.futures import ThreadPoolExecutor

from gradatim import Table
from gradatim.core.text import parse


def test_several_threads_parse_at_once():
    points = tuple((10 * k, k / 7) for k in range(400))
    text = f"Table({list(points)!r}, 'hold')"
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(parse, [text] * 60)) == {Table(points, "hold")}

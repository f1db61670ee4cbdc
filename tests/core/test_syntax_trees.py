"""Expressions parsed in several threads at once, which CPython's own parser may not bear."""

import ast
import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradatim import Table
from gradatim.core.syntax_trees import module_of
from gradatim.core.text import parse


@pytest.fixture
def many_switches():
    """Threads that take turns wherever Python code runs, also in the middle of a parse."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)

    def collected(phase, info):
        for _ in range(50):
            pass

    gc.callbacks.append(collected)
    yield
    gc.callbacks.remove(collected)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def test_several_threads_parse_at_once(many_switches):
    points = tuple((10 * k, k / 7) for k in range(400))
    text = f"Table({list(points)!r}, 'hold')"
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(parse, [text] * 40)) == {Table(points, "hold")}


def test_several_threads_parse_modules_at_once(many_switches):
    text = "\n".join(f"x{k} = [{k}, (-{k}, {{}})]" for k in range(400))
    with ThreadPoolExecutor(4) as threads:
        trees = list(threads.map(module_of, [text] * 40))
    assert {ast.unparse(tree) for tree in trees} == {text}

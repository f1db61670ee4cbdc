"""Whatever a plan file holds, it is a plan or a clean error, soon."""

import resource
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim import GradatimError
from gradatim.drive import Plan
from gradatim.plans.plan import FORMATS, read_plan
from gradatim.plans.tree import LARGEST
from tests.counting import LONG
from tests.plans.strategies import GOOD, PLANS, as_json, mutated, replaced

ENDINGS = [".yaml", ".json", ".toml"]


def read_or_refuse(text: str, ending: str, again: bool = False) -> str:
    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        plan = read_plan(text, ending)
    except GradatimError as error:
        said = str(error)
        assert said
        assert len(said) < 2000
        assert "Traceback" not in said
    else:
        assert isinstance(plan, Plan)
        said = ""
    if time.process_time() - begun > 1.0:
        # Python may have collected the garbage of other tests meanwhile, but not twice.
        assert not again, f"takes {time.process_time() - begun} s"
        read_or_refuse(text, ending, again=True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    return said


def any_text(ending: str) -> st.SearchStrategy[str]:
    texts = [
        mutated(ending),
        replaced(ending),
        replaced(ending),
        st.text(),
        st.binary(max_size=400).map(decoded),
    ]
    if ending != ".toml":
        texts += [PLANS.map(as_json)] * 3
    return st.one_of(texts)


def decoded(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


@pytest.mark.parametrize("ending", GOOD)
def test_what_the_search_starts_from_is_a_plan(ending):
    assert read_or_refuse(GOOD[ending], ending) == ""
    assert ending in FORMATS


@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_any_text_is_a_plan_or_a_clean_error(ending, data):
    read_or_refuse(data.draw(any_text(ending)), ending)


@pytest.mark.long
@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@settings(max_examples=LONG["R11"], suppress_health_check=list(HealthCheck))
def test_any_text_is_a_plan_or_a_clean_error_in_the_long_search(ending, data):
    read_or_refuse(data.draw(any_text(ending)), ending)


FILLERS = [
    "a: 1\n",
    "[",
    "]",
    "{",
    '"',
    "'",
    "x",
    "9",
    " ",
    "\n",
    "a.",
    "a = 1\n",
    "#\n",
    "- ",
    "&a ",
    "|\n",
    "\\",
    "- - ",
    "a: {b: [",
    '"a":',
    "\t",
    "[[a]]\n",
    "1e",
    ":",
    "'a'.",
    '"a".',
    "- |\n  a\n",
    "? a\n",
    "!a ",
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_largest_files_are_refused_soon(ending):
    for filler in FILLERS:
        for start in ("", "format: 1\nschedules: ", "a = "):
            assert read_or_refuse((start + filler * LARGEST)[:LARGEST], ending)


@pytest.mark.long
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_largest_files_take_little_memory(ending):
    tracemalloc.start()
    try:
        for filler in FILLERS:
            tracemalloc.reset_peak()
            with pytest.raises(GradatimError):
                read_plan((filler * LARGEST)[:LARGEST], ending)
            assert tracemalloc.get_traced_memory()[1] < 100e6, repr(filler)
    finally:
        tracemalloc.stop()

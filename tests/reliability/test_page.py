"""The page of reliability is what the last results say, and says no more."""

import re

import pytest

from tests.reliability.measure import ROOT, Result, counts_in, results
from tests.reliability.page import PAGE, rendered, table
from tests.reliability.rows import ROWS, Row

ROW = Row("R0", "It holds.", 100, "tries", "pytest", "By trying.", "The rest.")
RESULT = Result([60, 50], True, 7, "2026-01-01", {"python": "3"})


def test_the_page_is_rendered_from_the_results():
    assert PAGE.read_text(encoding="utf-8") == rendered(), "make reliability writes it"


def test_every_result_has_a_row_and_every_row_a_name_of_its_own():
    names = [row.name for row in ROWS]
    assert len({*names}) == len(names)
    assert {*results()} <= {*names}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_files_that_a_row_names_are_there(row):
    for path in re.findall(
        r"(tests/[\w/]+(?:\.py)?)", f"{row.command} {row.how} {row.not_covered}"
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    ("result", "row", "shown"),
    [
        (None, ROW, "**not measured yet**"),
        (RESULT, ROW, "| 110 |"),
        (RESULT._replace(held=False), ROW, "| **failed**, of 110 |"),
        (RESULT._replace(counts=[60]), ROW, "| 60, **short of the goal** |"),
        (RESULT._replace(counts=[]), ROW, "| 0, **short of the goal** |"),
        (RESULT, ROW._replace(each=True), "| 50 each, 110 in all, **short of the goal** |"),
    ],
)
def test_a_row_claims_what_was_counted_and_no_more(result, row, shown, monkeypatch):
    monkeypatch.setattr("tests.reliability.page.ROWS", (row,))
    assert shown in table({} if result is None else {"R0": result})


def test_counts_are_read_from_what_was_printed():
    assert counts_in(ROW, "counted: 12\n.counted: 30\n") == [12, 30]
    assert counts_in(ROW._replace(count=r"x()"), "x y x") == [1, 1]

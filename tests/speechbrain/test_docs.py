"""The examples of the migration guide run, and its table speaks of every class."""

import doctest
import inspect
from pathlib import Path

from tests.speechbrain.replaying import CLASSES

GUIDE = Path(__file__).parents[2] / "docs" / "speechbrain.md"


def test_the_examples_of_the_guide():
    result = doctest.testfile(str(GUIDE), module_relative=False)
    assert result.attempted > 8
    assert result.failed == 0


def test_the_old_number_is_one_argument_away_where_the_table_says_so():
    rows = [row for row in GUIDE.read_text().splitlines() if row.startswith("| `")]
    told = {name for row in rows if 'compat="1.1"' in row for name in CLASSES if f"`{name}`" in row}
    takes = {n for n, cls in CLASSES.items() if "compat" in inspect.signature(cls).parameters}
    assert told == takes
    assert {name for name in CLASSES if not any(f"`{name}`" in row for row in rows)} == {
        "LinearWarmupScheduler"  # has no fault
    }

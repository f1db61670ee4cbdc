"""What each update used, for files and loggers, also of values that joined later."""

import csv

import pytest

from gradatim import Constant, Driver, Linear, Plateau, Target

LINE = Linear(start=0.0, end=1.0, steps=4)
HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


def trained():
    """Two updates, a halving, a value more, two updates."""
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    driver.advance(2)
    driver.observe(1.0)
    driver.observe(1.0)
    driver.add(Target("lr", "late"), Constant(value=8.0))
    driver.advance(2)
    return driver


def test_a_value_that_joins_later():
    driver = trained()
    assert driver.applied == {"lr": 0.375, "lr/late": 4.0}
    assert driver.next == {"lr": 0.5, "lr/late": 4.0}
    assert list(driver.history("lr")) == [(0, 0.0), (1, 0.25), (2, 0.25), (3, 0.375)]
    assert list(driver.history("lr/late")) == [(2, 4.0), (3, 4.0)]


def test_a_value_that_joined_is_in_the_state():
    driver = trained()
    again = Driver({"lr": LINE, "lr/late": Constant(value=8.0)}, {"lr": HALVES})
    again.load(driver.state())
    assert again.next == driver.next


def test_a_table_of_all_updates(tmp_path):
    path = tmp_path / "history.csv"
    trained().save_history(path)
    assert list(csv.reader(path.read_text().splitlines())) == [
        ["position", "lr", "lr/late"],
        ["0", "0.0", ""],
        ["1", "0.25", ""],
        ["2", "0.25", "4.0"],
        ["3", "0.375", "4.0"],
    ]


def test_after_a_load_it_begins_there(tmp_path):
    driver = Driver({"lr": LINE})
    driver.load(Driver({"lr": LINE}).state() | {"position": 2, "tick": 2})
    driver.advance()
    driver.save_history(tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text() == "position,lr\n2,0.5\n"


def test_a_logger_hears_of_each_update_once():
    driver, heard = trained(), []

    def log(*said):
        heard.append(said)

    driver.log_history(log)
    assert heard == [
        ("lr", 0.0, 0),
        ("lr", 0.25, 1),
        ("lr", 0.25, 2),
        ("lr/late", 4.0, 2),
        ("lr", 0.375, 3),
        ("lr/late", 4.0, 3),
    ]
    heard.clear()
    driver.log_history(log)
    assert heard == []
    driver.advance()
    driver.log_history(log)
    assert heard == [("lr", 0.5, 4), ("lr/late", 4.0, 4)]


def test_a_logger_that_fails_hears_it_again():
    driver, heard = Driver({"lr": LINE}), []
    driver.advance(2)

    def fails(*said):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        driver.log_history(fails)
    driver.log_history(lambda *said: heard.append(said))
    assert heard == [("lr", 0.0, 0), ("lr", 0.25, 1)]


def test_the_history_is_that_of_the_rate_unless_another_value_is_named():
    driver = Driver({"weight_decay": 0.5, "lr": 0.25})
    driver.advance(2)
    assert list(driver.history()) == [(0, 0.25), (1, 0.25)]
    assert list(driver.history("weight_decay")) == [(0, 0.5), (1, 0.5)]

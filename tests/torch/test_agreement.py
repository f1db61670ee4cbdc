"""Rules under torch.distributed: real processes, each a rank, decide alike or fail alike."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler

SCRIPT = Path(__file__).parent / "scripts" / "agreement.py"


def ranks(scenario, world, folder):
    """What each rank has written, the exit codes, and the time it took."""
    program = [
        sys.executable,
        "-W",
        "error",
        SCRIPT,
        scenario,
        str(world),
        folder,
    ]
    begun = time.monotonic()
    done = subprocess.run(
        program,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    seconds = time.monotonic() - begun
    written = {}
    for rank in range(world):
        path = folder / f"{rank}.json"
        written[rank] = json.loads(path.read_text()) if path.exists() else None
    # Gloo of torch 2.9 prints lines of its own first.
    codes = json.loads(done.stdout.splitlines()[-1])
    return written, codes, seconds, done.stderr


@pytest.mark.parametrize("world", [2, 4])
def test_all_decide_on_the_mean(world, tmp_path):
    written, codes, _, errors = ranks("decisions", world, tmp_path)
    assert codes == [0] * world, errors
    first = written[0]
    rates = {name: found.get("lr") for name, found in first.items() if isinstance(found, dict)}
    assert rates == {
        "the same": 0.5,
        "the mean falls": 0.5 if world == 2 else 1.0,
        "the mean rises": 0.5,
        "one evaluates": 0.5,
        "another evaluates": 0.5,
        "none evaluates": None,
        "a NaN": None,
        "a NaN is let pass": 1.0,
        "infinities": None,
        "thirds": 0.5,
        "other positions": None,
    }
    assert "no rank gave a metric" in first["none evaluates"]["error"]
    assert "The metrics of the ranks, in order: nan, 1.0" in first["a NaN"]["error"]
    assert "inf, -inf" in first["infinities"]["error"]
    assert "rank 0: lr at position 1 with rules" in first["other positions"]["error"]
    assert first["keys left"] == world + 1  # of the last observation only
    for rank in range(1, world):
        assert without_times(written[rank]) == without_times(first)


def without_times(found):
    return {
        name: {key: value for key, value in entry.items() if key != "seconds"}
        for name, entry in found.items()
        if isinstance(entry, dict)
    }


def test_a_rank_that_stays_away_is_named_and_nothing_changes(tmp_path):
    written, codes, _, errors = ranks("away", 4, tmp_path)
    assert codes == [0] * 4, errors
    for rank in range(3):
        found = written[rank]["one is away"]
        assert "rank 3 did not observe anything within 5 seconds" in found["error"]
        assert found["seconds"] >= 5.0
        assert written[rank]["after"] == 1.0
    # It comes to what the others have left, and learns that it was missed.
    assert "rank 3 did not observe anything" in written[3]["one is away"]["error"]
    assert {written[rank]["together again"]["lr"] for rank in range(4)} == {0.5}


def test_what_is_no_number_on_one_rank_is_refused_on_all(tmp_path):
    written, codes, _, errors = ranks("wrong", 2, tmp_path)
    assert codes == [0, 0], errors
    for rank in range(2):
        assert "metric must be a number, got '2.0'" in written[rank]["wrong"]["error"]
        assert written[rank]["after"] == {"lr": 0.5}
    assert "on rank 0: " in written[1]["wrong"]["error"]


def test_ranks_wait_for_a_long_evaluation_as_long_as_they_are_told(tmp_path):
    written, codes, _, errors = ranks("late", 2, tmp_path)
    assert codes == [0, 0], errors
    assert [written[rank]["late"] for rank in range(2)] == [{"lr": 1.0}] * 2


def test_a_rank_that_forgets_ends_all_after_25_seconds(tmp_path):
    _, codes, seconds, errors = ranks("training", 4, tmp_path)
    assert 0 not in codes
    assert "rank 3 did not observe anything within 25 seconds" in errors
    # How much later depends on the machine; that they end at all is what `ranks` waits for.
    assert seconds > 25


@pytest.mark.parametrize(("scenario", "dead"), [("first killed", 0), ("last killed", 2)])
def test_a_rank_that_died_is_missed_by_the_others(scenario, dead, tmp_path):
    written, codes, _, errors = ranks(scenario, 3, tmp_path)
    assert codes[dead] == -9
    for rank in {0, 1, 2} - {dead}:
        assert codes[rank] == 0, errors
        assert "within 5 seconds" in written[rank]["killed"]["error"]


def test_alone_there_is_nobody_to_ask():
    import torch

    weight = torch.nn.Parameter(torch.zeros(1))
    rule = Plateau(mode="min", factor=0.5, patience=0)
    scheduler = Scheduler(torch.optim.SGD([weight]), lr=Constant(1.0), rule=rule)
    with pytest.raises(GradatimError, match="None is for a rank without a metric"):
        scheduler.observe(None)
    for seconds in (0, -1.0, float("inf"), float("nan"), "25", None, True):
        with pytest.raises(GradatimError, match="timeout must be a number of seconds above 0"):
            scheduler.observe(1.0, timeout=seconds)
    scheduler.observe(1.0)
    scheduler.observe(torch.tensor([2.0]))
    assert scheduler.next == {"lr": 0.5}

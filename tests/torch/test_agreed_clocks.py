"""Clocks under torch.distributed: real processes exchange real numbers, about scripted times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "scripts" / "clocks.py"


@pytest.fixture(scope="module", params=[2, 4])
def ranks(request, tmp_path_factory):
    """What each rank has written."""
    world, folder = request.param, tmp_path_factory.mktemp("ranks")
    subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, str(world), folder],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]


@pytest.mark.parametrize("trace", ["10 x 0.8", "13 x 1.0", "19 x 1.6"])
def test_all_ranks_have_the_same_ticks_and_the_same_last_update(ranks, trace):
    # One rank is late now and then, and each clock is an hour off the one before.
    first, *others = (rank[trace] for rank in ranks)
    for other in others:
        assert other["ticks"] == first["ticks"]
        assert other["rates"] == first["rates"]
    assert first["rates"][-1] <= max(0.005, 1.2 * first["last step over cooldown"])
    assert first["rates"] == sorted(first["rates"], reverse=True)


def test_tokens_that_differ_are_an_error_on_all_at_the_same_update(ranks):
    positions = {rank["counted"][0] for rank in ranks}
    assert len(positions) == 1
    for rank in ranks:
        assert "tokens and another one" in rank["counted"][1]

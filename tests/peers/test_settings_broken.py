"""Any settings are read or refused with a sentence: those of all projects, broken in many ways."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given
from tests.peers.test_composer_settings import MPT
from tests.peers.test_deepspeed_settings import CONFIG
from tests.peers.test_nemo_settings import CONFORMER
from tests.peers.test_settings import RECIPE
from tests.peers.test_targets import HYDRA, LIGHTNING
from tests.peers.test_trainer_files import AXOLOTL, TRL
from tests.searches import quick_and_wide

FILES = {
    "composer": MPT.format(warmup="100ba", duration="4800ba"),
    "deepspeed": json.dumps(CONFIG, indent=1),
    "nemo": CONFORMER,
    "speechbrain": RECIPE,
    "hydra": HYDRA,
    "lightning": LIGHTNING.format("step", 2),
    "axolotl": AXOLOTL + "lr_scheduler: rex\nwarmup_ratio: 0.1\n",
    "trl": TRL,
}
# What else may stand where a value or a key is expected.
ODD = ["", "0", "-1", "1e400", ".nan", "[1, 2]", "{a: 1}", "null", "true", "'auto'", "auto", "x"]
ODD += ["!ref <lr>", "${a.b}", "9999999999999999999999", "1e18", "0.5", "*a", "&a [1]", "???"]
GIVEN = [Given(), Given(lr=0.1, steps=100, every=10, values={"num_examples": 9, "world_size": 2})]


@pytest.mark.parametrize("project", FILES)
def test_the_files_as_they_are_have_a_scheduler(project: str):
    assert find(FILES[project], name="a.json" if project == "deepspeed" else "a.yaml")


@quick_and_wide
@given(
    project=st.sampled_from(sorted(FILES)),
    line=st.integers(0, 30),
    odd=st.sampled_from(ODD),
    whole=st.booleans(),
    drop=st.booleans(),
)
def test_a_file_with_any_value_changed_is_read_or_refused(
    search: str, project: str, line: int, odd: str, whole: bool, drop: bool
):
    lines = FILES[project].split("\n")
    line %= len(lines)
    key, colon, _ = lines[line].partition(":")
    last = "," if project == "deepspeed" and lines[line].endswith(",") else ""
    lines[line] = odd if whole else f"{key}{colon} {odd}{last}"
    if drop:
        del lines[line]
    name = "a.json" if project == "deepspeed" else "a.yaml"
    with suppress(GradatimError):
        for found in find("\n".join(lines), name=name):
            for user in GIVEN:
                with suppress(GradatimError):
                    read = found.read(user)
                    with suppress(GradatimError):
                        assert read.schedule(3) is not None


def test_the_log_of_a_long_run_is_found_in_time():
    log = [{"epoch": 0.1, "learning_rate": 1e-4, "loss": 2.5, "step": i} for i in range(20_000)]
    text = json.dumps({"global_step": 9, "log_history": log, "max_steps": 20_000}, indent=2)
    begun = time.process_time()
    (found,) = find(text, name="trainer_state.json")
    assert found.text == "log_history"
    assert time.process_time() - begun < 30

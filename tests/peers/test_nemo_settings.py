"""Settings of NeMo: the policy, the rate beside it, and the length of the run."""

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given

CONFORMER = """\
model:
  encoder: {d_model: 25}
  optim:
    name: adamw
    lr: 0.1
    sched:
      name: CosineAnnealing
      warmup_steps: 9
      warmup_ratio: null
      min_lr: 1e-6
trainer:
  max_steps: 60
"""


def test_the_length_of_the_run_is_that_of_the_trainer():
    (found,) = find(CONFORMER, name="conf/conformer.yaml")
    assert (found.line, found.project) == (6, "nemo")
    assert found.text == "CosineAnnealing(warmup_steps=9, warmup_ratio=None, min_lr=1e-06)"
    schedule = found.read(Given()).schedule
    assert [schedule(k) for k in (0, 9, 60, 99)] == pytest.approx([0.01, 0.1, 1e-6, 1e-6])
    own = CONFORMER.replace("      min_lr: 1e-6\n", "      min_lr: 1e-6\n      max_steps: 30\n")
    assert find(own, name="a.yaml")[0].read(Given()).schedule.length == 30
    changed = find(CONFORMER, name="a.yaml")[0].read(Given(steps=90))
    assert changed.schedule.length == 90
    assert "The file has max_steps=60, and this is for 90 updates." in changed.differences


def test_references_and_what_lightning_takes_stand_beside_the_arguments():
    text = CONFORMER.replace("CosineAnnealing", "NoamAnnealing").replace("max_steps: 60", "x: 1")
    text = text.replace(
        "min_lr: 1e-6", "d_model: ${model.encoder.d_model}\n      monitor: val_loss"
    )
    schedule = find(text, name="a.yaml")[0].read(Given()).schedule
    assert schedule(9) == pytest.approx(0.1 / 5 / 3)


def test_arguments_may_be_in_a_section_of_their_own_and_schedulers_of_torch():
    old = "optim: {lr: 0.1, sched: {name: WarmupAnnealing, max_steps: 50, args: {name: auto, "
    old += "params: {warmup_steps: 4}}}}"
    assert read(old, "nemo").schedule(4) == 0.1
    torch = "optim: {lr: 0.1, sched: {name: StepLR, step_size: 5}}"
    assert read(torch, "nemo").schedule == read("StepLR(o, 5)", "torch", lr=0.1).schedule


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_steps: 60", "max_epochs: 5", "max_steps is not in the file. Write --steps"),
        ("max_steps: 60", "max_steps: -1", "max_steps is not in the file. Write --steps"),
        ("max_steps: 60", "max_steps: ???", "--set trainer.max_steps=VALUE"),
        ("warmup_ratio: null", "warmup_ratio: 0.1", "warmup_steps and warmup_ratio exclude"),
        ("warmup_ratio: null", "warmup: 3", "unknown argument 'warmup'"),
        ("min_lr: 1e-6", "min_lr: 0.5", "min_lr must be at most the rate, 0.1"),
        ("warmup_steps: 9", "warmup_steps: 60", "max_steps leaves nothing for the decay"),
        ("    lr: 0.1\n", "", "Write --lr"),
    ],
)
def test_what_is_missing_or_contradicts_is_named(old: str, new: str, said: str):
    (found,) = find(CONFORMER.replace(old, new), name="a.yaml")
    with pytest.raises(GradatimError) as error:
        found.read(Given())
    assert said in str(error.value)

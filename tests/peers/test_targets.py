"""Schedulers that settings name by their class: Hydra, Lightning's command, HyperPyYAML."""

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given, Read

HYDRA = """\
_target_: src.models.Net
optimizer:
  _target_: torch.optim.Adam
  _partial_: true
  lr: ${optim.lr}
  weight_decay: 0.0
scheduler:
  _target_: torch.optim.lr_scheduler.CosineAnnealingLR
  _partial_: true
  T_max: ${trainer.max_epochs}
net: {_target_: src.Net, width: 3}
optim: {lr: 0.2}
"""
COSINE = "_target_: transformers.get_cosine_schedule_with_warmup"


def one(text: str, given: Given | None = None) -> Read:
    (found,) = find(text, name="config.yaml")
    return found.read(given or Given())


def code(text: str, lr: float) -> Read:
    return read(text, "torch", lr=lr)


def test_a_target_of_hydra_is_read_with_the_rate_of_the_optimizer_beside_it():
    (found,) = find(HYDRA, name="configs/model/net.yaml")
    assert (found.line, found.project) == (8, "torch")
    assert found.text == "CosineAnnealingLR(T_max=${trainer.max_epochs})"
    given = Given(values={"trainer.max_epochs": 10})
    assert found.read(given).schedule == code("CosineAnnealingLR(o, T_max=10)", 0.2).schedule
    with pytest.raises(GradatimError, match=r"Write --set trainer\.max_epochs=VALUE"):
        found.read(Given())


def test_how_often_it_is_stepped_is_read_or_said():
    given = Given(every=5, values={"trainer.max_epochs": 10})
    assert one(HYDRA, given).schedule(4) == 0.2
    assert "taken to be stepped" not in " ".join(one(HYDRA, given).differences)
    said = one(HYDRA, Given(values={"trainer.max_epochs": 10})).differences
    assert any("How often it is stepped is not in the file" in sentence for sentence in said)


LIGHTNING = """\
model:
  optimizer: {{class_path: torch.optim.Adam, init_args: {{lr: 0.2}}}}
  lr_scheduler:
    scheduler:
      _target_: torch.optim.lr_scheduler.StepLR
      step_size: 2
    interval: {}
    frequency: {}
"""


def test_the_interval_and_the_frequency_of_lightning_count():
    steps = one(LIGHTNING.format("step", 1)).schedule
    assert [steps(k) for k in (1, 2)] == pytest.approx([0.2, 0.02])
    fours = one(LIGHTNING.format("step", 4)).schedule
    assert [fours(k) for k in (7, 8)] == pytest.approx([0.2, 0.02])
    epochs = one(LIGHTNING.format("epoch", 1), Given(every=5)).schedule
    assert [epochs(k) for k in (9, 10)] == pytest.approx([0.2, 0.02])
    said = " ".join(one(LIGHTNING.format("epoch", 1)).differences)
    assert "Lightning steps it once an epoch. Its lengths are epochs. Write --every" in said
    with pytest.raises(GradatimError, match="interval must be 'step' or 'epoch'"):
        one(LIGHTNING.format("batch", 1))


def test_class_paths_of_lightnings_command_are_read():
    text = (
        "optimizer:\n  class_path: torch.optim.SGD\n  init_args:\n    lr: 0.2\n"
        "lr_scheduler:\n  class_path: lightning.pytorch.cli.ReduceLROnPlateau\n"
        "  init_args:\n    monitor: val_loss\n    patience: 3\n"
    )
    found = one(text)
    wanted = code("ReduceLROnPlateau(optimizer, patience=3)", 0.2)
    assert (found.rule, found.schedule) == (wanted.rule, wanted.schedule)


def test_schedulers_in_schedulers_are_one():
    text = (
        "lr_scheduler:\n"
        "  _target_: torch.optim.lr_scheduler.SequentialLR\n"
        "  schedulers:\n"
        "    - _target_: torch.optim.lr_scheduler.LinearLR\n"
        "      start_factor: 0.1\n"
        "    - _target_: torch.optim.lr_scheduler.ExponentialLR\n"
        "      gamma: 0.9\n"
        "  milestones: [5]\n"
    )
    wanted = "SequentialLR(o, [LinearLR(o, 0.1), ExponentialLR(o, 0.9)], [5])"
    assert one(text, Given(lr=0.1)).schedule == code(wanted, 0.1).schedule
    broken = text.replace("      gamma: 0.9\n", "").replace(
        "_target_: torch.optim.lr_scheduler.Exp", "x"
    )
    with pytest.raises(GradatimError, match="schedulers must be schedulers with a _target_"):
        one(broken, Given(lr=0.1))


def test_other_projects_and_tags_are_targets_too():
    text = f"s:\n  {COSINE}\n  num_warmup_steps: 5\n  num_training_steps: 50\n"
    assert one(text, Given(lr=0.1)).schedule(5) == 0.1
    assert one("s: {_target_: optax.constant_schedule, value: 0.3}").schedule(9) == 0.3
    tag = "s: !name:torch.optim.lr_scheduler.ExponentialLR\n  gamma: 0.5\n"
    optimizer = "opt: !name:torch.optim.AdamW\n  lr: 0.2\n"
    assert one(tag + optimizer).schedule(1) == pytest.approx(0.1)


def test_arguments_without_names_and_all_missing_ones_at_once():
    text = "s:\n  _target_: torch.optim.lr_scheduler.StepLR\n  _args_: [???, 30]\n  gamma: ${g}\n"
    with pytest.raises(GradatimError, match=r"--set s\.step_size=VALUE --set g=VALUE"):
        one(
            text.replace("???, 30", "???").replace("_args_: [???]", "step_size: ???"), Given(lr=0.1)
        )
    listed = "s:\n  _target_: transformers.get_constant_schedule_with_warmup\n  _args_: [x, 30]\n"
    assert one(listed, Given(lr=0.1)).schedule(30) == 0.1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s: {_target_: torch.optim.lr_scheduler.StepLr}", "Did you mean 'StepLR'?"),
        ("s: {_target_: torch.optim.lr_scheduler.StepLR, size: 3}", "unknown argument 'size'"),
        ("s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: 3}", "Write --lr"),
        (
            "s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: 3, _disabled_: true}",
            "line 1: _disabled_: True switches it off",
        ),
        (
            "s:\n  enabled: false\n  t: {_target_: torch.optim.lr_scheduler.StepLR, step_size: 3}",
            "line 2: enabled: False switches it off",
        ),
        (
            "s: {_target_: torch.optim.lr_scheduler.LambdaLR, lr_lambda: {_target_: own.f}}",
            "LambdaLR",
        ),
    ],
)
def test_targets_that_are_not_understood_are_refused(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        one(text)
    assert said in str(error.value)


def test_two_optimizers_of_different_rates_leave_the_rate_open():
    text = (
        "a: {_target_: torch.optim.Adam, lr: 0.1}\nb: {_target_: torch.optim.Adam, lr: 0.2}\n"
        "s: {_target_: torch.optim.lr_scheduler.StepLR, step_size: 3}\n"
    )
    with pytest.raises(GradatimError, match="Write --lr"):
        one(text)
    assert one(text.replace("0.2", "0.1")).schedule(0) == 0.1
    with pytest.raises(GradatimError, match="Write --lr"):
        one(text.replace("0.1", "[1, {a: 2}]"))

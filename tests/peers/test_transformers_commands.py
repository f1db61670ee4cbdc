"""Command lines of scripts with a Trainer, and of those that step through accelerate."""

import warnings

import pytest
import torch

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given, Missing, Read

with warnings.catch_warnings(action="ignore"):
    from transformers.optimization import get_scheduler


def only(text: str, **given: float) -> Read:
    (found,) = find(text, name="run.sh")
    assert found.project == "transformers"
    return found.read(Given(values=given))


def stepped(kind: str, warm: int, steps: int, processes: int, **more: float) -> list[float]:
    """The rates of the updates, as a prepared scheduler of accelerate is stepped."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    with warnings.catch_warnings(action="ignore"):
        scheduler = get_scheduler(
            kind, optimizer, warm * processes, steps * processes, scheduler_specific_kwargs=more
        )
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            for _ in range(processes):
                scheduler.step()
    return found


@pytest.mark.parametrize("processes", [1, 4])
@pytest.mark.parametrize("kind", ["linear", "cosine", "constant_with_warmup", "polynomial"])
def test_a_loop_with_accelerate(kind: str, processes: int):
    text = f"accelerate launch run_clm_no_trainer.py --learning_rate 0.5 --lr_scheduler_type {kind}"
    schedule = only(f"{text} --num_warmup_steps 5 --max_train_steps 40").schedule
    wanted = stepped(kind, 5, 40, processes)
    assert [schedule(k) for k in range(40)] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("flags", "kind", "more"),
    [
        ("cosine", "cosine", {}),
        ("cosine_with_restarts --lr_num_cycles 3", "cosine_with_restarts", {"num_cycles": 3}),
        ("polynomial --lr_power 2", "polynomial", {"power": 2.0}),
        ("constant", "constant", {}),
    ],
)
def test_scripts_of_diffusers(flags: str, kind: str, more: dict[str, float]):
    text = "accelerate launch train_dreambooth.py --learning_rate=0.5 --max_train_steps=40"
    schedule = only(f"{text} --lr_warmup_steps=6 --lr_scheduler {flags}").schedule
    wanted = stepped(kind, 6, 40, 1, **more)
    assert [schedule(k) for k in range(40)] == pytest.approx(wanted, rel=1e-12)


def test_the_rate_of_diffusers_times_the_batch():
    text = "python train_lora.py --learning_rate=0.5 --scale_lr --lr_scheduler constant "
    text += "--lr_warmup_steps 0 --train_batch_size 4 --gradient_accumulation_steps 2"
    assert only(text, world_size=3).schedule(0) == 0.5 * 4 * 2 * 3
    with pytest.raises(Missing) as error:
        only(text)
    assert list(error.value.reasons) == ["world_size"]


TRAINER = "--learning_rate 0.5 --max_steps 100 --per_device_train_batch_size 8"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"torchrun run_glue.py {TRAINER} --fp16 --save $OUT", "linear_schedule_with_warmup(o, 0"),
        (f"python x.py {TRAINER} --warmup_ratio 0.1", "linear_schedule_with_warmup(o, 10"),
        (f"python x.py {TRAINER.replace('_', '-')}", "linear_schedule_with_warmup(o, 0"),
        (f"W=7\npython x.py {TRAINER} --warmup_steps $W", "linear_schedule_with_warmup(o, 7"),
        (
            f"accelerate launch sft.py {TRAINER} --lr_scheduler_type=cosine",
            "cosine_schedule_with_warmup(o, 0",
        ),
        (
            f"python x.py {TRAINER} --lr_scheduler_type cosine_with_min_lr "
            "--lr_scheduler_kwargs '{\"min_lr\": 0.1}'",
            "cosine_with_min_lr_schedule_with_warmup(o, 0",
        ),
    ],
)
def test_scripts_with_a_trainer(text: str, wanted: str):
    more = ", min_lr=0.1" if "min_lr" in wanted else ""
    code = f"get_{wanted}, 100{more})"
    assert only(text).values == read(code, "transformers", lr=0.5).values


def test_a_configuration_of_deepspeed_that_the_script_writes():
    config = '{"scheduler": {"type": "WarmupLR", "params": {"warmup_max_lr": 0.2, '
    config += '"warmup_min_lr": 0, "warmup_num_steps": 10, "warmup_type": "linear"}}}'
    text = f"cat > ds.json <<END\n{config}\nEND\ndeepspeed x.py {TRAINER} --deepspeed ds.json"
    file, command = find(text, name="run.sh")
    assert (file.project, command.project) == ("deepspeed", "transformers")
    assert command.read(Given()).schedule(5) == pytest.approx(0.1)
    other = only(f"deepspeed x.py {TRAINER} --deepspeed other.json")
    assert any("other.json" in said for said in other.differences)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"python x.py {TRAINER} --warmup_stpes 3", "unknown setting"),
        (f"python x.py {TRAINER} --lr_scheduler_type cosin", "Did you mean 'cosine'?"),
        ("python x_no_trainer.py --learning_rate 0.1 --num_train_epochs 3", "Write --steps"),
        ("python t.py --learning_rate 1 --lr_scheduler cosin --lr_warmup_steps 1", "mean 'cosine'"),
        ("swift sft --num_train_epochs 3 --per_device_train_batch_size 1", "defaults of its own"),
        (
            f"python x.py {TRAINER} --learning_rate $L --lr_scheduler_type $K",
            "--set L=VALUE --set K",
        ),
    ],
)
def test_what_is_not_understood_is_refused(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        only(text)
    assert said in str(error.value)


def test_other_rates_are_said():
    found = only(f"python llava.py {TRAINER} --mm_projector_lr 1e-4")
    assert "--mm_projector_lr gives some parameters another rate." in found.differences

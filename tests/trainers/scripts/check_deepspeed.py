"""Engines of DeepSpeed, on the processor, in one process and in several."""

import os

import deepspeed
import pytest
from deepspeed.utils import logger
from torch import distributed
from torch.optim import SGD
from transformers import Trainer, TrainingArguments

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler
from gradatim.torch.trainers.hf import SchedulerCallback
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import MOMENTUM, SCHEDULE, Net, Same, batches, by_hand, drive, same

logger.setLevel("ERROR")
# It would compile an all-reduce of its own for the processor, with a C++ compiler and for minutes.
deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
if not distributed.is_initialized():
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
    os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "0"}

QUIET = [
    # Said by torch of what DeepSpeed calls.
    r"`torch.distributed.\w+` is deprecated",
]

UPDATES = 8
RANKS = distributed.get_world_size()
# The settings of ZeRO, the parameter groups, the steps of the torch optimizer in one update, and
# the groups that each of these sees.
STAGES = [
    ({"stage": 0}, 2, 1, 2),
    ({"stage": 1}, 1, 1, 1),
    ({"stage": 1}, 2, 2, 1),
    ({"stage": 2}, 2, 2, 1),
    ({"stage": 3}, 2, 2, 2),
    ({"stage": 3, "sub_group_size": 2}, 1, 2, 1),
]


def settings(zero, micro=1, **more):
    return more | {
        "train_micro_batch_size_per_gpu": 2,
        "gradient_accumulation_steps": micro,
        "gradient_clipping": 0.0,  # otherwise to a norm of 1
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
    }


def start(zero, groups=1, micro=1, make=drive, **more):
    net = Net()
    parts = [{"params": [one], "name": name} for name, one in net.named_parameters()]
    optimizer = SGD(parts if groups == 2 else net.parameters(), lr=9.0, momentum=0.5)
    config = settings(zero, micro, **more)
    engine, *_ = deepspeed.initialize(model=net, optimizer=optimizer, config=config)
    scheduler = make(engine.optimizer)
    engine.lr_scheduler = scheduler
    # Around the torch optimizer, which ZeRO calls several times in one update.
    return engine, scheduler, Seen(optimizer, "lr", "momentum")


def go(engine, updates, micro=1):
    kind = next(engine.module.parameters()).dtype
    for batch in batches(updates * micro):
        engine.backward(engine(**{name: one.to(kind) for name, one in batch.items()})["loss"])
        engine.step()


def weights(engine):
    with deepspeed.zero.GatheredParameters(list(engine.module.parameters())):
        return {name: p.detach().clone() for name, p in engine.module.named_parameters()}


def expected(start, stop, steps, seen):
    """What the steps of the torch optimizer see, in the updates from position to position."""
    updates = [((SCHEDULE(k), MOMENTUM(k)),) * seen for k in range(start, stop)]
    return [values for values in updates for _ in range(steps)]


def check_each_update():
    for zero, groups, *of_each in STAGES:
        engine, scheduler, seen = start(zero, groups)
        go(engine, UPDATES)
        assert seen.values == expected(0, UPDATES, *of_each), zero
        assert scheduler.position == engine.global_steps == UPDATES
        assert scheduler.applied == {"lr": SCHEDULE(UPDATES - 1), "momentum": MOMENTUM(UPDATES - 1)}
        assert scheduler.applied["lr"] != engine.get_lr()[0]  # that is the next one
        assert same(weights(engine), by_hand(UPDATES))


def check_accumulation():
    for zero, groups, *of_each in STAGES:
        engine, scheduler, seen = start(zero, groups, micro=3)
        go(engine, UPDATES, micro=3)
        assert seen.values == expected(0, UPDATES, *of_each), zero
        assert scheduler.position == engine.global_steps == UPDATES


def check_resume():
    for i, (zero, groups, *of_each) in enumerate(STAGES):
        whole, _, _ = start(zero, groups)
        for k in range(UPDATES):
            whole.save_checkpoint(f"saves-{i}", tag=str(k))
            go(whole, 1)
        for k in (0, 1, 3, UPDATES - 1):
            engine, scheduler, seen = start(zero, groups)
            engine.load_checkpoint(f"saves-{i}", tag=str(k))
            assert scheduler.position == k
            go(engine, UPDATES - k)
            assert seen.values == expected(k, UPDATES, *of_each), (zero, k)
            assert scheduler.position == engine.global_steps == UPDATES
            assert same(weights(engine), weights(whole))


def check_a_checkpoint_brings_no_rates():
    """The values are those of the scheduler, whatever the optimizer's checkpoint holds."""
    other = lambda optimizer: drive(optimizer, on_mismatch="override")  # noqa: E731
    for i, (zero, groups, *of_each) in enumerate(STAGES):
        engine, _, _ = start(zero, groups)
        go(engine, 2)
        for group in engine.optimizer.param_groups:
            group["lr"] = 7.0
        engine.save_checkpoint(f"brings-{i}", tag="last")
        engine, _, seen = start(zero, groups, make=other)
        engine.load_checkpoint(f"brings-{i}", tag="last")
        go(engine, 2)
        assert seen.values == expected(2, 4, *of_each), zero


def check_observe():
    def observing(optimizer):
        rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
        return Scheduler(optimizer, lr=Constant(0.1), rule=rule)

    engine, scheduler, seen = start({"stage": 1}, 2, make=observing)
    for metric in (2.0, 2.0, 1.0, 1.0):
        go(engine, 1)
        scheduler.observe(metric + distributed.get_rank())
    engine.save_checkpoint("observed", tag="last")
    again, resumed, _ = start({"stage": 1}, 2, make=observing)
    again.load_checkpoint("observed", tag="last")
    assert seen.first == [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]
    assert resumed.next == scheduler.next == {"lr": 0.025}


def check_half_precision_and_updates_that_overflow():
    for zero, groups, *of_each in STAGES:
        for kind in ("bf16", "fp16"):
            engine, scheduler, seen = start(zero, groups, **{kind: {"enabled": True}})
            go(engine, UPDATES)
            # ZeRO begins with a scale of 2^16, by which gradients overflow.
            made = UPDATES - engine.skipped_steps
            assert (made < UPDATES) == (kind == "fp16" and zero["stage"] > 0)
            assert scheduler.position == made
            assert seen.values == expected(0, made, *of_each)


def check_attached_to_the_optimizer_inside_it_is_refused():
    for stage in (1, 2):
        net = Net()
        parts = [{"params": [one], "name": name} for name, one in net.named_parameters()]
        optimizer = SGD(parts, lr=9.0, momentum=0.5)
        given = {"optimizer": optimizer, "lr_scheduler": drive(optimizer)}
        engine, *_ = deepspeed.initialize(model=net, config=settings({"stage": stage}), **given)
        with pytest.raises(GradatimError, match=r"Scheduler\(engine\.optimizer, "):
            go(engine, 2)


def check_a_second_scheduler_is_refused():
    engine, _, _ = start({"stage": 1}, 2)
    with pytest.raises(GradatimError, match="lr of this optimizer is driven by another scheduler"):
        drive(engine.optimizer)


class Driven(Trainer):
    """With deepspeed=, the Trainer takes no optimizer and no scheduler that it is given."""

    def create_optimizer(self, *_):
        net = self.model
        parts = [{"params": [one], "name": name} for name, one in net.named_parameters()]
        self.optimizer = SGD(parts, lr=9.0, momentum=0.5)
        self.seen = Seen(self.optimizer, "lr", "momentum")
        return self.optimizer

    def create_scheduler(self, num_training_steps, optimizer=None):
        self.lr_scheduler = drive(optimizer or self.optimizer)
        return self.lr_scheduler


def arguments(zero, **more):
    return TrainingArguments(
        **{
            "output_dir": "trainer",
            "max_steps": UPDATES,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 2,
            "use_cpu": True,
            "report_to": "none",
            "disable_tqdm": True,
            "save_strategy": "steps",
            "save_steps": 1,
            "logging_steps": 1,
            "label_names": ["y"],
            "max_grad_norm": 0.0,
            "deepspeed": settings(zero, 2),
        }
        | more
    )


def check_under_the_trainer_of_transformers():
    for zero, *of_each in (({"stage": 1}, 2, 1), ({"stage": 2}, 2, 1), ({"stage": 3}, 2, 2)):
        for k in (0, 3):
            path = f"trainer/checkpoint-{k}" if k else None
            trainer = Driven(
                Net(), arguments(zero), train_dataset=Same(64), callbacks=[SchedulerCallback()]
            )
            trainer.train(resume_from_checkpoint=path)
            assert trainer.seen.values == expected(k, UPDATES, *of_each)
            assert trainer.lr_scheduler.position == trainer.state.global_step == UPDATES
            log = [line["learning_rate"] for line in trainer.state.log_history if "loss" in line]
            assert log == [SCHEDULE(n) for n in range(UPDATES)]


def check_the_page_runs():
    if RANKS == 1:
        pages.run("deepspeed")

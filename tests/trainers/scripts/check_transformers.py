"""The Trainer of transformers."""

import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments

from gradatim import Constant, Plateau
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import SCHEDULE, Net, Same, by_hand, drive, same, sgd, used

transformers.utils.logging.set_verbosity_error()

QUIET = [
    # Where there is no graphics card the Trainer pins memory all the same.
    "'pin_memory' argument is set as true but no accelerator is found",
]

UPDATES = 24
BATCH = 2


def arguments(updates=UPDATES, micro=1, **more):
    return TrainingArguments(
        **{
            "output_dir": "out", "max_steps": updates, "per_device_train_batch_size": BATCH,
            "gradient_accumulation_steps": micro, "use_cpu": True, "report_to": "none",
            "disable_tqdm": True, "save_strategy": "no", "max_grad_norm": 0.0,
            "label_names": ["y"], "prediction_loss_only": True,
        } | more
    )  # fmt: skip


def train(arguments, path=None, callbacks=(), size=UPDATES, make=drive):
    net = Net()
    optimizer, seen = sgd(net)
    scheduler = make(optimizer)
    trainer = Trainer(
        net, arguments, train_dataset=Same(BATCH * size), eval_dataset=Same(BATCH),
        optimizers=(optimizer, scheduler),
        callbacks=[callback(scheduler) for callback in callbacks],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=path)
    return trainer, scheduler, seen


def check_each_update():
    trainer, scheduler, seen = train(arguments())
    assert seen.values == used(UPDATES)
    assert scheduler.position == trainer.state.global_step == UPDATES
    assert same(trainer.model.state_dict(), by_hand(UPDATES))


def check_accumulation():
    for micro in (2, 5):
        # Seven batches an epoch: its last update has fewer of them.
        trainer, scheduler, seen = train(arguments(micro=micro), size=7)
        assert scheduler.position == trainer.state.global_step == UPDATES
        assert seen.values == used(UPDATES)


def check_a_norm_to_clip_to():
    _, scheduler, seen = train(arguments(max_grad_norm=1e-3))
    assert seen.values == used(UPDATES)
    assert scheduler.position == UPDATES


def check_resume():
    for micro in (1, 3):
        every = arguments(micro=micro, save_strategy="steps", save_steps=1)
        whole, _, seen = train(every)
        assert seen.values == used(UPDATES)
        for k in (1, 6, 8, 12, UPDATES - 1):
            again = arguments(micro=micro)
            trainer, scheduler, seen = train(again, f"out/checkpoint-{k}")
            assert seen.values == used(k, UPDATES)
            assert scheduler.position == UPDATES
            assert same(trainer.model.state_dict(), whole.model.state_dict())


def check_an_optimizer_of_the_trainers_own():
    class Driven(Trainer):
        def create_scheduler(self, num_training_steps, optimizer=None):
            self.lr_scheduler = Scheduler(optimizer or self.optimizer, lr=SCHEDULE)
            self.seen = Seen(self.lr_scheduler.optimizer)
            return self.lr_scheduler

    saving = arguments(save_strategy="steps", save_steps=5)
    for path, start in ((None, 0), ("out/checkpoint-10", 10)):
        trainer = Driven(Net(), saving, train_dataset=Same(BATCH * UPDATES))
        trainer.train(resume_from_checkpoint=path)
        assert len(trainer.optimizer.param_groups) == 2  # one without weight decay
        rates = [SCHEDULE(k) for k in range(start, UPDATES)]
        assert trainer.seen.values == [((rate,), (rate,)) for rate in rates]


class Observe(TrainerCallback):
    def __init__(self, scheduler):
        self.scheduler = scheduler

    def on_evaluate(self, args, state, control, metrics, **_):
        assert "eval_loss" in metrics
        self.scheduler.observe(2.0 if state.global_step <= 3 else 1.0)


def observed(optimizer):
    rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def check_observe():
    every = {"eval_strategy": "steps", "eval_steps": 3, "save_strategy": "steps", "save_steps": 3}
    # Metrics 2, 1, 1, 1, ...: each second evaluation without progress halves the rate.
    halved = [0.1] * 12 + [0.05] * 6 + [0.025] * 6
    _, whole, seen = train(arguments(**every), callbacks=[Observe], make=observed)
    assert seen.first == halved
    for k in range(3, UPDATES, 3):
        _, scheduler, seen = train(
            arguments(**every), f"out/checkpoint-{k}", [Observe], make=observed
        )
        assert seen.first == halved[k:]
        assert scheduler.state_dict() == whole.state_dict()


def check_the_log_shows_the_rate_of_the_update_to_come():
    trainer, _, _ = train(arguments(logging_steps=1))
    shown = [line["learning_rate"] for line in trainer.state.log_history if "loss" in line]
    assert shown == [rate for ((rate, _),) in used(1, UPDATES + 1)]


def check_the_page_runs():
    pages.run("transformers")

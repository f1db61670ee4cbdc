"""The Trainer of transformers."""

from pathlib import Path

import pytest
import torch
import transformers
from accelerate.scheduler import AcceleratedScheduler
from transformers import Trainer, TrainerCallback, TrainingArguments

from gradatim import Constant, GradatimError, Linear, Plateau, Run
from gradatim.torch import Scheduler
from gradatim.torch.trainers.hf import SchedulerCallback
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import SCHEDULE, Net, Same, batches, by_hand, drive, same, sgd, used

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
            "output_dir": "out",
            "max_steps": updates,
            "per_device_train_batch_size": BATCH,
            "gradient_accumulation_steps": micro,
            "use_cpu": True,
            "report_to": "none",
            "disable_tqdm": True,
            "save_strategy": "no",
            "max_grad_norm": 0.0,
            "label_names": ["y"],
            "prediction_loss_only": True,
        }
        | more
    )


def train(arguments, path=None, callbacks=(), size=UPDATES, make=drive):
    net = Net()
    optimizer, seen = sgd(net)
    scheduler = make(optimizer)
    trainer = Trainer(
        net,
        arguments,
        train_dataset=Same(BATCH * size),
        eval_dataset=Same(BATCH),
        optimizers=(optimizer, scheduler),
        callbacks=list(callbacks),
    )
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


class Known(SchedulerCallback):
    """Shows the rules a metric that is known here: 2 once, then 1."""

    def on_evaluate(self, args, state, control, metrics, **more):
        assert "eval_loss" in metrics
        metrics["eval_loss"] = 2.0 if state.global_step <= 3 else 1.0
        super().on_evaluate(args, state, control, metrics=metrics, **more)


def observed(optimizer):
    rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def check_observe():
    every = {"eval_strategy": "steps", "eval_steps": 3, "save_strategy": "steps", "save_steps": 3}
    # Metrics 2, 1, 1, 1, ...: each second evaluation without progress halves the rate.
    halved = [0.1] * 12 + [0.05] * 6 + [0.025] * 6
    _, whole, seen = train(arguments(**every), callbacks=[Known()], make=observed)
    assert seen.first == halved
    for k in range(3, UPDATES, 3):
        _, scheduler, seen = train(
            arguments(**every), f"out/checkpoint-{k}", [Known()], make=observed
        )
        assert seen.first == halved[k:]
        assert scheduler.state_dict() == whole.state_dict()


def check_an_evaluation_outside_of_training_is_not_shown():
    net = Net()
    optimizer, _ = sgd(net)
    scheduler = observed(optimizer)
    before = scheduler.state_dict()
    Trainer(
        net,
        arguments(),
        eval_dataset=Same(BATCH),
        optimizers=(optimizer, scheduler),
        callbacks=[Known()],
    ).evaluate()
    assert scheduler.state_dict() == before

    every = {"eval_strategy": "steps", "eval_steps": 12}
    trainer, scheduler, _ = train(arguments(**every), callbacks=[Known()], make=observed)
    before = scheduler.state_dict()
    trainer.evaluate()
    assert scheduler.state_dict() == before


def check_a_metric_that_is_not_there_is_refused_before_the_next_update():
    every = {"eval_strategy": "steps", "eval_steps": 3}
    with pytest.raises(GradatimError) as refusal:
        train(arguments(**every), callbacks=[SchedulerCallback("accuracy")], make=observed)
    sentence = "SchedulerCallback: unknown metric 'accuracy'. Known: "
    assert str(refusal.value).startswith(f"{sentence}epoch, eval_loss, ")


def check_several_data_sets_one_of_which_has_the_metric():
    net = Net()
    optimizer, _ = sgd(net)
    # No value is better by so much: each evaluation but the first halves the rate.
    rule = Plateau(mode="max", factor=0.5, patience=0, threshold=100.0)
    scheduler = Scheduler(optimizer, lr=Constant(0.1), rule=rule)
    every = arguments(6, eval_strategy="steps", eval_steps=3)
    sets = {"one": Same(BATCH), "other": Same(BATCH)}
    callback = SchedulerCallback("eval_other_loss")
    Trainer(
        net,
        every,
        train_dataset=Same(BATCH * 6),
        eval_dataset=sets,
        optimizers=(optimizer, scheduler),
        callbacks=[callback],
    ).train()
    assert scheduler.next == {"lr": 0.05}  # two evaluations, of two data sets each


class Reporter(TrainerCallback):
    """Stands before all others, as those of TensorBoard and Weights & Biases do."""

    def __init__(self):
        self.shown = []

    def on_log(self, args, state, control, logs, **more):
        self.shown += [logs["learning_rate"]] if "learning_rate" in logs else []


def check_the_log_shows_the_rate_that_was_used():
    reporter = Reporter()
    trainer, scheduler, seen = train(
        arguments(10, logging_steps=1), callbacks=[reporter, SchedulerCallback()]
    )
    shown = [line["learning_rate"] for line in trainer.state.log_history if "loss" in line]
    assert shown == reporter.shown == seen.first == [SCHEDULE(k) for k in range(10)]
    assert shown[-1] == scheduler.applied["lr"]
    assert scheduler.get_last_lr() == [SCHEDULE(10)]  # as without the callback
    scheduler.optimizer.step()
    assert scheduler.get_last_lr() == [SCHEDULE(11)]


def check_without_the_callback_the_log_is_one_update_ahead():
    trainer, _, _ = train(arguments(logging_steps=1))
    shown = [line["learning_rate"] for line in trainer.state.log_history if "loss" in line]
    assert shown == [rate for ((rate, _),) in used(1, UPDATES + 1)]


# 3 numbers a sample, 2 samples a batch.
TOKENS = 3 * BATCH
BY_TOKENS = Linear(start=0.1, end=0.01, steps=TOKENS * UPDATES)


def by_tokens(optimizer):
    run = Run(total_tokens=TOKENS * UPDATES, clock="tokens")
    return Scheduler(optimizer, lr=BY_TOKENS, run=run)


def check_tokens_are_counted():
    Net.main_input_name = "x"
    for micro in (1, 2):
        counting = arguments(
            100, micro, include_num_input_tokens_seen="all", save_strategy="steps", save_steps=5
        )
        _, scheduler, seen = train(
            counting, callbacks=[SchedulerCallback()], make=by_tokens, size=100
        )
        # The training ends where the run does, not after 100 updates.
        updates = UPDATES // micro
        assert seen.first == [BY_TOKENS(TOKENS * micro * k) for k in range(updates)]
        assert (scheduler.position, scheduler.tick) == (updates, TOKENS * UPDATES)
        assert scheduler.done
        assert Path(f"out/checkpoint-{updates}").exists()  # the last one, though not the fifth
        _, scheduler, seen = train(
            counting, "out/checkpoint-5", [SchedulerCallback()], make=by_tokens, size=100
        )
        assert seen.first == [BY_TOKENS(TOKENS * micro * k) for k in range(5, updates)]


class Asking(TrainerCallback):
    """Asks for a save after the last update."""

    def on_step_end(self, args, state, control, **more):
        control.should_save |= state.global_step == UPDATES


def check_a_run_that_saves_nothing_saves_nothing_at_its_end_unless_asked():
    Net.main_input_name = "x"
    for callbacks, saved in (([], []), ([Asking()], [f"checkpoint-{UPDATES}"])):
        counting = arguments(100, include_num_input_tokens_seen="all", output_dir="unsaved")
        trainer, scheduler, _ = train(
            counting, callbacks=[*callbacks, SchedulerCallback()], make=by_tokens, size=100
        )
        assert scheduler.done
        assert trainer.state.global_step == UPDATES
        assert [path.name for path in Path("unsaved").glob("checkpoint-*")] == saved


class Counting(TrainerCallback):
    """Counts samples itself, as a Trainer with batches of many sizes must."""

    def on_train_begin(self, args, state, control, lr_scheduler, **more):
        self.scheduler = lr_scheduler

    def on_pre_optimizer_step(self, args, state, control, **more):
        self.scheduler.count(samples=BATCH)


def check_samples_need_no_tokens():
    schedule = Linear(start=0.1, end=0.01, steps=BATCH * UPDATES)

    def by_samples(optimizer):
        run = Run(samples=BATCH * UPDATES, epochs=1, clock="samples")
        return Scheduler(optimizer, lr=schedule, run=run)

    trainer, scheduler, seen = train(
        arguments(100), callbacks=[Counting(), SchedulerCallback()], make=by_samples, size=100
    )
    assert (trainer.state.global_step, scheduler.tick) == (UPDATES, BATCH * UPDATES)
    assert seen.first == [schedule(BATCH * k) for k in range(UPDATES)]


def check_tokens_that_the_trainer_does_not_track_are_refused():
    with pytest.raises(GradatimError) as refusal:
        train(arguments(), callbacks=[SchedulerCallback()], make=by_tokens)
    assert str(refusal.value) == (
        "SchedulerCallback: the clock of this run is in tokens, and the Trainer does not track "
        'them. Write TrainingArguments(..., include_num_input_tokens_seen="all").'
    )


class Clock:
    """A second an update, a hundred an evaluation or a checkpoint."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Passing(TrainerCallback):
    def __init__(self, clock, loading=0.0):
        self.clock = clock
        self.loading = loading

    def on_step_begin(self, args, state, control, **more):
        self.clock.seconds += self.loading

    def on_pre_optimizer_step(self, args, state, control, **more):
        self.clock.seconds += 1.0

    def on_evaluate(self, args, state, control, **more):
        self.clock.seconds += 100.0

    on_save = on_evaluate


def check_time_without_that_of_evaluations_and_checkpoints():
    clock = Clock()
    schedule = Linear(start=0.1, end=0.01, steps=20_000)
    every = {"eval_strategy": "steps", "eval_steps": 5, "save_strategy": "steps", "save_steps": 7}

    def by_time(optimizer):
        return Scheduler(optimizer, lr=schedule, run=Run(seconds=20), now=clock)

    trainer, scheduler, seen = train(
        arguments(100, **every),
        callbacks=[Passing(clock), SchedulerCallback()],
        make=by_time,
        size=100,
    )
    # The time begins after the first update.
    assert seen.first == [schedule(1000 * max(0, k - 1)) for k in range(21)]
    assert scheduler.tick == 20_000
    assert trainer.state.global_step == 21
    assert clock.seconds > 500


def check_the_time_of_loading_data_is_counted():
    clock = Clock()
    trainer, _, _ = train(
        arguments(100),
        callbacks=[Passing(clock, loading=3.0), SchedulerCallback()],
        make=lambda optimizer: Scheduler(optimizer, lr=0.1, run=Run(seconds=20), now=clock),
        size=100,
    )
    # Four seconds an update, and the time begins after the first.
    assert trainer.state.global_step == 1 + 5


def check_a_scheduler_that_accelerate_wraps():
    net = Net()
    optimizer, seen = sgd(net)
    Trainer(
        net,
        arguments(4),
        train_dataset=Same(4 * BATCH),
        callbacks=[SchedulerCallback()],
        optimizers=(optimizer, AcceleratedScheduler(drive(optimizer), [optimizer], False)),
    ).train()
    assert seen.values == used(4)


def check_other_schedulers_and_other_optimizers_are_refused():
    with pytest.raises(GradatimError) as refusal:
        Trainer(
            Net(), arguments(), train_dataset=Same(BATCH), callbacks=[SchedulerCallback()]
        ).train()
    assert str(refusal.value) == (
        "SchedulerCallback: the Trainer's scheduler is a LambdaLR, not one of gradatim.torch. "
        "Write Trainer(..., optimizers=(optimizer, scheduler)), or build it in the Trainer's "
        "create_scheduler; with deepspeed=, where the Trainer ignores optimizers, only the latter."
    )
    net, scheduler = Net(), drive(sgd(Net())[0])
    with pytest.raises(GradatimError) as refusal:
        Trainer(
            net,
            arguments(),
            train_dataset=Same(BATCH),
            callbacks=[SchedulerCallback()],
            optimizers=(sgd(net)[0], scheduler),
        ).train()
    assert str(refusal.value) == (
        "SchedulerCallback: the scheduler drives another optimizer than the Trainer's, so it "
        "changes nothing. Write Trainer(..., optimizers=(optimizer, scheduler)), with the "
        "optimizer that the scheduler was built on."
    )


def adamw():
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.05)
    return net, optimizer, Seen(optimizer)


def continued(net, optimizer, scheduler, path=None, **more):
    Trainer(
        net,
        arguments(**more),
        train_dataset=Same(BATCH * UPDATES),
        optimizers=(optimizer, scheduler),
    ).train(resume_from_checkpoint=path)


def check_a_checkpoint_of_another_scheduler_goes_on_with_the_moments_of_adam():
    k, falling = 8, lambda n: 1.0 - n / UPDATES
    net, optimizer, _ = adamw()
    theirs = torch.optim.lr_scheduler.LambdaLR(optimizer, falling)
    continued(net, optimizer, theirs, save_strategy="steps", save_steps=k)
    path = f"out/checkpoint-{k}"

    net, optimizer, _ = adamw()
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    said = rf"'last_epoch', {k}.*scheduler\.seek\({k}\).*from_torch"
    with pytest.raises(GradatimError, match=said):
        continued(net, optimizer, scheduler, path)

    # As on the page: only the state of the scheduler is replaced.
    scheduler.seek(k)
    torch.save(scheduler.state_dict(), f"{path}/scheduler.pt")
    net, optimizer, seen = adamw()
    continued(net, optimizer, Scheduler(optimizer, lr=SCHEDULE), path)
    assert seen.first == [SCHEDULE(n) for n in range(k, UPDATES)]

    alone, optimizer, _ = adamw()
    for n, batch in enumerate(batches(UPDATES)):
        optimizer.param_groups[0]["lr"] = 0.05 * falling(n) if n < k else SCHEDULE(n)
        optimizer.zero_grad()
        alone(**batch)["loss"].backward()
        optimizer.step()
    assert same(net.state_dict(), alone.state_dict())


def check_the_page_runs():
    pages.run("transformers")

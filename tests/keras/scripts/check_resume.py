"""A run that is killed and restored goes on bit for bit."""

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

import keras
from probe import data, network, refused

import gradatim as g
from gradatim.keras import LearningRate, Scheduler

EPOCHS = 4
CURVE = g.warmup_cosine(peak=0.05, steps=60, warmup=15)
# No epoch improves by 95 %, so the rule waits in every second epoch and lowers in the others.
RULE = g.Plateau(mode="min", factor=0.5, patience=1, threshold=0.95)


class Killed(BaseException):
    """As when the power goes: nothing that waits for an Exception gets a turn."""


class Kill(keras.callbacks.Callback):
    def __init__(self, after):
        super().__init__()
        self.after = after

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.after:
            raise Killed


def scheduler(monitor="val_loss", **options):
    return Scheduler(
        lr=CURVE, rule=RULE, monitor=monitor, beta_1=g.Linear(0.95, 0.8, 60), **options
    )


def run(callbacks, model=None, **options):
    model = network(keras.optimizers.Adam(0.1)) if model is None else model
    x, y = data()
    history = model.fit(
        x,
        y,
        batch_size=4,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
        validation_data=data(1),
        **options,
    )
    return model, history.history


def weights(model):
    return [w.tolist() for w in model.get_weights()]


class Whole(NamedTuple):
    """What a run has made that was never stopped."""

    lrs: list
    history: dict
    weights: list
    scales: dict


@functools.cache
def whole_run(monitor="val_loss"):
    """The run that the others are compared with, trained once."""
    never_stopped = scheduler(monitor)
    model, history = run([never_stopped])
    return Whole(never_stopped.lrs, history, weights(model), dict(never_stopped.driver.scales))


def check_kill_after_any_epoch_and_back_up():
    reduced = {}
    for monitor in ("val_loss", "loss"):
        whole = whole_run(monitor)
        reduced[monitor] = whole.scales["lr"]
        assert 0.0 < reduced[monitor] < 1.0, reduced
        for after in range(EPOCHS - 1):
            # Whichever of the two has the first turn at the end of an epoch.
            order = 1 if (after % 2 == 0) == (monitor == "val_loss") else -1
            with tempfile.TemporaryDirectory() as folder:
                first = [scheduler(monitor), keras.callbacks.BackupAndRestore(folder)]
                try:
                    run([*first[::order], Kill(after)])
                except Killed:
                    pass
                else:
                    raise AssertionError("it lived")
                second = [scheduler(monitor), keras.callbacks.BackupAndRestore(folder)]
                again, rest = run(second[::order])
            where = f"{monitor}, killed after epoch {after}, order {order}"
            assert second[0].lrs == whole.lrs[(after + 1) * 10 :], where
            assert rest["lr"] == whole.history["lr"][after + 1 :], where
            assert weights(again) == whole.weights, where
    return {"runs killed": 2 * (EPOCHS - 1), "scale at the end": reduced}


def check_load_model_and_initial_epoch():
    whole = whole_run()
    for order in (1, -1):  # whichever of the two has the first turn at the end of an epoch
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "{epoch}.keras")
            run([scheduler(), keras.callbacks.ModelCheckpoint(path)][::order])
            for after in range(EPOCHS - 1):
                loaded = keras.models.load_model(path.format(epoch=after + 1))
                second = scheduler()
                again, _ = run([second], loaded, initial_epoch=after + 1)
                where = f"loaded after epoch {after}, order {order}"
                assert second.lrs == whole.lrs[(after + 1) * 10 :], where
                assert weights(again) == whole.weights, where
    return {"rates": whole.history["lr"]}


def check_a_second_fit_goes_on():
    parts = scheduler()
    x, y = data()
    split = network(keras.optimizers.Adam(0.1))
    for begin, end in ((0, 2), (2, EPOCHS)):
        split.fit(
            x,
            y,
            batch_size=4,
            epochs=end,
            initial_epoch=begin,
            shuffle=False,
            verbose=0,
            callbacks=[parts],
            validation_data=data(1),
        )
    assert parts.lrs == whole_run().lrs
    assert weights(split) == whole_run().weights


def check_a_schedule_alone_goes_on():
    x, y = data()
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    whole = network(keras.optimizers.Adam(LearningRate(CURVE)))
    whole.fit(x, y, epochs=4, **options)
    model = network(keras.optimizers.Adam(LearningRate(CURVE)))
    model.fit(x, y, epochs=2, **options)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.keras")
        loaded = keras.models.load_model(Path(folder) / "m.keras")
    loaded.fit(x, y, epochs=4, initial_epoch=2, **options)
    assert weights(loaded) == weights(whole)


def check_another_schedule_is_refused_or_chosen():
    other = g.Linear(0.05, 0.0, 60)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.keras"
        model, _ = run([scheduler()])
        model.save(path)
        values = {}
        for policy in ("strict", "keep", "override"):
            loaded = keras.models.load_model(path)
            script = Scheduler(
                lr=other, rule=RULE, beta_1=g.Linear(0.95, 0.8, 60), on_mismatch=policy
            )
            try:
                x, y = data()
                loaded.fit(
                    x[:4],
                    y[:4],
                    batch_size=4,
                    epochs=5,
                    initial_epoch=4,
                    verbose=0,
                    callbacks=[script],
                    validation_data=data(1),
                )
                values[policy] = script.driver.plan["lr"]
            except g.GradatimError as error:
                values[policy] = str(error)
    assert "  lr: " in values["strict"], values
    assert "0.0" in values["strict"], values
    assert values["keep"] == CURVE, values
    assert values["override"] == other, values


def check_weights_of_a_run_without_a_scheduler_are_taken():
    for rule in (None, RULE):
        model = network(keras.optimizers.Adam(LearningRate(CURVE)))
        model.optimizer.build(model.trainable_variables)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.weights.h5"
            x, y = data()
            plain = network(keras.optimizers.Adam(LearningRate(CURVE)))
            plain.fit(x, y, batch_size=4, epochs=2, verbose=0)
            plain.save_weights(path)
            model.load_weights(path)
        second = Scheduler(lr=CURVE, rule=rule)
        if rule is not None:  # which may have seen metrics that nobody knows of
            with refused("has made 20 updates", "the rule of lr", "scheduler.seek(20)"):
                run([second], model, initial_epoch=2)
            second.seek(20)
        run([second], model, initial_epoch=2)
        assert second.lrs[0] == CURVE(20)
        assert second.driver.position == 40

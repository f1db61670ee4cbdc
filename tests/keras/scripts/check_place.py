"""Where in its schedules a fit begins: known, stated by the user, or refused."""

import copy
import json
import tempfile
import warnings
from pathlib import Path

import keras
from check_resume import CURVE, EPOCHS, run, scheduler, weights, whole_run
from probe import JITS, Interrupt, close, data, fit, moved, network, probe, refused, warned

import gradatim as g
from gradatim.keras import LearningRate, Scheduler, WarmupCosineDecay
from gradatim.keras.checkpoint_note import CheckpointNote

DOWN = g.Linear(1.0, 0.0, 32)
UP = g.Linear(0.0, 1.0, 32)
ADAMS = {
    "float": lambda: keras.optimizers.Adam(0.1),
    "schedule": lambda: keras.optimizers.Adam(LearningRate(CURVE)),
}


def saved(folder, **options):
    """The weights' file of a run of two epochs."""
    model, _ = run([Stop(2), scheduler(**options)])
    path = Path(folder) / "m.weights.h5"
    model.save_weights(path)
    return path


class Stop(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch + 1 == self.epochs


def check_a_new_optimizer_at_a_later_epoch_is_refused():
    model, late = probe("sgd"), Scheduler(lr=DOWN)
    with refused("goes on at epoch 2", "no update", "scheduler.seek(position)"):
        fit(model, [late], epochs=3, initial_epoch=2)
    assert moved(model) == 0.0
    for position in (16, 0):
        late.seek(position)
        fit(model, [late], batches=8, epochs=3, initial_epoch=2)
        assert late.lrs == [DOWN(position + k) for k in range(8)], late.lrs
    close(moved(model), sum(map(DOWN, range(8))) + sum(map(DOWN, range(16, 24))), 1e-6)
    # What does not depend on the place needs none.
    fit(probe("sgd"), [Scheduler(lr=0.5)], epochs=3, initial_epoch=2)


def check_weights_loaded_before_the_callback():
    whole = whole_run()
    with tempfile.TemporaryDirectory() as folder:
        path = saved(folder)
        for kind, adam in ADAMS.items():
            for build in (True, False):
                again = network(adam())
                if build:
                    again.optimizer.build(again.trainable_variables)
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "Skipping variable loading")  # of Keras
                    again.load_weights(path)
                loaded = kind == "schedule" and build
                words = "what the rule of lr had seen" if loaded else "goes on at epoch 2"
                with refused(words, "scheduler.set_model(model) before model.load_weights"):
                    run([scheduler()], again, initial_epoch=2)

                again, second = network(adam()), scheduler()
                if build:
                    again.optimizer.build(again.trainable_variables)
                second.set_model(again)
                again.load_weights(path)
                run([second], again, initial_epoch=2)
                assert second.lrs == whole.lrs[20:], (kind, build)
                assert second.driver.scales == whole.scales
                assert weights(again) == whole.weights, (kind, build)
    return {"scale": whole.scales}


class Deferred(keras.Model):
    """A model that is built when it sees data."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)


def check_a_file_whose_optimizer_was_not_loaded_is_refused():
    x, y = data()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.weights.h5"
        first = Deferred()
        first.compile(optimizer="adam", loss="mse")
        first.fit(x, y, batch_size=4, epochs=1, verbose=0, callbacks=[Scheduler(lr=DOWN)])
        first.save_weights(path)
        second, script = Deferred(), Scheduler(lr=DOWN)
        second.compile(optimizer="adam", loss="mse")
        script.set_model(second)
        second(x[:1])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipping variable loading")
            second.load_weights(path)
    with refused("written after 10 updates", "has counted none", "optimizer.build("):
        second.fit(x, y, batch_size=4, epochs=2, initial_epoch=1, verbose=0, callbacks=[script])


def check_a_fit_that_would_change_nothing_is_refused():
    for make in (
        lambda: Scheduler(lr=DOWN),
        lambda: Scheduler(lr=DOWN, rule=g.Plateau(mode="max"), monitor="loss"),
        lambda: WarmupCosineDecay(32, 4, rule=g.Plateau(mode="max"), monitor="loss"),
    ):
        for is_new in (True, False):
            model, first = probe("sgd"), make()
            fit(model, [first], epochs=2)
            before, again = moved(model), make() if is_new else first
            with refused("ended at 0, after 32 updates", "scheduler.seek(0) before fit"):
                fit(model, [again], epochs=2)
            assert moved(model) == before
            again.seek(0)
            fit(model, [again], epochs=2)
            close(moved(model), 2 * before, 1e-5)
            assert again.lrs == [first.driver.plan["lr"](k) for k in range(32)]
    fit(probe("sgd"), [Scheduler(lr=0.0)])  # where 0 is what is wanted, and no end


def check_a_fit_past_the_end_says_so():
    schedule = g.Linear(1.0, 0.25, 16)
    model = probe("sgd")
    fit(model, [Scheduler(lr=schedule)])
    with warned("has ended, after 16 updates", "0.25, throughout", "scheduler.seek(0)"):
        fit(model, [Scheduler(lr=schedule)])
    fit(probe("sgd"), [Scheduler(lr=schedule)], epochs=2)  # an end in the middle is one's own
    level = g.piecewise_constant([1.0, 0.5], boundaries=[8])
    model = probe("sgd")
    for _ in range(2):
        fit(model, [Scheduler(lr=level)])  # a last level is there to stay at


def check_a_second_phase():
    model, first = probe("sgd"), Scheduler(lr=DOWN)
    fit(model, [first])
    before = moved(model)
    words = "16 updates under other schedules, of lr.", "seek(0)", "'override'", "'keep'"
    with refused(*words, without="checkpoint"):
        fit(model, [Scheduler(lr=UP)])
    second = Scheduler(lr=UP)
    second.seek(0)
    fit(model, [second])
    assert second.lrs == [UP(k) for k in range(16)]
    close(moved(model) - before, sum(map(UP, range(16))), 1e-5)
    fit(model, [second])  # and on
    assert second.lrs == [UP(k) for k in range(32)]

    override = Scheduler(lr=g.Linear(1.0, 0.5, 64), on_mismatch="override")
    fit(model, [override])
    assert override.lrs == [override.driver.plan["lr"](k) for k in range(32, 48)]

    # With a new optimizer nothing has to be said.
    model.compile(optimizer="sgd", loss=model.loss, jit_compile=JITS)
    third = Scheduler(lr=UP)
    fit(model, [third])
    assert third.lrs == [UP(k) for k in range(16)]


def check_a_second_phase_is_saved_and_goes_on():
    rule = g.Plateau(mode="max", factor=0.5, patience=0)
    wanted = None
    for kind in ("whole", "keras", "weights"):
        model = probe("sgd")
        fit(model, [Scheduler(lr=DOWN, rule=rule, monitor="loss")], epochs=2)
        second = Scheduler(lr=UP, rule=rule, monitor="loss")
        second.seek(0)
        fit(model, [second], batches=8, epochs=2)
        assert second.driver.scales == {"lr": 0.5}  # its rule is a new one
        again = Scheduler(lr=UP, rule=rule, monitor="loss")
        with tempfile.TemporaryDirectory() as folder:
            if kind == "keras":
                model.save(Path(folder) / "m.keras")
                model = keras.models.load_model(Path(folder) / "m.keras", {"mean": model.loss})
            elif kind == "weights":
                path = Path(folder) / "m.weights.h5"
                model.save_weights(path)
                model = probe("sgd")
                again.set_model(model)
                model.load_weights(path)
        fit(model, [again], batches=8, epochs=4, initial_epoch=2)
        found = again.lrs, moved(model)
        wanted = wanted or found
        assert found == wanted, (kind, found, wanted)
    assert wanted[0][:8] == [0.5 * UP(k) for k in range(16, 24)]
    return {"moved": wanted[1]}


def check_a_second_phase_after_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.keras"
        model, _ = run([scheduler()])
        model.save(path)
        loaded = keras.models.load_model(path)
    with refused("checkpoint", "lr: Linear", "scheduler.seek(0)"):
        run([Scheduler(lr=UP)], loaded, initial_epoch=2)
    second = Scheduler(lr=UP)
    second.seek(0)
    run([second], loaded)
    assert second.lrs == [UP(k) for k in range(10 * EPOCHS)][:32] + [1.0] * 8


def check_an_interrupted_fit_keeps_its_rates():
    long = g.Linear(1.0, 0.0, 64)
    for accumulate in (1, 2):
        steps = None if accumulate == 1 else accumulate
        model = probe(keras.optimizers.SGD(0.1, gradient_accumulation_steps=steps))
        callback = Scheduler(lr=long)
        for epochs, at in ((2, 5), (1, 11)):
            try:
                fit(model, [callback, Interrupt(epochs - 1, at)], epochs=epochs)
                raise AssertionError("lived")
            except KeyboardInterrupt:
                pass
        made = (16 + 6) // accumulate
        assert callback.lrs[:made] == [long(k) for k in range(made)], callback.lrs
        fit(model, [callback], batches=4)
        total = (16 + 6 + 12 + 4) // accumulate
        if accumulate == 1:
            assert callback.lrs == [long(k) for k in range(total)], callback.lrs
        close(moved(model), sum(callback.lrs), 1e-5)
    return {"rates": len(callback.lrs)}


def check_an_interrupted_fit_under_a_loss_scale():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, callback = probe(keras.optimizers.SGD(1.0)), Scheduler(lr=DOWN)
        try:
            fit(model, [callback, Interrupt(1, 5)], epochs=2)
            raise AssertionError("lived")
        except KeyboardInterrupt:
            pass
        fit(model, [callback], batches=4)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert callback.lrs == [DOWN(k) for k in range(16 + 6 + 4)], len(callback.lrs)


def check_a_backup_in_the_middle_of_an_epoch_says_what_it_means():
    with tempfile.TemporaryDirectory() as folder:
        first = [Scheduler(lr=DOWN), keras.callbacks.BackupAndRestore(folder, save_freq=7)]
        try:
            fit(probe("sgd"), [*first, Interrupt(1, 9)], batches=10, epochs=3)
            raise AssertionError("lived")
        except KeyboardInterrupt:
            pass
        second = Scheduler(lr=DOWN)
        with warned("in the middle of epoch 1", "repeats all of that epoch", "save_freq='epoch'"):
            fit(
                probe("sgd"),
                [second, keras.callbacks.BackupAndRestore(folder)],
                batches=10,
                epochs=3,
            )
    # The count went on where the weights are, and two whole epochs followed.
    assert [DOWN(k) for k in range(32)].index(second.lrs[0]) in range(11, 20)
    assert len(second.lrs) == 20
    return {"went on at": second.driver.position - 20}


def check_a_note_of_version_0_1_is_read():
    script = scheduler()
    fields = {"schedules", "rules", "run", "states"}
    old = {key: value for key, value in script.driver.state().items() if key in fields}
    old |= {"format": 1, "position": 20}
    old["states"] = {"lr": [0.25, 1.0, 1, 1, 0, 0]}
    text = json.dumps({"driver": old, "unseen": None})
    model = network(keras.optimizers.Adam(LearningRate(CURVE, note=CheckpointNote(text))))
    model.optimizer.iterations.assign(20)
    run([script], model, initial_epoch=2)
    assert script.lrs[:10] == [0.25 * CURVE(20 + k) for k in range(10)]
    assert script.driver.position == 40


def check_torch_a_train_step_that_leaves_updates_out():
    class Skipping(keras.Sequential):
        calls = 0

        def train_step(self, batch):
            self.calls += 1
            if self.calls % 4 == 0:
                return {"loss": 0.0}
            return super().train_step(batch)

    model = Skipping([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    callback = Scheduler(lr=DOWN)
    fit(model, [callback], epochs=2)
    assert callback.lrs == [DOWN(k) for k in range(24)], callback.lrs


def check_a_refused_scheduler_can_be_sought_and_copied():
    model = probe("sgd")
    fit(model, [Scheduler(lr=DOWN)])
    second = Scheduler(lr=UP, rule=g.Plateau(mode="max"), monitor="loss")
    with refused("other schedules, of lr"):
        fit(model, [second])
    second.seek(0)
    copied = copy.deepcopy(Scheduler(lr=UP))  # as tuners do
    fit(model, [second])
    assert second.lrs == [UP(k) for k in range(16)]
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(Path(folder) / "m.weights.h5")
        again, third = probe("sgd"), Scheduler(lr=UP, rule=second.driver.plan.rules["lr"])
        third.set_model(again)
        again.load_weights(Path(folder) / "m.weights.h5")
    third.monitor = "loss"
    fit(again, [third], epochs=2, initial_epoch=1)
    assert third.lrs == [UP(k) for k in range(16, 32)]
    fit(probe("sgd"), [copied])
    assert copied.lrs == [UP(k) for k in range(16)]

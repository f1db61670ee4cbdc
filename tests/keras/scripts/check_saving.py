"""A model with a schedule goes into a file and comes out of it, and a bad one never gets there."""

import tempfile
from pathlib import Path

import keras
from probe import close, fit, moved, network, probe, refused

import gradatim as g
from gradatim.keras import LearningRate, Scheduler, WarmUpCosineDecay

CURVE = g.warmup_cosine(peak=0.5, steps=48, warmup=8, hold=4)


def file(folder, ending="keras"):
    return Path(folder) / f"m.{ending}"


def check_a_saved_model_needs_no_custom_objects():
    rates = {
        "ours": LearningRate(0.5 * CURVE.repeat(3, stretch=2)),
        "accumulating": LearningRate(CURVE, accumulate=4),
        "tutorial": WarmUpCosineDecay(0.1, 0.5, 8, 48, 4),
    }
    for name, rate in rates.items():
        with tempfile.TemporaryDirectory() as folder:
            model = network(keras.optimizers.Adam(rate))
            model.optimizer.build(model.trainable_variables)
            model.save(file(folder))
            loaded = keras.models.load_model(file(folder)).optimizer._learning_rate
        assert type(loaded) is type(rate), name
        assert loaded.schedule == rate.schedule, name
        assert loaded.get_config() == rate.get_config(), name
        assert getattr(loaded, "accumulate", 1) == getattr(rate, "accumulate", 1), name
    return {"kinds": list(rates)}


def check_a_loaded_model_goes_on_at_its_update():
    for callbacks, optimizer in (
        ([], keras.optimizers.SGD(LearningRate(CURVE))),
        ([Scheduler(lr=CURVE)], "sgd"),
    ):
        model = probe(optimizer)
        fit(model, callbacks)
        with tempfile.TemporaryDirectory() as folder:
            model.save(file(folder))
            loaded = keras.models.load_model(file(folder), custom_objects={"mean": model.loss})
        before = moved(loaded)
        fit(loaded, batches=32)
        close(moved(loaded) - before, sum(CURVE(k) for k in range(16, 48)), 2e-6)


class Unsaid(g.Schedule):
    """Its field cannot be told again from its own config."""

    def at(self, t, xp):
        return xp.constant(0.5, t)

    def config(self):
        raise RuntimeError("this schedule cannot be written down")


class Unmade(g.Schedule):
    """Its formula cannot be computed."""

    def at(self, t, xp):
        raise RuntimeError("no value")


def check_a_broken_schedule_leaves_the_old_file():
    with tempfile.TemporaryDirectory() as folder:
        path = file(folder)
        model = network(keras.optimizers.SGD(LearningRate(CURVE)))
        model.save(path)
        old = path.read_bytes()
        for broken in (Unsaid(), Unmade(), g.Linear(0.0, 1.0, 4) * Unsaid()):
            for use in (LearningRate, lambda s: run_with(model, Scheduler(lr=s))):
                with refused("would fail when it is used or saved"):
                    use(broken)
                    model.save(path)
                assert path.read_bytes() == old
        keras.models.load_model(path)
    return {"old file": f"{len(old)} bytes, unchanged"}


def run_with(model, callback):
    model.compile(optimizer="sgd", loss="mse")
    callback.set_model(model)


def check_a_function_of_ones_own_is_not_run_by_loading():
    with tempfile.TemporaryDirectory() as folder:
        model = network(keras.optimizers.SGD(LearningRate(g.Function("math:sqrt"))))
        model.save(file(folder))
        with refused("would import and run code"):
            keras.models.load_model(file(folder))
        keras.models.load_model(file(folder), compile=False)

"""Runs by time, tokens, samples, and values outside of the optimizer."""

import contextlib
import tempfile
from pathlib import Path

import keras
import numpy as np
from check_resume import Kill, Killed
from keras import ops
from probe import BACKEND, JAX, JITS, ONES, close, data, fit, moved, network, probe, refused

import gradatim as g
from gradatim.keras import LearningRate, Scheduler
from gradatim.keras.value_variable import VariableRate

RUN = g.Run(seconds=10)
LINE = g.Linear(1.0, 0.0, RUN.ticks)
SECONDS = [1.0, 0.5, 0.25, 2.0, 0.25, 1.5, 0.5, 1.0, 0.25, 0.75]  # of each update, again and again


class Clock(keras.callbacks.Callback):
    """Seconds that pass in each part of a fit; it stands before the Scheduler."""

    def __init__(self):
        super().__init__()
        self.seconds, self.updates = 100.0, 0

    def __call__(self):
        return self.seconds

    def on_train_batch_end(self, batch, logs=None):
        self.seconds += SECONDS[self.updates % len(SECONDS)]
        self.updates += 1

    def on_test_batch_end(self, batch, logs=None):
        self.seconds += 50.0


def ticks(count):
    """The milliseconds at which each update begins: the first one does not count."""
    later = (SECONDS * 9)[1:count]
    return [0, *(int(1000 * seconds) for seconds in np.cumsum([0.0, *later]))][:count]


def check_a_run_ends_with_its_time():
    for jit in {JITS, False}:
        clock = Clock()
        scheduler = Scheduler(plan=g.Plan({"lr": LINE}, run=RUN), now=clock)
        model = probe("sgd", jit=jit)
        history = fit(
            model,
            [clock, scheduler],
            batches=8,
            epochs=1000,
            validation_data=ONES,
            validation_batch_size=32,
        ).history
        wanted = [LINE(tick) for tick in ticks(100) if tick < 10_000]
        assert scheduler.lrs == wanted, (scheduler.lrs, wanted)
        assert scheduler.done
        assert scheduler.remaining == 0.0
        assert scheduler.position == clock.updates == len(wanted)
        assert history["lr"] == [wanted[7], wanted[-1]]
        gap = close(moved(model), sum(wanted), 1e-5)
        with refused("the run is over", "scheduler.seek(0)"):
            fit(model, [clock, scheduler])
        clock.updates = 0
        scheduler.seek(0)
        fit(model, [clock, scheduler], batches=8, epochs=1000)
        assert scheduler.lrs == wanted
    return {"updates": len(wanted), "gap of the summed rates": gap}


def check_time_between_fits_is_no_training():
    clock = Clock()
    scheduler = Scheduler(lr=LINE, run=RUN, now=clock)
    model = probe("sgd")
    fit(model, [clock, scheduler], batches=3)
    clock.seconds += 1000.0
    with contextlib.suppress(KeyboardInterrupt):
        fit(model, [clock, scheduler, Late(2)], batches=8)
    clock.seconds += 1000.0
    fit(model, [clock, scheduler], batches=2)
    assert scheduler.lrs == [LINE(tick) for tick in ticks(8)], scheduler.lrs


class Late(keras.callbacks.Callback):
    """Interrupts after a batch, when the Scheduler has had its turn."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            raise KeyboardInterrupt


LENGTHS = [100, 700, 50, 1000, 0, 900, 250, 600]
TOKENS = g.Run(total_tokens=10_000, clock="tokens")
CURVE = g.wsd(peak=0.5, steps=TOKENS, warmup="10%", cooldown="50%")


class Count(keras.callbacks.Callback):
    """Counts the tokens of each batch before the step; it stands before the Scheduler."""

    def __init__(self, scheduler):
        super().__init__()
        self.scheduler = scheduler

    def on_train_batch_begin(self, batch, logs=None):
        self.scheduler.count(tokens=LENGTHS[batch % len(LENGTHS)])


def token_run(scheduler, model=None, callbacks=(), epochs=3, **options):
    model = network(keras.optimizers.Adam(0.1)) if model is None else model
    x, y = data()
    model.fit(
        x[:32],
        y[:32],
        batch_size=4,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[Count(scheduler), scheduler, *callbacks],
        **options,
    )
    return [w.tolist() for w in model.get_weights()]


def by_tokens(**options):
    momentum = g.by_updates(g.Linear(0.95, 0.8, 20))
    return Scheduler(lr=CURVE, beta_1=momentum, run=TOKENS, **options)


def check_tokens_that_are_counted():
    scheduler = by_tokens()
    token_run(scheduler)
    seen = [0, *np.cumsum(LENGTHS * 3).tolist()]
    wanted = [CURVE(tick) for tick in seen if tick < 10_000]
    assert len(wanted) < 24
    assert scheduler.lrs == wanted, (scheduler.lrs, wanted)
    assert scheduler.tick == seen[len(wanted)] >= 10_000
    assert [v for _, v in scheduler.history("beta_1")] == [
        g.Linear(0.95, 0.8, 20)(k) for k in range(len(wanted))
    ]


def check_tokens_that_are_never_counted_are_refused_before_a_step():
    model = probe("sgd")
    with refused("nothing has been counted", "count(tokens=n)"):
        fit(model, [Scheduler(lr=CURVE, run=TOKENS)])
    assert moved(model) == 0.0


def check_a_killed_run_by_tokens_goes_on():
    whole = by_tokens()
    model = token_run(whole)
    for policy in ("backup", "keras", "weights"):
        with tempfile.TemporaryDirectory() as folder:
            if policy == "backup":
                first = by_tokens()
                with contextlib.suppress(Killed):
                    backup = keras.callbacks.BackupAndRestore(folder)
                    token_run(first, callbacks=[backup, Kill(0)])
                second = by_tokens()
                backup = keras.callbacks.BackupAndRestore(folder)
                again = token_run(second, callbacks=[backup])
            else:
                path = Path(folder) / ("m.keras" if policy == "keras" else "m.weights.h5")
                first, second = by_tokens(), by_tokens()
                begun = network(keras.optimizers.Adam(0.1))
                token_run(first, begun, epochs=1)
                if policy == "keras":
                    begun.save(path)
                    loaded = keras.models.load_model(path)
                    with refused("which only a Scheduler can read"):
                        loaded.fit(*data(), epochs=1, verbose=0)
                    loaded = keras.models.load_model(path)
                else:
                    begun.save_weights(path)
                    loaded = network(keras.optimizers.Adam(0.1))
                    second.set_model(loaded)
                    loaded.load_weights(path)
                again = token_run(second, loaded, initial_epoch=1)
        assert second.lrs == whole.lrs[8:], (policy, second.lrs)
        assert again == model, policy
    return {"rates": whole.lrs[8:11]}


def check_files_are_without_what_python_hands_over():
    x, y = data()
    counts = {}
    for name, script in (
        ("updates", Scheduler(lr=g.build(CURVE.config()))),
        ("tokens", by_tokens()),
    ):
        model = network(keras.optimizers.Adam(0.1))
        if name == "tokens":
            token_run(script, model, epochs=1)
        else:
            model.fit(x, y, verbose=0, callbacks=[script])
        with tempfile.TemporaryDirectory() as folder:
            model.save_weights(Path(folder) / "m.weights.h5")
            plain = network(keras.optimizers.Adam(LearningRate(CURVE)))
            plain.optimizer.build(plain.trainable_variables)
            plain.load_weights(Path(folder) / "m.weights.h5")  # a warning where it does not fit
        counts[name] = int(ops.convert_to_numpy(plain.optimizer.iterations))
    assert counts == {"updates": 2, "tokens": 8}, counts


def check_samples_that_are_known_from_the_run():
    # 10 samples in batches of 4: the last of an epoch has 2.
    run = g.Run(samples=10, batch=4, epochs=4, clock="samples")
    schedule = g.Linear(1.0, 0.0, run.ticks)
    model, scheduler = probe("sgd"), Scheduler(lr=schedule, run=run)
    fit(model, [scheduler], batches=10, batch_size=4, epochs=100)
    seen = [0, 4, 8, 10, 14, 18, 20, 24, 28, 30, 34, 38]
    assert scheduler.lrs == [schedule(tick) for tick in seen], scheduler.lrs
    assert scheduler.position == 12
    close(moved(model), sum(scheduler.lrs), 1e-5)
    if BACKEND != "torch":
        with refused("steps_per_execution=1"):
            fit(probe("sgd", steps_per_execution=2), [Scheduler(lr=schedule, run=run)])


def check_several_steps_in_one_execution_use_one_value():
    if BACKEND == "torch":
        return {"left out": "Keras does not have it on torch"}
    clock = Clock()
    scheduler = Scheduler(lr=LINE, run=RUN, now=clock)
    model = probe("sgd", steps_per_execution=4)
    fit(model, [clock, scheduler], batches=12)
    shown = [0] * 4 + [0] * 4 + [500] * 4  # the first execution does not count
    assert scheduler.lrs == [LINE(tick) for tick in shown], scheduler.lrs
    close(moved(model), sum(scheduler.lrs), 1e-5)


def check_a_loss_scale_under_a_clock():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        clock = Clock()
        model, scheduler = probe(keras.optimizers.SGD(1.0)), Scheduler(lr=LINE, run=RUN, now=clock)
        x = ONES[0][:8].copy()
        x[[3, 5]] = np.inf
        model.fit(
            x, ONES[1][:8], batch_size=1, shuffle=False, verbose=0, callbacks=[clock, scheduler]
        )
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert scheduler.position == 6, scheduler.position
    seen = ticks(8)  # the time of a batch that is left out is seen after the next one
    assert scheduler.lrs == [LINE(seen[k]) for k in (0, 1, 2, 3, 5, 7)], scheduler.lrs
    close(moved(model), sum(scheduler.lrs), 1e-4)


def check_a_rule_under_a_clock():
    rule = g.Plateau(mode="max", factor=0.5, patience=0)
    scheduler = Scheduler(lr=CURVE, run=TOKENS, rule=rule, monitor="loss")
    model = probe("sgd")
    fit(model, [Count(scheduler), scheduler], batches=4, epochs=3)
    seen = [0, *np.cumsum((LENGTHS[:4]) * 3).tolist()][:12]
    scales = [1.0] * 8 + [0.5] * 4
    assert scheduler.lrs == [CURVE(t) * s for t, s in zip(seen, scales, strict=True)]
    close(moved(model), sum(scheduler.lrs), 1e-5)


def check_the_optimizers_own_schedule_counts_updates():
    own = g.Linear(1.0, 0.5, 16)
    scheduler = Scheduler(run=RUN, now=(clock := Clock()))
    model = probe(keras.optimizers.SGD(LearningRate(own)))
    fit(model, [clock, scheduler], batches=8)
    assert scheduler.lrs == [own(k) for k in range(8)]
    close(moved(model), sum(scheduler.lrs), 1e-5)


def check_a_step_is_compiled_once():
    if BACKEND == "torch":
        return {"left out": "nothing is compiled there"}
    traces, call = [], VariableRate.__call__
    VariableRate.__call__ = lambda self, step: (traces.append(step), call(self, step))[1]
    try:
        scheduler = by_tokens()
        token_run(scheduler)
    finally:
        VariableRate.__call__ = call
    # TensorFlow asks twice within one trace.
    assert len(traces) <= 2, len(traces)
    return {"traces in 3 epochs": len(traces)}


class Scaled(keras.layers.Layer):
    """Multiplies with a number that is no weight to train."""

    def build(self, shape):
        self.by = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="float32")

    def call(self, x):
        return x * ops.cast(self.by, x.dtype)


def scaled_model():
    dense, scaled = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"), Scaled()
    model = keras.Sequential([keras.Input((1,)), dense, scaled])
    model.compile("sgd", loss=lambda _, p: ops.mean(p), jit_compile=JITS)
    return model, scaled


def check_values_outside_reach_the_compiled_step():
    for run in (None, TOKENS):
        model, scaled = scaled_model()
        bits = g.Table([(k, 2.0**-k) for k in range(16)], "hold")
        window = g.Linear(1.0, 16.0, 15).rounded()
        scheduler = Scheduler(
            lr=1.0,
            run=run,
            external={"by": g.by_updates(bits), "window": g.by_updates(window)},
            setters={"by": scaled.by.assign},
        )
        windows = Windows(scheduler)
        counts = [Count(scheduler)] if run else []
        history = fit(model, [*counts, scheduler, windows]).history
        # The gradient is the number in force, so the weight is a bit mask of those used.
        assert moved(model) == 2.0 - 2.0**-15, moved(model)
        assert windows.seen == list(range(1, 17)), windows.seen
        assert (history["by"], history["window"]) == ([2.0**-15], [16.0])


class Windows(keras.callbacks.Callback):
    def __init__(self, scheduler):
        super().__init__()
        self.scheduler, self.seen = scheduler, []

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(self.scheduler.value("window"))


def check_a_metric_keeps_its_name():
    scheduler = Scheduler(lr=1.0, external={"loss": g.Linear(1.0, 0.0, 16)})
    history = fit(probe("sgd"), [scheduler]).history
    assert history["loss_schedule"] == [1.0 / 16]
    assert history["loss"][0] < 0.0


def check_jax_a_long_schedule_is_refused_or_counted_in_python():
    long = g.Constant(1.0, 2**31 + 5) >> g.Constant(0.5)
    with refused("counts to 2147483647"):
        LearningRate(long)
    with refused("counts to 2147483647"):
        fit(probe("sgd"), [Scheduler(lr=long)])
    with refused("counts to 2147483647"):
        LearningRate(g.Linear(1.0, 0.0, 2**30), accumulate=4)
    with refused("counts to 2147483647"):
        momentum = keras.optimizers.SGD(0.1, momentum=0.9)
        fit(probe(momentum), [Scheduler(momentum=0.5 * long)])
    run = g.Run(total_tokens=2**40, clock="tokens")
    scheduler = Scheduler(lr=long, run=run)
    model = probe("sgd")
    fit(model, [Big(scheduler), scheduler], batches=4)
    assert moved(model) == 3.0, moved(model)
    assert float(LearningRate(g.InverseSqrtDecay(1.0, 2**10))(2**40)) == 2.0**-15
    assert JAX


class Big(Count):
    def on_train_batch_begin(self, batch, logs=None):
        self.scheduler.count(tokens=2**31 + 4 if batch == 0 else 1)


class Progress(Count):
    """Tells each batch how much of the run is done; it stands before the Scheduler."""

    told = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.scheduler.count(progress=self.told / 32)
        self.told += 1


def check_progress_is_used_by_the_update_it_is_told_for():
    run = g.Run(clock="progress")
    line = g.Linear(1.0, 0.0, run.ticks)
    scheduler = Scheduler(lr=line, run=run)
    model = probe("sgd")
    fit(model, [Progress(scheduler), scheduler], epochs=2)
    assert scheduler.lrs == [1.0 - k / 32 for k in range(32)], scheduler.lrs
    close(moved(model), sum(scheduler.lrs), 1e-5)

    # A setter is called while the progress is told, between two steps.
    model, scaled = scaled_model()
    scheduler = Scheduler(lr=1.0, run=run, external={"by": line}, setters={"by": scaled.by.assign})
    fit(model, [Progress(scheduler), scheduler], epochs=2)
    close(moved(model), sum(1.0 - k / 32 for k in range(32)), 1e-5)

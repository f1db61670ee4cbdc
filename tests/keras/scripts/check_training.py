"""What a training run really uses, on every way Keras has to compile it."""

import csv
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import ops
from probe import (
    BACKEND,
    JAX,
    JITS,
    ONES,
    close,
    data,
    fit,
    moved,
    network,
    probe,
    refused,
    warned,
)

import gradatim as g
from gradatim.keras import LearningRate, Scheduler, WarmUpCosineDecay, WarmupCosineDecay

CURVE = g.warmup_cosine(peak=0.5, steps=48, warmup=8, hold=4)
DOWN = g.Linear(1.0, 0.0, 16)


def total(schedule, begin, end):
    return sum(schedule(k) for k in range(begin, end))


def check_each_update_uses_the_value_of_its_step():
    worst = 0.0
    for jit in {JITS, False}:
        for callbacks, optimizer in (
            ([], keras.optimizers.SGD(LearningRate(CURVE))),
            ([Scheduler(lr=CURVE)], "sgd"),
        ):
            model = probe(optimizer, jit=jit)
            for begin in (0, 16, 32):
                fit(model, callbacks)
                worst = max(worst, close(moved(model), total(CURVE, 0, begin + 16), 2e-6))
    return {"worst gap of the summed rates": worst}


def check_powers_of_two_show_every_single_rate():
    # The weight is a bit mask of the rates that were used: exact, or some update was wrong.
    schedule = g.Table([(k, 2.0**-k) for k in range(16)], "hold")
    model = probe("sgd")
    scheduler = Scheduler(lr=schedule)
    fit(model, [scheduler])
    assert moved(model) == 2.0 - 2.0**-15, moved(model)
    assert scheduler.lrs == [2.0**-k for k in range(16)]
    return {"sum": moved(model)}


def check_several_steps_in_one_execution():
    if BACKEND == "torch":  # Keras refuses it there
        return {"left out": "Keras does not have it on torch"}
    model, scheduler = probe("sgd", steps_per_execution=5), Scheduler(lr=CURVE)
    fit(model, [scheduler], epochs=2)
    close(moved(model), total(CURVE, 0, 32), 2e-6)
    assert scheduler.lrs == [CURVE(k) for k in range(32)]
    return {"sum": moved(model)}


def check_mixed_precision_counts_real_updates_only():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = probe(keras.optimizers.SGD(1.0))
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        scheduler = Scheduler(lr=DOWN)
        x = ONES[0][:16].copy()
        x[[3, 7]] = np.inf
        model.fit(x, ONES[1][:16], batch_size=1, shuffle=False, verbose=0, callbacks=[scheduler])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert scheduler.driver.position == 14, scheduler.driver.position
    assert scheduler.lrs == [DOWN(k) for k in range(14)]
    close(moved(model), total(DOWN, 0, 14), 1e-5)
    return {"updates of 16 batches, 2 of them infinite": scheduler.driver.position}


def check_accumulation_counts_once():
    found = {}
    for name in ("LearningRate", "Scheduler"):
        own = LearningRate(DOWN, accumulate=4) if name == "LearningRate" else 0.1
        model = probe(keras.optimizers.SGD(own, gradient_accumulation_steps=4))
        scheduler = Scheduler(lr=DOWN)
        callbacks = [] if name == "LearningRate" else [scheduler]
        fit(model, callbacks, batches=16)
        found[f"{name}, after 16"] = float(ops.convert_to_numpy(model.optimizer.learning_rate))
        fit(model, callbacks, batches=48)
        found[f"{name}, after 64"] = float(ops.convert_to_numpy(model.optimizer.learning_rate))
        assert moved(model) == 8.5, moved(model)
    assert scheduler.lrs == [DOWN(k) for k in range(16)], scheduler.lrs
    assert list(found.values()) == [0.75, 0.0, 0.75, 0.0], found
    return found


def check_epochs_that_end_inside_an_update():
    # 10 batches an epoch, 4 an update: 2, 3, 2, 3 updates.
    model, scheduler = (
        probe(keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)),
        Scheduler(lr=DOWN),
    )
    history = fit(model, [scheduler], batches=10, epochs=4).history
    assert history["lr"] == [DOWN(k) for k in (1, 4, 6, 9)], history
    close(moved(model), total(DOWN, 0, 10), 0.0)
    return {"lr": history["lr"]}


class Batches(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(logs["lr"])


def check_the_rate_is_in_history_logs_and_files():
    batches = Batches()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        callbacks = [Scheduler(lr=CURVE), batches, keras.callbacks.CSVLogger(path)]
        history = fit(probe("sgd"), callbacks, epochs=3).history
        rows = list(csv.DictReader(path.read_text().splitlines()))
    last = [CURVE(15), CURVE(31), CURVE(47)]
    assert history["lr"] == last, history
    assert [float(row["lr"]) for row in rows] == last, rows
    assert batches.seen == [CURVE(k) for k in range(48)]
    return {"lr": history["lr"]}


def check_plateau_on_warm_up_and_cosine():
    scheduler = Scheduler(lr=CURVE, rule=g.Plateau(mode="max", factor=0.5, patience=0))
    # The loss falls by what the weight moves, so with mode="max" every epoch after the first is
    # one without improvement.
    model = probe("sgd")
    history = fit(
        model,
        [scheduler],
        batches=12,
        epochs=4,
        validation_data=(ONES[0], ONES[1]),
        validation_batch_size=64,
    ).history
    scales = [1.0] * 24 + [0.5] * 12 + [0.25] * 12
    wanted = [scale * CURVE(k) for k, scale in enumerate(scales)]
    assert scheduler.lrs == wanted, scheduler.lrs
    assert history["lr"] == wanted[11::12], history
    gap = close(moved(model), sum(wanted), 2e-6)
    return {"scales": scheduler.driver.scales, "gap of the summed rates": gap}


def check_plateau_on_what_the_optimizer_has():
    kinds = {
        "float": (0.5, g.Constant(0.5)),
        "ours": (LearningRate(CURVE), CURVE),
        "tutorial": (WarmUpCosineDecay(0.0, 0.5, 8, 48, 4), CURVE),
        "keras": (
            keras.optimizers.schedules.CosineDecay(0.0, 40, warmup_target=0.5, warmup_steps=8),
            g.warmup_cosine(peak=0.5, steps=48, warmup=8),
        ),
    }
    for name, (own, schedule) in kinds.items():
        scheduler = Scheduler(
            rule=g.Plateau(mode="max", factor=0.5, patience=0, threshold=0.0), monitor="loss"
        )
        model = probe(keras.optimizers.SGD(own), jit=JAX)
        fit(model, [scheduler], batches=12, epochs=3)
        wanted = [schedule(k) for k in range(24)] + [0.5 * schedule(k) for k in range(24, 36)]
        assert scheduler.lrs == wanted, (name, scheduler.lrs)
        close(moved(model), sum(wanted), 2e-6)
    return {"kinds": list(kinds)}


def check_weight_decay_and_momentum_follow_their_schedules():
    lr, decay, momentum = CURVE, g.Linear(0.0, 1.0, 16), g.Linear(0.9, 0.5, 16)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1)
    model = probe(optimizer)
    scheduler = Scheduler(lr=lr, weight_decay=decay, momentum=momentum)
    history = fit(model, [scheduler]).history
    weight = velocity = 0.0
    for k in range(16):
        weight -= weight * decay(k) * lr(k)
        velocity = momentum(k) * velocity - lr(k)
        weight += velocity
    gap = close(-moved(model), weight, 1e-5)
    assert history["momentum"] == [momentum(15)]
    assert history["weight_decay"] == [decay(15)]
    assert optimizer.get_config()["momentum"] == 0.9  # a number still, that can be saved
    return {"weight": weight, "gap": gap}


def check_any_other_number_can_be_driven():
    sgd, down = keras.optimizers.SGD, g.Linear(0.9, 0.5, 16)
    cases = {
        "nesterov": (sgd(0.1, momentum=0.9, nesterov=True), {"momentum": down}),
        "clipnorm": (sgd(0.1, clipnorm=1.0), {"clipnorm": down}),
        "global_clipnorm": (sgd(0.1, global_clipnorm=1.0), {"global_clipnorm": down}),
        "rho": (keras.optimizers.RMSprop(0.1, momentum=0.5), {"rho": down, "momentum": down}),
        "betas": (keras.optimizers.AdamW(0.1), {"beta_1": down, "beta_2": down}),
        "ema": (sgd(0.1, use_ema=True), {"ema_momentum": down}),
    }
    found = {}
    for name, (optimizer, values) in cases.items():
        held = optimizer.get_config()
        model = probe(optimizer, jit=JAX)
        fit(model, [Scheduler(**values)])
        constant = probe(type(optimizer).from_config(held), jit=JAX)
        fit(constant)
        assert moved(model) != moved(constant), f"{name} changed nothing"
        found[name] = moved(model)
    # The gradient is 1, so a bound on it is what each update moves by, times the rate.
    for name in ("clipnorm", "global_clipnorm"):
        close(found[name], 0.1 * total(down, 0, 16), 1e-6)
    return found


def check_a_number_that_is_switched_off_is_refused():
    with refused("momentum=0"):
        fit(probe("sgd"), [Scheduler(momentum=DOWN)])
    with refused("Did you mean 'momentum'"):
        fit(probe("sgd"), [Scheduler(momentun=DOWN)])


def check_two_schedules_that_contradict_are_refused():
    with refused("a schedule of its own"):
        fit(probe(keras.optimizers.SGD(LearningRate(CURVE))), [Scheduler(lr=DOWN)])
    optimizer = keras.optimizers.SGD(LearningRate(DOWN), gradient_accumulation_steps=4)
    with refused("accumulate=4"):
        fit(probe(optimizer), [Scheduler(lr=DOWN)])


def check_a_metric_that_does_not_exist_is_refused():
    scheduler = Scheduler(lr=DOWN, rule=g.Plateau(mode="min"), monitor="val_los")
    with refused("'val_los'", "Known: loss"):
        fit(probe("sgd"), [scheduler])


def check_a_rule_without_validation_says_so():
    with warned("'val_loss' was never logged"):
        fit(probe("sgd"), [Scheduler(lr=DOWN, rule=g.Plateau(mode="min"))])


def check_a_step_compiled_before_is_not_used_on():
    # Keras keeps a step that was compiled with the old rate.
    model = probe(keras.optimizers.SGD(0.5))
    fit(model, batches=2)
    scheduler = Scheduler(lr=g.Table([(0, 1.0), (2, 0.25)], "hold"))
    fit(model, [scheduler], batches=2)
    assert moved(model) == 1.5, moved(model)
    fit(model, [scheduler], batches=2)
    assert moved(model) == 2.0, moved(model)


def check_the_tutorials_callback():
    callback = WarmupCosineDecay(
        total_steps=32, warmup_steps=4, start_lr=0.1, target_lr=0.5, hold=3
    )
    curve = g.warmup_cosine(peak=0.5, steps=32, warmup=4, start=0.1, hold=3)
    model = probe("sgd")
    with warned("the schedule of lr has ended at 0, after 32 updates"):
        fit(model, [callback], epochs=3)
    assert callback.lrs == [curve(k) for k in range(48)]
    assert callback.lrs[0] == 0.1  # the tutorial ignores start_lr
    assert set(callback.lrs[32:]) == {0.0}  # and rises again past the end
    close(moved(model), total(curve, 0, 48), 2e-6)


def check_jax_no_batch_waits_for_the_state():
    counts = {}
    for name, callbacks in (
        ("none", []),
        ("Scheduler", [Scheduler(lr=CURVE, rule=g.Plateau(mode="min"), monitor="loss")]),
    ):
        model = network(keras.optimizers.Adam(0.1))
        synced, sync = [], model.jax_state_sync
        model.jax_state_sync = lambda s=synced, f=sync, m=model: (
            s.append(m._jax_state_synced),
            f(),
        )
        x, y = data()
        model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=callbacks)
        # A call while the state is attached already costs nothing.
        counts[name] = synced.count(False)
    assert counts["Scheduler"] == counts["none"], counts
    return {f"synchronisations in 3 epochs of 10 batches, {k}": v for k, v in counts.items()}

"""What stands beside: other callbacks, an optimizer that was given a schedule as it is."""

import keras
from probe import close, fit, moved, probe, refused

import gradatim as g
from gradatim.keras import LearningRate, Scheduler, WarmUpCosineDecay

CURVE = g.warmup_cosine(peak=0.5, steps=48, warmup=8)


def check_callbacks_that_write_the_rate_are_refused():
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=3)
    bounded = keras.callbacks.ReduceLROnPlateau(min_lr=1e-5)
    by_epoch = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    words = {
        plateau: ("ReduceLROnPlateau writes", "mode='min'", "patience=2", "monitor='loss'"),
        bounded: ("ReduceLROnPlateau writes", "one less than Keras'"),
        by_epoch: ("LearningRateScheduler writes",),
        Scheduler(momentum=0.9): ("two of them",),
    }
    for other, said in words.items():
        for order in (1, -1):
            model = probe(keras.optimizers.SGD(0.1, momentum=0.5))
            with refused(*said):
                fit(model, [Scheduler(lr=CURVE), other][::order])
            assert moved(model) == 0.0
    fit(probe("sgd"), [keras.callbacks.CallbackList([Scheduler(lr=CURVE)])])


def check_an_optimizer_that_was_given_a_schedule_as_it_is():
    for schedule in (CURVE, 0.5 * CURVE, CURVE.clip(low=0.1)):
        with refused("LearningRate(schedule)"):
            fit(probe(keras.optimizers.SGD(schedule)))
        model, scheduler = probe(keras.optimizers.SGD(schedule)), Scheduler()
        fit(model, [scheduler])
        assert scheduler.lrs == [schedule(k) for k in range(16)]
        close(moved(model), sum(scheduler.lrs), 1e-5)


def check_a_scheduler_of_nothing_drives_what_is_there():
    kinds = {
        "float": (0.5, g.Constant(0.5)),
        "ours": (LearningRate(CURVE), CURVE),
        "tutorial": (WarmUpCosineDecay(0.0, 0.5, 8, 48, 0), CURVE),
        "keras": (keras.optimizers.schedules.PolynomialDecay(0.5, 48, 0.0), g.Linear(0.5, 0.0, 48)),
    }
    for name, (own, schedule) in kinds.items():
        model, scheduler = probe(keras.optimizers.SGD(own)), Scheduler()
        history = fit(model, [scheduler], epochs=2).history
        assert scheduler.lrs == [schedule(k) for k in range(32)], name
        assert history["lr"] == [schedule(15), schedule(31)], name
        close(moved(model), sum(scheduler.lrs), 1e-5)


def check_words_that_help():
    down = g.Linear(0.2, 0.0, 10)
    with refused("weight_decay=0", "such as weight_decay=0.2"):
        fit(probe(keras.optimizers.SGD(0.1, weight_decay=0.0)), [Scheduler(weight_decay=down)])
    with refused("weight_decay=0", "such as weight_decay=0.2"):
        up = g.Linear(0.0, 0.2, 10)
        fit(probe(keras.optimizers.SGD(0.1, weight_decay=0.0)), [Scheduler(weight_decay=up)])
    for name in ("learning_rate", "schedule", "lr_schedule"):
        with refused(f"{name} is called lr here"):
            Scheduler(**{name: down})
    with refused("Scheduler: lr must be"):
        Scheduler(lr=[0.1])
    with refused("lr=from_keras(schedule)"):
        Scheduler(lr=keras.optimizers.schedules.CosineDecay(0.1, 10))

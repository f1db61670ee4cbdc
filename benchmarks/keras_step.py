"""What a rate that changes costs per training step of Keras, against a rate that does not.

    python benchmarks/keras_step.py [BACKEND ...]

Each backend has a process of its own. The contestants take turns, in blocks of one epoch; what is
printed is the median over the blocks of the ratio to the constant rate in the same round, and the
time of a step with a constant rate. A ratio below 1 is noise.
"""

import json
import os
import statistics
import subprocess
import sys
import time

BACKENDS = ("jax", "tensorflow", "torch")
ROUNDS, LAYERS = 15, 8
STEPS = {"jax": 300, "tensorflow": 300, "torch": 60}  # a block, about as long on each
PEERS = {  # each of ours, and what it must not be slower than
    "LearningRate": "keras CosineDecay",
    "Scheduler": "keras LearningRateScheduler",
    "Scheduler, with a rule": "keras ReduceLROnPlateau",
}


def contestants():
    import keras

    from gradatim import Plateau, warmup_cosine
    from gradatim.keras import LearningRate, Scheduler

    adam, callbacks = keras.optimizers.Adam, keras.callbacks
    curve = warmup_cosine(peak=1e-3, steps=100_000, warmup=1_000)
    cosine = keras.optimizers.schedules.CosineDecay(
        0.0, 99_000, warmup_target=1e-3, warmup_steps=1_000
    )
    plateau = Plateau(mode="min", patience=10**6, nan="ignore")
    return {
        "constant": (adam(1e-3), []),
        "LearningRate": (adam(LearningRate(curve)), []),
        "keras CosineDecay": (adam(cosine), []),
        "Scheduler": (adam(1e-3), [Scheduler(lr=curve)]),
        "keras LearningRateScheduler": (
            adam(1e-3),
            [callbacks.LearningRateScheduler(lambda epoch, rate: rate)],
        ),
        "Scheduler, with a rule": (
            adam(1e-3),
            [Scheduler(lr=curve, rule=plateau, monitor="loss")],
        ),
        "keras ReduceLROnPlateau": (
            adam(1e-3),
            [callbacks.ReduceLROnPlateau(monitor="loss", patience=10**6)],
        ),
    }


def measure():
    import keras
    import numpy as np

    backend = keras.backend.backend()
    steps = STEPS[backend]
    x = np.random.default_rng(0).normal(size=(steps * 8, 16)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    runs = {}
    for name, (optimizer, callbacks) in contestants().items():
        hidden = [keras.layers.Dense(16, activation="relu") for _ in range(LAYERS)]
        model = keras.Sequential([keras.Input((16,)), *hidden, keras.layers.Dense(1)])
        model.compile(optimizer=optimizer, loss="mse", jit_compile=backend == "jax")
        runs[name] = (model, callbacks)

    def block(name):
        model, callbacks = runs[name]
        began = time.perf_counter()
        model.fit(x, y, batch_size=8, shuffle=False, verbose=0, callbacks=callbacks)
        return time.perf_counter() - began

    for name in runs:  # compile, and twice, since Keras does
        block(name), block(name)
    times = {name: [] for name in runs}
    for turn in range(ROUNDS):
        order = list(runs) if turn % 2 else list(reversed(runs))
        for name in order:
            times[name].append(block(name))
    floor = times["constant"]
    ratios = {
        name: statistics.median(a / b for a, b in zip(mine, floor, strict=True))
        for name, mine in times.items()
    }
    # What a rule costs when it lowers the scale: the step is compiled again.
    again = []
    for _ in range(3):
        runs["Scheduler"][0].make_train_function(force=True)
        again.append(block("Scheduler") - statistics.median(times["Scheduler"]))
    return {
        "step": statistics.median(floor) / steps,
        "ratios": ratios,
        "compiling": statistics.median(again),
    }


def table(backend, found):
    print(f"{backend}: a step with a constant rate takes {found['step'] * 1e6:.0f} us")
    for ours, theirs in PEERS.items():
        mine, peer = found["ratios"][ours], found["ratios"][theirs]
        print(
            f"  {ours:24} x {mine:.3f}    {theirs:28} x {peer:.3f}    ours/theirs {mine / peer:.3f}"
        )

    print(f"  compiling the step again, when a rule lowers its scale: {found['compiling']:.2f} s")


def main():
    if sys.argv[1:] == ["--measure"]:
        print(json.dumps(measure()))
        return
    for backend in sys.argv[1:] or BACKENDS:
        done = subprocess.run(
            [sys.executable, __file__, "--measure"],
            env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{backend} failed:\n{done.stderr[-3000:]}")
        table(backend, json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()

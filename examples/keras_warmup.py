"""With and without warm-up: a residual network on real handwritten digits, both in one picture.

    KERAS_BACKEND=jax python examples/keras_warmup.py

The digits are scikit-learn's: 1,797 scans of 8 x 8 pixels. Each arm takes seconds to compile and
to train on a laptop's CPU. `--short` takes a few steps of the one with warm-up, to see that
everything works.
"""

import argparse

import keras
import matplotlib
import numpy as np
from sklearn.datasets import load_digits

from gradatim import warmup_cosine
from gradatim.keras import Scheduler

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CLASSES = 10
BATCH = 32


def digits():
    """Images of 8 x 8 x 1 with values from 0 to 1, and their classes, for two sets."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype("float32") / 16
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order].astype("int32")
    return (images[360:], labels[360:]), (images[:360], labels[:360])


def residual_network(blocks=3, width=32):
    """Each block adds what two convolutions make of its input. Nothing is normalized."""
    inputs = keras.Input((8, 8, 1))
    features = keras.layers.Conv2D(width, 3, padding="same")(inputs)
    for _ in range(blocks):
        change = features
        for _ in range(2):
            change = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(change)
        features = keras.layers.Add()([features, change])
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(pooled))


class Losses(keras.callbacks.Callback):
    """The loss of each batch: Keras' logs have the mean of the epoch so far."""

    def __init__(self):
        super().__init__()
        self.losses = []
        self._sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        so_far = logs["loss"] * (batch + 1)
        self.losses.append(so_far - (self._sum if batch else 0.0))
        self._sum = so_far


def train(schedule, steps, test=True, seed=0):
    """One run along the schedule: loss and rate of each update, test accuracy at its end."""
    keras.utils.set_random_seed(seed)
    (x, y), (test_x, test_y) = digits()
    chosen = np.random.default_rng(seed).integers(len(x), size=steps * BATCH)
    model = residual_network()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", jit_compile=True)
    losses, scheduler = Losses(), Scheduler(lr=schedule)
    model.fit(
        x[chosen],
        y[chosen],
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
        callbacks=[scheduler, losses],
    )
    accuracy = float("nan")
    if test:
        predicted = model.predict(test_x, batch_size=120, verbose=0).argmax(axis=-1)
        accuracy = float((predicted == test_y).mean())
    return {"losses": losses.losses, "rates": scheduler.lrs, "accuracy": accuracy}


def draw(runs, path):
    figure, (above, below) = plt.subplots(2, sharex=True, figsize=(8, 6), layout="constrained")
    for name, run in runs.items():
        above.plot(run["losses"], label=f"{name}: test accuracy {run['accuracy']:.3f}")
        below.plot(run["rates"], label=name)
    above.set(ylabel="training loss", yscale="log")
    below.set(ylabel="learning rate", xlabel="update")
    above.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peak", type=float, default=2e-2, help="the highest rate")
    parser.add_argument("--steps", type=int, default=200, help="updates of each run")
    parser.add_argument("--warmup", type=int, default=60, help="updates of warm-up in the one run")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and the batches")
    parser.add_argument("--short", action="store_true", help="4 steps of the one run, no test")
    parser.add_argument("--out", default="keras_warmup.png", help="where the picture goes")
    said = parser.parse_args()
    steps, warmup = (4, 2) if said.short else (said.steps, said.warmup)

    runs = {
        name: train(
            warmup_cosine(peak=said.peak, steps=steps, warmup=length),
            steps,
            test=not said.short,
            seed=said.seed,
        )
        for name, length in (("no warm-up", 0), (f"warm-up of {warmup}", warmup))
        if length or not said.short
    }
    for name, run in runs.items():
        print(
            f"peak {said.peak:g}, {name}: highest loss {max(run['losses']):.2f}, "
            f"last {np.mean(run['losses'][-10:]):.3f}, test accuracy {run['accuracy']:.3f}"
        )
    draw(runs, said.out)


if __name__ == "__main__":
    main()

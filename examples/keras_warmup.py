"""With and without warm-up: EfficientNetV2B0 on real handwritten digits, both runs in one picture.

    KERAS_BACKEND=jax python examples/keras_warmup.py --peak 1e-2

The digits are scikit-learn's: 1,797 scans of 8 x 8 pixels, enlarged to 32 x 32. Each arm is
compiled once (half a minute) and trained for some minutes on a laptop's CPU. `--short` takes a few
steps of the one with warm-up, to see that everything works.
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


def digits(size):
    """Images of size x size x 3 with values from 0 to 255, and their classes, for two sets."""
    images, labels = load_digits(return_X_y=True)
    images = np.kron(images.reshape(-1, 8, 8) * (255 / 16), np.ones((size // 8, size // 8)))
    images = np.repeat(images[..., None].astype("float32"), 3, axis=-1)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order].astype("int32")
    return (images[360:], labels[360:]), (images[:360], labels[:360])


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


def train(schedule, steps, size, test=True, seed=0):
    """One run along the schedule: loss and rate of each update, test accuracy at its end."""
    keras.utils.set_random_seed(seed)
    (x, y), (test_x, test_y) = digits(size)
    chosen = np.random.default_rng(seed).integers(len(x), size=steps * BATCH)
    model = keras.applications.EfficientNetV2B0(
        weights=None, classes=CLASSES, input_shape=(size, size, 3)
    )
    model.compile(
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=True,
    )
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
    parser.add_argument("--peak", type=float, default=1e-2, help="the highest rate")
    parser.add_argument("--steps", type=int, default=100, help="updates of each run")
    parser.add_argument("--warmup", type=int, default=30, help="updates of warm-up in the one run")
    parser.add_argument("--size", type=int, default=32, help="pixels, a multiple of 8, 32 or more")
    parser.add_argument("--short", action="store_true", help="4 steps of the one run, no test")
    parser.add_argument("--out", default="keras_warmup.png", help="where the picture goes")
    said = parser.parse_args()
    steps, warmup = (4, 2) if said.short else (said.steps, said.warmup)

    runs = {
        name: train(
            warmup_cosine(peak=said.peak, steps=steps, warmup=length),
            steps,
            said.size,
            test=not said.short,
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

"""Keras models saved with a schedule, or with the state that the callback keeps in them."""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from plain import write

import gradatim as g
from gradatim.keras import LearningRate, Scheduler, WarmUpCosineDecay

CURVE = g.warmup_cosine(peak=0.05, steps=60, warmup=15)
DECAY = g.parse("ExponentialDecay(start=0.05, rate=0.5, every=20)")
# No epoch improves the loss by 95%, so the rule lowers after every second one, whatever the last
# digits of the losses are on this machine.
RULE = g.Plateau(mode="min", factor=0.5, patience=1, threshold=0.95)
EPOCHS, SAVED_AFTER = 5, 3
BATCHES = 8


def main(folder: Path) -> None:
    (folder / "keras").mkdir()
    callbacks: dict[str, dict[str, Any]] = {
        "schedule": {"lr": CURVE},
        "rule": {"lr": CURVE, "rule": RULE},
        "values": {"lr": DECAY, "rule": RULE, "beta_1": g.Linear(start=0.95, end=0.8, steps=60)},
    }
    entries = {name: driven(folder, name, values) for name, values in callbacks.items()}
    rates = {
        "rate": LearningRate(0.5 * CURVE.repeat(3, stretch=2)),
        "accumulating": LearningRate(DECAY, accumulate=4),
        "tutorial": WarmUpCosineDecay(0.1, 0.5, 8, 48, 4),
    }
    for name, rate in rates.items():
        model, file = network(rate), f"keras/{name}.keras"
        model.save(folder / file)
        schedule, count = rate.schedule, getattr(rate, "accumulate", 1)
        read = {"accumulate": count, "values": [schedule(step) for step in range(0, 60, 3)]}
        entries[name] = {"files": [file], "config": rate.get_config(), "read": read}
    write(folder, "keras.json", entries)


def driven(folder: Path, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """A run that saves the model in mid-run, and the rates of the epochs after that."""
    whole, weights = f"keras/{name}.keras", f"keras/{name}.weights.h5"

    class Save(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == SAVED_AFTER - 1:
                self.model.save(folder / whole)
                self.model.save_weights(folder / weights)

    model, scheduler = network(0.1), Scheduler(monitor="loss", **values)
    x, y = np.ones((BATCHES, 1), "float32"), np.zeros((BATCHES, 1), "float32")
    history = model.fit(
        x, y, batch_size=1, epochs=EPOCHS, verbose=0, shuffle=False, callbacks=[scheduler, Save()]
    ).history
    configs = {n: value.config() for n, value in values.items()}
    logged = {n: [float(v) for v in history[n][SAVED_AFTER:]] for n in configs if n != "rule"}
    read = {
        "position": scheduler.driver.position,
        "scales": scheduler.driver.scales,
        "lrs": scheduler.lrs[SAVED_AFTER * BATCHES :],
        "logged": logged,
    }
    return {"files": [whole, weights], "values": configs, "read": read}


def network(rate: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]))

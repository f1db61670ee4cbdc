"""Loads every golden Keras model, trains on, and prints the results: ``read_keras.py FOLDER``.

A separate program: Keras on JAX imports TensorFlow, which cannot share a process with torch.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from plain import plain

from gradatim import build
from gradatim.keras import Scheduler

EPOCHS, SAVED_AFTER, BATCHES = 5, 3, 8  # as in write_keras.py


def main(folder: Path) -> None:
    entries = json.loads((folder / "keras.json").read_text(encoding="utf-8"))
    read: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        files = [folder / file for file in entry["files"]]
        if "config" in entry:
            read[name] = {"file": rate(keras.models.load_model(files[0])), "config": again(entry)}
        else:
            read[name] = {"file": whole(files[0], entry), "weights": weights(files[1], entry)}
    print(json.dumps(plain(read)))


def rate(model: Any) -> dict[str, Any]:
    return values_of(model.optimizer._learning_rate)


def again(entry: dict[str, Any]) -> dict[str, Any]:
    registered = "WarmUpCosineDecay" if "warmup_steps" in entry["config"] else "LearningRate"
    make = keras.saving.get_registered_object(f"gradatim>{registered}")
    return values_of(make.from_config(entry["config"]))


def values_of(rate: Any) -> dict[str, Any]:
    values = [rate.schedule(step) for step in range(0, 60, 3)]
    return {"accumulate": getattr(rate, "accumulate", 1), "values": values}


def whole(file: Path, entry: dict[str, Any]) -> dict[str, Any]:
    return went_on(keras.models.load_model(file), scheduler(entry), entry)


def weights(file: Path, entry: dict[str, Any]) -> dict[str, Any]:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    model.optimizer.build(model.trainable_variables)
    callback = scheduler(entry)
    callback.set_model(model)  # before the load, or the saved state has nowhere to go
    model.load_weights(file)
    return went_on(model, callback, entry)


def scheduler(entry: dict[str, Any]) -> Scheduler:
    values = {name: build(config) for name, config in entry["values"].items()}
    return Scheduler(monitor="loss", **values)


def went_on(model: Any, callback: Scheduler, entry: dict[str, Any]) -> dict[str, Any]:
    x, y = np.ones((BATCHES, 1), "float32"), np.zeros((BATCHES, 1), "float32")
    history = model.fit(
        x,
        y,
        batch_size=1,
        epochs=EPOCHS,
        initial_epoch=SAVED_AFTER,
        verbose=0,
        shuffle=False,
        callbacks=[callback],
    ).history
    return {
        "position": callback.driver.position,
        "scales": callback.driver.scales,
        "lrs": callback.lrs,
        "logged": {n: [float(v) for v in history[n]] for n in entry["values"] if n != "rule"},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))

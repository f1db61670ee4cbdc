"""Trains with a backup, and kills its own process after an epoch; or restores and compares.

killed.py FOLDER EPOCH    dies after that epoch, by SIGKILL
killed.py FOLDER          goes on from there, and trains once more without a break
"""

import json
import os
import signal
import sys
from pathlib import Path

import keras
from probe import data, network

import gradatim as g
from gradatim.keras import Scheduler


class Kill(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.epochs:
            os.kill(os.getpid(), signal.SIGKILL)


def run(*callbacks):
    scheduler = Scheduler(
        lr=g.warmup_cosine(peak=0.05, steps=40, warmup=10),
        rule=g.Plateau(mode="min", factor=0.5, patience=0, threshold=0.95),
        monitor="loss",
    )
    model = network(keras.optimizers.Adam(0.1))
    x, y = data()
    model.fit(
        x, y, batch_size=4, epochs=4, shuffle=False, verbose=0, callbacks=[scheduler, *callbacks]
    )
    return scheduler.lrs, [w.tolist() for w in model.get_weights()]


folder = Path(sys.argv[1]) / "backup"
back_up = keras.callbacks.BackupAndRestore(folder)
if len(sys.argv) > 2:
    run(back_up, Kill(int(sys.argv[2])))
resumed, weights = run(back_up)
whole, again = run()
print(json.dumps({"resumed": resumed, "whole": whole, "weights": [weights, again]}))

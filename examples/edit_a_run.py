"""A run that changes its mind: three cooldowns of one run, a longer run, a second warm-up.

    python examples/edit_a_run.py --out edits.png

Trains a small network on scikit-learn's handwritten digits, some seconds each. Every ending goes
on from the same checkpoint of the optimizer, the model and the scheduler.
"""

import argparse
import copy

import matplotlib
import torch
from sklearn.datasets import load_digits
from torch import nn

from gradatim import Schedule, cooldown, extend, rewarm, warmup_constant, warmup_cosine
from gradatim.torch import Scheduler

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PEAK = 0.3


def digits():
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images = torch.tensor(images / 16, dtype=torch.float32)[order]
    labels = torch.tensor(labels)[order]
    return (images[360:], labels[360:]), (images[:360], labels[:360])


class Training:
    """A network, its optimizer and its scheduler, which can be saved and gone on with."""

    def __init__(self, schedule: Schedule, checkpoint=None):
        torch.manual_seed(0)
        self.data, self.held_out = digits()
        self.model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=PEAK)
        self.scheduler = Scheduler(self.optimizer, lr=schedule, on_mismatch="same-past")
        if checkpoint is not None:
            for part, state in zip(self.parts(), checkpoint, strict=True):
                part.load_state_dict(state)

    def parts(self):
        return self.model, self.optimizer, self.scheduler

    def checkpoint(self):
        # Without the copy the tensors would go on changing with the training.
        return copy.deepcopy([part.state_dict() for part in self.parts()])

    def train(self, until):
        while self.scheduler.position < until:
            batch = torch.Generator().manual_seed(self.scheduler.position)
            chosen = torch.randint(len(self.data[0]), (32,), generator=batch)
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(
                self.model(self.data[0][chosen]), self.data[1][chosen]
            )
            loss.backward()
            self.optimizer.step()
        return self

    @torch.no_grad()
    def loss(self):
        return nn.functional.cross_entropy(self.model(self.held_out[0]), self.held_out[1]).item()


def go_on(schedule, checkpoint, until):
    training = Training(schedule, checkpoint).train(until)
    return training.loss(), list(training.scheduler.history())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--out", help="write a picture of all rates to this file")
    out = arguments.parse_args().out
    told = {}

    # Three cooldowns from one checkpoint: the trunk is trained once.
    trunk = warmup_constant(peak=PEAK, warmup=20)
    run = Training(trunk).train(300)
    saved, before = run.checkpoint(), list(run.scheduler.history())
    told["trunk, no cooldown"] = run.loss(), before
    for steps in (50, 100, 200):
        ending = cooldown(trunk, at=300, updates=steps)
        loss, after = go_on(ending, saved, 300 + steps)
        told[f"cooldown of {steps}"] = loss, before + after

    # Planned for 400 updates, extended to 600 when half of it was over.
    planned = warmup_cosine(peak=PEAK, steps=400, warmup=20)
    run = Training(planned).train(200)
    saved, before = run.checkpoint(), list(run.scheduler.history())
    run.train(400)
    told["planned, 400"] = run.loss(), list(run.scheduler.history())
    finished = run.checkpoint()
    loss, after = go_on(extend(planned, at=200, steps=600, shape="cosine"), saved, 600)
    told["extended to 600"] = loss, before + after

    # Finished after 400 updates, then warmed up again for 200 more.
    again = rewarm(planned, at=400, steps=600, peak=PEAK / 2, warmup=20)
    loss, after = go_on(again, finished, 600)
    told["warmed up again to 600"] = loss, told["planned, 400"][1] + after

    for name, (loss, rates) in told.items():
        print(f"{name:24} updates {len(rates):4}  held-out loss {loss:.4f}")
    if out is not None:
        draw(told, out)


def draw(told, out):
    drawn: set[tuple[int, float]] = set()  # what several runs share belongs to the first
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for name, (loss, rates) in told.items():
        own = [rate for rate in rates if rate not in drawn]
        drawn.update(rates)
        axes.plot(*zip(*own, strict=True), label=f"{name}: {loss:.3f}")
    axes.set(xlabel="updates", ylabel="learning rate")
    axes.legend(title="held-out loss", fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(out, dpi=150)


if __name__ == "__main__":
    main()

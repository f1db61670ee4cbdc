"""The peaks that the range tests of other projects suggest, beside ours, by their own code.

Needs ``pip install fastai lightning torch-lr-finder``; versions are printed. Each rule has its
project's defaults: 100 updates in which the rate grows from 1e-7 or 1e-8. A range test costs a
third of a full run here, and ours four. Excess as in ``excess.py``. ``text`` is left out: it has no
model to hand to them.

    python benchmarks/peak/rules.py [--sweeps 7] [TASK ...]
"""

import argparse
import contextlib
import io
import logging
import math
import os
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import lightning
import matplotlib as mpl
import numpy as np
import torch
from excess import TRUTH, excess, searched
from fastai.callback.schedule import minimum, slide, steep, valley
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper
from lightning.pytorch.tuner import Tuner
from tasks import MODELS, Model, split
from torch.utils.data import DataLoader, TensorDataset
from torch_lr_finder import LRFinder

FASTAI = (valley, minimum, slide, steep)
START = 1e-7


def batches(what: Model) -> DataLoader:
    """The training data, shuffled."""
    x, y, _, _ = split(what.data)
    data = TensorDataset(x, x if what.to_itself else y)
    return DataLoader(data, batch_size=what.batch, shuffle=True, drop_last=True)


def by_fastai(what: Model, folder: str) -> Iterator[tuple[str, float]]:
    """One sweep, and each of the four rules on it."""
    loader = batches(what)
    learner = Learner(
        DataLoaders(loader, loader),
        what.network(),
        what.loss,
        partial(OptimWrapper, opt=what.optimizer),
        path=Path(folder),
    )
    found = learner.lr_find(suggest_funcs=FASTAI, show_plot=False)
    yield from zip([f"fastai {rule.__name__}" for rule in FASTAI], found, strict=True)


class Module(lightning.LightningModule):
    """A task for Lightning."""

    def __init__(self, what: Model) -> None:
        super().__init__()
        self.what, self.network, self.lr = what, what.network(), START

    def training_step(self, batch, _):
        """The loss of one batch."""
        return self.what.loss(self.network(batch[0]), batch[1])

    def configure_optimizers(self):
        """The optimizer of the task."""
        return self.what.optimizer(self.network.parameters(), lr=self.lr)


def by_lightning(what: Model, folder: str) -> Iterator[tuple[str, float]]:
    """One sweep."""
    trainer = lightning.Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    found = Tuner(trainer).lr_find(Module(what), batches(what))
    yield "lightning", found.suggestion() if found is not None else None


def by_lr_finder(what: Model, folder: str) -> Iterator[tuple[str, float]]:
    """One sweep; the steepest gradient, as its plot suggests."""
    network = what.network()
    optimizer = what.optimizer(network.parameters(), lr=START)
    finder = LRFinder(network, optimizer, what.loss)
    finder.range_test(batches(what), end_lr=10, num_iter=100)
    found = finder.plot(suggest_lr=True, ax=mpl.figure.Figure().subplots())
    yield "torch-lr-finder", found[1] if isinstance(found, tuple) else None


def main() -> None:
    """Print a row for each task and rule, then one for each rule."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tasks", nargs="*", default=[name for name in TRUTH if name in MODELS])
    options.add_argument("--sweeps", type=int, default=7)
    given = options.parse_args()
    torch.set_num_threads(1)
    mpl.use("Agg")
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    print(*(f"{name} {version(name)}" for name in ("fastai", "lightning", "torch-lr-finder")))
    every: dict[str, list[tuple[float, float]]] = {}
    for task in given.tasks:
        made: dict[str, list[tuple[float, float]]] = {}
        for sweep in range(given.sweeps):
            for rule, peak in suggested(task, sweep):
                answers = made.setdefault(rule, [])
                if peak is not None and peak > 0.0:
                    octaves = abs(math.log2(peak / TRUTH[task]["best"]))
                    answers.append((excess(task, peak), octaves))
        for rule, answers in made.items():
            every.setdefault(rule, []).extend(answers)
            print(f"{task:20}{rule:18}{row(answers)}", flush=True)
    for rule, answers in every.items():
        print(f"{'all':20}{rule:18}{row(answers)}")


def suggested(task: str, sweep: int) -> Iterator[tuple[str, float | None]]:
    """What each rule suggests; None where it has no answer."""
    for by in (by_fastai, by_lightning, by_lr_finder):
        torch.manual_seed(sweep)
        quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with tempfile.TemporaryDirectory() as folder, quiet[0], quiet[1]:
            found = list(by(MODELS[task], folder))
        yield from found
    yield "gradatim", searched(task, 4.0, sweep).peak


def row(answers: list[tuple[float, float]]) -> str:
    """How many, the excess, and by how many factors of 2 they miss the best peak."""
    if not answers:
        return "no answer"
    costs, octaves = np.array(answers).T
    return (
        f"{len(answers):>3} answers, excess: median {np.median(costs):6.1f}, worst "
        f"{costs.max():6.1f}; octaves off: median {np.median(octaves):4.1f}, worst "
        f"{octaves.max():4.1f}"
    )


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    main()

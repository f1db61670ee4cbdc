"""Draw the pictures of the first page: `python docs/images/draw.py`.

Each curve is the rate that an optimizer had at each update of a run: with a scheduler of torch or
transformers, used as scripts often use it, and with Gradatim. What it needs is in ``.[dev]``.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import torch
from matplotlib import pyplot as plt
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler
from transformers import get_cosine_schedule_with_warmup

from gradatim import extend, warmup_cosine
from gradatim.torch import Scheduler

HERE = Path(__file__).parent
STEPS, WARMUP, STOP, LONGER, MICRO_BATCHES = 1000, 100, 600, 2000, 4
SCHEDULE = warmup_cosine(1.0, steps=STEPS, warmup=WARMUP)
COLOURS = {
    "light": {"ink": "#333333", "grid": "#dddddd", "theirs": "#d1495b", "ours": "#3f51b5"},
    "dark": {"ink": "#e2e2e2", "grid": "#4a4d57", "theirs": "#ff8a80", "ours": "#8fa4ff"},
}


class Curves(NamedTuple):
    """The rate of each update, with another scheduler and with Gradatim."""

    title: str
    theirs_is: str
    theirs: list[float]
    ours: list[float]


def optimizer() -> Optimizer:
    """An optimizer with one parameter, at the rate 1."""
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def rates(used: Optimizer, updates: int, after: Callable[[], object] = lambda: None) -> list[float]:
    """The rate of each update; ``after`` is called after each."""
    found = []
    for _ in range(updates):
        found.append(float(used.param_groups[0]["lr"]))
        used.step()
        after()
    return found


def longer_run() -> Curves:
    """Stop after 600 of 1000 updates, resume from the checkpoint with 2000 in the script."""

    def script(steps: int) -> tuple[Optimizer, LRScheduler]:
        made = optimizer()
        return made, get_cosine_schedule_with_warmup(made, WARMUP, steps)

    first, scheduler = script(STEPS)
    theirs = rates(first, STOP, scheduler.step)
    second, resumed = script(LONGER)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    theirs += rates(second, LONGER - STOP, resumed.step)

    first = optimizer()
    ours = Scheduler(first, SCHEDULE)
    used = rates(first, STOP)
    second = optimizer()
    again = Scheduler(second, extend(SCHEDULE, at=STOP, steps=LONGER), on_mismatch="same-past")
    again.load_state_dict(ours.state_dict())
    used += rates(second, LONGER - STOP)
    return Curves("Resume with more steps", "transformers, cosine", theirs, used)


def accumulation() -> Curves:
    """Four micro-batches in an update, and ``scheduler.step()`` after each of them."""
    used = optimizer()
    scheduler = get_cosine_schedule_with_warmup(used, WARMUP, STEPS)

    def micro_batches() -> None:
        for _ in range(MICRO_BATCHES):
            scheduler.step()

    theirs = rates(used, STEPS, micro_batches)
    used = optimizer()
    ours = Scheduler(used, SCHEDULE)
    return Curves(
        "step() once a micro-batch, 4 in an update",
        "transformers, cosine",
        theirs,
        rates(used, STEPS, lambda: [ours.step() for _ in range(MICRO_BATCHES)]),
    )


def past_the_end() -> Curves:
    """Train 500 updates longer than ``T_max``."""
    used = optimizer()
    scheduler = CosineAnnealingLR(used, T_max=STEPS)
    theirs = rates(used, STEPS + 500, scheduler.step)
    used = optimizer()
    Scheduler(used, warmup_cosine(1.0, steps=STEPS))
    with warnings.catch_warnings():  # the run goes on at 0, and Gradatim warns of it
        warnings.simplefilter("ignore")
        ours = rates(used, STEPS + 500)
    return Curves("Train past the end", "torch, CosineAnnealingLR", theirs, ours)


@contextmanager
def style(colours: dict[str, str]) -> Iterator[None]:
    """Matplotlib's settings for a picture on the site, the same bytes each time."""
    ink = dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor"), colours["ink"])
    ticks = {"xtick.color": colours["ink"], "ytick.color": colours["ink"]}
    plain = {"axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "gradatim"}
    edges = {"axes.edgecolor": colours["ink"], "grid.color": colours["grid"], "font.size": 11}
    with mpl.rc_context(ink | ticks | plain | edges):
        yield


def draw(panels: list[Curves], colours: dict[str, str], path: Path) -> None:
    """One panel for each; every tenth update is drawn, and those around a jump."""
    with style(colours):
        figure, row = plt.subplots(1, len(panels), figsize=(12, 3.1), sharey=True)
        for axes, panel in zip(row, panels, strict=True):
            axes.plot(*_thinned(panel.theirs), color=colours["theirs"], lw=2, ls=(0, (4, 1.5)))
            axes.plot(*_thinned(panel.ours), color=colours["ours"], lw=2.4)
            axes.set_title(panel.title, fontsize=12)
            axes.set_xlabel("optimizer update")
            axes.grid(lw=0.6)
            axes.legend(
                [axes.lines[0], axes.lines[1]],
                [panel.theirs_is, "Gradatim"],
                frameon=False,
                fontsize=10,
                loc="upper right",
            )
            axes.set_ylim(-0.03, 1.38)
            axes.set_yticks([0, 0.5, 1])
        row[0].set_ylabel("learning rate / peak")
        figure.tight_layout()
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)


def _thinned(values: list[float]) -> tuple[list[int], list[float]]:
    last = len(values) - 1
    jumps = {k + j for k in range(last) if abs(values[k + 1] - values[k]) > 0.05 for j in (0, 1)}
    kept = sorted({*range(0, last, 10), last, *jumps})
    return kept, [values[k] for k in kept]


if __name__ == "__main__":
    drawn = [longer_run(), accumulation(), past_the_end()]
    for name, colours in COLOURS.items():
        draw(drawn, colours, HERE / f"silent-{name}.svg")

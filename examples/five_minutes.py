"""Five minutes of training, however many updates that is.

    python examples/five_minutes.py --seconds 300

The rates follow the time of training: they come down to 0 when it is up, on a fast machine and on a
slow one. The momentum follows the updates. Evaluations take none of the time, and some of it is
kept for the checkpoint at the end. A run that was killed goes on at the time that its checkpoint
shows: --resume.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from tiny_text import Muon, Reader, batch, letters

from gradatim import Linear, Run, by_updates
from gradatim.recipes import trapezoid
from gradatim.torch import Scheduler

BATCH, EVERY = 8, 100


class Training:
    """A model, its optimizers and its scheduler, which can be saved and gone on with.

    Args:
        seconds: The time for everything but evaluations.
        reserve: How much of it is for the end.
        now: A clock in seconds; by default the machine's.
    """

    def __init__(self, seconds: float, reserve: float, now: Callable[[], float] | None = None):
        torch.manual_seed(0)
        torch.set_num_threads(1)
        self.known, self.unseen, many = letters()
        self.model = Reader(many)
        run = Run(seconds=seconds, reserve=reserve, start_after=3)
        muon = Muon(self.model.matrices())
        others = (self.model.embedding.weight, self.model.lm_head.weight, self.model.places)
        self.scheduler = Scheduler(
            {"muon": muon, "adamw": torch.optim.AdamW(others)},
            lr={
                "muon": trapezoid(peak=0.02, warmup=0, cooldown="50%", steps=run),
                "adamw": trapezoid(peak=0.004, warmup="5%", cooldown="50%", steps=run),
            },
            momentum=by_updates(Linear(0.85, 0.95, 300)),
            run=run,
            now=now,
        )

    def parts(self):
        return {"model": self.model, "scheduler": self.scheduler, **self.scheduler.optimizers}

    def save(self, file: Path) -> None:
        torch.save({name: part.state_dict() for name, part in self.parts().items()}, file)

    def load(self, file: Path) -> None:
        for name, state in torch.load(file, weights_only=True).items():
            self.parts()[name].load_state_dict(state)

    def train(self, until: int | None = None, save_to: Path | None = None) -> None:
        """Train until the time is up, or up to an update."""
        scheduler = self.scheduler
        while not scheduler.done and scheduler.position != until:
            self.model(batch(self.known, BATCH, scheduler.position)).backward()
            for optimizer in scheduler.optimizers.values():
                optimizer.step()
                optimizer.zero_grad()
            if scheduler.position % EVERY == 0:
                with scheduler.paused():
                    loss = self.loss()
                at = f"update {scheduler.position:5}  {scheduler.remaining:5.1f} s left"
                print(f"{at}  held-out loss {loss:.4f}")
                if save_to is not None:
                    self.save(save_to)  # a part of the time, unlike the evaluation

    @torch.no_grad()
    def loss(self) -> float:
        return self.model(batch(self.unseen, 64, 0)).item()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=300)
    options.add_argument("--reserve", type=float, default=2)
    options.add_argument("--resume", action="store_true", help="go on from five_minutes.pt")
    given = options.parse_args()
    file = Path("five_minutes.pt")
    training = Training(given.seconds, given.reserve)
    if given.resume:
        training.load(file)
    training.train(save_to=file)
    training.save(file)
    used = training.scheduler.applied or {}
    print(f"held-out loss {training.loss():.4f} after {training.scheduler.position} updates")
    print("the last update used", ", ".join(f"{name} {value:.2g}" for name, value in used.items()))


if __name__ == "__main__":
    main()

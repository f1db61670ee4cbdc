"""The training of modded-nanogpt in small: batch stages, windows, two cooldowns.

    python examples/modded_nanogpt.py --updates 300

The batch and the rates grow in three stages. Muon makes an update of the matrices each time, AdamW
of the rest every second time; the rates of the one fall over 80% of the run, of the other over 40%.
Momentum goes up and, at the end, down again. Attention sees windows that grow in whole multiples of
8 letters. All of it is one plan, driven by the tokens that were seen.
docs/projects.md has the plan in full size.
"""

import argparse

import torch
from tiny_text import TOKENS, Muon, Reader, batch, letters

from gradatim import Constant, Linear, Plan, Run, by_updates, piecewise_constant
from gradatim.recipes import trapezoid
from gradatim.torch import Scheduler


def plan_of(updates: int) -> Plan:
    """The plan: a value, which can be looked at and checked before anything is trained."""
    thirds = [updates // 3, 2 * updates // 3]
    run = Run(
        steps=updates,
        batch=piecewise_constant([4, 8, 12], boundaries=thirds),
        tokens_per_sample=TOKENS,
        clock="tokens",
    )
    ends = [run.tick_after(end) for end in thirds]  # where the batch grows, in tokens
    stages = piecewise_constant([1.0, 1.41, 1.73], boundaries=ends)
    up, down = updates // 5, updates // 20
    return Plan(
        {
            "lr/muon": stages * trapezoid(peak=0.012, warmup=0, cooldown="80%", steps=run),
            "lr/adamw": stages * trapezoid(peak=0.004, warmup=0, cooldown="40%", steps=run),
            "momentum/muon": by_updates(
                Linear(0.85, 0.95, up)
                >> Constant(0.95, updates - up - down)
                >> Linear(0.95, 0.85, down)
            ),
        },
        external={"window": Linear(8.0, TOKENS, run.ticks).rounded(to=8)},
        run=run,
    )


def train(updates: int):
    """Train, and return the scheduler and how many samples each update had."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    known, unseen, many = letters()
    model, plan = Reader(many), plan_of(updates)
    muon = Muon(model.matrices())
    adamw = torch.optim.AdamW([model.embedding.weight, model.lm_head.weight, model.places])
    scheduler = Scheduler(
        {"muon": muon, "adamw": adamw}, plan=plan, setters={"window": model.set_window}
    )
    sizes = []
    while not scheduler.done:
        position, window = scheduler.position, model.window
        sizes.append(plan.run.batch_at(position))
        loss = model(batch(known, sizes[-1], position))
        loss.backward()
        for optimizer in (muon, adamw) if position % 2 else (muon,):
            optimizer.step()
            optimizer.zero_grad()
        if (position + 1) % max(1, updates // 10) == 0:
            rates = "  ".join(f"{name} {value:.4f}" for name, value in scheduler.applied.items())
            print(f"{scheduler.tick:6} tokens  batch {sizes[-1]:2}  window {window:2}  {rates}")
    with torch.no_grad():
        loss = model(batch(unseen, 64, 0))
        print(f"held-out loss {loss:.4f} after {scheduler.position} updates")
    return scheduler, sizes


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--updates", type=int, default=300)
    train(options.parse_args().updates)


if __name__ == "__main__":
    main()

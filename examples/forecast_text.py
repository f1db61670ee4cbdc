"""A forecast put to the test: written down first, then the runs are made.

Two small character-level Transformers are trained on the help texts of Python, one at a constant
rate and one with a cooldown at the end. From their validation losses alone the final loss of six
other schedules is forecast and written to ``forecast.json``. Only then are the six trained, and
the error of every forecast is printed.

    python examples/forecast_text.py --out DIR --updates 800
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional

import gradatim as g
from gradatim.forecast import fit
from gradatim.logs import LossCurve
from gradatim.torch import Scheduler

TOKENS, WIDTH, LAYERS, HEADS, BATCH, EVERY = 32, 48, 2, 4, 32, 10
PEAK, DECAY = 4e-3, 0.1


def schedules(updates: int) -> tuple[dict[str, g.Schedule], dict[str, g.Schedule]]:
    """The two that are logged, and the six that are forecast: other shapes, twice as long."""
    warm, long = updates // 40, 2 * updates

    def wsd(steps: int, share: float, end=g.Linear) -> g.Schedule:
        fall = int(share * steps)
        up, hold = g.Linear(0.0, PEAK, warm), g.Constant(PEAK, steps - warm - fall)
        return up >> hold >> end(PEAK, 0.0, fall)

    logged = {
        "constant": g.warmup_constant(peak=PEAK, warmup=warm, steps=updates),
        "cooldown 20%": wsd(updates, 0.2),
    }
    judged = {
        "cosine": g.warmup_cosine(peak=PEAK, warmup=warm, steps=long),
        "cosine to a tenth": g.warmup_cosine(PEAK, long, warmup=warm, floor=PEAK / 10),
        "straight line": g.warmup_linear(peak=PEAK, warmup=warm, steps=long),
        "cooldown 10%": wsd(long, 0.1),
        "cooldown 40%": wsd(long, 0.4),
        "1-sqrt cooldown 20%": wsd(long, 0.2, g.OneMinusSqrt),
    }
    return logged, judged


class Reader(nn.Module):
    """A pre-norm decoder."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(letters, WIDTH)
        self.positions = nn.Parameter(0.02 * torch.randn(TOKENS, WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                WIDTH, HEADS, 4 * WIDTH, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(LAYERS)
        )
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, letters))
        self.mask = nn.Transformer.generate_square_subsequent_mask(TOKENS)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        features = self.embed(codes) + self.positions
        for layer in self.layers:
            features = layer(features, src_mask=self.mask, is_causal=True)
        return self.head(features)


def train(schedule: g.Schedule, updates: int, seed: int = 0) -> tuple[list[int], list[float]]:
    """One run: the steps at which the validation loss was taken, and the losses."""
    torch.set_num_threads(1)
    text = "\n\n".join(
        dict.fromkeys(p for name in sorted(topics) for p in topics[name].split("\n\n"))
    )
    letters = {letter: i for i, letter in enumerate(sorted(set(text)))}
    known, unseen = torch.tensor([letters[c] for c in text]).tensor_split([len(text) * 9 // 10])
    torch.manual_seed(seed)
    model, order = Reader(len(letters)), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=DECAY)
    Scheduler(optimizer, lr=schedule)
    held = unseen[: len(unseen) // (TOKENS + 1) * (TOKENS + 1)].view(-1, TOKENS + 1)[:300]

    def loss_of(window: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(
            model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten()
        )

    steps, losses = [], []
    for step in range(updates):
        start = torch.randint(len(known) - TOKENS, (BATCH, 1), generator=order)
        loss = loss_of(known[start + torch.arange(TOKENS + 1)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % EVERY == 0:
            with torch.no_grad():
                steps.append(step)
                losses.append(loss_of(held).item())
    return steps, losses


def main() -> None:
    """Log two, forecast six, train six, compare."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--updates", type=int, default=800)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    logged, judged = schedules(given.updates)
    with ProcessPoolExecutor(given.jobs) as pool:
        runs = pool.map(train, logged.values(), [given.updates] * len(logged))
        curves = [
            LossCurve(*run, schedule, DECAY, name)
            for run, (name, schedule) in zip(runs, logged.items(), strict=True)
        ]
        last = {curve.name: float(curve.losses[-1]) for curve in curves}
        fitted = fit(curves)
        expected = {name: fitted.predict(s).final._asdict() for name, s in judged.items()}
        page = {"updates": given.updates, "logged": last, "forecast": expected}
        (given.out / "forecast.json").write_text(json.dumps(page, indent=1), encoding="utf-8")
        print(json.dumps(page, indent=1), flush=True)
        ends = pool.map(train, judged.values(), [2 * given.updates] * len(judged))
        real = {name: losses[-1] for name, (_, losses) in zip(judged, ends, strict=True)}
    (given.out / "outcome.json").write_text(json.dumps(real, indent=1), encoding="utf-8")
    print(f"{'schedule':<22}{'forecast':>9}{'low':>9}{'high':>9}{'outcome':>9}{'error':>9}")
    for name, end in sorted(real.items(), key=lambda pair: pair[1]):
        e = expected[name]
        row = (e["mean"], e["low"], e["high"], end, e["mean"] - end)
        print(f"{name:<22}" + "".join(f"{x:9.4f}" for x in row))
    errors = [expected[name]["mean"] - end for name, end in real.items()]
    held = sum(expected[n]["low"] <= end <= expected[n]["high"] for n, end in real.items())
    best = min(expected, key=lambda n: expected[n]["mean"])
    print(
        f"mean absolute error {sum(map(abs, errors)) / len(errors):.4f}; the interval held "
        f"{held} of {len(real)}; regret {real[best] - min(real.values()):.4f}"
    )


if __name__ == "__main__":
    main()

"""How long it takes to find the schedulers in Python files, against parsing them.

    python benchmarks/convert.py

Prints the CPU seconds for one file of a megabyte, the same as a multiple of ``ast.parse``, and
those of one call of ``gradatim convert FOLDER --list`` for 200 files. Each is the best of five.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from gradatim.peers import Given, find

MEGABYTE, FILES = 1_000_000, 200
HEAD = """
import argparse
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=90)
"""
BLOCK = '''
class Block{0}(torch.nn.Module):
    """One block of the network."""

    def __init__(self, width, depth=4, dropout=0.1):
        super().__init__()
        self.width, self.depth = width, depth
        self.layers = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(depth))
        self.dropout = torch.nn.Dropout(dropout) if dropout > 0.0 else None

    def forward(self, x, mask=None):
        for i, layer in enumerate(self.layers):
            x = x + torch.relu(layer(x)) / (i + 1)
            if self.dropout is not None and self.training:
                x = self.dropout(x)
        return x if mask is None else x.masked_fill(mask[:, None], 0.0)


def metrics_{0}(logits, labels, names=("top1", "top5"), scale=100.0):
    found = {{"loss": float(torch.nn.functional.cross_entropy(logits, labels))}}
    for name, k in zip(names, (1, 5)):
        found[name] = scale * (logits.topk(k).indices == labels[:, None]).any(1).float().mean()
    return found
'''
TAIL = """
def main():
    args = parser.parse_args()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    for epoch in range(args.epochs):
        for x, y in loader:
            optimizer.step()
        scheduler.step()
"""


def script(size: int) -> str:
    """A training script of so many characters."""
    blocks = size // len(BLOCK.format(0))
    return HEAD + "".join(BLOCK.format(k) for k in range(blocks)) + TAIL


def best(run: Callable[[], object]) -> float:
    """The CPU seconds of the fastest of five, those of processes that it waits for included."""
    seconds = []
    for _ in range(5):
        start = sum(os.times()[:4])
        run()
        seconds.append(sum(os.times()[:4]) - start)
    return min(seconds)


def main() -> None:
    text = script(MEGABYTE)

    def read() -> None:
        (found,) = find(text, name="train.py")
        assert found.read(Given()).schedule(90) == 0.0

    parsing, reading = best(lambda: ast.parse(text)), best(read)
    print(f"1 MB, parsed:            {parsing:.3f} s")
    print(f"1 MB, found and read:    {reading:.3f} s, {reading / parsing:.2f} times")
    with tempfile.TemporaryDirectory() as folder:
        for k in range(FILES):
            Path(folder, f"train{k}.py").write_text(script(10_000), encoding="utf-8")
        command = [sys.executable, "-m", "gradatim", "convert", folder, "--list"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.count("CosineAnnealingLR") == FILES
        listing = best(lambda: subprocess.run(command, capture_output=True, check=True))
    print(f"{FILES} files of 10 kB, listed: {listing:.3f} s, the start of Python included")


if __name__ == "__main__":
    main()

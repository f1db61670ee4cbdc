"""Measuring things next to each other: short blocks in turn, CPU time, medians.

What one block of a thing takes depends on what else the machine does; in turn, and in an order
that changes, all things meet the same disturbance, so their ratios hold.
"""

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version


def nanoseconds(
    blocks: Mapping[str, Callable[[], object]],
    operations: int,
    rounds: int = 101,
    clock: Callable[[], int] = time.thread_time_ns,
) -> dict[str, float]:
    """The median CPU time of one operation, for blocks that each do so many of them.

    The clock is that of this thread; for what runs in threads of its own, that of the process.
    """
    times: dict[str, list[float]] = {name: [] for name in blocks}
    order = random.Random(0)
    for block in blocks.values():
        block()
    for _ in range(rounds):
        for name in order.sample(list(blocks), len(blocks)):
            begin = clock()
            blocks[name]()
            times[name].append((clock() - begin) / operations)
    return {name: statistics.median(each) for name, each in times.items()}


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table in Markdown, as ``docs/benchmarks.md`` keeps it."""
    cells = [list(head), *([text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n### {title}\n")
    for n, row in enumerate(cells):
        first, *rest = zip(row, widths, strict=True)
        line = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
        print(f"| {' | '.join(line)} |")
        if n == 0:
            marks = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
            print(f"| {' | '.join(marks)} |")


def text(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if cell >= 100 else f"{cell:.3g}"


def machine(*packages: str) -> None:
    """Print when and on what this was measured."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line for line in lines if line.startswith("model name")).split(":")[1]
    except (OSError, StopIteration):
        model = platform.processor()
    print(f"{date.today()}, {os.cpu_count()} cores, {model.strip()}, {versions(*packages)}")


def versions(*packages: str) -> str:
    found = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found)

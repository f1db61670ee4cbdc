"""Step times of public runs under a time cap, and a clock that replays them."""

import csv
import gzip
from functools import cache
from itertools import pairwise
from pathlib import Path

DATA = Path(__file__).parent / "data" / "steptimes"


@cache
def caps():
    """The cap in seconds of each trace that has one."""
    with (DATA / "steptimes_meta.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {int(r["trace"]): float(r["max_wallclock_s"]) for r in rows if r["max_wallclock_s"]}


@cache
def _points():
    """What each trace logged: the elapsed milliseconds by step, the last of a doubled step."""
    points = {}
    with gzip.open(DATA / "steptimes.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            points.setdefault(int(row["trace"]), {})[int(row["step"])] = float(row["elapsed_ms"])
    return points


@cache
def elapsed(trace):
    """The milliseconds after each step of a trace, linear between what was logged."""
    logged = sorted(_points()[trace].items())
    times = [logged[0][1]]
    for (step, begin), (later, end) in pairwise(logged):
        times += [begin + (end - begin) * k / (later - step) for k in range(1, later - step + 1)]
    return times


class Trace:
    """A clock in seconds that moves by one step of a trace at a time.

    Where the trace ends early, its last step time is repeated.
    """

    def __init__(self, trace, scale, time=0.0):
        self.time, self._scale = time, scale
        times = elapsed(trace)
        self._steps = [later - before for before, later in pairwise(times)]

    def __call__(self):
        return self.time

    def seconds(self, step):
        """How long a step takes."""
        steps = self._steps
        return self._scale * steps[min(step, len(steps) - 1)] / 1000

    def make(self, step):
        """Let the time of a step pass."""
        self.time += self.seconds(step)

"""Lets Atheris, which watches what the code does, make up plan files and expressions.

Usage: fuzz.py CORPUS [options of libFuzzer, such as -runs=1000000]. The first byte of an input says
how the rest is read: as YAML, JSON, TOML or an expression. Whatever it is, it is a plan, a schedule
or a clean error, in less than a second (ten while it is watched) and 100 MB. `make fuzz` runs it.
"""

import resource
import sys
import time
from pathlib import Path

import atheris
import yaml

with atheris.instrument_imports(include=["gradatim"]):
    from gradatim import GradatimError, Schedule, parse
    from gradatim.drive import Plan
    from gradatim.plans.plan import read_plan
    from gradatim.plans.tree import LARGEST

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.plans.hostile import PAYLOADS

READERS = (".yaml", ".json", ".toml", "")
# Watched code is about ten times as slow as it is.
MOST_SECONDS, MOST_KIB = 10.0, 100 * 1024


def read(ending: str, text: str) -> None:
    try:
        found = read_plan(text, ending) if ending else parse(text)
    except GradatimError as error:
        said = str(error)
    else:
        assert isinstance(found, Plan if ending else Schedule)
        said = "accepted"
    assert 0 < len(said) < 2000


def one(data: bytes) -> None:
    if not data:
        return
    ending = READERS[data[0] % len(READERS)]
    text = data[1 : LARGEST + 1].decode("utf-8", errors="replace")
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    read(ending, text)
    assert time.process_time() - begun < MOST_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


def sow(corpus: Path) -> None:
    """The files that the search starts from: what is refused already, and good plans."""
    good = {
        ".yaml": "format: 1\nrun: {samples: 50_000, batch: 128, epochs: 90}\nschedules:\n"
        "  lr:\n    warmup_cosine: {peak: 3e-4, warmup: 5%}\n"
        "rules:\n  lr: {Plateau: {mode: min}}\n",
        ".json": '{"format": 1, "run": {"steps": 100}, "schedules": {"lr": {"Join": {"pieces": '
        '[{"Linear": {"start": 0, "end": 1, "steps": "5%"}}, {"Constant": {"value": 1}}]}}}}',
        ".toml": 'format = 1\nrun.updates = 1000\n[schedules.lr.wsd]\npeak = 3e-4\nwarmup = "5%"\n',
        "": "3e-4 * (Linear(0, 1, steps=10) >> Constant(1)).clip(low=1e-5) + [1][0]",
    }
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [*good.items(), *((ending, text) for _, ending, text in PAYLOADS)]
    for i, (ending, text) in enumerate(seeds):
        first = bytes([READERS.index(ending)])
        (corpus / f"seed-{i}").write_bytes(first + text.encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    list(yaml.parse("a: [1, 'b', {c: d}]"))
    sow(Path(sys.argv[1]))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()

"""Reads hostile files while an audit hook writes down what else happens; prints it as JSON.

Usage: witness.py FOLDER NAMES..., where the name of an expression's file ends in ".txt". Whatever
may be loaded once (PyYAML, the readers) is loaded before the hook is set.
"""

import json
import resource
import sys
import time
import typing
from contextlib import suppress
from pathlib import Path

import yaml

from gradatim import Constant, GradatimError, parse
from gradatim.core.run import durations
from gradatim.plans import load_plan

# Reading a plan opens that plan for reading, and nothing else happens. Events that only look.
HARMLESS = {"object.__getattr__", "sys._getframe", "os.stat", "compile"}

folder, *names = sys.argv[1:]
list(yaml.parse("a: [1, 'b', {c: d}]"))
parse("Constant(1)"), Constant(1)
durations.parse_duration("5%")
for wrong in ("(", "Constnat(1)"):
    with suppress(GradatimError):
        parse(wrong)
good = Path(folder) / "good.json"
good.write_text('{"format": 1, "schedules": {"lr": {"Constant": {"value": 1}}}}', encoding="utf-8")
load_plan(good)
with suppress(GradatimError):
    load_plan(good.rename(good.with_suffix(".toml")))
events: list[str] = []
watched = Path(folder) / "none"


def hook(event: str, arguments: tuple[object, ...]) -> None:
    if event in HARMLESS:
        return
    if event == "exec" and sys._getframe(1).f_code.co_filename == typing.__file__:
        return  # our own annotations
    if event == "open" and str(arguments[0]) == str(watched) and arguments[1] in ("r", "rb", None):
        return
    events.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(hook)
report = {}
for name in names:
    watched = Path(folder) / name
    with watched.open(encoding="utf-8", errors="surrogatepass") as file:
        text = file.read()
    print(name, file=sys.stderr, flush=True)  # so that a timeout says where
    del events[:]
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        parse(text) if watched.suffix == ".txt" else load_plan(watched)
        said = "accepted"
    except GradatimError as error:
        said = str(error)
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"[:200]
        events.append(said)
    seconds = time.process_time() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    report[name] = {"said": said, "seconds": seconds, "kib": grown, "events": events[:]}
print(json.dumps(report))

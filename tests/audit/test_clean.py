"""Clean logs are as planned: those that real trainers wrote, public ones, and generated ones.

``scripts/write_clean_logs.py`` writes the logs in ``data`` with transformers, Lightning, Ignite,
Keras and plain loops.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim import Constant, parse, wsd
from gradatim.audit import Known, audit
from gradatim.audit.lines import lines
from tests.audit.planted import FORMATS, PLANS

DATA = Path(__file__).parent / "data"
PUBLIC = Path(__file__).parents[1] / "forecast/data/multipowerlaw"
REAL = [
    entry
    for which in ("torch", "keras")
    for entry in json.loads((DATA / f"index_{which}.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("entry", REAL, ids=lambda entry: entry["log"])
def test_a_log_of_a_real_trainer_is_as_planned(entry):
    found = audit(DATA / entry["log"], parse(entry["plan"]), known=Known(**entry["known"]))
    assert found.as_planned, "\n".join(lines(found))


@pytest.mark.parametrize("entry", REAL, ids=lambda entry: entry["log"])
def test_the_same_log_under_another_plan_is_not(entry):
    found = audit(DATA / entry["log"], 0.7 * parse(entry["plan"]), known=Known(**entry["known"]))
    assert not found.as_planned


def test_the_real_logs_are_many_and_different():
    logs = [Path(entry["log"]) for entry in REAL]
    assert len(logs) == len(set(logs)) >= 50
    assert len({log.parts[0] for log in logs}) >= 5
    assert len({log.suffix for log in logs}) >= 4
    assert sum("resumed" in log.stem for log in logs) >= 10
    assert sum("accumulated" in log.stem for log in logs) >= 10


def public_plans():
    peak, floor, warm = 3e-4, 3e-5, 2160
    shapes = {"wsd": "exponential", "wsdld": "linear"}
    for path in sorted(PUBLIC.glob("csv_*/*.csv")):
        kind, *numbers = path.stem.split("_")
        if kind == "constant":
            yield path, Constant(value=peak)
        elif kind == "cosine":
            text = f"warmup_cosine(peak={peak}, steps={numbers[0]}, warmup={warm}, floor={floor})"
            yield path, parse(text)
        elif kind == "wsdcon":
            low = int(numbers[0]) * 1e-5
            yield path, Constant(value=peak, steps=8000) >> Constant(value=low)
        else:
            steps = int(numbers[1])
            yield (
                path,
                wsd(
                    peak=peak,
                    steps=steps,
                    warmup=warm,
                    cooldown=steps - int(numbers[0]),
                    shape=shapes[kind],
                    floor=floor,
                ),
            )


PUBLIC_PLANS = {f"{path.parent.name}/{path.stem}": (path, p) for path, p in public_plans()}


@pytest.mark.parametrize("name", PUBLIC_PLANS)
def test_public_logs_are_as_planned(name):
    found = audit(*PUBLIC_PLANS[name])
    assert found.as_planned, "\n".join(lines(found))


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(PLANS)),
    form=st.sampled_from(sorted(FORMATS)),
    every=st.sampled_from([1, 10, 50]),
    counted=st.sampled_from([0, 0, -1, 1]),
    rounded=st.sampled_from(["", ".2e", ".3e", ".4e", ".3g", ".6f"]),
    resumed=st.one_of(st.none(), st.tuples(st.integers(200, 5800), st.integers(1, 150))),
    last=st.integers(400, 6000),
)
def test_a_generated_clean_log_is_as_planned(
    tmp_path_factory, name, form, every, counted, rounded, resumed, last
):
    plan = PLANS[name]
    steps = list(range(0, last, every))
    if resumed is not None:
        at, back = resumed
        steps = [s for s in steps if s < at] + [s for s in steps if s >= at - back]
    points = []
    for s in steps:
        rate = plan(max(s + counted, 0))
        points.append((s, float(format(rate, rounded)) if rounded else rate))
    log = FORMATS[form](tmp_path_factory.mktemp("log"), points)
    found = audit(log, plan)
    assert found.as_planned, "\n".join(lines(found))

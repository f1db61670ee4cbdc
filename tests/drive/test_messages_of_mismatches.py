"""Why a state does not go on under a script, and which ways there are."""

import pytest

from tests.drive.messages import message

POLICIES = {
    'loaded(schedules={"lr": {"Run": {"steps": 4}}}, policy="keep")': (
        "load: lr must be a schedule, got Run(steps=4)."
    ),
    'loaded(schedules={"lr": {"Function": {"function": "math:sqrt"}}}, policy="keep")': (
        "load: the state would import and run math:sqrt, which this script does not use. Use it in "
        "the script, or load with on_mismatch='override'."
    ),
    'loaded(plan={"lr": LINE, "wd": 0.9}, policy="keep")': (
        "load: the targets of the state must be ['lr', 'wd'], got ['lr']."
    ),
    'loaded("keep", of={"lr": LINE, "wd": 0.5}, of_rules={"wd": PLATEAU}, plan={"lr": LINE})': (
        "load: the targets of the state must be ['lr'], got ['lr', 'wd']."
    ),
    'loaded("rescale")': (
        "load: this script does not say what run it is, so there is nothing to rescale by. Give "
        "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
    ),
    'loaded("rescale", of_run=Run(steps=100, batch=4))': (
        "load: this script does not say what run it is, so there is nothing to rescale by. Give "
        "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
    ),
    'loaded("rescale", of_run=FOURS, run=TWOS)': (
        "load: lr is the same schedule as before, for 100 updates; the run has 200 now. Build it "
        "from the new run: steps=run.steps."
    ),
    'loaded("extend", plan={"lr": Linear(start=0.5, end=0.0, steps=200)})': (
        "load: on_mismatch='extend' cannot continue lr: the script's is another recipe, with other "
        "values (Linear(..., start=1.0, steps=100) -> Linear(..., start=0.5, steps=200)). A "
        "schedule that is continued by hand, with extend(schedule, at=10, steps=...), is accepted "
        "by on_mismatch='same-past'."
    ),
    'loaded("extend", plan={"lr": Linear(start=1.0, end=0.0, steps=50)})': (
        "load: on_mismatch='extend' cannot continue lr: the script's ends after 50, the "
        "checkpoint's after 100. To stop earlier, write cooldown(schedule, at=10, updates=...). A "
        "schedule that is continued by hand, with extend(schedule, at=10, steps=...), is accepted "
        "by on_mismatch='same-past'."
    ),
    'loaded("extend", plan={"lr": LONGER}, at=100)': (
        "load: on_mismatch='extend' cannot continue lr: it has come to its end, 0.0, and would "
        "stay there. To train longer, give the script rewarm(schedule, at=100, steps=..., "
        "peak=...), a second warm-up after the checkpoint's schedule, and load with "
        "on_mismatch='same-past'."
    ),
    'loaded("extend", of={"lr": LINE * 2.0}, plan={"lr": LONGER * 3.0})': (
        "load: on_mismatch='extend' cannot continue lr: another value is in it: 2.0 -> 3.0. A "
        "schedule that is continued by hand, with extend(schedule, at=10, steps=...), is accepted "
        "by on_mismatch='same-past'."
    ),
    'loaded("extend", of={"lr": POINTS}, plan={"lr": POINTS.stretched(2)})': (
        "load: on_mismatch='extend' cannot continue lr: the script's is another recipe, with other "
        "values (Table(..., points=[[0, 1.0], [5, 2.0]]) -> Table(..., points=[[0, 1.0], [10, "
        "2.0]])). A schedule that is continued by hand, with extend(schedule, at=10, steps=...), "
        "is accepted by on_mismatch='same-past'."
    ),
    'loaded("extend", plan={"lr": LONGER}, rules=PLATEAU)': (
        "load: on_mismatch='extend' is for schedules alone, and more differs (checkpoint -> "
        "script): rule of lr: nothing -> Plateau(mode='min'). To begin with new rules, "
        "on_mismatch='override'."
    ),
    'loaded("extend", plan={"lr": LONGER}, of_run=FOURS, run=TWOS)': (
        "load: on_mismatch='extend' is for a longer run, and an update sees another share of the "
        "data now (batch: 4 -> 2). on_mismatch='rescale' goes on at the same place in it."
    ),
    'loaded("same-past", plan={"lr": Linear(start=0.5, end=0.0, steps=200)})': (
        "load: the checkpoint's schedules had another past than this script's: lr was 1.0 in "
        "update 1, and 0.5 here. To go on with the checkpoint's, on_mismatch='keep'; with the "
        "script's all the same, on_mismatch='override'."
    ),
    'loaded("same-past", plan={"lr": LONGER}, rules=PLATEAU)': (
        "load: on_mismatch='same-past' is for schedules alone, and more differs (checkpoint -> "
        "script): rule of lr: nothing -> Plateau(mode='min'). To begin with new rules, "
        "on_mismatch='override'."
    ),
    'loaded("same-past", of={"lr": OWN}, of_run=TIME, run=TIME, plan={"lr": LINE})': (
        "load: lr follows the updates on one side and the clock, time, on the other, so they have "
        "no past in common."
    ),
    'loaded("same-past", of={"lr": LINE}, of_run=TIME, run=TIME, plan={"lr": 2 * LINE})': (
        "load: the checkpoint's schedules had another past than this script's: lr was 1.0 in tick "
        "0 in time, and 2.0 here. To go on with the checkpoint's, on_mismatch='keep'; with the "
        "script's all the same, on_mismatch='override'."
    ),
    'loaded("same-past", of={"lr": OWN}, of_run=TIME, run=TIME, plan={"lr": 2 * OWN})': (
        "load: the checkpoint's schedules had another past than this script's: lr was 1.0 in "
        "update 1, and 2.0 here. To go on with the checkpoint's, on_mismatch='keep'; with the "
        "script's all the same, on_mismatch='override'."
    ),
    'loaded("rescale", run=Run(steps=100))': (
        "load: the state does not say what run it is, so there is nothing to rescale by. Give "
        "run=Run(samples=..., batch=..., epochs=..., processes=...) when building."
    ),
    'loaded("keep", its_rules={"wd": PLATEAU.config()}, states={"wd": STATE})': (
        "load: the rules of the state must be for its own values, got ['wd']."
    ),
    'loaded("keep", its_rules={"lr": LINE.config()}, states={"lr": STATE})': (
        "load: lr must be a rule, got Linear(start=1.0, end=0.0, steps=100)."
    ),
    'loaded("extend", of={"lr": Constant(1.0)}, plan={"lr": Constant(1.0, 200)})': (
        "load: on_mismatch='extend' cannot continue lr: it has no end that could be later: "
        "Constant(value=1.0, steps=200). A schedule that is continued by hand, with "
        "extend(schedule, at=10, steps=...), is accepted by on_mismatch='same-past'."
    ),
    'loaded("extend", of={"lr": LINE.shift(5)}, plan={"lr": LINE.shift(9)})': (
        "load: on_mismatch='extend' cannot continue lr: its last phase is no curve from one value "
        "to another: Shift(schedule=Linear(start=1.0, end=0.0, steps=100), by=9). A schedule that "
        "is continued by hand, with extend(schedule, at=10, steps=...), is accepted by "
        "on_mismatch='same-past'."
    ),
}

REFUSALS = {
    'loaded(schedules={"lr": {"Function": {"function": "math:sqrt"}}})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Function(function='math:sqrt') -> Linear(start=1.0, end=0.0, steps=100)\n"
        "To go on with the script's at position 10, on_mismatch='override'; without the state, "
        "seek(10)."
    ),
    'loaded(rules={"lr": PLATEAU}, plan={"lr": 0.5})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(start=1.0, end=0.0, steps=100) -> Constant(value=0.5)\n"
        "  rule of lr: nothing -> Plateau(mode='min')\n"
        "  lr of the next update: 0.9 -> 0.5\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'."
    ),
    'loaded(plan={"lr": Linear(start=0.5, end=0.0, steps=200)})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(..., start=1.0, steps=100) -> Linear(..., start=0.5, steps=200)\n"
        "  lr of the next update: 0.9 -> 0.475\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'. To train longer, write extend(schedule, at=10, steps=...) with "
        "the checkpoint's schedule."
    ),
    'loaded(plan={"lr": LONGER})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(..., steps=100) -> Linear(..., steps=200)\n"
        "  lr of the next update: 0.9 -> 0.95\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'. To train longer, on_mismatch='extend' continues the "
        "checkpoint's to the end of this script's."
    ),
    'loaded(plan={"lr": LONGER}, at=100)': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(..., steps=100) -> Linear(..., steps=200)\n"
        "  lr of the next update: 0.0 -> 0.5\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 100, "
        "on_mismatch='override'. The checkpoint's rate has come to its end. To train longer, "
        "write rewarm(schedule, at=100, steps=..., peak=...) with the checkpoint's schedule."
    ),
    'loaded(plan={"lr": LINE >> Constant(0.0)})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(start=1.0, end=0.0, steps=100) -> Linear(start=1.0, end=0.0, steps=100) >> "
        "Constant(value=0.0)\n"
        "  lr of the next update: 0.9 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'. The script's schedules have had the checkpoint's values so far: "
        "on_mismatch='same-past' accepts such schedules."
    ),
    'loaded(of={"lr": LINE >> Constant(0.0)}, plan={"lr": LINE >> Constant(0.0, 5) >> LINE})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: ... >> Constant(value=0.0) -> ... >> Constant(value=0.0, steps=5) >> "
        "Linear(start=1.0, end=0.0, steps=100)\n"
        "  lr of the next update: 0.9 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'. The script's schedules have had the checkpoint's values so far: "
        "on_mismatch='same-past' accepts such schedules. To train longer, write extend(schedule, "
        "at=10, steps=...) with the checkpoint's schedule."
    ),
    'loaded(of={"lr": LINE >> Constant(0.0, 5) >> LINE}, plan={"lr": LINE})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Linear(start=1.0, end=0.0, steps=100) >> Constant(value=0.0, steps=5) >> "
        "Linear(start=1.0, end=0.0, steps=100) -> Linear(start=1.0, end=0.0, steps=100)\n"
        "  lr of the next update: 0.9 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'. The script's schedules have had the checkpoint's values so far: "
        "on_mismatch='same-past' accepts such schedules."
    ),
    'loaded(of={"lr": 0.5*LINE }, plan={"lr": 0.25*LINE})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: 0.5 * ... -> 0.25 * ...\n"
        "  lr of the next update: 0.45 -> 0.225\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'."
    ),
    'loaded(of={"lr": 0.5*(LINE >> LINE)}, plan={"lr": LINE})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: 0.5 * (Linear(start=1.0, end=0.0, steps=100) >> Linear(start=1.0, end=0.0, "
        "steps=100)) -> Linear(start=1.0, end=0.0, steps=100)\n"
        "  lr of the next update: 0.45 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'."
    ),
    'loaded(of={"lr": 0.5, "wd": 0.9}, plan={"lr": LINE})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  lr: Constant(value=0.5) -> Linear(start=1.0, end=0.0, steps=100)\n"
        "  wd: Constant(value=0.9) -> nothing\n"
        "To go on with the script's at position 10, on_mismatch='override'; without the state, "
        "seek(10)."
    ),
    "loaded(of_run=FOURS, run=TWOS)": (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  run: Run(..., batch=4) -> Run(..., batch=2)\n"
        "  lr of the next update: 0.9 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'; or at the same place in the data, on_mismatch='rescale'. To "
        "train longer, write extend(schedule, at=10, steps=...) with the checkpoint's schedule."
    ),
    'loaded(external=["lr"])': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  external: ['lr'] -> []\n"
        "  lr of the next update: 0.9 -> 0.9\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'."
    ),
    'loaded(of={f"m{i}": 1.0 for i in range(9)}, plan={f"m{i}": 2.0 for i in range(9)})': (
        "load: the checkpoint's schedules are not this script's (checkpoint -> script):\n"
        "  m0: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m1: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m2: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m3: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m4: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m5: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m6: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  m7: Constant(..., value=1.0) -> Constant(..., value=2.0)\n"
        "  and 1 more\n"
        "  m0 of the next update: 1.0 -> 2.0\n"
        "  m1 of the next update: 1.0 -> 2.0\n"
        "  m2 of the next update: 1.0 -> 2.0\n"
        "  m3 of the next update: 1.0 -> 2.0\n"
        "  m4 of the next update: 1.0 -> 2.0\n"
        "  m5 of the next update: 1.0 -> 2.0\n"
        "  m6 of the next update: 1.0 -> 2.0\n"
        "  m7 of the next update: 1.0 -> 2.0\n"
        "  m8 of the next update: 1.0 -> 2.0\n"
        "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 10, "
        "on_mismatch='override'."
    ),
}


@pytest.mark.parametrize("written", POLICIES | REFUSALS)
def test_a_mismatch_gets_its_sentences(written: str):
    assert message(written) == (POLICIES | REFUSALS)[written]

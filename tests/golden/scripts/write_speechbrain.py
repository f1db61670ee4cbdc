"""Checkpoint files of our sixteen SpeechBrain schedulers, and the rates that follow each."""

import json
import sys
from pathlib import Path
from typing import Any

from names import IS_0_1
from plain import write

from gradatim.speechbrain import update_learning_rate
from tests.speechbrain.replaying import DATA, call, decoded, makes, optimizer

if IS_0_1:
    from gradatim.speechbrain.recovery import save
else:
    from gradatim.speechbrain.checkpoints import save

STATELESS = {
    "LinearScheduler": {"args": [1.0, 0.1, 50], "kwargs": {}},
    "StepScheduler": {"args": [1.0, 0.5, 7], "kwargs": {}},
}
BEFORE = 37


def main(folder: Path) -> None:
    (folder / "speechbrain").mkdir()
    recorded = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    cases = {n: case for n, case in recorded.items() if case.get("file") and "class" not in case}
    for name, case in STATELESS.items():
        epochs = {"inputs_before": list(range(BEFORE)), "inputs_next": list(range(BEFORE, 57))}
        cases[name] = {**case, "protocol": "call_epoch", "apply": "first", **epochs}
    assert len(cases) == 16
    write(folder, "speechbrain.json", {name: entry(folder, name, cases[name]) for name in cases})


def entry(folder: Path, name: str, case: dict[str, Any]) -> dict[str, Any]:
    scheduler = makes({"class": name, **case})()
    opts = [optimizer(1e-3 if name == "ReduceLROnPlateau" else 1.0)]
    list(answers(scheduler, opts, case, case["inputs_before"]))
    rate = opts[0].param_groups[0]["lr"]
    file = f"speechbrain/{name}.ckpt"
    save(scheduler, folder / file)
    kept = ("args", "kwargs", "protocol", "apply", "inputs_next", "x", "y")
    return {
        "files": [file],
        **{key: case[key] for key in kept if key in case},
        "rate": rate,
        "read": list(answers(scheduler, opts, case, case["inputs_next"])),
    }


def answers(scheduler: Any, opts: list[Any], case: dict[str, Any], inputs: list[Any]) -> Any:
    for given in decoded(inputs):
        answer = call(case["protocol"], scheduler, opts, given, case)
        if case.get("apply"):
            update_learning_rate(opts[0], answer[1])
        yield [answer, opts[0].param_groups[0]["lr"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

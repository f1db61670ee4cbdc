"""Does with a scheduler what was done with SpeechBrain's when the data were recorded."""

import inspect
import json
import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from gradatim import speechbrain

DATA = Path(__file__).parent / "data"

CLASSES = {
    name: getattr(speechbrain, name)
    for name in speechbrain.__all__
    if inspect.isclass(getattr(speechbrain, name))
}


@cache
def golden() -> dict[str, dict[str, Any]]:
    cases = json.loads((DATA / "golden.json").read_text())["cases"]
    return {case["id"]: case for case in cases}


def decoded(value: Any) -> Any:
    """A value of the data: tensors, losses and functions are written as tagged dictionaries."""
    match value:
        case list():
            return [decoded(entry) for entry in value]
        case {"$float": text}:
            return float(text)
        case {"$tensor": number, "dtype": dtype}:
            return torch.tensor(number, dtype=getattr(torch, dtype))
        case {"$expr": text}:
            return eval(text, {"math": math})
        case {"$loss": name}:
            return getattr(torch.nn, name)()
        case {"$lossfn": name}:
            return getattr(torch.nn.functional, name)
        case dict():
            return {key: decoded(entry) for key, entry in value.items()}
    return value


def optimizer(*lrs: float) -> torch.optim.Optimizer:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    return torch.optim.SGD(groups, lr=lrs[0])


def makes(case: dict[str, Any], compat: str | None = None) -> Callable[[], Any]:
    """Builds the scheduler of a case, with the numbers of an old release if it has the choice."""
    cls = CLASSES[case["class"]]
    if compat and "compat" in inspect.signature(cls).parameters:
        cls = partial(cls, compat=compat)
    return lambda: cls(*decoded(case["args"]), **decoded(case["kwargs"]))


def call(protocol: str, s: Any, opts: list[Any], given: Any, case: dict[str, Any]) -> Any:
    match protocol:
        case "call_opt":
            return s(opts[given])
        case "call_opt_step":
            return s(opts[given[0]], given[1])
        case "call_epoch":
            return s(current_epoch=given)
        case "call_metric":
            return s(metric_value=given)
        case "call_optlist_epoch_loss":
            return s(opts, current_epoch=given[0], current_loss=given[1])
        case "on_batch_end":
            return s.on_batch_end(opts[given])
        case "get_next_value":
            return s.get_next_value()
        case "calculate_lr":
            return s.calculate_lr(given)
        case "forward":
            return s(torch.tensor(case["x"]), torch.tensor(case["y"])).item()
    raise AssertionError(protocol)


def steps(case: dict[str, Any], make: Callable[[], Any], folder: Path) -> Iterator[dict[str, Any]]:
    """What there is to see after each step of a case, saving and loading where the case does."""
    file = folder / "scheduler.ckpt"
    s = make()
    opts = [optimizer(*decoded(lrs)) for lrs in case.get("opt_lrs") or []]
    if "initial_state" in case:
        torch.save(decoded(case["initial_state"]), file)
        s.load(file)
    for name, value in (case.get("preset_attrs") or {}).items():
        setattr(s, name, decoded(value))
    for i, given in enumerate(decoded(case["inputs"])):
        seen: dict[str, Any] = {}
        if i in (case.get("roundtrip") or {"at": []})["at"]:
            s.save(file)
            seen["saved_states"] = torch.load(file)
            s = make()
            s.load(file)
        answer = call(case["protocol"], s, opts, given, case)
        seen["outputs"] = list(answer) if isinstance(answer, tuple) else answer
        if case.get("apply") and answer is not None:
            speechbrain.update_learning_rate(opts[0], answer[1])
        if opts:
            seen["lr_after"] = opts[0].param_groups[0]["lr"]
        if every := case.get("also_call"):
            seen["call_outputs"] = list(s(i)) if (i + 1) % every == 0 else None
        if i == len(case["inputs"]) - 1 and hasattr(s, "save"):
            s.save(file)
            seen["final_state"] = torch.load(file)
        yield seen

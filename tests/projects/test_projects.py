"""The plans of five public projects use what the original uses, at every update of a whole run."""

from collections.abc import Callable
from typing import Any

import pytest

from gradatim import Driver, Plan, Run, Schedule, warmup_linear
from gradatim.torch import Scheduler
from tests.projects import plans, recorded
from tests.projects.driving import CLOSE, Clock, Keeping, apart, differences

CONFIGS = recorded.origin("torchtitan")["configs"]
ADAMW = ("lm_head", "embedding", "value_embeds", "resid", "x0", "smear")


def groups_of_muon_adamw(names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    muon = {"momentum": 0.95, "weight_decay": 0.0}
    return {"muon": muon, **{name: {"weight_decay": 1.0} for name in names}}


def test_nanochat() -> None:
    optimizer = Keeping(groups_of_muon_adamw(ADAMW))
    scheduler = Scheduler(optimizer, plan=plans.of_file("nanochat"))
    while not scheduler.done:
        optimizer.step()
    assert scheduler.position == recorded.origin("nanochat")["steps"] == 5568
    assert differences(optimizer.used, "nanochat") == {}


def test_fine_tuning_of_nanochat() -> None:
    optimizer = Keeping(groups_of_muon_adamw(ADAMW))
    scheduler = Scheduler(optimizer, plan=plans.of_file("nanochat_sft"))
    for progress in recorded.read("nanochat_sft")["progress"]:
        scheduler.count(progress=float(progress))
        optimizer.step()
    assert differences(optimizer.used, "nanochat_sft") == {}


def test_reinforcement_learning_of_nanochat() -> None:
    origin = recorded.origin("nanochat_rl")
    run = Run(steps=origin["steps"])
    used = {
        f"lr/{name}": warmup_linear(peak, steps=run).values(run)
        for name, peak in origin["peaks"].items()
    }
    assert differences(used, "nanochat_rl") == {}


def autoresearch(name: str) -> tuple[Keeping, Scheduler]:
    clock = Clock()
    optimizer = Keeping(groups_of_muon_adamw(ADAMW[:-1]))
    scheduler = Scheduler(optimizer, plan=plans.of_file("autoresearch"), now=clock)
    for seconds in recorded.read(name)["seconds"]:
        assert not scheduler.done
        clock.time += float(seconds)
        optimizer.step()
    assert scheduler.done
    return optimizer, scheduler


def test_autoresearch() -> None:
    optimizer, scheduler = autoresearch("autoresearch")
    assert differences(optimizer.used, "autoresearch") == {}
    assert scheduler.position == 741


def test_autoresearch_between_two_milliseconds() -> None:
    optimizer, _ = autoresearch("autoresearch_between")
    for target in recorded.targets("autoresearch_between"):
        # A clock counts whole milliseconds, the script microseconds: up to 1 ms of the cooldown.
        allowed = CLOSE if target == "momentum/muon" else 1 / 150_000
        assert apart(optimizer.used[target], "autoresearch_between", target) <= allowed


def test_modded_nanogpt() -> None:
    normuon = Keeping({"": {"momentum": 0.95}}, "normuon")
    adam = Keeping({"": {}}, "adam")
    windows: list[int] = []
    scheduler = Scheduler(
        {"normuon": normuon, "adam": adam},
        plan=plans.of_code()["modded_nanogpt"],
        setters={"long_window": windows.append},
    )
    names = ("short_window", "long_window", "sequence", "mtp[1]", "mtp[2]", "prefix")
    outside: dict[str, list[Any]] = {name: [] for name in names}
    while not scheduler.done:
        for name, values in outside.items():
            values.append(scheduler.value(name))
        normuon.step()
        if scheduler.position % 2 == 0:  # Adam steps at odd updates, counted from 0
            adam.step()
    used = {**normuon.used, **outside, **ones_of("modded_nanogpt")}
    used["lr/adam"] = recorded.read("modded_nanogpt")["lr/adam"]  # every second one, below
    assert differences(used, "modded_nanogpt") == {}
    assert apart(adam.used["lr/adam"], "modded_nanogpt", "lr/adam", slice(1, None, 2)) <= CLOSE
    assert windows == [384, 896, 1408, 1664]
    assert {type(value) for value in outside["short_window"] + windows} == {int}


def ones_of(name: str) -> dict[str, Any]:
    """The weight of the next token, which stays 1, and the batch, which has a test of its own."""
    theirs = recorded.read(name)
    assert set(theirs["mtp[0]"]) == {1.0}
    return {target: theirs[target] for target in ("mtp[0]", "batch")}


def test_batches_of_modded_nanogpt() -> None:
    run = plans.of_code()["modded_nanogpt"].run
    seen, batches = 0, recorded.read("modded_nanogpt")["batch"]
    for step, tokens in enumerate(batches):
        assert run.samples_after(step) == seen
        seen += int(tokens)
    assert run.samples_after(len(batches)) == seen
    assert len(batches) == run.steps


def test_two_cooldowns_of_modded_nanogpt() -> None:
    adamw = Keeping({"embed": {}, "proj": {}, "norm": {}}, "adamw")
    muon = Keeping({"": {}}, "muon")
    plan = plans.of_file("modded_nanogpt_split")
    scheduler = Scheduler({"adamw": adamw, "muon": muon}, plan=plan)
    while not scheduler.done:
        adamw.step()
        muon.step()
    assert scheduler.position == recorded.origin("modded_nanogpt_split")["steps"] == 3175
    assert differences(adamw.used | muon.used, "modded_nanogpt_split") == {}


@pytest.mark.parametrize("name", CONFIGS)
def test_torchtitan(name: str) -> None:
    torchtitan: Callable[..., Schedule] = plans.of_code()["torchtitan"]
    steps = CONFIGS[name]["steps"]
    driver = Driver(Plan({"lr": torchtitan(**CONFIGS[name])}, run=Run(steps=steps)))
    used = []
    while not driver.done:
        used.append(driver.value("lr"))
        driver.advance()
    assert apart(used, "torchtitan", f"lr/{name}") <= CLOSE


def test_torchtitan_from_a_file() -> None:
    plan = plans.of_file("deepseek_v3")
    assert apart(plan["lr"].values(10_000), "torchtitan", "lr/deepseek_v3_671b") <= CLOSE


def test_dino() -> None:
    driver = Driver(plans.of_file("dino"))
    targets = {name.partition("/")[0]: name for name in driver.next}
    assert targets.keys() == set(recorded.targets("dino"))
    used: dict[str, list[float]] = {name: [] for name in targets}
    while not driver.done:
        for name, value in zip(targets, driver.due_next(), strict=True):
            used[name].append(value)
        driver.stepped()
    assert driver.position == recorded.origin("dino")["steps"] == 375_300
    assert differences(used, "dino") == {}

"""Schedulers of others, turned into values: the same values as the originals, stepping for real."""

import inspect
import math
import re
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from torch.optim import SGD, Adam
from torch.optim import lr_scheduler as peers

from gradatim import Constant, Cosine, GradatimError, Linear, Plateau, Schedule
from gradatim.peers import read_object
from gradatim.peers.projects import PEERS
from gradatim.torch import Scheduler, from_torch
from tests.peers.differences import DIFFERENCES, shown
from tests.peers.random_schedulers import (
    IGNITE,
    KINDS,
    Kind,
    hf,
    ignite,
    off,
    optimizer,
    timm,
    used,
)


def sgd(lr: float = 0.1, groups: int = 1, **more: Any) -> SGD:
    return SGD(
        [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)], lr, **more
    )


def largest_difference(name: str, kind: Kind, configs: int, steps: int) -> float:
    """Over random configurations, each update, group and value."""
    worst = 0.0
    for i in range(configs):
        random = Random(f"{name} {i}")
        # With more groups, asking for its first rate is a step of Ignite's warm-up already.
        over = optimizer(random, 1 if name == "create_lr_scheduler_with_warmup" else 2)
        theirs = kind.make(random, over, steps)
        values = from_torch(theirs)
        found = used(theirs, over, steps, kind.loop)
        with suppress(*([GradatimError] if name in IGNITE else [])):
            assert from_torch(theirs) == values, "what it has come to must not matter"
        assert values.keys() <= found.keys()
        for key, rows in found.items():
            ours = values.get(key, [Constant(row[0]) for row in rows])
            ours = ours if isinstance(ours, list) else [ours] * len(rows)
            for schedule, row in zip(ours, rows, strict=True):
                worst = max(worst, off([schedule(step) for step in range(steps)], row))
    print(f"{name}: {configs} configurations x {steps} updates, largest difference {worst:.1e}")
    return worst


@pytest.mark.parametrize("name", KINDS)
def test_same_values_as(name: str):
    kind = KINDS[name]
    assert largest_difference(name, kind, 20, 100) <= (1e-11 if kind.chained else 1e-12)


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
def test_same_values_in_long_runs_as(name: str):
    kind = KINDS[name]
    assert largest_difference(name, kind, 1000, 1000) <= (1e-11 if kind.chained else 1e-12)


def test_every_scheduler_of_torch_is_carried_or_refused_with_a_reason():
    there = {
        name
        for name, kind in vars(peers).items()
        if inspect.isclass(kind) and issubclass(kind, peers.LRScheduler)
    }
    assert there - {"LRScheduler", "_LRScheduler"} | {"SWALR"} == PEERS["torch"].known


def test_every_scheduler_of_timm_and_ignite_is_carried_or_refused_with_a_reason():
    classes = {name for name, kind in vars(timm).items() if inspect.isclass(kind)}
    assert classes == PEERS["timm"].known
    bases = (ignite.BaseParamScheduler, ignite.ParamGroupScheduler)
    there = {
        name
        for name, kind in vars(ignite).items()
        if inspect.isclass(kind) and issubclass(kind, bases)
    }
    unfinished = {"BaseParamScheduler", "ParamScheduler", "CyclicalScheduler"}
    assert there - unfinished == PEERS["ignite"].known


# By name, with what each needs beside the optimizer.
FUNCTIONS: dict[str, dict[str, Any]] = {
    "get_constant_schedule": {},
    "get_constant_schedule_with_warmup": {"num_warmup_steps": 5},
    "get_cosine_schedule_with_warmup": {"num_warmup_steps": 5, "num_training_steps": 50},
    "get_cosine_with_hard_restarts_schedule_with_warmup": {
        "num_warmup_steps": 5,
        "num_training_steps": 50,
        "num_cycles": 3,
    },
    "get_cosine_with_min_lr_schedule_with_warmup": {
        "num_warmup_steps": 5,
        "num_training_steps": 50,
        "min_lr": 0.01,
    },
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": {
        "num_warmup_steps": 5,
        "num_training_steps": 50,
        "min_lr": 0.01,
    },
    "get_greedy_schedule": {},
    "get_inverse_sqrt_schedule": {"num_warmup_steps": 5},
    "get_linear_schedule_with_warmup": {"num_warmup_steps": 5, "num_training_steps": 50},
    "get_polynomial_decay_schedule_with_warmup": {"num_warmup_steps": 5, "num_training_steps": 50},
    "get_reduce_on_plateau_schedule": {},
    "get_wsd_schedule": {"num_warmup_steps": 5, "num_decay_steps": 9, "num_training_steps": 50},
}


def test_every_function_of_transformers_is_carried():
    there = {name for name in vars(hf) if re.fullmatch(r"get_\w+_schedule(_\w+)?", name)}
    assert there - {"get_adafactor_schedule"} == set(FUNCTIONS)
    for name, arguments in FUNCTIONS.items():
        over = sgd()
        old = getattr(hf, name)(over, **arguments)
        found = from_torch(old)
        assert found.keys() == ({"lr", "rule"} if "greedy" in name or "plateau" in name else {"lr"})
        if "rule" not in found:
            row = used(old, over, 50, "torch")["lr"][0]
            assert off([found["lr"](step) for step in range(50)], row) <= 1e-12, name


def run(scheduler: Any, over: torch.optim.Optimizer, key: str, updates: int) -> list[float]:
    rates = []
    for _ in range(updates):
        group = over.param_groups[0]
        rates.append(float(group["betas"][0] if key == "betas[0]" else group[key]))
        over.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("make", [SGD, Adam], ids=lambda make: make.__name__)
@pytest.mark.parametrize("kind", ["OneCycleLR", "CyclicLR"])
def test_it_drives_the_rate_and_the_momentum(make: Any, kind: str):
    name = "betas[0]" if make is Adam else "momentum"
    rows = []
    for ours in (False, True):
        for key in ("lr", name):
            weight = [torch.nn.Parameter(torch.zeros(1))]
            over = make(weight, lr=0.1, **({} if make is Adam else {"momentum": 0.9}))
            old = (
                peers.OneCycleLR(over, 1.0, 33)
                if kind == "OneCycleLR"
                else peers.CyclicLR(over, 0.1, 1.0, 7, 4)
            )
            values = from_torch(old)
            assert values.keys() == {"lr", name}
            rows.append(run(Scheduler(over, **values) if ours else old, over, key, 33))
    assert rows[2] == pytest.approx(rows[0], rel=1e-12)
    assert rows[3] == pytest.approx(rows[1], rel=1e-12)
    assert len(set(rows[3])) > 5


def test_groups_that_differ_have_a_list_and_others_do_not():
    over = sgd(groups=2)
    over.param_groups[1]["lr"] = 0.5
    old = peers.CosineAnnealingLR(over, 10)
    assert from_torch(old) == {"lr": [Cosine(0.1, 0.0, 10), Cosine(0.5, 0.0, 10)]}
    Scheduler(over, **from_torch(old))
    assert [group["lr"] for group in over.param_groups] == [0.1, 0.5]
    assert from_torch(peers.CosineAnnealingLR(sgd(groups=2), 10)) == {"lr": Cosine(0.1, 0.0, 10)}


def test_a_group_that_the_old_one_leaves_alone_keeps_its_rate():
    over = sgd(groups=3)
    old = ignite.PiecewiseLinear(
        over, "lr", milestones_values=[(0, 1.0), (9, 0.0)], param_group_index=-1
    )
    line = from_torch(old)["lr"][2]
    assert from_torch(old) == {"lr": [Constant(0.1), Constant(0.1), line]}
    assert [line(step) for step in (0, 9)] == [1.0, 0.0]


def test_rates_that_are_tensors_are_numbers():
    over = sgd(torch.tensor(0.5, dtype=torch.float64))
    assert from_torch(peers.LinearLR(over, 0.5, total_iters=4)) == {"lr": Linear(0.25, 0.5, 4)}


def test_the_momentum_waits_for_the_phase_that_drives_it():
    over = sgd(momentum=0.5)
    parts = [
        peers.ConstantLR(over, 0.5, 3),
        peers.CyclicLR(over, 0.1, 1.0, 2),
        peers.StepLR(over, 5),
    ]
    old = peers.SequentialLR(over, parts, [3, 6])
    momentum = from_torch(old)["momentum"]
    row = used(old, over, 12, "torch")["momentum"][0]
    assert [momentum(step) for step in range(12)] == pytest.approx(row, rel=1e-12)
    assert len(set(row)) > 2


@pytest.mark.parametrize("every", [1, 7])
def test_one_step_of_an_epoch_is_one_step_of_its_updates(every: int):
    for name, kind in KINDS.items():
        random = Random(f"{name} of epochs")
        old = kind.make(random, optimizer(random, 1), 40)
        for key, schedule in from_torch(old).items():
            slow = from_torch(old, every=every)[key]
            rates = [schedule(step // every) for step in range(40 * every)]
            top = max(map(abs, rates))
            assert [slow(step) for step in range(40 * every)] == pytest.approx(
                rates, rel=1e-12, abs=8 * math.ulp(top)
            ), name


def test_a_cycle_that_ends_in_its_second_phase_stays_there():
    over = sgd()
    old = peers.OneCycleLR(over, 1.0, 20, pct_start=0.7, three_phase=True, cycle_momentum=False)
    found = from_torch(old)["lr"]
    row = used(old, over, 20, "torch")["lr"][0]
    assert off([found(step) for step in range(20)], row) <= 1e-12
    assert row[19] > 0.5
    assert found(40) == found(19)


def test_layers_of_timm_keep_their_share():
    over = sgd(groups=2)
    over.param_groups[1]["lr_scale"] = 0.5
    old = timm.CosineLRScheduler(over, 10, t_in_epochs=False)
    assert from_torch(old) == {"lr": [Cosine(0.1, 0.0, 10), 0.5 * Cosine(0.1, 0.0, 10)]}
    rows = used(old, over, 10, "timm")["lr"]
    assert [0.5 * Cosine(0.1, 0.0, 10)(step) for step in range(10)] == pytest.approx(rows[1])


def metrics(random: Random, count: int) -> list[float]:
    """Down, then flat with noise: positive, so that torch's margin has the right sign."""
    return [1.0 + math.exp(-step / 20) + random.gauss(0, 0.05) for step in range(count)]


def plateau_of_torch(random: Random, over: torch.optim.Optimizer) -> Any:
    return peers.ReduceLROnPlateau(
        over,
        random.choice(["min", "max"]),
        random.choice([0.1, 0.5, 0.9]),
        random.randint(0, 5),
        random.choice([0.0, 1e-4, 0.1]),
        random.choice(["rel", "abs"]),
        random.randint(0, 4),
        random.choice([0.0, 0.01]),
        eps=0.0,
    )


def plateau_of_timm(random: Random, over: torch.optim.Optimizer) -> Any:
    with pytest.warns(FutureWarning, match="deprecated"):
        return timm.PlateauLRScheduler(
            over,
            random.choice([0.1, 0.5]),
            random.randint(0, 5),
            cooldown_t=random.randint(0, 4),
            lr_min=0.01,
            mode=random.choice(["min", "max"]),
        )


def plateau_of_ignite(random: Random, over: torch.optim.Optimizer) -> Any:
    return ignite.ReduceLROnPlateauScheduler(
        over, "loss", factor=random.choice([0.1, 0.5]), patience=random.randint(0, 5), eps=0.0
    )


def greedy(random: Random, over: torch.optim.Optimizer) -> Any:
    return hf.GreedyLR(
        over,
        random.choice(["min", "max"]),
        random.choice([0.5, 0.9]),
        random.randint(0, 3),
        random.choice([1e-6, 0.01]),
        random.choice(["rel", "abs"]),
        random.randint(0, 3),
        random.randint(0, 3),
        0.001,
        2.0,
        eps=0.0,
    )


@pytest.mark.filterwarnings("ignore:gradatim. observe. the metric is")
@pytest.mark.parametrize(
    "make",
    [plateau_of_torch, plateau_of_timm, plateau_of_ignite, greedy],
    ids=lambda make: make.__name__,
)
def test_rules_decide_as_the_old_ones(make: Any):
    changes = 0
    for i in range(50):
        random = Random(f"{make.__name__} {i}")
        over, ours = sgd(0.1, momentum=0.5), sgd(0.1)
        old = make(random, over)
        values = from_torch(old)
        scheduler = Scheduler(ours, **values)
        worst = math.inf if values["rule"].mode == "min" else -math.inf
        for step, metric in enumerate([*metrics(random, 90), math.nan, worst, *[1.0] * 8]):
            if make is plateau_of_ignite:
                state = type("State", (), {"metrics": {"loss": metric}})
                old(type("Engine", (), {"state": state}))
            elif make is plateau_of_timm:
                old.step(step + 1, metric)
            else:
                old.step(metric)
            scheduler.observe(metric)
            theirs = over.param_groups[0]["lr"]
            assert ours.param_groups[0]["lr"] == pytest.approx(theirs, rel=1e-11)
            changes += theirs != 0.1
    assert changes > 100


def test_a_plateau_knows_its_first_rate_as_long_as_torch_does():
    over = sgd(0.3)
    over.param_groups[0]["lr"] = 0.2
    old = peers.ReduceLROnPlateau(over, patience=0, min_lr=0.05)
    wanted = {"lr": Constant(0.2), "rule": Plateau("min", "worse", patience=0, floor=0.25)}
    assert from_torch(old) == wanted
    for _ in range(3):
        old.step(1.0)
    with pytest.raises(GradatimError, match="does not know any more from which rates it started"):
        from_torch(old)
    over.param_groups[0]["initial_lr"] = 0.2
    assert from_torch(old) == wanted


def test_a_wrapper_that_steps_is_looked_through():
    wrapper = type("AcceleratedScheduler", (), {"__module__": "accelerate.scheduler"})()
    wrapper.scheduler = peers.StepLR(sgd(), 3)
    assert from_torch(wrapper) == from_torch(wrapper.scheduler)


class Preset(peers.StepLR):
    """Only says what it is built with."""

    def __init__(self, over: torch.optim.Optimizer) -> None:
        super().__init__(over, 4, 0.5)

    def describe(self) -> str:
        return "a preset"


def test_a_subclass_that_changes_no_rate_is_what_it_inherits():
    assert from_torch(Preset(sgd())) == from_torch(peers.StepLR(sgd(), 4, 0.5))


def halving(over: SGD) -> Any:
    return peers.ExponentialLR(over, 0.5)


def test_nested_schedulers_are_one_schedule_each():
    def warm(over: SGD) -> Any:
        return peers.LinearLR(over, 0.5, total_iters=2)

    over = sgd()
    inner = peers.SequentialLR(over, [warm(over), peers.StepLR(over, 3, 0.5)], [2])
    outer = peers.SequentialLR(over, [peers.ConstantLR(over, 0.5, 9), inner], [4])
    found = from_torch(outer)["lr"]
    assert isinstance(found, Schedule)
    by_hand = [0.05] * 4 + [0.05, 0.075] + [0.1] * 3 + [0.05] * 3 + [0.025]
    assert [found(step) for step in range(13)] == pytest.approx(by_hand, rel=1e-15)
    over = sgd()
    chain = peers.ChainedScheduler(
        [
            peers.SequentialLR(over, [warm(over), peers.StepLR(over, 3, 0.5)], [2]),
            halving(over),
        ]
    )
    found = from_torch(chain)["lr"]
    by_hand = [0.05, 0.0375, 0.025, 0.0125, 0.00625, 0.1 * 0.5 * 0.5**5]
    assert [found(step) for step in range(6)] == pytest.approx(by_hand, rel=1e-15)


def rows_of_the_page() -> dict[str, tuple[str, str]]:
    page = (Path(__file__).parents[2] / "docs" / "migrate.md").read_text(encoding="utf-8")
    table = page.partition("## What differs, on purpose")[2].partition("\n\nIn words:")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {what: (there, here) for what, there, here in rows}


# What torch 2.6 does where the page has what torch does now.
STOPS = "1, 0.5, TypeError, TypeError"
IN_TORCH_2_6 = {
    "`SequentialLR([ExponentialLR, SequentialLR], [2])`, updates 0 to 3": STOPS,
    "`SequentialLR([ExponentialLR, ChainedScheduler], [2])`, updates 0 to 3": STOPS,
    "`LRScheduler(ExponentialLR(0.5))`, updates 0 to 2": "1, 0.5, 0.25",
    "`LRScheduler(PolynomialLR(4))`, updates 0 to 2": "1, 0.75, 0.5",
    "`LRScheduler(CosineAnnealingLR(4))`, updates 0 to 2": "1, 0.8536, 0.5",
}


def test_a_plateau_is_lowered_no_more_by_eps_or_less():
    # With one group; its eps is an amount, which several groups have as different shares.
    def used(groups: int) -> list[float]:
        parameters = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)]
        optimizer = torch.optim.SGD(parameters, lr=1e-6)
        old = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, eps=1e-8)
        (first, *_), rule = read_object(old)
        state, found = rule.init(), []
        for _ in range(6):
            state = rule.update(state, 1.0)
            old.step(1.0)
            found.append(float(first.schedule(0) * state.scale))
        return [abs(a - old.optimizer.param_groups[0]["lr"]) for a in found[-1:]]

    assert used(1)[0] < 1e-20
    assert used(2)[0] > 1e-10


def test_the_page_lists_all_differences():
    assert list(rows_of_the_page()) == list(DIFFERENCES)
    assert IN_TORCH_2_6.keys() <= DIFFERENCES.keys()


@pytest.mark.filterwarnings("ignore:gradatim. observe. the metric is")
@pytest.mark.parametrize("what", DIFFERENCES)
@pytest.mark.filterwarnings("ignore:PlateauLRScheduler is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_what_differs_does_so_as_the_page_says(what: str):
    theirs, ours = DIFFERENCES[what]()
    there, here = rows_of_the_page()[what]
    if torch.__version__ < (2, 7) and what in IN_TORCH_2_6:
        there = IN_TORCH_2_6[what]
    else:
        assert theirs != ours
    assert (shown(theirs), shown(ours)) == (there, here)

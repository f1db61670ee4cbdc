"""What goes wrong with torch's schedulers and those on top of them, and here: side by side."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD
from torch.optim import lr_scheduler as peers

from gradatim import Constant, Cosine, GradatimError, Linear, warmup_constant, warmup_cosine, wsd
from gradatim.torch import Scheduler, from_torch
from tests.peers.random_schedulers import hf

SCRIPT = Path(__file__).parent / "scripts" / "accelerated.py"


def group(lr: float = 1.0, name: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr}
    return found | ({"name": name} if name else {})


def sgd(lr: float = 1.0) -> SGD:
    return SGD([group(lr)], lr, momentum=0.9)


def rates(scheduler: Any, over: SGD, updates: int) -> list[float]:
    """What each update used."""
    used = []
    for _ in range(updates):
        used.append(over.param_groups[0]["lr"])
        over.step()
        scheduler.step()
    return used


def both(make: Callable[[SGD], Any], updates: int) -> tuple[list[float], list[float]]:
    """The rates under a scheduler, and under what it is here."""
    theirs, ours = sgd(), sgd()
    return (
        rates(make(theirs), theirs, updates),
        rates(Scheduler(ours, **from_torch(make(sgd()))), ours, updates),
    )


def halving(over: SGD) -> Any:
    return peers.ExponentialLR(over, 0.5)


def warmup(over: SGD) -> Any:
    """0.1, 0.4, 0.7, 1.0, 1.0, ..."""
    return peers.LinearLR(over, 0.1, total_iters=3)


def two(over: SGD) -> Any:
    """Half the rate twice, then a fifth."""
    parts = [peers.ConstantLR(over, 0.5, 100), peers.ConstantLR(over, 0.2, 100)]
    return peers.SequentialLR(over, parts, [2])


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_a_sequence_around_a_sequence_changes_nothing_here():
    theirs, ours = both(lambda over: peers.SequentialLR(over, [two(over)], []), 4)
    assert theirs == [0.5, 0.2, 0.2, 0.2]
    assert ours == [0.5, 0.5, 0.2, 0.2]


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_a_first_phase_made_of_phases_loses_no_step_here():
    def make(over: SGD) -> Any:
        inner = peers.SequentialLR(over, [warmup(over), peers.StepLR(over, 100)], [3])
        return peers.SequentialLR(over, [inner, peers.StepLR(over, 100)], [6])

    theirs, ours = both(make, 5)  # torch issue 196243
    assert theirs == pytest.approx([0.1, 0.4, 1.0, 1.0, 1.0])
    assert ours == pytest.approx([0.1, 0.4, 0.7, 1.0, 1.0])


@pytest.mark.parametrize(
    "inner", [two, lambda over: peers.ChainedScheduler([halving(over)])], ids=["sequence", "chain"]
)
def test_a_second_phase_may_be_made_of_phases_here(inner: Callable[[SGD], Any]):
    def make(over: SGD) -> Any:
        return peers.SequentialLR(over, [halving(over), inner(over)], [3])

    theirs = sgd()
    scheduler = make(theirs)
    assert rates(scheduler, theirs, 2) == [1.0, 0.5]
    # Hours into the run. torch 2.6 raises a TypeError.
    with pytest.raises((NotImplementedError, TypeError)):
        scheduler.step()
    ours = sgd()
    first, *rest = rates(Scheduler(ours, **from_torch(make(sgd()))), ours, 5)[2:]
    assert (first, len(rest)) == (0.25, 2)
    assert rest == ([0.5, 0.5] if inner is two else [1.0, 0.5])


def test_a_sequence_in_a_chain_keeps_the_chain_here():
    def make(over: SGD) -> Any:
        steady = peers.ConstantLR(over, 0.7, 3)
        constant = peers.StepLR(over, 100)
        parts = peers.SequentialLR(over, [steady, constant], [3])
        return peers.ChainedScheduler([parts, peers.ExponentialLR(over, 0.9)])

    theirs, ours = both(make, 5)
    assert theirs[3:] == pytest.approx([0.9, 0.81])  # the three updates before are forgotten
    assert ours[3:] == pytest.approx([0.729, 0.6561])
    assert theirs[:3] == pytest.approx(ours[:3])
    assert ours[:3] == pytest.approx([0.7, 0.63, 0.567])


def test_building_a_later_phase_writes_nothing_here():
    over = sgd()
    parts = [warmup(over), peers.OneCycleLR(over, 1.0, 10)]
    peers.SequentialLR(over, parts, [3])
    assert over.param_groups[0]["lr"] == pytest.approx(0.1 * 0.04)  # not 0.1 * 1.0
    assert over.param_groups[0]["momentum"] == 0.95
    ours = sgd()
    Scheduler(ours, lr=Linear(0.1, 1.0, 3) >> from_torch(parts[1])["lr"])
    assert ours.param_groups[0]["lr"] == 0.1
    assert ours.param_groups[0]["momentum"] == 0.9


def resumed(make: Callable[[SGD], Any], done: int) -> tuple[float, float]:
    """The next rate, uninterrupted and with the optimizer's state loaded before all else."""
    over = sgd()
    scheduler = make(over)
    rates(scheduler, over, done)
    again = sgd()
    again.load_state_dict(over.state_dict())
    make(again).load_state_dict(scheduler.state_dict())
    return over.param_groups[0]["lr"], again.param_groups[0]["lr"]


def test_the_order_of_loading_does_not_matter_here():
    def sequence(over: SGD) -> Any:
        cosine = peers.CosineAnnealingLR(over, 8)
        return peers.SequentialLR(over, [peers.LinearLR(over, 0.1, total_iters=2), cosine], [2])

    def function(over: SGD) -> Any:
        return peers.LambdaLR(over, lambda step: 0.5**step)

    assert resumed(sequence, 5) == pytest.approx((0.6913, 0.1), abs=1e-4)
    assert resumed(function, 3) == (0.125, 1.0)
    schedule = Linear(0.1, 1.0, 2) >> Cosine(1.0, 0.0, 8)
    uninterrupted, after_load = resumed(lambda over: Scheduler(over, lr=schedule), 5)
    assert uninterrupted == after_load == pytest.approx(0.6913, abs=1e-4)


def test_a_group_may_come_later_here():
    makes = (
        lambda over: peers.LambdaLR(over, lambda step: 0.5**step),
        lambda over: peers.CosineAnnealingWarmRestarts(over, 9),
    )
    for make in makes:
        over = sgd()
        theirs = make(over)
        over.add_param_group(group(1.0))
        over.step()
        if torch.__version__ < (2, 10):  # it goes on with a group that keeps its rate
            theirs.step()
            assert over.param_groups[1]["lr"] == 1.0 != over.param_groups[0]["lr"]
        else:
            with pytest.raises(ValueError, match=r"shorter|longer"):
                theirs.step()
    over = sgd(0.1)
    theirs = peers.LinearLR(over, 0.1, total_iters=8)
    rates(theirs, over, 4)
    over.add_param_group(group(1.0))
    late = []
    for _ in range(3):
        over.step()
        theirs.step()
        late.append(over.param_groups[1]["lr"])
    assert late == pytest.approx([1.2045, 1.4091, 1.6136], abs=1e-4)  # above the rate it came with
    over = sgd(0.1)
    ours = Scheduler(over, lr=Linear(0.01, 0.1, 8))
    rates(ours, over, 4)
    over.add_param_group(group(1.0))
    late = []
    for _ in range(4):
        over.step()
        late.append(over.param_groups[1]["lr"])
    assert late == pytest.approx([0.06625, 0.0775, 0.08875, 0.1])
    assert late[-1] == over.param_groups[0]["lr"]


def test_groups_may_change_places_between_save_and_load_here():
    def of(*names: str) -> SGD:
        return SGD([group({"a": 1.0, "b": 0.01}[name], name) for name in names])

    def by_name(over: SGD) -> dict[str, float]:
        return {group["name"]: group["lr"] for group in over.param_groups}

    first, second = of("a", "b"), of("b", "a")
    theirs = halving(first)
    first.step()
    theirs.step()
    again = halving(second)
    names = [group["name"] for group in second.param_groups]
    second.load_state_dict(first.state_dict())
    for group_, name in zip(second.param_groups, names, strict=True):
        group_["name"] = name  # torch has put the names of the file there
    again.load_state_dict(theirs.state_dict())
    assert by_name(first) == {"a": 0.5, "b": 0.005}
    assert by_name(second) == {"a": 0.005, "b": 0.5}  # each has the rate of the other

    schedules = {"a": Cosine(1.0, 0.0, 2), "b": Cosine(0.01, 0.0, 2)}
    first, second = of("a", "b"), of("b", "a")
    ours = Scheduler(first, lr=schedules)
    first.step()
    again = Scheduler(second, lr=schedules)
    again.load_state_dict(ours.state_dict())
    second.load_state_dict(first.state_dict())
    assert by_name(second) == by_name(first) == pytest.approx({"a": 0.5, "b": 0.005})


@pytest.mark.filterwarnings("ignore:gradatim. the schedule of lr has ended at 0")
def test_a_cosine_stays_down_here():
    theirs, ours = both(lambda over: hf.get_cosine_schedule_with_warmup(over, 0, 100), 201)
    assert (theirs[100], theirs[200]) == (0.0, 1.0)
    assert (ours[100], ours[200]) == (0.0, 0.0)


def test_phases_longer_than_the_run_are_refused_here():
    over = sgd()
    theirs = rates(hf.get_wsd_schedule(over, 4, 10, 10), over, 10)
    assert theirs[3:5] == pytest.approx([0.75, 0.6545], abs=1e-4)
    assert max(theirs) == 0.75  # of 1
    with pytest.raises(GradatimError, match="must be less than steps, 10"):
        wsd(peak=1.0, steps=10, warmup=4, cooldown=10)
    over = sgd()
    theirs = rates(hf.get_linear_schedule_with_warmup(over, 200, 100), over, 201)
    assert theirs[99:] == pytest.approx([0.495 + i / 200 for i in range(101)] + [0.0])
    with pytest.raises(GradatimError, match="must be less than steps, 100"):
        warmup_cosine(peak=1.0, steps=100, warmup=200)


def test_arguments_that_mean_nothing_are_refused_here():
    nonsense = {"num_waves": 3}
    over = sgd()
    theirs = hf.get_scheduler("constant_with_warmup", over, 2, scheduler_specific_kwargs=nonsense)
    assert rates(theirs, over, 3) == [0.0, 0.5, 1.0]
    with pytest.raises((GradatimError, TypeError), match="num_waves"):
        warmup_constant(peak=1.0, warmup=2, **nonsense)


def test_one_update_is_one_step_here_however_many_processes_there_are():
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["theirs"] == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert found["ours"] == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_two_factors_are_a_product_here():
    over = sgd()
    theirs = [peers.LambdaLR(over, lambda step: 0.5), peers.LambdaLR(over, lambda step: 0.1)]
    over.step()
    for scheduler in theirs:
        scheduler.step()
    assert over.param_groups[0]["lr"] == 0.1
    ours = sgd()
    Scheduler(ours, lr=Constant(0.5) * Constant(0.1))
    assert ours.param_groups[0]["lr"] == 0.05

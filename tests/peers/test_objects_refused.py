"""What cannot be carried is refused, and each time it is said what to write instead."""

from typing import Any

import pytest
import torch
from torch.optim import SGD
from torch.optim import lr_scheduler as peers
from torch.optim.swa_utils import SWALR

from gradatim import Constant, GradatimError
from gradatim.torch import Scheduler, from_torch
from tests.peers.random_schedulers import hf, ignite, timm


def sgd(groups: int = 1, **more: Any) -> SGD:
    parts = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)]
    return SGD(parts, 0.1, **more)


def decay(step: int) -> float:
    return 0.9**step


class Own(peers.ExponentialLR):
    def get_lr(self) -> list[float]:
        return [0.1]


class FromScratch(peers.LRScheduler):
    def get_lr(self) -> list[float]:
        return [0.1]


def chained(*makes: Any) -> peers.ChainedScheduler:
    over = sgd(momentum=0.5)
    return peers.ChainedScheduler([make(over) for make in makes])


def cyclical(over: SGD) -> Any:
    old = ignite.CosineAnnealingScheduler(over, "lr", 0.1, 1.0, 4, start_value_mult=0.5)
    for _ in range(6):
        old(None)
    return old


def noisy(over: SGD) -> Any:
    return timm.CosineLRScheduler(over, 10, noise_range_t=[2, 5])


def halving(over: SGD) -> Any:
    return peers.ExponentialLR(over, 0.5)


def sequence(milestones: list[Any]) -> Any:
    over = sgd()
    return peers.SequentialLR(over, [halving(over) for _ in range(3)], milestones)


def rewritten(**attributes: Any) -> Any:
    old = peers.StepLR(sgd(), 3)
    vars(old).update(attributes)
    return old


REFUSED: dict[str, tuple[Any, str]] = {
    "a number": (lambda: 3, "3 is no scheduler of torch.optim"),
    "nothing": (lambda: None, "None is no scheduler"),
    "an optimizer": (sgd, "torch.optim.sgd.SGD is no scheduler"),
    "one of ours": (lambda: Scheduler(sgd(), lr=Constant(0.1)), "a Scheduler of gradatim already"),
    "a function of one's own": (
        lambda: peers.LambdaLR(sgd(), decay),
        f"lr=0.1 * Function('{__name__}:decay')",
    ),
    "a lambda": (
        lambda: peers.LambdaLR(sgd(), lambda step: 1.0),
        "Function('package.module:name')",
    ),
    "a callable": (
        lambda: peers.LambdaLR(sgd(), Constant(1.0)),
        "an object of Constant is code of",
    ),
    "factors": (lambda: peers.MultiplicativeLR(sgd(), lambda step: 0.9), "ExponentialDecay(start="),
    "a subclass": (lambda: Own(sgd(), 0.5), "Own.get_lr (in "),
    "a class of one's own": (lambda: FromScratch(sgd()), "FromScratch.get_lr (in "),
    "a shape of one's own": (
        lambda: peers.CyclicLR(sgd(), 0.1, 1.0, scale_fn=lambda x: x, cycle_momentum=False),
        "scale_fn is code of your own",
    ),
    "a floor in a chain": (
        lambda: chained(halving, lambda o: peers.CosineAnnealingLR(o, 9, 0.01)),
        "ChainedScheduler: CosineAnnealingLR in a ChainedScheduler with eta_min",
    ),
    "one cycle in a chain": (
        lambda: chained(halving, lambda o: peers.OneCycleLR(o, 1.0, 10)),
        "writes rates of its own",
    ),
    "waves in a chain": (
        lambda: chained(halving, lambda o: peers.CyclicLR(o, 0.1, 1.0)),
        "writes rates of its own",
    ),
    "averaging in a chain": (lambda: chained(halving, lambda o: SWALR(o, 0.1)), "it finds"),
    "no steps": (lambda: peers.StepLR(sgd(), 0), "StepLR: step_size must be a whole number"),
    "part of a step": (lambda: peers.StepLR(sgd(), 2.5), "got 2.5"),
    "a factor below 0": (lambda: peers.ExponentialLR(sgd(), -0.5), "0 or more, got -0.5"),
    "a factor that never ends": (lambda: peers.ConstantLR(sgd(), 0.5, 0), "total_iters must be"),
    "a text for a number": (lambda: rewritten(step_size="3"), "StepLR: step_size must be"),
    "an attribute that is gone": (
        lambda: rewritten(base_lrs=None),
        "StepLR: what it holds cannot be read: TypeError",
    ),
    "a milestone between steps": (lambda: peers.MultiStepLR(sgd(), [2.5]), "got 2.5"),
    "milestones that fall": (
        lambda: sequence([4, 2]),
        "SequentialLR: milestones must be rising whole numbers",
    ),
    "milestones between steps": (lambda: sequence([2, 4.5]), "got (2, 4.5)"),
    "a warm-up longer than the run": (
        lambda: hf.get_linear_schedule_with_warmup(sgd(), 20, 10),
        "Nothing is left for the decay",
    ),
    "phases longer than the run": (
        lambda: hf.get_wsd_schedule(sgd(), 4, 10, 10),
        "longer than the run, 10",
    ),
    "a window of metrics": (lambda: hf.GreedyLR(sgd(), smooth=True), "averages the metric"),
    "a floor for each group": (
        lambda: peers.ReduceLROnPlateau(sgd(groups=2), min_lr=[0.01, 0.02]),
        "another share",
    ),
    "the rates that Adafactor finds": (
        lambda: hf.AdafactorSchedule(sgd()),
        "leave the scheduler out",
    ),
    "noise": (lambda: noisy(sgd()), "CosineLRScheduler: its noise has no form"),
    "cycles of parts": (
        lambda: timm.CosineLRScheduler(sgd(), 10, cycle_mul=1.5),
        "cycle_mul must be a whole number",
    ),
    "a cooldown of one's own": (
        lambda: timm.WSDLRScheduler(sgd(), 10, 5, decay_fn=lambda x: x),
        "decay_fn must be",
    ),
    "a power of a power": (
        lambda: timm.PolyLRScheduler(sgd(), 10, k_decay=2.0),
        "k_decay must be 1",
    ),
    "cycles that have begun": (lambda: cyclical(sgd()), "past its first cycle"),
    "two optimizers": (
        lambda: ignite.ParamGroupScheduler(
            [ignite.PiecewiseLinear(sgd(), "lr", [(0, 1.0)]) for _ in range(2)]
        ),
        "drives several optimizers",
    ),
    "a data loader": (
        lambda: ignite.BatchSizeScheduler(torch.utils.data.DataLoader([1, 2]), lambda step: 1),
        "drives a data loader",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_says_what_cannot_be_carried(name: str):
    make, said = REFUSED[name]
    old = make()
    with pytest.raises(GradatimError) as error:
        from_torch(old)
    message = str(error.value)
    assert message.startswith("from_torch: ")
    assert said in message


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "7"])
def test_updates_between_two_steps_are_a_whole_number(every: Any):
    with pytest.raises(GradatimError, match="from_torch: every must be a whole number, 1 or more"):
        from_torch(peers.StepLR(sgd(), 3), every=every)


def test_a_schedule_that_drives_no_optimizer_is_refused():
    theirs = type("PolynomialDecay", (), {"__module__": "keras.schedules"})()
    theirs.get_config = lambda: {"initial_learning_rate": 0.1, "decay_steps": 5}
    with pytest.raises(GradatimError, match="from_torch: PolynomialDecay drives no optimizer"):
        from_torch(theirs)

"""Where the values are not those of the old scheduler, on purpose: both, side by side.

Each entry has the words of its row in docs/migrate.md, and gives what the old one does, stepping
for real, and what ``from_torch`` of it does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import SGD
from torch.optim import lr_scheduler as peers
from torch.optim.swa_utils import SWALR

from gradatim import GradatimError
from gradatim.torch import Scheduler, from_torch
from tests.peers.random_schedulers import hf, ignite, timm

Make = Callable[[SGD], Any]
Loop = Callable[[Any, int], object]
_FAILURES = (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError)


def sgd(lr: float = 1.0) -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr, momentum=0.5)


def torch_steps(scheduler: Any, _: int) -> None:
    scheduler.step()


def timm_steps(scheduler: Any, updates: int) -> None:
    scheduler.step_update(updates)


def theirs(make: Make, at: Sequence[int], lr: float, loop: Loop) -> list[float | str]:
    over = sgd(lr)
    scheduler = make(over)
    rates: list[float | str] = []
    for step in range(max(at) + 1):
        if isinstance(scheduler, ignite.ParamScheduler):
            scheduler(None)
        rates.append(over.param_groups[0]["lr"])
        over.step()
        if not isinstance(scheduler, ignite.ParamScheduler):
            try:
                loop(scheduler, step + 1)
            except _FAILURES as error:
                rates += [type(error).__name__] * (max(at) - step)
                break
    return [rates[step] for step in at]


def ours(make: Make, at: Sequence[int], lr: float) -> list[float | str]:
    try:
        schedule = from_torch(make(sgd(lr)))["lr"]
    except GradatimError:
        return ["refused"]
    return [schedule(step) for step in at]


def shown(rates: Sequence[float | str]) -> str:
    """As the page shows them: four digits, or what the old one raised."""
    return ", ".join(rate if isinstance(rate, str) else f"{rate:.4g}" for rate in rates)


def curve(make: Make, at: Sequence[int], lr: float = 1.0, loop: Loop = torch_steps) -> Any:
    return lambda: (theirs(make, at, lr, loop), ours(make, at, lr))


def metric(make: Make, metrics: Sequence[float], lr: float = 1.0, timm: bool = False) -> Any:
    def both() -> tuple[list[float | str], list[float | str]]:
        over, again = sgd(lr), sgd(lr)
        old = make(over)
        try:
            scheduler = Scheduler(again, **from_torch(old))
        except GradatimError:
            scheduler = None
        for step, value in enumerate(metrics):
            if timm:
                old.step(step + 1, value)
                again.step()
            else:
                old.step(value)
            if scheduler is not None:
                scheduler.observe(value)
        ours = again.param_groups[0]["lr"] if scheduler is not None else "refused"
        return [over.param_groups[0]["lr"]], [ours]

    return both


def linear(over: SGD, updates: int = 2) -> Any:
    return peers.LinearLR(over, 0.5, total_iters=updates)


def halving(over: SGD) -> Any:
    return peers.ExponentialLR(over, 0.5)


def pair(over: SGD) -> Any:
    return peers.SequentialLR(
        over, [peers.ConstantLR(over, 0.5, 100), peers.ConstantLR(over, 0.2, 100)], [2]
    )


def second_scheduler(over: SGD) -> Any:
    peers.StepLR(over, 10)
    over.param_groups[0]["lr"] = 0.01
    return halving(over)


def averaging_later(over: SGD) -> Any:
    before = halving(over)
    for _ in range(3):
        over.step()
        before.step()
    return SWALR(over, 0.5, 4, "linear")


DIFFERENCES: dict[str, Callable[[], tuple[list[float | str], list[float | str]]]] = {
    "`CosineAnnealingLR(T_max=4)`, updates 3 to 8": curve(
        lambda o: peers.CosineAnnealingLR(o, 4), range(3, 9)
    ),
    "`OneCycleLR(1.0, total_steps=10)`, updates 9 to 11": curve(
        lambda o: peers.OneCycleLR(o, 1.0, 10), range(9, 12)
    ),
    "`ConstantLR(0.0, total_iters=2)`, updates 1 and 2": curve(
        lambda o: peers.ConstantLR(o, 0.0, 2), (1, 2)
    ),
    "`LinearLR(0.9, 0.0, total_iters=5)`, updates 4 and 5": curve(
        lambda o: peers.LinearLR(o, 0.9, 0.0, 5), (4, 5)
    ),
    "`SequentialLR([SequentialLR(...)], [])`, updates 0 to 3": curve(
        lambda o: peers.SequentialLR(o, [pair(o)], []), range(4)
    ),
    "`SequentialLR([ExponentialLR, SequentialLR], [2])`, updates 0 to 3": curve(
        lambda o: peers.SequentialLR(o, [halving(o), pair(o)], [2]), range(4)
    ),
    "`SequentialLR([ExponentialLR, ChainedScheduler], [2])`, updates 0 to 3": curve(
        lambda o: peers.SequentialLR(o, [halving(o), peers.ChainedScheduler([linear(o)])], [2]),
        range(4),
    ),
    "`ChainedScheduler([SequentialLR, ExponentialLR])`, updates 0 to 3": curve(
        lambda o: peers.ChainedScheduler([pair(o), halving(o)]), range(4)
    ),
    "`ChainedScheduler` of two `LambdaLR`, 0.5 and 0.25": curve(
        lambda o: peers.ChainedScheduler(
            [
                hf.get_polynomial_decay_schedule_with_warmup(o, 0, 2),
                hf.get_polynomial_decay_schedule_with_warmup(o, 0, 2, power=2.0),
            ]
        ),
        (1,),
    ),
    "`SequentialLR([LinearLR, OneCycleLR(1.0)], [2])`, updates 0 and 1": curve(
        lambda o: peers.SequentialLR(o, [linear(o), peers.OneCycleLR(o, 1.0, 10)], [2]), (0, 1)
    ),
    "`ExponentialLR` behind a `StepLR` and `group['lr'] = 0.01`, updates 0 and 1": curve(
        second_scheduler, (0, 1)
    ),
    "`SWALR(0.5)` built where the rate is 0.125 already, updates 0 to 2": curve(
        averaging_later, range(3)
    ),
    "`ReduceLROnPlateau(patience=2)`, metric -10 five times": metric(
        lambda o: peers.ReduceLROnPlateau(o, patience=2), [-10.0] * 5
    ),
    "`ReduceLROnPlateau(patience=1)`, metric -inf once, then falling": metric(
        lambda o: peers.ReduceLROnPlateau(o, patience=1), [-float("inf"), 5.0, 4.0, 3.0, 2.0]
    ),
    "`get_cosine_schedule_with_warmup(0, 4)`, updates 3 to 8": curve(
        lambda o: hf.get_cosine_schedule_with_warmup(o, 0, 4), range(3, 9)
    ),
    "`get_cosine_with_hard_restarts...(0, 98, num_cycles=49)`, updates 2 and 3": curve(
        lambda o: hf.get_cosine_with_hard_restarts_schedule_with_warmup(o, 0, 98, 49), (2, 3)
    ),
    "`get_wsd_schedule(4, 10, num_training_steps=10)`, updates 3 and 4": curve(
        lambda o: hf.get_wsd_schedule(o, 4, 10, 10), (3, 4)
    ),
    "`get_linear_schedule_with_warmup(8, 4)`, updates 3, 7 and 8": curve(
        lambda o: hf.get_linear_schedule_with_warmup(o, 8, 4), (3, 7, 8)
    ),
    "`GreedyLR(patience=0, min_lr=0.1, threshold_mode='rel')`, metric -3, -2, -1": metric(
        lambda o: hf.GreedyLR(
            o, factor=0.5, patience=0, min_lr=0.1, max_lr=8.0, threshold=0.9, threshold_mode="rel"
        ),
        [-3.0, -2.0, -1.0],
    ),
    "`GreedyLR(patience=0, min_lr=0.1, reset_start=1)`, metric 1 six times": metric(
        lambda o: hf.GreedyLR(o, factor=0.5, patience=0, min_lr=0.1, max_lr=1.0, reset_start=1),
        [1.0] * 6,
    ),
    "`TanhLRScheduler(10)`, update 0": curve(
        lambda o: timm.TanhLRScheduler(o, 10, lb=-3.0, t_in_epochs=False), (0,), loop=timm_steps
    ),
    "`StepLRScheduler(decay_t=2.7, decay_rate=0.5)`, updates 26 to 28": curve(
        lambda o: timm.StepLRScheduler(o, 2.7, 0.5, t_in_epochs=False),
        (26, 27, 28),
        loop=timm_steps,
    ),
    "`CosineLRScheduler(2, cycle_mul=3, cycle_limit=9)`, updates 241 to 243": curve(
        lambda o: timm.CosineLRScheduler(o, 2, cycle_mul=3.0, cycle_limit=9, t_in_epochs=False),
        (241, 242, 243),
        loop=timm_steps,
    ),
    "`PlateauLRScheduler(warmup_t=4, patience_t=0)`, metric 1 four times": metric(
        lambda o: timm.PlateauLRScheduler(o, 0.5, 0, warmup_t=4, mode="min"), [1.0] * 4, timm=True
    ),
    "`LRScheduler(ExponentialLR(0.5))`, updates 0 to 2": curve(
        lambda o: ignite.LRScheduler(halving(o)), range(3)
    ),
    "`LRScheduler(LinearLR(0.5, total_iters=2))`, updates 0 to 2": curve(
        lambda o: ignite.LRScheduler(linear(o)), range(3)
    ),
    "`LRScheduler(PolynomialLR(4))`, updates 0 to 2": curve(
        lambda o: ignite.LRScheduler(peers.PolynomialLR(o, 4)), range(3)
    ),
    "`LRScheduler(CosineAnnealingLR(4))`, updates 0 to 2": curve(
        lambda o: ignite.LRScheduler(peers.CosineAnnealingLR(o, 4)), range(3)
    ),
    "`LRScheduler(CosineAnnealingWarmRestarts(4))`, updates 0 to 2": curve(
        lambda o: ignite.LRScheduler(peers.CosineAnnealingWarmRestarts(o, 4)), range(3)
    ),
}

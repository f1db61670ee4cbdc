"""Calls that type checkers refuse, each with the error that mypy and pyright give for it.

A call that becomes accepted makes its comment unused, which both report as an error. Nothing here
is ever called.
"""

import torch

from gradatim import (
    Cosine,
    Driver,
    Linear,
    Plan,
    Plateau,
    Run,
    Schedule,
    Table,
    join,
    multistep,
    parse,
    piecewise_constant,
    warmup_cosine,
    wsd,
)
from gradatim.recipes import scale_with_batch
from gradatim.torch import Scheduler, relative
from gradatim.xp import Numeric, Operations


def constructors() -> None:
    Linear(start=0.0, end=1.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Linear(start=0.0, end=1.0, steps="5%")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Linear(start="0", end=1.0, steps=10)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cosine(start=1.0, end=0.0, T_max=10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Table(points=[0.0, 1.0], between="linear")  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Table(points=[(0, 1.0)], between="cubic")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Linear(0.0, 1.0, 10).steps = 20  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def recipes(run: Run) -> None:
    warmup_cosine(3e-4)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    warmup_cosine(3e-4, 10_000)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    warmup_cosine(3e-4, steps=100, min_lr=0.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    warmup_cosine(3e-4, steps=100, first="floor")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wsd(1.0, steps=100, shape="sqrt")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    multistep(1.0, boundaries=10)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    piecewise_constant(values=["1", "2"], boundaries=[10])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    scale_with_batch(1e-3, run=run)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def schedules(a: Schedule) -> None:
    a()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    a("3")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    a(None)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    a([1, 2])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    a >> 0.1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    a + "1"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    a / a  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    a**2  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    a.repeat("3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    a.rounded(way="floor")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    join(a, 0.1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    parse(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    a.config()["Linear"]["start"] + 1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]


def runs() -> None:
    Run(batch_size=32, steps=10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Run(steps="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Run(steps=10).steps + 1  # type: ignore[operator]  # pyright: ignore[reportOptionalOperand]


def drivers(schedule: Schedule, optimizer: torch.optim.Optimizer) -> None:
    Plan({"lr": "0.1"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    Driver({"lr": schedule}, run=100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Scheduler(schedule, optimizer)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Scheduler(optimizer, lr="0.1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Scheduler(optimizer, lr=schedule, on_mismatch="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Scheduler(optimizer, lr=schedule, rule=schedule)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    relative("5%")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def rules() -> None:
    Plateau(mode="lowest")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Plateau()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Plateau(mode="min").replay(3.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class NoFormula(Schedule):
    """``at`` is missing."""


class Misspelled(Schedule):
    """An operation that ``xp`` does not have, and a value that is no number."""

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        xp.tanh(t)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return f"{t}"  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def own_schedules() -> None:
    NoFormula()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]

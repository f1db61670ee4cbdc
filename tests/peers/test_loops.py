"""Rates that a loop writes itself: by its own counter, in branches, and after its update."""

import pytest

from gradatim import GradatimError
from gradatim.peers import Given, Read, find

_BEFORE = """
import torch
base_lr, most = 0.5, 100
optimizer = torch.optim.SGD(model.parameters(), lr=base_lr)
"""
_WRITE = """
        for group in optimizer.param_groups:
            group["lr"] = lr_
"""
_COUNTED = """
step = {first}
for epoch in range(10):
    for x in loader:
        {early}
        lr_ = base_lr * (1 - step / most)
{write}
        {late}
"""


def _read(text: str, lr: float | None = None) -> Read:
    (found,) = find(_BEFORE + text, name="train.py")
    return found.read(Given(lr=lr))


def _counted(first: int = 0, early: str = "pass", late: str = "step += 1") -> str:
    return _COUNTED.format(first=first, early=early, late=late, write=_WRITE)


def _line(k: int) -> float:
    return max(0.5 * (1 - k / 100), 0.0)


@pytest.mark.parametrize("first", [3])
def test_a_counter_of_the_loop_counts_updates(first: int) -> None:
    schedule = _read(_counted(first)).schedule
    assert [schedule(k) for k in range(60)] == pytest.approx([_line(k + first) for k in range(60)])


def test_a_counter_that_is_raised_before_the_rate_is_one_ahead() -> None:
    schedule = _read(_counted(early="step += 1", late="pass")).schedule
    assert [schedule(k) for k in range(60)] == pytest.approx([_line(k + 1) for k in range(60)])


def test_a_rate_that_is_written_after_the_update_is_that_of_the_next() -> None:
    read = _read(_counted(2, early="optimizer.step()"))
    right = [0.5, *(_line(k + 2) for k in range(50))]
    assert [read.schedule(k) for k in range(51)] == pytest.approx(right)
    assert any("after the update" in sentence for sentence in read.differences)


@pytest.mark.parametrize(
    "counter",
    ["if x.ok:\n            step += 1", "step += 2", "step = x.step + 1", "step += 1; step += 1"],
)
def test_a_counter_that_is_not_raised_by_one_in_each_turn_is_refused(counter: str) -> None:
    with pytest.raises(GradatimError):
        _read(_counted(late=counter))


def test_branches_that_each_write_a_rate_are_one_schedule() -> None:
    text = """
step = 0
while True:
    if step < 10:
        lr_ = base_lr * step / 10
        for group in optimizer.param_groups:
            group["lr"] = lr_
    else:
        lr_ = base_lr * (1 - (step - 10) / most)
        for group in optimizer.param_groups:
            group["lr"] = lr_
    step += 1
"""
    schedule = _read(text).schedule
    right = [0.05 * k if k < 10 else _line(k - 10) for k in range(80)]
    assert [schedule(k) for k in range(80)] == pytest.approx(right)


_EPOCHS = """
def train(epoch):
    for x in loader:
        optimizer.step()

def adjust(optimizer, epoch):
    lr_ = 0.5 * 0.1 ** (epoch // 30)
    for group in optimizer.param_groups:
        group["lr"] = lr_

for epoch in range(90):
    {first}
    {second}
"""


@pytest.mark.parametrize("train", ["train(epoch)", "train_one_epoch(model, optimizer)"])
def test_a_function_that_is_called_after_the_epoch_sets_the_rate_of_the_next(train: str) -> None:
    adjust = "adjust(optimizer, epoch)"
    before = _read(_EPOCHS.format(first=adjust, second=train)).schedule
    after = _read(_EPOCHS.format(first=train, second=adjust)).schedule
    right = [0.5 * 0.1 ** (epoch // 30) for epoch in range(90)]
    assert [before(k) for k in range(90)] == pytest.approx(right)
    assert [after(k) for k in range(90)] == pytest.approx([0.5, *right[:-1]])


def test_the_rate_of_the_first_update_is_asked_for_where_the_optimizer_does_not_say_it() -> None:
    text = _counted(early="optimizer.step()").replace("lr=base_lr", "")
    before = _BEFORE.replace("lr=base_lr", "lr=rates[0]")
    (found,) = find(before + text, name="train.py")
    with pytest.raises(GradatimError, match="--lr"):
        found.read(Given())
    assert found.read(Given(lr=0.25)).schedule(0) == 0.25


def test_a_call_in_a_function_that_nothing_uses_does_not_count() -> None:
    text = """
from torch.optim.lr_scheduler import StepLR

def main(epochs):
    return StepLR(optimizer, epochs)

def from_elsewhere():
    main(7)

if __name__ == "__main__":
    main(3)
"""
    (found,) = find(_BEFORE + text, name="train.py")
    assert found.read(Given()).schedule(3) == pytest.approx(0.05)
    (found,) = find(_BEFORE + text + "    run(from_elsewhere)\n", name="train.py")
    with pytest.raises(GradatimError, match="epochs"):
        found.read(Given())


def test_arguments_behind_two_stars_are_asked_for_by_name() -> None:
    (found,) = find("s = StepLR(optimizer, **cfg.schedule)", name="train.py")
    with pytest.raises(GradatimError, match=r'--set "cfg\.schedule='):
        found.read(Given(lr=1.0))
    given = Given(lr=1.0, values={"cfg.schedule": "{'step_size': 2, 'gamma': 0.5}"})
    assert found.read(given).schedule(2) == 0.5


def test_a_checkpoint_with_a_scheduler_in_it_is_no_dictionary_of_lightning() -> None:
    text = """
scheduler = StepLR(optimizer, 30)
while step < 1000:
    optimizer.step()
    scheduler.step()
torch.save({"model": model.state_dict(), "scheduler": scheduler.state_dict()}, "x.pt")
"""
    (found,) = find(_BEFORE + text, name="train.py")
    assert found.read(Given()).epochs == ""
    lightning = 'return {"scheduler": scheduler, "interval": "epoch"}'
    (found,) = find(_BEFORE + text + f"\ndef f():\n    {lightning}\n", name="train.py")
    assert "epoch" in found.read(Given()).epochs


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("train(epoch)", "scheduler.step()", ""),
        ("scheduler.step()", "train(epoch)", "before the update"),
        ("train(epoch)", "scheduler.step(epoch - 1)", "is given `epoch - 1`"),
        ("train(epoch)", "scheduler.step(epoch=epoch)", "is given `epoch`"),
    ],
)
def test_where_a_scheduler_is_stepped_and_with_what_is_said(
    first: str, second: str, words: str
) -> None:
    text = f"""
def train(epoch):
    optimizer.step()

scheduler = StepLR(optimizer, 30)
for epoch in range(90):
    {first}
    {second}
"""
    (found,) = find(_BEFORE + text, name="train.py")
    said = [note for note in found.read(Given()).differences if note.startswith("Its step()")]
    assert len(said) == bool(words)
    assert words in "".join(said)

"""How values get into the groups: one float for all, one fill for all tensors, else one by one."""

import copy
import io

import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import StepLR

from gradatim import Constant, Linear, Plateau, warmup_cosine
from gradatim.torch import Scheduler

SCHEDULE = warmup_cosine(peak=0.1, steps=5_000, warmup=50)


def weights(k):
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(3)) for _ in range(k)]


def grouped(make, k, lr=0.5, **options):
    return make([{"params": [w]} for w in weights(k)], lr=lr, **options)


def rates(optimizer):
    held = [group["lr"] for group in optimizer.param_groups]
    return [one.item() if isinstance(one, torch.Tensor) else one for one in held]


def update(optimizer, updates=1):
    for _ in range(updates):
        optimizer.zero_grad()
        sum((p**2).sum() for g in optimizer.param_groups for p in g["params"]).backward()
        optimizer.step()


def counted_fills(monkeypatch):
    fills = []
    fill = torch.Tensor.fill_
    monkeypatch.setattr(
        torch.Tensor, "fill_", lambda self, value: fills.append(self.numel()) or fill(self, value)
    )
    return fills


def together(optimizer):
    """Whether the rates lie side by side in one memory."""
    held = [group["lr"] for group in optimizer.param_groups]
    return len({rate.untyped_storage().data_ptr() for rate in held}) == 1


def test_ready_made_values_are_those_of_the_schedule():
    optimizer = grouped(SGD, 3)
    scheduler = Scheduler(optimizer, lr=SCHEDULE, weight_decay=0.1 * SCHEDULE)
    for position in range(1, 3_000):
        optimizer.step()
        assert rates(optimizer) == [SCHEDULE(position)] * 3
        assert optimizer.param_groups[1]["weight_decay"] == 0.1 * SCHEDULE(position)
    assert scheduler.position == 2_999


def test_tensors_take_one_fill(monkeypatch):
    optimizer = grouped(SGD, 100, lr=torch.tensor(0.5))
    mine = [group["lr"] for group in optimizer.param_groups]
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    held = [group["lr"] for group in optimizer.param_groups]
    assert held[0] is mine[0]
    assert together(optimizer)
    optimizer.step()
    fills = counted_fills(monkeypatch)
    for position in range(2, 40):
        optimizer.step()
        assert rates(optimizer) == [pytest.approx(SCHEDULE(position), rel=1e-7)] * 100
    assert fills == [100] * 38
    assert all(a is b["lr"] for a, b in zip(held, optimizer.param_groups, strict=True))
    assert scheduler.position == 39


def test_tensors_stay_where_they_are_in_memory():
    optimizer = grouped(SGD, 3, lr=torch.tensor(0.5))
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    places = [group["lr"].data_ptr() for group in optimizer.param_groups]
    for _ in range(600):
        optimizer.step()
    scheduler.step()
    scheduler.load_state_dict(scheduler.state_dict())
    scheduler.detach()
    Scheduler(optimizer, lr=SCHEDULE)
    assert [group["lr"].data_ptr() for group in optimizer.param_groups] == places


OPTIMIZERS = [
    (SGD, {}),
    (SGD, {"foreach": True}),
    (SGD, {"fused": True, "momentum": 0.9}),
    (Adam, {"foreach": True, "capturable": True}),
    (Adam, {"fused": True}),
    (AdamW, {"fused": True}),
    (AdamW, {"capturable": False, "foreach": False}),
    (RMSprop, {}),
    (Adagrad, {"foreach": False}),
]


@pytest.mark.parametrize(("make", "options"), OPTIMIZERS)
@pytest.mark.parametrize("tensor", [False, True], ids=["float", "tensor"])
def test_trains_as_with_rates_set_by_hand(make, options, tensor):
    if make is Adam and options.get("capturable") and not torch.cuda.is_available():
        options = {**options, "capturable": False, "foreach": False}

    def rate(value):
        return torch.tensor(value, dtype=torch.float64) if tensor else value

    if tensor and options.get("foreach") and not options.get("capturable"):
        options = {**options, "foreach": False}
    ours, theirs = (grouped(make, 3, lr=rate(0.5), **options) for _ in range(2))
    scheduler = Scheduler(ours, lr=SCHEDULE)
    for position in range(20):
        for group in theirs.param_groups:
            group["lr"] = rate(SCHEDULE(position))
        update(ours)
        update(theirs)
    for one, other in zip(ours.param_groups, theirs.param_groups, strict=True):
        assert torch.equal(one["params"][0], other["params"][0])
    assert scheduler.position == 20


@pytest.mark.parametrize("way", ["deepcopy", "load_state_dict", "save"])
def test_copies_and_loads_keep_one_memory_each(way, monkeypatch):
    optimizer = grouped(SGD, 4, lr=torch.tensor(0.5))
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    for _ in range(7):
        optimizer.step()
    if way == "deepcopy":
        other, second = copy.deepcopy((optimizer, scheduler))
    else:
        other = grouped(SGD, 4, lr=torch.tensor(0.25))
        second = Scheduler(other, lr=SCHEDULE)
        state = optimizer.state_dict()
        if way == "save":
            file = io.BytesIO()
            torch.save(state, file)
            file.seek(0)
            state = torch.load(file)
        other.load_state_dict(state)
        second.load_state_dict(scheduler.state_dict())
    assert second.position == 7
    fills = counted_fills(monkeypatch)
    other.step()
    other.step()
    assert set(fills) == {4}
    assert rates(other) == [pytest.approx(SCHEDULE(9), rel=1e-7)] * 4
    assert rates(optimizer) == [pytest.approx(SCHEDULE(7), rel=1e-7)] * 4
    assert together(other)
    one, two = other.param_groups[0]["lr"], optimizer.param_groups[0]["lr"]
    assert one.untyped_storage().data_ptr() != two.untyped_storage().data_ptr()


@pytest.mark.parametrize(
    "other", [0.5, torch.tensor(0.5, dtype=torch.float64), torch.tensor(0.5, requires_grad=True)]
)
def test_tensors_that_cannot_share_are_filled_one_by_one(other, monkeypatch):
    optimizer = grouped(SGD, 3, lr=torch.tensor(0.5))
    optimizer.param_groups[1]["lr"] = other
    with torch.no_grad():
        Scheduler(optimizer, lr=SCHEDULE)
        fills = counted_fills(monkeypatch)
        optimizer.step()
    assert set(fills) == {1}
    assert rates(optimizer) == pytest.approx([SCHEDULE(1)] * 3, rel=1e-7)
    assert optimizer.param_groups[1]["lr"] is other or type(other) is float


def test_groups_with_schedules_of_their_own():
    optimizer = grouped(SGD, 3)
    schedules = [SCHEDULE, 0.5 * SCHEDULE, Constant(0.3)]
    Scheduler(optimizer, lr=schedules)
    for position in range(1, 100):
        optimizer.step()
        assert rates(optimizer) == [schedule(position) for schedule in schedules]


@pytest.mark.parametrize("tensor", [False, True], ids=["float", "tensor"])
def test_what_others_write_does_not_last(tensor):
    optimizer = grouped(SGD, 3, lr=torch.tensor(0.5) if tensor else 0.5)
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    seen = []
    optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append(rates(optimizer)))
    forgotten = StepLR(optimizer, 1, 0.5)
    for _ in range(80):
        optimizer.step()
        forgotten.step()
    expected = [[pytest.approx(SCHEDULE(k), rel=1e-7)] * 3 for k in range(80)]
    assert seen == expected
    optimizer.param_groups[1]["lr"] = torch.tensor(7.0) if tensor else 7.0
    scheduler.step()
    assert rates(optimizer) == [pytest.approx(SCHEDULE(80), rel=1e-7)] * 3


def test_a_rule_that_is_told_in_the_middle_of_a_block():
    optimizer = grouped(SGD, 2)
    rule = Plateau(mode="min", factor=0.5, patience=0)
    scheduler = Scheduler(optimizer, lr=SCHEDULE, rule=rule)
    for _ in range(70):
        optimizer.step()
    scheduler.observe(1.0)
    scheduler.observe(1.0)
    for position in range(70, 90):
        assert rates(optimizer) == [0.5 * SCHEDULE(position)] * 2
        optimizer.step()
    scheduler.driver.observe(1.0)  # without the scheduler's knowledge
    seen = []
    optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append(rates(optimizer)))
    optimizer.step()
    assert seen == [[0.25 * SCHEDULE(90)] * 2]
    assert scheduler.applied == {"lr": 0.25 * SCHEDULE(90)}
    assert scheduler.position == 91


def breaks_at_6(step):
    if step >= 6:
        raise RuntimeError("past the end of my table")
    return 0.1


def test_an_error_is_raised_when_it_is_due():
    from gradatim import Function

    optimizer = grouped(SGD, 1)
    scheduler = Scheduler(optimizer, lr=Function(function=breaks_at_6))
    for _ in range(5):
        optimizer.step()
    assert scheduler.position == 5
    with pytest.raises(RuntimeError, match="past the end"):
        optimizer.step()


# torch warns of itself while it loads its compiler.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_new_rate_is_not_compiled_again():
    from torch._dynamo.testing import CompileCounter

    compiled = CompileCounter()
    optimizer = grouped(SGD, 2, lr=torch.tensor(0.5), foreach=False)
    Scheduler(optimizer, lr=Linear(start=0.5, end=0.0, steps=100))
    update(optimizer)
    torch._dynamo.reset()
    step = torch.compile(optimizer.step, backend=compiled)
    step()
    before = compiled.frame_count
    assert before > 0
    for _ in range(20):
        step()
    assert compiled.frame_count == before
    assert rates(optimizer) == pytest.approx([0.5 * (1 - 22 / 100)] * 2)

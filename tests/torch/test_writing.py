"""How values get into the groups, and what happens to what somebody else writes there."""

import copy
import inspect
import io
import warnings

import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import StepLR

from gradatim import Constant, Linear, Plateau, warmup_cosine
from gradatim.torch import Scheduler
from gradatim.torch.attachment import Attachment
from gradatim.torch.group_writer import GroupWriter
from gradatim.torch.writers import TensorWriter

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


def test_ready_made_values_are_those_of_the_schedule():
    optimizer = grouped(SGD, 3)
    scheduler = Scheduler(optimizer, lr=SCHEDULE, weight_decay=0.1 * SCHEDULE)
    for position in range(1, 3_000):
        optimizer.step()
        assert rates(optimizer) == [SCHEDULE(position)] * 3
        assert optimizer.param_groups[1]["weight_decay"] == 0.1 * SCHEDULE(position)
    assert scheduler.position == 2_999


def test_each_tensor_keeps_its_identity_and_its_storage():
    optimizer = grouped(SGD, 100, lr=torch.tensor(0.5))
    for group in optimizer.param_groups[1:]:
        group["lr"] = torch.tensor(0.5)
    held = [group["lr"] for group in optimizer.param_groups]
    storages = [rate.untyped_storage().data_ptr() for rate in held]
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    for position in range(1, 40):
        optimizer.step()
        assert rates(optimizer) == [pytest.approx(SCHEDULE(position), rel=1e-7)] * 100
    assert all(a is b["lr"] for a, b in zip(held, optimizer.param_groups, strict=True))
    assert [rate.untyped_storage().data_ptr() for rate in held] == storages
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
def test_copies_and_loads_have_tensors_of_their_own(way):
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
    other.step()
    other.step()
    assert rates(other) == [pytest.approx(SCHEDULE(9), rel=1e-7)] * 4
    assert rates(optimizer) == [pytest.approx(SCHEDULE(7), rel=1e-7)] * 4
    held = [group["lr"] for one in (other, optimizer) for group in one.param_groups]
    assert len({rate.untyped_storage().data_ptr() for rate in held}) == 8


def test_floats_and_tensors_of_other_types_side_by_side():
    double = torch.tensor(0.5, dtype=torch.float64)
    learned = torch.tensor(0.5, requires_grad=True)
    optimizer = grouped(SGD, 4, lr=torch.tensor(0.5))
    for group, rate in zip(optimizer.param_groups[1:], (0.5, double, learned), strict=True):
        group["lr"] = rate
    Scheduler(optimizer, lr=SCHEDULE)
    with torch.no_grad():
        optimizer.step()
    assert rates(optimizer) == pytest.approx([SCHEDULE(1)] * 4, rel=1e-7)
    held = [group["lr"] for group in optimizer.param_groups]
    assert type(held[1]) is float
    assert held[2] is double
    assert held[3] is learned
    assert double.item() == SCHEDULE(1)


def test_groups_with_schedules_of_their_own():
    optimizer = grouped(SGD, 3)
    schedules = [SCHEDULE, 0.5 * SCHEDULE, Constant(0.3)]
    Scheduler(optimizer, lr=schedules)
    for position in range(1, 100):
        optimizer.step()
        assert rates(optimizer) == [schedule(position) for schedule in schedules]


@pytest.mark.parametrize("tensor", [False, True], ids=["float", "tensor"])
def test_what_others_write_is_used_once_recorded_and_warned_of_once(tensor):
    optimizer = grouped(SGD, 3, lr=torch.tensor(0.5) if tensor else 0.5)
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    seen = []
    optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append(rates(optimizer)[0]))
    forgotten = StepLR(optimizer, 1, 0.5)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for k in range(80):
            assert rates(optimizer) == [pytest.approx(SCHEDULE(k) * 0.5 ** (k > 0), rel=1e-7)] * 3
            optimizer.step()
            assert rates(optimizer) == [pytest.approx(SCHEDULE(k + 1), rel=1e-7)] * 3
            forgotten.step()
    (warning,) = warned
    assert "changed lr of group '0' for update 2, from 0.002" in str(warning.message)
    used = [SCHEDULE(0), *(0.5 * SCHEDULE(k) for k in range(1, 80))]
    assert seen == pytest.approx(used, rel=1e-7)
    assert [value for _, value in scheduler.history()] == seen


@pytest.mark.filterwarnings("ignore:gradatim. something else has changed lr")
@pytest.mark.parametrize("tensor", [False, True], ids=["float", "tensor"])
def test_one_group_that_others_write_to_has_an_entry_of_its_own(tensor):
    optimizer = grouped(SGD, 3, lr=torch.tensor(0.5) if tensor else 0.5)
    scheduler = Scheduler(optimizer, lr=Constant(0.25))
    optimizer.param_groups[1]["lr"] = torch.tensor(7.0) if tensor else 7.0
    scheduler.step()
    assert rates(optimizer) == [0.25, 7.0, 0.25]
    optimizer.step()
    assert scheduler.applied == {"lr": 0.25, "lr/1": 7.0}
    assert rates(optimizer) == [0.25] * 3
    optimizer.step()
    assert scheduler.applied == {"lr": 0.25}
    assert list(scheduler.history("lr/1")) == [(0, 7.0)]


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
    from torch._dynamo.eval_frame import _debug_get_cache_entry_list
    from torch._dynamo.testing import CompileCounter

    def functions(kind):
        return filter(inspect.isfunction, vars(kind).values())

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
    # Not even where there is nothing to compile again yet: torch has none of our code.
    codes = [
        f.__code__ for kind in (Attachment, GroupWriter, TensorWriter) for f in functions(kind)
    ]
    assert len(codes) > 20
    assert not any(map(_debug_get_cache_entry_list, codes))
    assert rates(optimizer) == pytest.approx([0.5 * (1 - 22 / 100)] * 2)

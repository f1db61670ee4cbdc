"""Checkpoints: those of SpeechBrain are read, ours are read by it, and a failed load is none."""

import json
import pickle

import numpy
import pytest
import torch

from gradatim import GradatimError
from gradatim.speechbrain import (
    CyclicCosineScheduler,
    CyclicLRScheduler,
    IntervalScheduler,
    InverseSquareRootScheduler,
    LinearScheduler,
    LinearWarmupScheduler,
    NewBobScheduler,
    NoamScheduler,
    ReduceLROnPlateau,
    ScheduledLoss,
    StepScheduler,
    WarmCoolDecayLRSchedule,
    checkpoints,
    update_learning_rate,
)
from tests.speechbrain.replaying import CLASSES, DATA, call, decoded, makes, optimizer

EXPECTED = json.loads((DATA / "expected.json").read_text())
WRITTEN = [name for name, case in EXPECTED.items() if name in CLASSES and case["file"]]


def case_of(name):
    return {"class": name, **EXPECTED[name]}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_run_of_speechbrain_goes_on_as_it_would_have(name):
    case = case_of(name)
    s = makes(case, compat="1.1")()
    s.load(DATA / case["file"])
    opts = [optimizer(*case["optimizer_lr_at_save"])] if case["optimizer_lr_at_save"] else []
    for i, given in enumerate(decoded(case["inputs_next"])):
        answer = call(case["protocol"], s, opts, given, case)
        assert (list(answer) if isinstance(answer, tuple) else answer) == case["outputs_next"][i]
        if case.get("apply"):
            update_learning_rate(opts[0], answer[1])
        if opts:
            assert opts[0].param_groups[0]["lr"] == case["lr_after_next"][i]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_is_written_and_torch_reads_it_as_it_is(name, tmp_path):
    case = case_of(name)
    s, theirs = makes(case)(), torch.load(DATA / case["file"])
    s.load(DATA / case["file"])
    s.save(tmp_path / "ours.ckpt")
    assert torch.load(tmp_path / "ours.ckpt", weights_only=True) == theirs == case["state"]


def test_a_file_of_release_0_5_16_in_both_ways_of_calling():
    case = EXPECTED["LinearWarmupScheduler.v0.5.16"]
    asked, called = (LinearWarmupScheduler(*case["args"]) for _ in range(2))
    asked.load(DATA / case["file"])
    called.load(DATA / case["file"])
    opt = optimizer(5e-4)
    assert [asked.get_next_value() for _ in range(20)] == case["get_next_value_next"]
    assert [list(called(opt)) for _ in range(20)] == case["call_opt_next_in_1.1.2"]


def test_numpy_numbers_in_a_file_which_speechbrain_cannot_read_itself():
    case = EXPECTED["NewBobScheduler.numpy"]
    with pytest.raises(pickle.UnpicklingError):
        torch.load(DATA / case["file"], weights_only=True)
    s = NewBobScheduler(*case["args"])
    s.load(DATA / case["file"])
    assert s.metric_values == [3.0, 2.0, 2.5, 2.4]
    assert {type(value) for value in s.metric_values} == {float}


def test_tensors_in_a_file():
    case = EXPECTED["ReduceLROnPlateau.tensor"]
    s = ReduceLROnPlateau(*case["args"])
    s.load(DATA / case["file"])
    opt = optimizer(*case["optimizer_lr_at_save"])
    for given, wanted in zip(decoded(case["inputs_next"]), case["outputs_next"], strict=True):
        old, new = s([opt], *given)
        assert [old, new] == wanted
        update_learning_rate(opt, new)


@pytest.mark.parametrize(
    "kind", [numpy.float32, numpy.float64, torch.tensor, lambda x: torch.tensor(x).requires_grad_()]
)
def test_metrics_of_any_kind_are_read_again_with_weights_only(kind, tmp_path):
    bob, plateau = NewBobScheduler(kind(0.5)), ReduceLROnPlateau(patience=0)
    for epoch, metric in enumerate([3.0, 2.5, 2.5], start=64):
        bob(kind(metric))
        plateau([optimizer(1.0)], epoch, kind(metric))
    for s in (bob, plateau):
        s.save(tmp_path / "s.ckpt")
        assert torch.load(tmp_path / "s.ckpt", weights_only=True)
        again = type(s)(1.0) if s is bob else type(s)(patience=0)
        again.load(tmp_path / "s.ckpt")
        assert vars(again).keys() == vars(s).keys()
    assert bob.hyperparam_value == 0.25


@pytest.mark.parametrize("name", [*WRITTEN, "LinearScheduler", "StepScheduler"])
def test_loading_twice_is_loading_once_and_the_old_signature_works(name, tmp_path):
    case = case_of(name) if name in WRITTEN else {"class": name, "args": [1.0], "kwargs": {}}
    if name == "LinearScheduler":
        case["args"] = [1.0, 0.0, 4]
    s = makes(case)()
    checkpoints.save(s, tmp_path / "s.ckpt")
    for _ in range(2):
        checkpoints.load(s, tmp_path / "s.ckpt", True)
        if hasattr(s, "load"):
            s.load(tmp_path / "s.ckpt", True, "cpu")
            s.load(tmp_path / "s.ckpt", end_of_epoch=True, device=None)
    checkpoints.save(s, tmp_path / "again.ckpt")
    assert torch.load(tmp_path / "again.ckpt") == torch.load(tmp_path / "s.ckpt")


def test_schedulers_without_a_state_have_no_method_to_save_as_in_the_original():
    assert not hasattr(LinearScheduler, "save")
    assert not hasattr(StepScheduler, "load")


class Payload:
    def __reduce__(self):
        return (print, ("code ran",))


BROKEN = {
    "not a checkpoint at all": b"not a checkpoint at all",
    "empty": b"",
    "list": [1, 2],
    "other class": {"metric_values": [], "hyperparam_value": 1.0, "current_patient": 0},
    "text for a count": {"losses": [], "n_steps": "many", "initial_value": 1.0},
    "negative": {"losses": [], "n_steps": -1},
    "nan": {"losses": [], "n_steps": float("nan")},
    "code": {"losses": [], "n_steps": Payload()},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_failed_load_changes_nothing(what, tmp_path, capsys):
    file, content = tmp_path / "broken.ckpt", BROKEN[what]
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    s, opt = NoamScheduler(1.0, 3), optimizer(1.0)
    s(opt)
    before = dict(vars(s))
    with pytest.raises(GradatimError, match=r"broken\.ckpt"):
        s.load(file)
    assert vars(s) == before
    assert "code ran" not in capsys.readouterr().out


def test_a_file_with_a_curve_that_cannot_be_changes_nothing(tmp_path):
    s = WarmCoolDecayLRSchedule(1.0, 2, 3, 10)
    before = dict(vars(s))
    state = {"base_lr": 1.0, "warmup": -2, "power": -0.1, "cooldown": 3, "total_steps": 10}
    torch.save(state, tmp_path / "s.ckpt")
    with pytest.raises(GradatimError, match="warmup must be"):
        s.load(tmp_path / "s.ckpt")
    assert vars(s) == before


def test_a_missing_file_says_so():
    with pytest.raises(FileNotFoundError):
        NoamScheduler(1.0, 3).load("nowhere.ckpt")


def test_a_kill_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    s, file = InverseSquareRootScheduler(4), tmp_path / "s.ckpt"
    s.save(file)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    s.n_steps = 5
    with pytest.raises(KeyboardInterrupt):
        s.save(file)
    assert torch.load(file) == {"n_steps": 0}


def test_the_first_rate_of_the_optimizer_comes_back_too(tmp_path):
    whole, opt = CyclicCosineScheduler(2, total_steps=10), optimizer(0.5)
    values = [whole(opt)[1] for _ in range(12)]
    part, opt = CyclicCosineScheduler(2, total_steps=10), optimizer(0.5)
    for _ in range(6):
        part(opt)
    part.save(tmp_path / "s.ckpt")
    part = CyclicCosineScheduler(2, total_steps=10)
    part.load(tmp_path / "s.ckpt")
    assert [part(opt)[1] for _ in range(6)] == values[6:]


def test_intervals_in_no_order_go_on_after_a_resume(tmp_path):
    # In the original those that are over are dropped, and the others come earlier.
    intervals = [{"steps": 6, "lr": 0.6}, {"steps": 2, "lr": 0.2}, {"steps": 7, "lr": 0.7}]
    whole, opt = IntervalScheduler(intervals), optimizer(1.0)
    values = [whole(opt)[1] for _ in range(10)]
    part, opt = IntervalScheduler(intervals), optimizer(1.0)
    for _ in range(4):
        part(opt)
    part.save(tmp_path / "s.ckpt")
    part = IntervalScheduler(intervals)
    part.load(tmp_path / "s.ckpt")
    assert [part(opt)[1] for _ in range(6)] == values[4:]
    assert values[5:8] == [0.6, 0.2, 0.7]


def test_a_loss_with_weights_is_saved_with_them(tmp_path):
    def make(weight):
        loss = torch.nn.BCELoss(weight=torch.full((2,), weight))
        return ScheduledLoss(
            [{"loss_fn": torch.nn.functional.l1_loss, "steps": 1}, {"loss_fn": loss}]
        )

    s = make(3.0)
    s(torch.ones(2), torch.ones(2))
    s.save(tmp_path / "s.ckpt")
    again = make(1.0)
    again.load(tmp_path / "s.ckpt")
    half, one = torch.full((2,), 0.5), torch.ones(2)
    assert again(half, one).item() == pytest.approx(3.0 * torch.log(torch.tensor(2.0)).item())
    with pytest.raises(GradatimError, match="other parameters"):
        ScheduledLoss([{"loss_fn": torch.nn.L1Loss()}]).load(tmp_path / "s.ckpt")


def test_cyclic_rates_pickle():
    for mode in ("triangular", "triangular2", "exp_range"):
        s = CyclicLRScheduler(mode=mode)
        s.on_batch_end(optimizer(1.0))
        assert pickle.loads(pickle.dumps(s))(1) == s(1)

"""The examples run, and come out as they say."""

import importlib
import re
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = ("nanochat", "modded_nanogpt", "five_minutes")


@pytest.fixture
def example(monkeypatch):
    """Imports an example, which finds what it shares with others beside it."""
    monkeypatch.syspath_prepend(EXAMPLES)
    threads = torch.get_num_threads()
    yield importlib.import_module
    torch.set_num_threads(threads)
    for name in ("tiny_text", *TEXT):
        sys.modules.pop(name, None)


def test_edits_of_a_run(tmp_path):
    out = tmp_path / "edits.png"
    program = [sys.executable, EXAMPLES / "edit_a_run.py", "--out", out]
    done = subprocess.run(program, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    line = re.compile(r"^(.+?) +updates +(\d+)  held-out loss ([\d.]+)$", re.MULTILINE)
    told = {name: (int(n), float(loss)) for name, n, loss in line.findall(done.stdout)}
    assert {name: updates for name, (updates, _) in told.items()} == {
        "trunk, no cooldown": 300,
        "cooldown of 50": 350,
        "cooldown of 100": 400,
        "cooldown of 200": 500,
        "planned, 400": 400,
        "extended to 600": 600,
        "warmed up again to 600": 600,
    }
    # To cool down helps, and so does to train on for longer.
    losses = {name: loss for name, (_, loss) in told.items()}
    cooled = [losses[f"cooldown of {steps}"] for steps in (50, 100, 200)]
    assert max(cooled) < losses["trunk, no cooldown"]
    assert max(losses["extended to 600"], losses["warmed up again to 600"]) < losses["planned, 400"]
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", TEXT)
def test_the_examples_of_text_models_are_programs(name, tmp_path):
    size = ["--seconds", "0.5", "--reserve", "0"] if name == "five_minutes" else ["--updates", "20"]
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *size],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"held-out loss \d\.\d+ after \d+ updates", done.stdout)


def test_nanochat_drives_each_group_by_its_own_peak_and_goes_on_bitwise(example, tmp_path):
    nanochat, updates = example("nanochat"), 40
    whole = nanochat.train(updates)
    history = whole["scheduler"].history
    fall = 26  # 65%
    rises = [min(1.0, (updates - k) / fall * 0.95 + 0.05) for k in range(updates)]
    for name, peak in nanochat.PEAKS.items():
        used = [rate for _, rate in history(f"lr/{name}")]
        assert used == pytest.approx([peak * share for share in rises], rel=1e-12)
    # Up for 8% of the run, down from 0.97 to 0.9 while the rates fall.
    up = [0.85 + 0.12 * min(1.0, k / 4) - 0.07 * max(0, k - 14) / fall for k in range(updates)]
    assert [value for _, value in history("momentum")] == pytest.approx(up, rel=1e-12)
    assert "momentum" not in whole["adamw"].param_groups[0]

    nanochat.save(nanochat.train(updates, stop=17), tmp_path / "17.pt")
    resumed = nanochat.train(updates, checkpoint=tmp_path / "17.pt")
    for name, weight in whole["model"].state_dict().items():
        assert torch.equal(weight, resumed["model"].state_dict()[name])


def test_modded_nanogpt_has_stages_two_cooldowns_and_whole_windows(example):
    modded, letters = example("modded_nanogpt"), 32
    scheduler, sizes = modded.train(30)
    assert sizes == [4] * 10 + [8] * 10 + [12] * 10
    seen = [0, *accumulate(letters * size for size in sizes)]
    total = seen.pop()
    assert (scheduler.position, scheduler.tick, scheduler.done) == (30, total, True)
    for name, peak, cooldown in (("muon", 0.012, 0.8), ("adamw", 0.004, 0.4)):
        heights = [1.0] * 10 + [1.41] * 10 + [1.73] * 10
        falls = [min(1.0, (total - tokens) / (cooldown * total)) for tokens in seen]
        expected = [peak * height * fall for height, fall in zip(heights, falls, strict=True)]
        assert [r for _, r in scheduler.history(f"lr/{name}")] == pytest.approx(expected, rel=1e-9)
    # AdamW makes every second update.
    adamw = scheduler.optimizers["adamw"]
    assert {int(state["step"]) for state in adamw.state.values()} == {15}
    windows = [window for _, window in scheduler.history("window")]
    assert windows == sorted(windows)
    assert set(windows) == {8, 16, 24, 32}


class Clock:
    """Moved by the model: each forward pass of an update takes its time, an evaluation 50 s."""

    def __init__(self, model, of_update):
        self.seconds, self.of_update = 0.0, of_update
        model.register_forward_pre_hook(self._pass)

    def _pass(self, *_):
        self.seconds += self.of_update if torch.is_grad_enabled() else 50.0


def five_minutes(module, of_update, seconds=30.0):
    clock = []
    training = module.Training(seconds, 2.0, lambda: clock[0].seconds if clock else 0.0)
    clock.append(Clock(training.model, of_update))
    return training


@pytest.mark.parametrize("of_update", [0.5, 0.8])
def test_the_time_is_up_and_the_rate_at_its_end_on_any_machine(example, monkeypatch, of_update):
    module = example("five_minutes")
    monkeypatch.setattr(module, "EVERY", 10)  # evaluations, which cost nothing
    training = five_minutes(module, of_update)
    training.train()
    scheduler = training.scheduler
    assert scheduler.position == 3 + round(28 / of_update)
    for name, peak in (("lr/muon", 0.02), ("lr/adamw", 0.004)):
        rates = [rate for _, rate in scheduler.history(name)]
        assert max(rates) == peak
        assert rates[-1] <= 1.2 * of_update / 14 * peak
    momentum = [value for _, value in scheduler.history("momentum")]
    assert momentum[:3] == pytest.approx([0.85 + k / 3000 for k in range(3)])


def test_a_run_that_was_killed_goes_on_at_the_time_of_its_checkpoint(example, tmp_path):
    module = example("five_minutes")
    training = five_minutes(module, 0.5)
    training.train(until=30)
    training.save(tmp_path / "30.pt")
    again = five_minutes(module, 0.5)
    again.load(tmp_path / "30.pt")
    assert (again.scheduler.position, again.scheduler.tick) == (30, 13_500)  # 27 timed updates
    again.train()
    assert again.scheduler.position == 30 + 3 + 29  # three that are not timed, then 14.5 s
    assert again.scheduler.applied["lr/muon"] <= 1.2 * 0.5 / 14 * 0.02

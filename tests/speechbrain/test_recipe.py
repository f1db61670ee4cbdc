"""The faults of real recipes, found from the scheduler."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradatim import Run
from gradatim.speechbrain import (
    CyclicLRScheduler,
    IntervalScheduler,
    LinearNoamScheduler,
    LinearScheduler,
    NewBobScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
    ReduceLROnPlateau,
    StepScheduler,
    WarmCoolDecayLRSchedule,
    check,
)
from tests.speechbrain.replaying import optimizer


def called(s, times):
    opt = optimizer(1.0)
    for _ in range(times):
        s.on_batch_end(opt) if hasattr(s, "on_batch_end") else s(opt)
    return s


def said(*args, **kwargs):
    return [(f.severity, f.place, f.sentence) for f in check(*args, **kwargs)]


def test_a_scheduler_that_is_never_called():
    # CommonVoice, LibriSpeech: train_hf_whisper.yaml; only its current_lr is logged.
    (finding,) = check(NoamScheduler(1e-5, 500), updates=1200)
    assert finding.severity == "error"
    assert "never called: all 1200 updates ran at the optimizer's own rate" in finding.sentence
    assert "on_fit_batch_end" in finding.fix
    assert said(called(NoamScheduler(1e-5, 500), 12), updates=12) == []
    assert said(NoamScheduler(1e-5, 500), updates=0) == []


def test_the_first_update_runs_at_the_optimizers_own_rate():
    ((severity, place, sentence), *more) = said(NoamScheduler(1e-3, 1000), 10_000)
    assert (severity, place, more) == ("warning", "update 1", [])
    assert (
        "the optimizer's own rate, 0.001 if that is lr_initial, and the second at 1e-06" in sentence
    )
    # Nothing is said of an update at 0, which there is not.
    for scheduler in (
        NoamScheduler(1e-3, 1000),
        NoamScheduler(1.0, 1000, model_size=64),
        LinearNoamScheduler(1e-3, 100, 10),
        NoamIntervalScheduler(1e-3, 100, [500], [0.5]),
        WarmCoolDecayLRSchedule(1e-3, 100, 100, 10_000),
    ):
        assert not [s for _, _, s in said(scheduler, 10_000) if "first updates run at 0" in s]
    assert said(NoamScheduler(1e-3, 0), 10_000) == said(NoamScheduler(1e-3, 1), 10_000) == []


def test_an_original_is_explained_and_checked_as_ours():
    # In an interpreter of its own: SpeechBrain wants an empty module to stand for torchaudio.
    script = Path(__file__).parent / "scripts" / "originals.py"
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["14", "explained"], run.stderr


def test_a_cycle_that_goes_on_in_validation():
    # ESC50, UrbanSound8k: on_batch_end whatever the stage.
    ((severity, _, sentence),) = said(called(CyclicLRScheduler(), 30), updates=20)
    assert (severity, "30 times in 20 updates" in sentence) == ("warning", True)
    ((_, _, sentence),) = said(called(CyclicLRScheduler(), 10), updates=20)
    assert "lags behind" in sentence


@pytest.mark.parametrize("metric", ["BLEU", "ACC", "accuracy", "valid_acc", "PESQ", "si-snr"])
def test_a_metric_of_which_higher_is_better(metric):
    # IWSLT22, CoVoST: BLEU and ACC into new-bob.
    ((severity, place, _),) = said(NewBobScheduler(1e-3), metric=metric)
    assert (severity, place) == ("error", "metric")
    assert said(ReduceLROnPlateau(), metric=metric)
    assert said(NewBobScheduler(1e-3, mode="max"), metric=metric) == []


@pytest.mark.parametrize("metric", ["WER", "loss", "PER", "error_rate", "CER", "placcebo"])
def test_a_metric_of_which_lower_is_better(metric):
    assert said(NewBobScheduler(1e-3), metric=metric) == []


def test_a_metric_without_a_name_that_keeps_rising():
    s = NewBobScheduler(1.0)
    for metric in (10.0, 14.0, 18.0, 17.0, 21.0, 22.0):
        s(metric)
    ((severity, _, sentence),) = said(s)
    assert severity == "warning"
    assert sentence.startswith("It rose in 4 of 5 epochs, from 10 to 22")
    falling = NewBobScheduler(1.0)
    for metric in (22.0, 21.0, 17.0, 18.0, 14.0, 10.0):
        falling(metric)
    assert said(falling) == []


def test_a_horizon_of_one_epoch():
    # LibriSpeech/ASR/speechllm: 5e-4 to 1e-5 in number_of_epochs, which is 1.
    ((severity, _, sentence),) = said(LinearScheduler(5e-4, 1e-5, 1))
    assert (severity, "stays at 0.0005 for ever" in sentence) == ("error", True)


def test_a_horizon_that_is_not_that_of_the_run():
    run = Run(samples=100, batch=10, epochs=20)
    assert "stays at its end" in said(LinearScheduler(1.0, 0.1, 10), run)[0][2]
    assert "does not reach its end" in said(LinearScheduler(1.0, 0.1, 30), run)[0][2]
    assert said(LinearScheduler(1.0, 0.1, 20), run) == []
    assert said(StepScheduler(1.0), run) == []


def test_a_state_that_is_not_saved():
    # 6 of 9 recipes with CyclicLRScheduler, 14 of 38 with ReduceLROnPlateau.
    s = ReduceLROnPlateau()
    assert said(s, recoverables={"scheduler": s}) == []
    ((severity, place, _),) = said(s, recoverables={"scheduler": ReduceLROnPlateau()})
    assert (severity, place) == ("warning", "recoverables")
    assert said(LinearScheduler(1.0, 0.1, 10), recoverables={}) == []


def test_the_curve_is_looked_at_on_the_run():
    # wav2vec2_base: warm-up and cooldown fill the run, and the original drops between them.
    arguments = {"lr": 5e-4, "warmup": 3000, "cooldown": 37000, "total_steps": 40000}
    old = WarmCoolDecayLRSchedule(**arguments, decay_every=10000, compat="1.1")
    assert any("jumps" in sentence for _, _, sentence in said(old, 40000))
    new = WarmCoolDecayLRSchedule(**arguments, decay_every=10000)
    assert not any("jumps" in sentence for _, _, sentence in said(new, 40000))


def test_a_curve_that_is_not_known_yet_is_not_looked_at():
    assert said(IntervalScheduler([{"steps": 5, "lr": 0.1}]), 100) == []

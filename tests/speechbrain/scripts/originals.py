"""Explains SpeechBrain's own schedulers and compares with what they do to an optimizer."""

import importlib.machinery
import sys
import types

torchaudio = types.ModuleType("torchaudio")
torchaudio.__version__ = "2.7.1"
torchaudio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = torchaudio

import pytest  # noqa: E402
import torch  # noqa: E402
from speechbrain.nnet import schedulers as theirs  # noqa: E402

from gradatim import GradatimError  # noqa: E402
from gradatim import speechbrain as ours  # noqa: E402

CASES = [
    ("NoamScheduler", (1e-3, 7), {}),
    ("NoamScheduler", (1.0, 7), {"model_size": 64}),
    ("NoamIntervalScheduler", (1.0, 5, [12, 20], [0.5, 0.1]), {}),
    ("LinearNoamScheduler", (1e-3, 6, 5), {}),
    ("CyclicLRScheduler", (1e-8, 1e-3, 13), {"mode": "triangular2"}),
    ("InverseSquareRootScheduler", (6,), {}),
    ("WarmAndExpDecayLRSchedule", (8e-4, 5, 30, 0.05), {}),
    ("WarmCoolDecayLRSchedule", (1e-3, 5, 6, 30, 0.75, 9), {}),
    ("TriStageLRSchedule", (1e-4, 5, 6, 20, 31), {}),
    ("LinearScheduler", (1.0, 0.0, 4), {}),
    ("StepScheduler", (1.0, 0.5, 3), {}),
    ("LinearWarmupScheduler", (5e-4, 6, 30), {}),
    ("NewBobScheduler", (1.0, 0.8, 0.0025, 1), {}),
    ("ReduceLROnPlateau", (1e-8, 0.5, 2, 5), {}),
]
explained = 0
for name, arguments, more in CASES:
    scheduler = getattr(theirs, name)(*arguments, **more)
    mine = getattr(ours, name)(*arguments, **more)
    value, wanted = ours.explain(scheduler), ours.explain(mine)
    if hasattr(mine, "rule"):
        assert value == wanted, (name, value, wanted)
    else:
        got, expected = value.values(40), wanted.values(40)
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-12), (name, got, expected)
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=1.0)
    if name in ("NoamScheduler", "LinearNoamScheduler", "InverseSquareRootScheduler"):
        for n in range(1, 20):
            scheduler(optimizer)
            assert optimizer.param_groups[0]["lr"] == pytest.approx(value(n), rel=1e-9), (name, n)
        findings = ours.check(scheduler, updates=12)
        assert "called 19 times in 12 updates" in findings[0].sentence, findings
    assert not ours.check(scheduler, recoverables={"lr": scheduler}) or name == "ReduceLROnPlateau"
    explained += 1

unknown = type("Other", (), {"__module__": "speechbrain.nnet.schedulers"})()
with pytest.raises(GradatimError, match="Other of SpeechBrain is not one of"):
    ours.explain(unknown)
own = theirs.CyclicLRScheduler(scale_fn=lambda x: x, scale_mode="iterations")
with pytest.raises(GradatimError, match="a scale_fn is code"):
    ours.explain(own)
print(explained, "explained")

"""Saves and recovers all sixteen schedulers with SpeechBrain's own Checkpointer.

Started by test_checkpointer.py in an interpreter of its own: SpeechBrain wants torchaudio, which
has no build for every machine, and an empty module of that name must not be seen by other tests.
Arguments: a folder to write to, the folder of a checkpoint that SpeechBrain wrote, and which of
the two to import first.
"""

# ruff: noqa: E402  the empty module stands first, and the order of the two is what is tested

import importlib.machinery
import sys
import types
from pathlib import Path

torchaudio = types.ModuleType("torchaudio")
torchaudio.__version__ = "2.7.1"
torchaudio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = torchaudio

folder, theirs, order = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

if order == "speechbrain first":
    importlib.import_module("speechbrain.utils.checkpoints")
from gradatim import speechbrain as ours

if order == "gradatim first":
    assert "speechbrain" not in sys.modules

import torch
from hyperpyyaml import load_hyperpyyaml
from speechbrain.nnet import schedulers
from speechbrain.utils.checkpoints import Checkpointer


def build(module):
    loss = torch.nn.functional.mse_loss
    intervals = [(10, 0.5), (30, 0.3), (40, 0.2), (50, 0.1)]
    return {
        "NewBobScheduler": module.NewBobScheduler(1.0, 0.8, 0.0025, 1),
        "LinearScheduler": module.LinearScheduler(1.0, 0.0, 4),
        "LinearWarmupScheduler": module.LinearWarmupScheduler(5e-4, 20, 90),
        "StepScheduler": module.StepScheduler(1.0),
        "NoamScheduler": module.NoamScheduler(1e-3, 25),
        "NoamIntervalScheduler": module.NoamIntervalScheduler(1.0, 12, [30, 45], [0.5, 0.1]),
        "LinearNoamScheduler": module.LinearNoamScheduler(1e-3, 20, 15),
        "CyclicCosineScheduler": module.CyclicCosineScheduler(5, 0.1, 80),
        "ReduceLROnPlateau": module.ReduceLROnPlateau(1e-8, 0.5, 2, 5),
        "CyclicLRScheduler": module.CyclicLRScheduler(1e-8, 1e-3, 13, mode="triangular2"),
        "IntervalScheduler": module.IntervalScheduler(
            [{"steps": steps, "lr": lr} for steps, lr in intervals]
        ),
        "InverseSquareRootScheduler": module.InverseSquareRootScheduler(20),
        "WarmCoolDecayLRSchedule": module.WarmCoolDecayLRSchedule(1e-3, 10, 12, 60, 0.75, 20),
        "WarmAndExpDecayLRSchedule": module.WarmAndExpDecayLRSchedule(8e-4, 15, 120, 0.05),
        "TriStageLRSchedule": module.TriStageLRSchedule(1e-4, 10, 20, 30, 60),
        "ScheduledLoss": module.ScheduledLoss(
            [{"steps": 3, "loss_fn": loss}, {"loss_fn": torch.nn.functional.l1_loss}]
        ),
    }


def use(schedulers, times):
    opt = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=1.0)
    answers = []
    for i in range(times):
        for name, s in schedulers.items():
            if name in ("WarmCoolDecayLRSchedule", "TriStageLRSchedule"):
                answer = s(opt, i)
            elif name == "CyclicLRScheduler":
                answer = s.on_batch_end(opt)
            elif name == "ReduceLROnPlateau":
                answer = s([opt], i, torch.tensor(i % 7.0))
            elif name == "ScheduledLoss":
                answer = s(torch.ones(2), torch.zeros(2) + 0.5)
            elif name in ("NewBobScheduler", "LinearScheduler", "StepScheduler"):
                answer = s(i)
            else:
                answer = s(opt)
            answers.append((name, answer, opt.param_groups[0]["lr"]))
    return answers


# What one run saves, another goes on from.
whole = build(ours)
assert len(whole) == 16
use(whole, 37)
Checkpointer(folder / "ours", whole).save_checkpoint(name="ours")
again = build(ours)
assert Checkpointer(folder / "ours", again).recover_if_possible() is not None
assert use(again, 20) == use(whole, 20)

# What SpeechBrain saved, of 15 objects, is recovered, with the one it cannot recover itself.
found = {name: s for name, s in build(ours).items() if (theirs / f"{name}.ckpt").exists()}
assert len(found) == 14
checkpointer = Checkpointer(theirs.parent, found)
assert checkpointer.recover_if_possible() is not None
steps = {name: s.n_steps for name, s in found.items() if hasattr(s, "n_steps")}
assert set(steps.values()) == {37, 38, 0}, steps
assert steps["InverseSquareRootScheduler"] == 37

# And SpeechBrain recovers what we saved, as far as it can recover anything.
cannot = {"LinearScheduler", "StepScheduler", "InverseSquareRootScheduler", "ScheduledLoss"}
back = {name: s for name, s in build(schedulers).items() if name not in cannot}
Checkpointer(folder / "ours", back, allow_partial_load=True).recover_if_possible()
assert {back[n].n_steps for n in ("NoamScheduler", "IntervalScheduler")} == {37}
assert back["NewBobScheduler"].metric_values == list(range(37))

# A recipe's yaml builds it.
recipe = """
lr_adam: 0.0008
noam_annealing: !new:gradatim.speechbrain.NoamScheduler
    lr_initial: !ref <lr_adam>
    n_warmup_steps: 50000
"""
assert load_hyperpyyaml(recipe)["noam_annealing"].schedule(50000) == 0.0008
print("recovered")

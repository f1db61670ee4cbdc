"""SpeechBrain's schedulers under the same names, built from Gradatim's schedules and rules.

In a recipe, write ``gradatim.speechbrain`` where it says ``speechbrain.nnet.schedulers``. Names,
arguments, return values and checkpoint files are the same, and so are the rates, to the last bit;
``docs/speechbrain.md`` lists the differences. Each scheduler of a fixed curve also has it as a
value: ``scheduler.schedule(n)`` is the rate after n calls.

May import ``core``, ``findings`` and torch. To add a scheduler, write one class.
"""

from gradatim.speechbrain.cycles import CyclicCosineScheduler, CyclicLRScheduler
from gradatim.speechbrain.epochs import LinearScheduler, StepScheduler
from gradatim.speechbrain.metrics import NewBobScheduler, ReduceLROnPlateau
from gradatim.speechbrain.noam import (
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
)
from gradatim.speechbrain.optimizer import update_learning_rate
from gradatim.speechbrain.recipe import check, explain
from gradatim.speechbrain.stages import TriStageLRSchedule, WarmCoolDecayLRSchedule
from gradatim.speechbrain.switches import IntervalScheduler, ScheduledLoss
from gradatim.speechbrain.warmups import LinearWarmupScheduler, WarmAndExpDecayLRSchedule

__all__ = [
    "update_learning_rate",
    "NewBobScheduler",
    "LinearScheduler",
    "LinearWarmupScheduler",
    "StepScheduler",
    "NoamScheduler",
    "NoamIntervalScheduler",
    "LinearNoamScheduler",
    "CyclicCosineScheduler",
    "ReduceLROnPlateau",
    "CyclicLRScheduler",
    "IntervalScheduler",
    "InverseSquareRootScheduler",
    "WarmCoolDecayLRSchedule",
    "WarmAndExpDecayLRSchedule",
    "TriStageLRSchedule",
    "ScheduledLoss",
    "explain",
    "check",
]

"""SpeechBrain's own recipes. The 14th and the 20th were opened by a slip of counting, and kept.

The 29th, 31st, 39th and 41st repeat the two schedulers of the 1st. Where the scheduler is called
after an update, the first update runs at the optimizer's rate: step 1 has the first value here.
"""

import math

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula, newbob

_AT = "speechbrain/speechbrain recipes/"


def warm_cool(step, lr=0.001):
    """WarmCoolDecayLRSchedule before its cooldown: 500 steps up, then 0.75 each 1000."""
    if step < 500:
        return lr * step / 500
    return lr * 0.75 ** ((step - 500) / 1000)


def cyclic(step, low=1e-8, high=0.001, size=65000):
    """CyclicLRScheduler: a triangle of ``size`` steps up and as many down."""
    cycle = math.floor(1 + step / (2 * size))
    return low + (high - low) * max(0.0, 1 - abs(step / size - 2 * cycle + 1))


CASES = [
    Case(
        "q41.1",
        _AT + "AISHELL-1/ASR/CTC/hparams/train_with_wav2vec.yaml@026fb2b",
        newbob(1e-4, 0.9),
        ("--at",),
        at="lr_annealing_wav2vec: ",
    ),
    Case("q41.11", _AT + "ALT/ASR/transducer/hparams/train.yaml@fac76a4", newbob(1.0, 0.8)),
    Case(
        "q41.14",
        _AT + "AudioMNIST/diffusion/hparams/train_latent.yaml@089e7f3",
        formula(warm_cool, 60000),
        ("--at",),
        at="lr_annealing_autoencoder: ",
        since=1,
    ),
    Case(
        "q41.20",
        _AT + "CVSS/S2ST/hparams/train_fr-en.yaml@0786b0b",
        formula(lambda n: 5e-4 * min(n / 5000, math.sqrt(5000 / n)) if n else 0.0, 20000),
        ("--at",),
        at="noam_annealing: ",
        since=1,
    ),
    Case(
        "q41.21",
        _AT + "CommonLanguage/LID/hparams/train_ecapa.yaml@131cd92",
        formula(cyclic, 200000),
        since=1,
    ),
]

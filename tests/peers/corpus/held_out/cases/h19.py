"""Every 10th of SpeechBrain's recipes, from the 5th. The 25th repeats the 4th hit of query h15.

The listing ends before the 45th. In the 15th, step 1 is the first.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula, newbob

_AT = "speechbrain/speechbrain recipes/"
CASES = [
    Case(
        "h19.5",
        _AT + "AISHELL-1/ASR/train/hparams/train_BPE_5000.yaml@62da627",
        newbob(1.0, 0.8),
    ),
    Case(
        "h19.15",
        _AT + "AudioMNIST/diffusion/hparams/train_latent_ae.yaml@06cc160",
        formula(
            lambda k: 5e-4 * (k / 500 if k < 500 else 0.75 ** ((k - 500) / 1000)),
            60000,
        ),
        ("--at",),
        at="lr_annealing: ",
        since=1,
    ),
    Case(
        "h19.35",
        _AT + "CommonVoice/ASR/CTC/hparams/train_zh-CN_with_wav2vec.yaml@0786b0b",
        newbob(1.0, 0.8),
        ("--at",),
        at="lr_annealing_model: ",
    ),
]

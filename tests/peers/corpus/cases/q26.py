"""``schedulers.NewBobScheduler``. Hits 1 to 4 ask for its class; 10 repeats 5.

Hit 8 writes its recipe from a string of Python.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import newbob

CASES = [
    Case(
        "q26.5",
        "48144032430",
        newbob(1e-5, 0.8, 0.0025, 1),
        ("hparams",),
        {
            'hparams["learning_rate"]': 1e-5,
            'hparams["lr_improvement_threshold"]': 0.0025,
            'hparams["lr_annealing_factor"]': 0.8,
            'hparams["lr_patient"]': 1,
        },
        pasted=True,
    ),
    Case(
        "q26.6",
        "20498338451",
        newbob(1e-5, 0.9),
        ("lr_pretrained", "--at"),
        {"lr": 3e-4, "lr_pretrained": 1e-5},
        at="lr_annealing_pretrained",
        pasted=True,
    ),
    Case("q26.7", "12741668998", newbob(1e-3), ("self.hparams.lr",), {"self.hparams.lr": 1e-3}),
    Case("q26.8", "63281514379", newbob(1e-4, 0.8)),
    Case(
        "q26.9",
        "78140062",
        newbob(1e-3, 0.9),
        ("hparams", "--at"),
        {'hparams["lr_asr"]': 1e-3, 'hparams["lr_wav2vec2"]': 1e-4},
        at="asr_scheduler = ",
        pasted=True,
    ),
]

"""``SFTConfig(``. TRL's own default of learning_rate is 2e-5, where transformers has 5e-5."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "q17.1",
        "58824220508",
        hf("linear", 2e-5, 0, 20),
        ("learning_rate", "--lr"),
        lr=2e-5,
        pasted=True,
        may_ask=True,
    ),
    Case("q17.2", "67141766033", hf("cosine", 5e-5, 0, 250), ("--steps",), steps=250),
    Case(
        "q17.3",
        "19056710618",
        hf("linear", 1e-4, 0, 3000),
        ("LR", "--steps", "eval_kw"),
        {"LR": 1e-4},
        steps=3000,
        pasted=True,
    ),
    Case("q17.4", "39038142338", hf("cosine", 2e-4, 75, 2500), ("--steps",), steps=2500),
    Case(
        "q17.5",
        "54652328063",
        hf("linear", 2e-5, 0, 600),
        ("lr", "--steps"),
        {"lr": 2e-5},
        steps=600,
        pasted=True,
    ),
]

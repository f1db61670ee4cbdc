"""``--lr_scheduler_type``. Hits 1, 3 and 8 define the flag."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula, hf

CASES = [
    Case("q21.2", "3966788", hf("linear", 5e-4, 250, 2500), ("--steps",), steps=2500),
    Case("q21.4", "52588186868", hf("cosine", 1e-6, 75, 2500)),
    Case("q21.5", "71516866538", formula(lambda k: 1e-4, 1000)),
    Case("q21.6", "7585947398", hf("cosine", 2e-5, 100, 15000)),
    Case("q21.7", "56961002153", hf("cosine", 5e-5, 100, 1000), ("--steps",), steps=1000),
    Case("q21.9", "40935162998", hf("cosine", 1e-3, 63, 2100), ("--steps",), steps=2100),
    Case("q21.10", "23221124498", hf("cosine", 9.65e-6, 0, 1600), ("--steps",), steps=1600),
]

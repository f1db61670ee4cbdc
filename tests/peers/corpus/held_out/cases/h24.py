"""``training_args = TrainingArguments(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        f"h24.{hit}",
        source,
        hf("linear", lr, warmup, 1500),
        ("--steps",),
        steps=1500,
        pasted=True,
    )
    for hit, source, lr, warmup in (
        (1, "5792615", 2e-5, 0),
        (2, "8134126550", 2e-5, 0),
        (3, "32300412515", 5e-5, 0),
        (4, "71580215645", 5e-5, 200),
        (5, "23763481010", 2e-5, 0),
    )
]

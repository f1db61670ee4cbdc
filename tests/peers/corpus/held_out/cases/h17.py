"""``LearningRateScheduler(``. The functions of hits 1 and 2 are in other files."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula

CASES = [
    Case("h17.1", "47055764321", None, ("by_epoch", "--at")),
    Case("h17.2", "26721790316", None, ("scheduler",)),
    Case(
        "h17.3",
        "21204482921",
        formula(lambda e: 1e-3 * 0.9**e, 40),
        epochs=True,
        size=5000,
    ),
    Case(
        "h17.4",
        "5688598886",
        formula(lambda e: 0.01 * 0.1 ** (e / 20), 40),
        epochs=True,
        size=3000,
    ),
]

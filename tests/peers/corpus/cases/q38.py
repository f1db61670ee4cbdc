"""``lr_decay_iters = ``. Hits 1 and 3 pass the number on.

Hits 2, 4 and 5 are settings of scripts like nanoGPT, whose shape is in the script: nothing in them
says what is made of the numbers.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.cases.q11 import gpt
from tests.peers.corpus.originals import formula

CASES = [
    Case("q38.2", "71612703612", None),
    Case("q38.4", "47211114447", None),
    Case("q38.5", "66180371877", None),
    Case(
        "q38.6",
        "30250769607",
        formula(gpt(6e-4, 6e-5, 2000, 600000, 1, 1), 600000),
        size=1_000_000,
    ),
]

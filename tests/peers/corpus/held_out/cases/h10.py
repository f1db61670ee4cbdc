"""``warmup_ratio: 0.``. Hits 2 and 5 are model cards, hit 6 is prose.

Hits 1, 3, 4 and 8 name no scheduler: what their warm-up leads to is in the code that reads them.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case("h10.1", "61362977536", None),
    Case("h10.3", "1912357576", None),
    Case("h10.4", "25036470991", None),
    Case("h10.7", "71467212241", hf("cosine", 5e-5, 125, 1250), ("--steps",), steps=1250),
    Case("h10.8", "58457240101", None),
]

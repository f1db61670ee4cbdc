"""``lr_scheduler: cosine``. Hits 2, 4 and 7 are own formats; 3 and 6 are records."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case("q20.1", "61703669260", hf("cosine", 2e-4, 30, 1000), ("--steps",), steps=1000),
    Case("q20.2", "66127463110", None),
    Case("q20.4", "11640081115", None),
    Case("q20.5", "55730238670", hf("cosine", 2e-4, 50, 500), ("--steps",), steps=500),
    Case("q20.7", "18261416845", None),
]

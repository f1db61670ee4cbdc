"""``--warmup_ratio 0.03``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case("h11.1", "70931349184", hf("cosine", 2e-4, 30, 1000), ("--steps",), steps=1000),
    Case("h11.2", "56016116374", hf("cosine", 1e-4, 90, 3000), ("--steps",), steps=3000),
    Case("h11.3", "25581188524", hf("cosine", 2e-5, 60, 2000), ("--steps",), steps=2000),
    Case("h11.4", "61394107504", hf("cosine", 8e-4, 30, 1000), ("--steps",), steps=1000),
    Case("h11.5", "52554904744", hf("cosine", 1e-5, 30, 1000), ("--steps",), steps=1000),
]

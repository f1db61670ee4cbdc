"""``name: cosine_with_warmup``. Hit 1 ends in its warm-up. Hit 3 is of OLMo, not of llm-foundry.

OLMo has the same name for a scheduler that warms up from a tenth of the rate, in steps.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import composer, cosine, formula

CASES = [
    Case("q28.1", "45323787", formula(lambda k: 2e-4 * k / 100, 29)),
    Case("q28.2", "28235803796", composer(1e-7, 60, 1000, 0.02, cosine), ("--steps",), steps=1000),
    Case("q28.3", "48397504558", None),
    Case("q28.4", "57750076658", composer(6e-4, 100, 4800, 0.1, cosine), ("--steps",), steps=4800),
]

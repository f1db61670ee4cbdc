"""``lr_scheduler_type: ``. The rest are model cards, signatures, prints, definitions."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case("q18.3", "70894665799", hf("cosine", 7e-6, 15, 800), ("--steps",), steps=800),
    Case("q18.4", "52758102094", hf("cosine", 2e-4, 5, 600), ("--steps",), steps=600),
]

"""Every 3rd file of alignment-handbook. The 4th and the 10th repeat the 1st and the 7th."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

_AT = "huggingface/alignment-handbook recipes/"
CASES = [
    Case(
        "q42.1",
        _AT + "cai/dpo/config_full.yaml@42d74a0",
        hf("linear", 5e-7, 573, 5727),
        ("--steps",),
        steps=5727,
    ),
    Case(
        "q42.7",
        _AT + "gemma-7b/dpo/config_full.yaml@6660c03",
        hf("cosine", 5e-7, 10, 100),
        ("--steps",),
        steps=100,
    ),
]

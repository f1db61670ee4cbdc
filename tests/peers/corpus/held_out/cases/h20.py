"""Every 8th of LLaMA-Factory's examples/train_lora, from the 4th. The 12th trains nothing.

The 20th has the schedule of the 4th.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "h20.4",
        "hiyouga/LLaMA-Factory examples/train_lora/deepseekv3_lora_sft_ds3.yaml@be21531",
        hf("cosine", 1e-4, 150, 1500),
        ("--steps",),
        steps=1500,
    ),
]

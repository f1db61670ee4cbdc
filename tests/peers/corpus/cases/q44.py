"""Every 8th of LLaMA-Factory's examples/train_lora. The 9th has the schedule of the 1st."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

_AT = "hiyouga/LLaMA-Factory examples/train_lora/"
CASES = [
    Case(
        "q44.1",
        _AT + "deepseek2_lora_dpo_kt.yaml@3aa0116",
        hf("cosine", 5e-6, 38, 375),
        ("--steps",),
        steps=375,
    ),
    Case(
        "q44.17",
        _AT + "llama3_lora_ppo_gaudi.yaml@58bec79",
        hf("cosine", 1e-5, 38, 375),
        ("--steps",),
        steps=375,
    ),
    Case(
        "q44.25",
        _AT + "llama3_lora_sft.yaml@13d252f",
        hf("cosine", 1e-4, 41, 409),
        ("--steps",),
        steps=409,
    ),
]

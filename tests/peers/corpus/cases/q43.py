"""Every 15th example of axolotl. It hands warmup_ratio to the Trainer as whole steps, cut."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

_AT = "axolotl-ai-cloud/axolotl examples/"
CASES = [
    Case(
        "q43.1",
        _AT + "01-ai/config-34b.yml@3dbe06a",
        hf("cosine", 2e-5, 100, 5000),
        ("--steps",),
        steps=5000,
    ),
    Case(
        "q43.16",
        _AT + "archived/gptj/qlora.yml@51ef395",
        hf("cosine", 1e-4, 95, 950),
        ("--steps",),
        steps=950,
    ),
    Case(
        "q43.31",
        _AT + "archived/tiny-llama/lora-mps.yml@22810c9",
        hf("cosine", 2e-4, 60, 600),
        ("--steps",),
        steps=600,
    ),
    Case(
        "q43.46",
        _AT + "code-llama/7b/config.yml@16fb586",
        hf("cosine", 2e-4, 10, 180),
        ("--steps",),
        steps=180,
    ),
    Case(
        "q43.61", _AT + "deepseek-v3/deepseek-v3-3b-moe.yml@4008e5e", hf("cosine", 1.5e-4, 10, 100)
    ),
]

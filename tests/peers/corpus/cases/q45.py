"""Every 5th of llm-foundry's settings files. The 6th has the schedule of the 1st."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import composer, cosine


def line(share):
    return 1 - share


_AT = "mosaicml/llm-foundry scripts/train/yamls/"
CASES = [
    Case(
        "q45.1",
        _AT + "b200-yamls-rpp/llama-70b-8192.yaml@dc6548e",
        composer(1e-6, 1, 50, 0.0, cosine),
    ),
    Case(
        "q45.11",
        _AT + "finetune/1b_local_data_sft.yaml@2838d01",
        composer(1e-5, 0, 400, 0.0, line),
        ("--steps", "--every"),
        steps=400,
    ),
    Case(
        "q45.16",
        _AT + "finetune/bert-mosaic-glue-base-uncased.yaml@f27a755",
        composer(3e-5, 60, 1000, 0.0, line),
        ("--lr", "--steps"),
        lr=3e-5,
        steps=1000,
    ),
]

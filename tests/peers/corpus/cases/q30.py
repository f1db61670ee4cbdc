"""``--lr-decay-style cosine``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import megatron


def consumed(update):
    """The samples before an update of hit 7: batches of 32, 64, 96, 128, by 21774720 samples."""
    size, samples, last = 32, 0, 21774720
    while size < 128:
        left = -(-(last * (size // 32) - samples) // size)
        if update <= left:
            return samples + update * size
        update, samples, size = update - left, samples + left * size, size + 32
    return samples + update * 128


CASES = [
    Case(
        "q30.1",
        "63134698385",
        megatron(1e-4, 5000, 5000, low=2.5e-6, warmup=150),
        ("--steps", "train-iters"),
        steps=5000,
    ),
    Case(
        "q30.2",
        "59303910125",
        megatron(5e-6, 1000, 1000, low=5e-7, warmup=30),
        ("--steps", "train-iters"),
        steps=1000,
    ),
    Case("q30.3", "25104804545", megatron(1.5e-4, 320000, 320000, warmup=3200)),
    Case(
        "q30.4",
        "71068842425",
        megatron(1.25e-6, 2000, 2000, low=1.25e-7, warmup=20),
        ("TRAIN_ITERS",),
        {"TRAIN_ITERS": 2000},
    ),
    Case(
        "q30.5",
        "394967810",
        megatron(2.5e-5, 23750000, 195312, low=2.5e-6, warmup=16667, counted=lambda k: 128 * k),
    ),
    Case("q30.6", "45193151855", megatron(1e-6, 2000, 2000)),
    Case(
        "q30.7",
        "9326687825",
        megatron(2.5e-4, 255126953, 2500000, low=2.5e-5, warmup=81381, counted=consumed),
    ),
    Case("q30.8", "39871990730", megatron(1.5e-4, 320000, 10000, low=1e-5, warmup=3200)),
]

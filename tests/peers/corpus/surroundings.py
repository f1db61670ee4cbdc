"""Neutral code around an input, so that it is as large as a real script."""

from __future__ import annotations

_FUNCTION = '''
def prepare_{0}(samples, size={0}, ratio=0.{0}, verbose=True):
    """Batches of the samples of part {0}."""
    kept = [s for s in samples if s.width >= size and s.height >= size]
    if verbose:
        print(f"part {0}: {{len(kept)}} of {{len(samples)}} samples, ratio {{ratio:.2f}}")
    pairs = {{"images": [s.image for s in kept], "labels": [s.label for s in kept]}}
    return split(pairs, ratio) if ratio > 0 else pairs


class Block{0}(nn.Module):
    def __init__(self, width, dropout=0.{0}):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout))
        self.out = nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.out(self.layers(x))

'''


def surrounded(text: str, size: int) -> str:
    """The text with neutral classes and functions after its imports and at its end."""
    blocks = [_FUNCTION.format(k) for k in range(10, 10 + size // len(_FUNCTION) + 1)]
    half = len(blocks) // 2
    first, newline, rest = text.partition("\n\n")
    return f"{first}{newline}{''.join(blocks[:half])}\n{rest}\n{''.join(blocks[half:])}"

"""Lengths of time as people write them."""

from fractions import Fraction

import pytest

from gradatim import GradatimError
from gradatim.core.run.durations import in_ticks, parse_duration

READ = {
    "5%": (5, "%"),
    "2.5 %": (Fraction(5, 2), "%"),
    "0.1%": (Fraction(1, 10), "%"),
    "500 updates": (500, "updates"),
    "1 update": (1, "updates"),
    "1_000 steps": (1000, "updates"),
    "1 step": (1, "updates"),
    "2 epochs": (2, "epochs"),
    "1 epoch": (1, "epochs"),
    "0.5ep": (Fraction(1, 2), "epochs"),
    "300k samples": (300_000, "samples"),
    "300 k samples": (300_000, "samples"),
    "1 sample": (1, "samples"),
    "1e9 tokens": (10**9, "tokens"),
    "1.5e+3 tokens": (1500, "tokens"),
    "2.1B tokens": (2_100_000_000, "tokens"),
    "2M tok": (2_000_000, "tokens"),
    "1T token": (10**12, "tokens"),
    "  7   epochs ": (7, "epochs"),
    "0 updates": (0, "updates"),
    "3.%": (3, "%"),
    f"{'0' * 38}5%": (5, "%"),  # 40 characters, the most
}


@pytest.mark.parametrize("text", READ)
def test_a_length_is_a_number_and_a_unit(text: str):
    assert parse_duration(text) == READ[text]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "5", "%", "epochs", "5 %%", "-5%", "+5%", "5 Epochs", "5 days", "5 K samples"),
        *("5kk samples", "1e9", "1e-3 epochs", "1e9999 tokens", ".5 epochs", "1,000 steps"),
        *("1 000 steps", "0x10 steps", "5 epochs 3", "5\nepochs and more", "nan epochs"),
        *("inf updates", "٣ epochs", "5 tokens!", "1/2 epochs", "1" * 41 + " steps"),
    ],
)
def test_anything_else_is_no_length(text: str):
    with pytest.raises(GradatimError, match="must be like 500, "):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "steps", "known"),
    [
        (0, None, 0),
        (7, None, 7),
        ("7 updates", None, 7),
        ("6.5 steps", None, 7),  # a part of an update is one
        ("5%", 1000, 50),
        ("5%", 30, 2),  # 1.5
        ("0.1%", 10, 1),  # 0.01
        ("0%", 10, 0),
        ("100%", 10, 10),
        ("33.3333333333333333333333%", 3, 1),
        ("1%", 10**20 + 1, 10**18 + 1),  # exact, where a float would lose the 1
    ],
)
def test_updates_of_a_length(length: int | str, steps: int | None, known: int):
    assert in_ticks("here", "warmup", length, steps) == known


@pytest.mark.parametrize(
    ("length", "steps"),
    [
        *[("5%", None), ("1e9 tokens", None), ("101%", 10), ("2 epochs", 10), ("3 samples", 10)],
        *[(-1, 10), (1.5, 10), (True, 10), (None, 10), ("x", 10), (10**400, 10)],
        ("1e999 updates", 10),
    ],
)
def test_no_updates_of_a_length(length: int | str, steps: int | None):
    with pytest.raises(GradatimError, match=r"^here: warmup"):
        in_ticks("here", "warmup", length, steps)


@pytest.mark.parametrize("text", ["5 apples", "five updates"])
def test_what_is_no_length_is_told_what_one_is(text):
    with pytest.raises(GradatimError) as refusal:
        parse_duration(text)
    assert str(refusal.value) == (
        'duration: a length must be like 500, "5%", "2 epochs", "300k samples", "1e9 tokens" or '
        f'"90 s", got {text!r}.'
    )

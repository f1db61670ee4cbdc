"""Command lines of fairseq and nanoGPT: right values by their own formulas."""

from collections.abc import Callable
from math import cos, exp, log, pi

import pytest

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given, Missing, Read
from tests.peers.forms import FAIRSEQ, NANOGPT, Row, read_again


def only(text: str, **given: float) -> Read:
    (found,) = find(text, name="run.sh")
    return found.read(Given(values=given))


def inverse_sqrt(n: int) -> float:
    return 0.01 + n * (0.5 - 0.01) / 8 if n < 8 else 0.5 * 8**0.5 * n**-0.5


def polynomial(n: int) -> float:
    if n <= 8:
        return n / 8 * 0.5
    return 0.1 if n >= 40 else (0.5 - 0.1) * (1 - (n - 8) / 32) ** 2 + 0.1


def cosines(n: int) -> float:
    if n < 8:
        return 0.05 + n * (0.5 - 0.05) / 8
    cycle = (n - 8) // 10
    high, low = 0.5 * 0.3**cycle, 0.05 * 0.3**cycle
    return low + 0.5 * (high - low) * (1 + cos(pi * ((n - 8) % 10) / 10))


def longer_cosines(n: int) -> float:
    begin, length, share = (0, 10, 1.0) if n < 10 else (10, 20, 0.1) if n < 30 else (30, 40, 0.01)
    return share * 0.5 * 0.5 * (1 + cos(pi * (n - begin) / length))


def one_cosine(n: int) -> float:
    return 0.5 * 0.5 * (1 + cos(pi * n / 40))


def tri_stage(n: int) -> float:
    if n < 4:
        return 0.005 + (0.5 - 0.005) * n / 4
    return 0.5 if n < 20 else 0.5 * exp(log(0.01) * min(n - 20, 20) / 20)


def fixed(n: int) -> float:
    return 0.5 * min(n + 1, 8) / 8


def nanogpt(n: int) -> float:
    if n < 8:
        return 0.5 * (n + 1) / 9
    return 0.1 if n > 30 else 0.1 + 0.5 * (1 + cos(pi * (n - 8) / 22)) * 0.4


WARM = "--lr 0.5 --warmup-updates 8"


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (f"fairseq-train d --lr-scheduler inverse_sqrt {WARM} --warmup-init-lr 0.01", inverse_sqrt),
        (
            f"fairseq-train d --lr-scheduler polynomial_decay {WARM} --total-num-update 40 "
            "--end-learning-rate 0.1 --power 2",
            polynomial,
        ),
        (
            f"python train.py --arch a --lr-scheduler cosine {WARM} --lr-period-updates 10 "
            "--lr-shrink 0.3 --min-lr 0.05 --max-update 38",
            cosines,
        ),
        (
            "fairseq-train d --lr-scheduler cosine --lr 0.5 --lr-period-updates 10 --t-mult 2 "
            "--max-update 70",
            longer_cosines,
        ),
        ("fairseq-train d --lr-scheduler cosine --lr 0.5 --max-update 40", one_cosine),
        (
            "fairseq-train d --lr-scheduler cosine --lr 0 --max-lr 0.5 --max-update 40",
            one_cosine,
        ),
        (
            "fairseq-train d --lr-scheduler tri_stage --lr [0.5] --max-update 40 "
            "--phase-ratio '[0.1, 0.4, 0.5]'",
            tri_stage,
        ),
        (
            "fairseq-train d --lr-scheduler tri_stage --lr 0.5 --warmup-steps 4 --hold-steps 16 "
            "--decay-steps 20",
            tri_stage,
        ),
        (f"fairseq-train d {WARM}", fixed),
        (
            "python train.py --learning_rate=0.5 --warmup_iters=8 --lr_decay_iters=30 --min_lr=0.1",
            nanogpt,
        ),
    ],
)
def test_the_values_are_those_of_the_formula(text: str, formula: Callable[[int], float]):
    schedule = only(text).schedule
    assert [schedule(n) for n in range(38)] == pytest.approx(
        [formula(n) for n in range(38)], rel=1e-12
    )


@pytest.mark.parametrize("row", [*FAIRSEQ, *NANOGPT], ids=str)
def test_a_command_means_what_the_arguments_mean(row: Row):
    flags = " ".join(f"--{key}={value}" for key, value in row.arguments.items())
    text = f"python train.py {flags}"
    if row.project == "fairseq":
        flags = flags.replace("_", "-")
        text = f"fairseq-train data --lr-scheduler {row.name.removeprefix('fairseq ')} {flags}"
    assert only(text).values == read_again(row, 0.1).values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fairseq-train d --lr-scheduler cosin --lr 1", "Did you mean 'fairseq cosine'?"),
        ("fairseq-train d --lr-scheduler manual --lr 1", "it is not read. Write the schedule"),
        ("fairseq-train d --lr 0.1,0.2", "a rate for each epoch"),
        ("fairseq-train d --lr 1 --force-anneal 9", "--force-anneal is not read here"),
        ("fairseq-train d --lr 1 --lr-scheduler cosine", "write --max-update"),
        ("fairseq-train d --lr x", "line 1: --lr is no list of numbers"),
        ("python train.py --warmup_iters=9 --lr_decay_iters=8", "must be above warmup_iters"),
    ],
)
def test_what_has_no_form_is_refused(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        only(text)
    assert said in str(error.value)


def test_what_a_file_of_nanogpt_may_set_is_asked_for():
    text = "python train.py config/train_gpt2.py --warmup_iters=9 --min_lr=0.0"
    with pytest.raises(Missing) as error:
        only(text)
    assert list(error.value.reasons) == ["learning_rate", "lr_decay_iters"]
    schedule = only(text, learning_rate=0.1, lr_decay_iters=40).schedule
    assert schedule(9) == pytest.approx(0.1)

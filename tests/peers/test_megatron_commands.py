"""Megatron's command lines: values by its own formula, what is asked for, said and refused."""

from itertools import accumulate
from math import cos, pi, sqrt
from random import Random

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given, Missing, Read

COSINE = "--lr 0.3 --min-lr 0.1 --lr-decay-style cosine"


def rate(done: float, text: dict[str, object], up: float, over: float, down: float) -> float:
    """The rate of Megatron after so many samples, as its optimizer_param_scheduler.py has it."""
    high, low, first, style = 0.3, 0.1, 0.05, text["style"]
    if up > 0 and done <= up:
        return first + (high - first) * done / up
    if style == "constant":
        return high
    if done > over:
        return low
    if style == "inverse-square-root":
        return max(low, high * sqrt(max(up, 1)) / sqrt(max(done, 1)))
    share = (done - up) / (over - up)
    kind = style
    if style == "WSD":
        share, kind = (done - (over - down)) / down, text["cooldown"]
        if share <= 0:
            return high
    fall = {
        "linear": 1 - share,
        "cosine": 0.5 * (cos(pi * share) + 1),
        "exponential": 2 * 0.5**share - 1,
        "minus_sqrt": 1 - sqrt(max(share, 0.0)),
    }
    return low + fall[str(kind)] * (high - low)


def batches(start: int, increment: int, ramp: int, size: int, count: int) -> list[int]:
    """The batch of each update, as its num_microbatches_calculator.py counts."""
    found, done = [], 0
    for _ in range(count):
        steps = int(done / (ramp / ((size - start) // increment)))
        found.append(size if done > ramp else start + steps * increment)
        done += found[-1]
    return found


STYLES = ["constant", "linear", "cosine", "inverse-square-root", "WSD"]
COOLDOWNS = ["exponential", "linear", "cosine", "minus_sqrt"]


@pytest.mark.parametrize("seed", range(60))
def test_the_values_are_those_of_the_formula(seed: int):
    random = Random(seed)
    style, cooldown = STYLES[seed % 5], random.choice(COOLDOWNS)
    size, count = 32, 120
    text = f"--lr 0.3 --min-lr 0.1 --lr-warmup-init 0.05 --lr-decay-style {style} "
    text += f"--lr-wsd-decay-style {cooldown} --global-batch-size {size} "
    over = random.randint(60 * size, 100 * size)
    up, down = random.choice([0, random.randint(1, over // 2)]), random.randint(1, over // 3)
    sizes = [size] * count
    if random.random() < 0.5:
        over, up, down = (n // size * size for n in (over, up, down + size))
        text += f"--train-iters {over // size + 9} --lr-decay-iters {over // size} "
        text += f"--lr-warmup-iters {up // size} --lr-wsd-decay-iters {down // size}"
    else:
        text += f"--train-samples {over + 300} --lr-decay-samples {over} "
        text += f"--lr-warmup-samples {up} --lr-wsd-decay-samples {down} "
        if random.random() < 0.5 and style != "inverse-square-root":
            ramp = random.randint(100, 1500)
            start, increment = random.choice([(8, 8), (4, 4), (16, 1), (31, 1), (2, 15)])
            text += f"--rampup-batch-size {start} {increment} {ramp}"
            sizes = batches(start, increment, ramp, size, count)
    done = list(accumulate(sizes, initial=0))
    run = next(k for k in range(count) if done[k] >= over + 9 * size or k == count - 1)
    parts: dict[str, object] = {"style": style, "cooldown": cooldown}
    wanted = [rate(done[k], parts, up, over, down) for k in range(run)]
    schedule = read(text, "megatron").schedule
    assert [schedule(k) for k in range(run)] == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize(("style", "share"), [("linear", 0.25), ("cosine", 0.146446609)])
def test_a_growing_weight_decay(style: str, share: float):
    text = f"{COSINE} --train-iters 100 --weight-decay-incr-style {style} "
    found = read(text + "--start-weight-decay 0.1 --end-weight-decay 0.5", "megatron")
    decay = found.values["weight_decay"]
    assert [decay(k) for k in (0, 25, 100)] == pytest.approx([0.1, 0.1 + share * 0.4, 0.5])


def test_tokens_are_counted_an_update_late():
    # Megatron-DeepSpeed: 4 * 25 tokens an update, of which the schedule knows one update later.
    text = f"{COSINE} --train-iters 9999 --seq-length 25 --global-batch-size 4 "
    schedule = read(text + "--lr-decay-tokens 10000 --lr-warmup-tokens 1000", "megatron").schedule
    assert [schedule(k) for k in (0, 1, 2, 11, 56, 101)] == pytest.approx(
        [0.0, 0.0, 0.03, 0.3, 0.2, 0.1]
    )


def test_a_warm_up_in_updates_before_a_decay_in_tokens():
    # It ends after 10 updates, of which 9 * 100 tokens are known; 91 updates more, to 10000.
    text = f"{COSINE} --train-iters 9999 --seq-length 25 --global-batch-size 4 "
    schedule = read(text + "--lr-decay-tokens 10000 --lr-warmup-iters 10", "megatron").schedule
    half = 0.1 + 0.2 * 0.5 * (cos(pi * 45 / 91) + 1)
    assert [schedule(k) for k in (0, 5, 10, 55, 101)] == pytest.approx([0, 0.15, 0.3, half, 0.1])


def only(text: str) -> Read:
    (found,) = find(text, name="run.sh")
    assert found.project == "megatron"
    return found.read(Given())


SCRIPTS = [
    f"torchrun pretrain_gpt.py {COSINE} --train-iters 50",
    f'OPTIONS=" \\\n {COSINE} \\\n --train-iters 50 "\npython x.py $OPTIONS --bf16',
    f"A=( {COSINE} # --lr 9\n # --lr 8\n)\nB=(--train-iters 50)\nsrun x ${{A[@]}} ${{B[@]}}",
    f"S=100; G=4\npython x.py {COSINE} --global-batch-size $G --train-iters $((S * 2 / G))",
    f"ARGS='\n {COSINE} \\\n # --lr 9 \\\n --train-iters 50'",
    f"python x.py {COSINE} --train-samples 200 --global-batch-size 4 --lr-warmup-samples 0",
    f"deepspeed x.py {COSINE} --train-iters 50 --save $UNKNOWN --weight-decay $WD",
    f"python x.py {COSINE} --lr-decay-iters 50 --train-iters $N",
    f"if [ $Q = 1 ]; then P='--bf16'; else P=--fp16; fi\npython x.py {COSINE} --train-iters 50 $P",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_that_mean_the_same(text: str):
    assert only(text).values == read(f"{COSINE} --train-iters 50", "megatron").values


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"python x.py {COSINE} --train-iters $N --global-batch-size $B", ["N"]),
        (f"python x.py {COSINE} --train-samples $N --global-batch-size $B", ["N", "B"]),
        ("python x.py --lr $L --min-lr $M --lr-decay-style constant --train-iters $N", ["L"]),
        (
            f"if [ $Q = 1 ]; then P='--train-iters 9'; fi\npython x.py {COSINE} $P --bf16",
            ["Q"],
        ),
        (f"if [ $Q = 1 ]; then P='{COSINE} --train-iters 9'; fi\npython x.py $P", ["Q"]),
        (f"[ $Q = 1 ] && P='python x.py {COSINE} --train-iters 9'\nsrun $P", ["Q"]),
    ],
)
def test_what_the_schedule_depends_on_is_asked_for(text: str, names: list[str]):
    with pytest.raises(Missing) as error:
        only(text)
    assert list(error.value.reasons) == names


def test_values_are_given_by_the_name_of_a_variable_or_a_flag():
    (found,) = find("python x.py --lr $L --train-samples 80 --lr-decay-style linear", name="a.sh")
    given = Given(values={"L": 0.1, "global-batch-size": 4})
    assert found.read(given).schedule(10) == pytest.approx(0.05)
    with pytest.raises(GradatimError, match="--set global-batch-size=N"):
        found.read(Given(values={"L": 0.1}))


@pytest.mark.parametrize(
    "text",
    [
        "python train.py --lr 0.1 --epochs 30",
        "python train.py --model resnet50 --sched cosine --lr 0.1",
        "python run_clm.py --learning_rate 1e-4 --lr_scheduler_type cosine",
        "python main.py --lr 1e-3 --warmup-epochs 5",
        "fairseq-train data --lr 5e-4 --lr-scheduler inverse_sqrt --warmup-updates 4000",
    ],
)
def test_flags_of_others_are_not_taken_for_megatrons(text: str):
    assert "megatron" not in [found.project for found in find(text, name="run.sh")]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--use-checkpoint-opt_param-scheduler", "What a checkpoint says of the schedule counts"),
        ("--decoupled-lr 0.1", "The rate of the embedding and output layers is another there"),
        ("$EXTRA", "line 1: $EXTRA is not set in the file; flags in it are not read."),
    ],
)
def test_what_differs_is_said(more: str, said: str):
    found = only(f"python x.py {COSINE} --train-iters 50 --bf16 {more}")
    assert any(said in one for one in found.differences)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--train-iters 9 --warmup 0.1", "line 1: --warmup is refused by Megatron itself"),
        ("--train-iters 9 --lr-warmpu-iters 1", "line 1: Megatron: unknown flag"),
        (
            "--train-iters 9 --rampup-batch-size 4 4 9 --global-batch-size 8",
            "write --train-samples in place of",
        ),
        ("--train-samples 99 --rampup-batch-size 4 3 9 --global-batch-size 8", "plus a multiple"),
        ("--train-samples 99 --rampup-batch-size 4 3 --global-batch-size 8", "three whole numbers"),
        ("--train-iters 9 --lr-decay-tokens 9", "write --seq-length too"),
        (
            "--train-iters 9 --lr-decay-tokens 9 --lr-warmup-tokens 3 --curriculum-learning",
            "--curriculum-learning changes the tokens of an update",
        ),
        ("--train-iters", "line 1: --train-iters has no value"),
        ("--lr-warmup-iters 3", "the length of the run is not known"),
        ("--train-iters 9 --min-lr 4", "--min-lr must be at most --lr, 0.3"),
    ],
)
def test_what_does_not_fit_is_refused(more: str, said: str):
    with pytest.raises(GradatimError) as error:
        only(f"python x.py {COSINE} {more}")
    assert said in str(error.value)


SETTINGS = """
train: {train_iters: 50, global_batch_size: 4}
optimizer:
  lr: 0.3
  min_lr: 0.1
scheduler:
  lr_decay_style: cosine
  lr_decay_iters: null
"""


def test_settings_mean_what_the_flags_mean():
    (found,) = find(SETTINGS, name="config.yaml")
    assert (found.line, found.project) == (2, "megatron")
    wanted = read(f"{COSINE} --train-iters 50", "megatron").values
    assert found.read(Given()).values == wanted


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("other: {lr: 0.1}", "lr is set in line 4 too"),
        ("  lr_warmpu_iters: 9", "Did you mean 'lr_warmup_iters'?"),
    ],
)
def test_settings_that_contradict_or_are_not_known(more: str, said: str):
    (found,) = find(SETTINGS + more, name="config.yaml")
    with pytest.raises(GradatimError) as error:
        found.read(Given())
    assert said in str(error.value)


def test_the_rate_of_the_command_stands_for_a_missing_one() -> None:
    rest = "--lr-decay-style cosine --train-iters 100 --min-lr 0.1"
    with pytest.raises(GradatimError, match=r"do not say --lr\. Write --lr"):
        read(rest, "megatron")
    alone = read(rest, "megatron", lr=0.3)
    assert alone == read(f"--lr 0.3 {rest}", "megatron")
    both = read(f"--lr 0.5 {rest}", "megatron", lr=0.3)
    assert both.values == read(f"--lr 0.5 {rest}", "megatron").values
    assert any("--lr 0.3 is not used" in said for said in both.differences)


def test_flags_that_are_only_known_to_be_megatrons_by_name_take_the_same_options() -> None:
    flags = "--min-lr 0.1 --train-iters 100"
    assert read(flags, "megatron", lr=0.3) == read(f"--lr 0.3 {flags}", "megatron")


def test_a_curriculum_that_may_be_in_deepspeed_settings_is_said_beside_lengths_in_tokens() -> None:
    tokens = "--lr-decay-tokens 4096000 --lr-warmup-tokens 409600 --seq-length 2048"
    text = f"python pretrain_gpt.py --lr 0.1 {tokens} --global-batch-size 2"
    (found,) = find(text, name="run.sh")
    assert not any("curriculum" in note for note in found.read(Given()).differences)
    (found,) = find(f"{text} --deepspeed_config ds.json", name="run.sh")
    assert any("curriculum" in note for note in found.read(Given()).differences)

"""Settings of llm-foundry: times in batches, shares of the run, epochs, samples and tokens."""

from math import cos, pi, sqrt

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given, Read

MPT = """\
variables: {{lr: 1.2e-4, seq: 2048}}
max_seq_len: ${{variables.seq}}
global_train_batch_size: 1024
scheduler:
  name: cosine_with_warmup
  t_warmup: {warmup}
  alpha_f: 0.1
optimizer:
  name: decoupled_adamw
  lr: ${{variables.lr}}
max_duration: {duration}
"""
CODE = "CosineAnnealingWithWarmupScheduler(t_warmup='{}ba', t_max='{}ba', alpha_f=0.1)"


def one(warmup: str, duration: str, given: Given | None = None) -> Read:
    (found,) = find(MPT.format(warmup=warmup, duration=duration), name="mpt.yaml")
    return found.read(given or Given())


def in_batches(warmup: int, duration: int) -> Read:
    return read(CODE.format(warmup, duration), "composer", lr=1.2e-4)


def test_the_scheduler_the_rate_and_the_duration_are_found():
    (found,) = find(MPT.format(warmup="100ba", duration="4800ba"), name="mpt-125m.yaml")
    assert (found.line, found.project) == (4, "composer")
    assert found.text == "scheduler(name=cosine_with_warmup, t_warmup=100ba, alpha_f=0.1)"
    schedule = found.read(Given()).schedule
    by_hand = [1.2e-4 * (0.1 + 0.9 * 0.5 * (1 + cos(pi * (k - 100) / 4700))) for k in (100, 2450)]
    assert [schedule(k) for k in (100, 2450)] == pytest.approx(by_hand)
    assert schedule(50) == pytest.approx(0.6e-4)


@pytest.mark.parametrize(
    ("warmup", "duration", "given", "batches"),
    [
        ("0.02dur", "4800ba", Given(), (96, 4800)),
        ("100ba", "2ep", Given(every=391), (100, 782)),
        ("0.5ep", "2ep", Given(every=400), (200, 800)),
        ("0.06dur", "1ep", Given(steps=1001), (60, 1001)),
        ("1024000sp", "10240000sp", Given(), (1000, 10000)),
        ("0.1dur", "10240000sp", Given(), (1000, 10000)),
        ("2097152000tok", "20971520000tok", Given(), (1000, 10000)),
        ("100ba", "20971520000tok", Given(steps=5000), (100, 5000)),
    ],
)
def test_times_are_converted_to_batches(
    warmup: str, duration: str, given: Given, batches: tuple[int, int]
):
    assert one(warmup, duration, given).schedule == in_batches(*batches).schedule


def test_what_is_assumed_or_changed_is_said():
    said = " ".join(one("100ba", "20971520000tok").differences)
    assert "Its batches are taken to be full: max_seq_len tokens in each sample." in said
    said = " ".join(one("100ba", "4800ba", Given(steps=100000)).differences)
    assert "The file has max_duration=4800ba, and this is for 100000 updates." in said


@pytest.mark.parametrize(
    ("warmup", "duration", "said"),
    [
        ("100ba", "1ep", "Write --steps, the updates of the run, or --every, those of an epoch"),
        ("1ep", "4800ba", "t_warmup counts epochs. Write --every"),
        ("1000sp", "4800ba", "no whole number of batches: 0.976562. Write it in batches"),
        ("100", "4800ba", "t_warmup must be a time such as '500ba'"),
        ("100ba", "1..2ba", "max_duration must be a time"),
        ("4800ba\n  t_max: 4800ba", "5000ba", "t_max is over before t_warmup"),
        ("100ba\n  alpha: 3", "4800ba", "unknown argument 'alpha'"),
        ("100ba\nscale_schedule_ratio: 0.5\nx:\n  a: 1", "4800ba", "scale_schedule_ratio"),
    ],
)
def test_times_that_cannot_be_converted_are_named(warmup: str, duration: str, said: str):
    with pytest.raises(GradatimError) as error:
        one(warmup, duration)
    assert said in str(error.value)


def test_a_run_may_end_in_its_warm_up():
    found = one("100ba", "30ba")
    assert [found.schedule(k) for k in (0, 29, 100)] == pytest.approx([0, 1.2e-4 * 0.29, 1.2e-4])
    assert "The run of 30 batches ends in the warm-up." in found.differences


def test_what_the_file_does_not_have_is_asked_for():
    text = MPT.format(warmup="100ba", duration="1024000sp")
    (found,) = find(text.replace("global_train_batch_size: 1024\n", ""), name="a.yaml")
    with pytest.raises(GradatimError, match="--set global_train_batch_size=VALUE"):
        found.read(Given())
    assert found.read(Given(values={"global_train_batch_size": 1024})).schedule.length == 1000
    (found,) = find(text.replace("max_duration", "duration"), name="a.yaml")
    with pytest.raises(GradatimError, match=r"max_duration is not in the file\. Write --steps"):
        found.read(Given())
    (found,) = find(text.replace("  lr: ${variables.lr}\n", ""), name="a.yaml")
    with pytest.raises(GradatimError, match="Write --lr"):
        found.read(Given())


def test_the_inverse_square_root_of_llm_foundry_by_hand():
    text = (
        "scheduler: {name: inv_sqrt_with_warmup, t_warmup: 10ba, t_scale: 20ba, t_cooldown: 30ba, "
        "alpha_f_decay: 0.1, alpha_f_cooldown: 0.05}\noptimizer: {lr: 2.0}\nmax_duration: 100ba\n"
    )
    schedule = find(text, name="a.yaml")[0].read(Given()).schedule

    def root(k: int) -> float:
        return 0.1 + 0.9 / sqrt((k - 10 + 20) / 20)

    wanted = [0.5, root(10), root(40), root(70), (root(70) + 0.05) / 2, 0.05, 0.05]
    found = [schedule(k) / 2.0 for k in (5, 10, 40, 70, 85, 100, 150)]
    assert found == pytest.approx(wanted, rel=1e-12)
    other = text.replace("alpha_f_cooldown: 0.05", "alpha_f_cooldown: 0.5")
    with pytest.raises(GradatimError, match="alpha_f_decay must be alpha_f_cooldown or more"):
        find(other, name="a.yaml")[0].read(Given())

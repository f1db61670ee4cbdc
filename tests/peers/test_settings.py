"""Settings of Megatron-LM, SpeechBrain and DeepSpeed: what is read, and what is refused."""

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given

MEGATRON = "--lr 0.3 --min-lr 0.1 --lr-decay-style cosine --train-iters 100 --lr-warmup-iters 10"


def test_a_flag_may_be_the_beginning_of_its_name():
    short = "--lr 0.3 --min-l 0.1 --lr-decay-sty cosine --train-i 100 --lr-warmup-it=10"
    assert read(short, "megatron") == read(MEGATRON, "megatron")


def test_comments_are_no_flags():
    text = "ARGS='\n    --lr 0.3\n    # --lr 0.9 \\\n    --min-lr 0.1  # --min-lr 0.2\n'"
    text = text.replace("ARGS='", "").replace("'", "")
    rest = MEGATRON.partition("--lr-decay")[2]
    assert read(f"{text} --lr-decay{rest}", "megatron") == read(MEGATRON, "megatron")
    continued = "--lr 0.3 \\\n# --lr 0.9 \\\n --min-lr 0.1 --lr-decay" + rest
    assert read(continued, "megatron") == read(MEGATRON, "megatron")


@pytest.mark.parametrize(
    "style",
    ["linear", "cosine", "WSD --lr-wsd-decay-style minus_sqrt", "WSD --lr-wsd-decay-style cosine"],
)
def test_samples_need_not_be_whole_batches(style: str):
    # Update k runs where 8 k samples are done, as Megatron counts.
    text = f"--lr 0.3 --min-lr 0.1 --lr-decay-style {style} --train-samples 1001 "
    text += "--lr-warmup-samples 77 --lr-wsd-decay-samples 303 --global-batch-size 8"
    schedule = read(text, "megatron").schedule
    by_hand = [megatron(8 * k, style) for k in range(140)]
    assert [schedule(k) for k in range(140)] == pytest.approx(by_hand, rel=1e-12)


def megatron(samples: float, style: str) -> float:
    """The rate as Megatron's optimizer_param_scheduler.py has it, by the samples done."""
    from math import cos, pi, sqrt

    if samples <= 77:
        return 0.3 * samples / 77
    if samples > 1001:
        return 0.1
    ratio = (samples - 77) / (1001 - 77)
    if "WSD" in style:
        ratio = max(samples - (1001 - 303), 0.0) / 303
    share = {"linear": 1 - ratio, "cosine": 0.5 * (cos(pi * ratio) + 1), "sqrt": 1 - sqrt(ratio)}
    return 0.1 + 0.2 * next(share[name] for name in share if style.endswith(name))


def test_a_fraction_of_the_run_need_not_be_whole_updates():
    text = MEGATRON.replace("--lr-warmup-iters 10", "--lr-warmup-fraction 0.125")
    schedule = read(text, "megatron").schedule
    assert [schedule(k) for k in (0, 12)] == pytest.approx([0.0, 0.3 * 12 / 12.5])
    assert schedule(13) < 0.3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--warmup 0.01", "--warmup is refused by Megatron itself"),
        ("--lr-w 5", "could be --lr-warmup-init or --lr-warmup-fraction or"),
        ("--lr-warmpu-iters 5", "Did you mean '--lr-warmup-iters'?"),
        ("--rampup-batch-size 16 8 300000", "with --rampup-batch-size, write --global-batch-size"),
        ("--lr-warmup-fraction 0.1", "excludes the other forms of a warm-up"),
        ("--train-samples 100 --global-batch-size 4", "exclude each other"),
        ("--lr-decay-style cosin", "Did you mean 'cosine'?"),
        ("--lr-decay-iters 5", "nothing is left for the decay"),
        ("--min-lr x", "--min-lr is no number: 'x'"),
    ],
)
def test_flags_that_contradict_or_are_not_known(more: str, said: str):
    with pytest.raises(GradatimError) as error:
        read(f"{MEGATRON} {more}", "megatron")
    assert said in str(error.value)


def test_other_flags_may_be_there_and_those_that_matter_are_said():
    found = read(f"{MEGATRON} --num-layers 24 --lora-rank 3 --decoupled-lr 0.1", "megatron")
    assert found.values == read(MEGATRON, "megatron").values
    assert found.differences == ("The rate of the embedding and output layers is another there.",)


NOAM = "!new:speechbrain.nnet.schedulers.NoamScheduler\n  lr_initial: 1\n  n_warmup_steps: 25000\n"


def test_the_size_of_the_model_counts():
    # 1 / sqrt(256) / sqrt(25000)
    schedule = read(f"{NOAM}  model_size: 256", "speechbrain").schedule
    assert schedule(25000) == pytest.approx(3.952847e-4)
    assert read(NOAM, "speechbrain").schedule(25000) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{NOAM}  model_sise: 256", "Did you mean 'model_size'?"),
        (f"{NOAM}  lr_initial: 2", "line 4: the key 'lr_initial' comes twice"),
        (f"{NOAM}  model_size: !ref <d>", "d is not set in the file. Write --set d=VALUE"),
        (f"a: {NOAM}b: {NOAM}", "there are 2 schedulers in it (line 1: NoamS"),
        (f"{NOAM}{NOAM}", "line 4: this is not YAML"),
        ("!new:speechbrain.nnet.schedulers.NoamScheduler\n  lr_initial: 1", "n_warmup_steps is"),
        ("a: !new:speechbrain.nnet.schedulers.StepScheduler", "initial_value is missing"),
        ("a: !new:speechbrain.nnet.schedulers.NomScheduler", "Did you mean 'NoamScheduler'?"),
        ("a: !new:speechbrain.nnet.schedulers.StepScheduler [1.0]", "arguments must have names"),
        ("a: !new:speechbrain.nnet.schedulers.ScheduledLoss", "it switches between losses"),
        ("a: !new:speechbrain.nnet.schedulers.ReduceLROnPlateau", "Write --lr"),
        (
            "a: !new:speechbrain.nnet.schedulers.CyclicCosineScheduler\n  n_warmup_steps: 3",
            "lr_init",
        ),
    ],
)
def test_entries_that_are_not_understood(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        read(text, "speechbrain")
    assert said in str(error.value)


RECIPE = """\
seed: !PLACEHOLDER
__set_seed: !apply:torch.manual_seed [!ref <seed>]
output_folder: !ref results/<seed>
number_of_epochs: 90
lr: 1e-3
batch: 16
lr_final: !ref <lr> / 10
updates: !ref <number_of_epochs> * 391 // <batch>
model: !new:torch.nn.ModuleList [[!ref <enc>, !ref <dec>]]
opt_class: !name:torch.optim.Adam
    lr: !ref <lr>
lr_annealing: !new:speechbrain.nnet.schedulers.LinearScheduler
    initial_value: !ref <lr>
    final_value: !ref <lr_final>
    epoch_count: !ref <number_of_epochs>
noam: !new:speechbrain.nnet.schedulers.NoamScheduler
    lr_initial: !ref <lr>
    n_warmup_steps: !ref <updates> // 10
plateau: !new:speechbrain.nnet.schedulers.ReduceLROnPlateau
    dont_halve_until_epoch: 85
absent: !new:speechbrain.nnet.schedulers.NewBobScheduler
    initial_value: !ref <lr_wav2vec>
checkpointer: !new:speechbrain.utils.checkpoints.Checkpointer
    recoverables:
        scheduler: !ref <noam>
"""


def test_a_whole_recipe_is_read_with_its_references():
    linear, noam, plateau, absent = find(RECIPE, name="hparams/train.yaml")
    assert (linear.line, linear.project) == (12, "speechbrain")
    assert linear.text.startswith("LinearScheduler(initial_value=<lr>, final_value=<lr_final>, ")
    curve = linear.read(Given(every=10)).schedule
    assert [curve(0), curve(9), curve(890)] == pytest.approx([1e-3, 1e-3, 1e-4])
    assert noam.read(Given()).schedule(219) == pytest.approx(1e-3)  # 90 * 391 // 16 // 10
    found = plateau.read(Given())
    assert found.schedule(7) == 1e-3
    assert "Up to epoch 85 the rate stays there" in " ".join(found.differences)
    assert absent.read(Given(values={"lr_wav2vec": 1e-4})).schedule(0) == 1e-4
    with pytest.raises(GradatimError, match="--set lr_wav2vec=VALUE"):
        absent.read(Given())


def test_a_scheduler_of_epochs_says_so():
    said = find(RECIPE, name="train.yaml")[0].read(Given()).differences
    assert any("It is called once an epoch. Its lengths are epochs" in one for one in said)


def test_optimizers_of_different_rates_are_no_answer():
    other = RECIPE + "other: !name:torch.optim.Adam\n    lr: 0.5\n"
    with pytest.raises(GradatimError, match=r"different rates: 0.001, 0.5. Write --lr"):
        find(other, name="train.yaml")[2].read(Given())
    assert find(other, name="train.yaml")[2].read(Given(lr=0.1)).schedule(0) == 0.1

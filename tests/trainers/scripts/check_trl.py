"""TRL's SFTTrainer, which is a Trainer of transformers, on a model and a tokenizer made here."""

import pytest
import torch
import transformers
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.optim import SGD
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler
from gradatim.torch.trainers.hf import SchedulerCallback
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import SCHEDULE, drive, same, used

transformers.utils.logging.set_verbosity_error()

QUIET = []
UPDATES = 8
WORDS = ["<pad>", "<eos>", "one", "two", "three", "four", "five", "six", "seven", "eight"]


def tokenizer():
    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<pad>"
    )


def model():
    torch.manual_seed(0)
    size = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(WORDS), **size, **heads))


def data(size=32):
    counted = [" ".join(WORDS[2 + (i + j) % 8] for j in range(4 + i % 3)) for i in range(size)]
    return Dataset.from_list([{"text": text} for text in counted])


def train(path=None, make=drive, callbacks=(), micro=2, **more):
    net = model()
    optimizer = SGD(net.parameters(), lr=9.0, momentum=0.5)
    seen, scheduler = Seen(optimizer, "lr", "momentum"), make(optimizer)
    arguments = SFTConfig(
        **{
            "output_dir": "out",
            "max_steps": UPDATES,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": micro,
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "disable_tqdm": True,
            "save_strategy": "no",
            "max_length": 16,
            "eval_strategy": "no",
            "logging_steps": 1,
            "activation_checkpointing": False,
        }
        | more
    )
    trainer = SFTTrainer(
        net,
        arguments,
        train_dataset=data(),
        eval_dataset=data(4),
        processing_class=tokenizer(),
        optimizers=(optimizer, scheduler),
        callbacks=list(callbacks),
    )
    trainer.train(resume_from_checkpoint=path)
    return trainer, scheduler, seen


def logged(trainer):
    return [line["learning_rate"] for line in trainer.state.log_history if "loss" in line]


def check_each_update_and_what_the_log_says():
    trainer, scheduler, seen = train(callbacks=[SchedulerCallback()])
    assert seen.values == used(UPDATES)
    assert scheduler.position == trainer.state.global_step == UPDATES
    assert logged(trainer) == seen.first == [SCHEDULE(k) for k in range(UPDATES)]


def check_without_the_callback_the_log_is_one_update_ahead():
    trainer, _, seen = train()
    assert seen.values == used(UPDATES)
    assert logged(trainer) == [SCHEDULE(k) for k in range(1, UPDATES + 1)]


def check_accumulation():
    for micro in (1, 3):
        trainer, scheduler, seen = train(micro=micro)
        assert seen.values == used(UPDATES)
        assert scheduler.position == trainer.state.global_step == UPDATES


def check_resume():
    whole, _, _ = train(save_strategy="steps", save_steps=1)
    for k in (1, 3, UPDATES - 1):
        trainer, scheduler, seen = train(f"out/checkpoint-{k}")
        assert seen.values == used(k, UPDATES)
        assert scheduler.position == UPDATES
        assert same(trainer.model.state_dict(), whole.model.state_dict())


def observing(optimizer):
    rule = Plateau(mode="max", factor=0.5, patience=0, threshold=10.0)  # nothing is good enough
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def check_observe():
    every = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2}
    _, whole, seen = train(make=observing, callbacks=[SchedulerCallback()], **every)
    assert seen.first == [0.1] * 4 + [0.05] * 2 + [0.025] * 2
    for k in (2, 4, 6):
        _, scheduler, later = train(
            f"out/checkpoint-{k}", make=observing, callbacks=[SchedulerCallback()], **every
        )
        assert later.first == seen.first[k:]
        assert scheduler.state_dict() == whole.state_dict()


def check_a_metric_that_is_not_there_is_refused():
    with pytest.raises(GradatimError, match=r"'loss'\. Did you mean 'eval_loss'"):
        train(
            make=observing,
            callbacks=[SchedulerCallback("loss")],
            eval_strategy="steps",
            eval_steps=2,
        )


def check_the_page_runs():
    pages.run("trl")

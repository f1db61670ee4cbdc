"""transformers: where settings files have the settings of a Trainer.

TRL, alignment-handbook, LLaMA-Factory and others write the names of ``TrainingArguments``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gradatim.errors import GradatimError
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.settings import Place, References, Section, Setting, sections
from gradatim.peers.settings.entries import in_one_line
from gradatim.peers.transformers import TRANSFORMERS
from gradatim.peers.transformers_trainer import KEYS, read_trainer

_OF_A_TRAINER = {"lr_scheduler_type", "num_train_epochs", "per_device_train_batch_size"}
_SHOWN = ("lr_scheduler_type", "learning_rate", "max_steps", "num_train_epochs")


@TRANSFORMERS.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each section with two settings of a Trainer or more, and the log that a Trainer writes."""
    for place, section in sections(tree):
        entries = section.entries
        if {"log_history", "max_steps", "global_step"} <= entries.keys():
            line = entries["log_history"].line
            yield Found(line, "transformers", "log_history", _refuse_log)
        elif (
            entries.keys() & _OF_A_TRAINER
            and len(entries.keys() & KEYS.keys()) > 1
            and "lr_scheduler" not in entries  # a name that others have, beside some of these
        ):
            first = next(entry for key, entry in entries.items() if key in KEYS)
            shown = {key: entries[key] for key in _SHOWN if key in entries}
            text = in_one_line("TrainingArguments", shown)
            read = partial(_read, tree, section, place)
            yield Found(first.line, "transformers", text, read)


def _read(tree: Setting, section: Setting, place: Place, given: Given) -> Read:
    return read_trainer(Section(References(tree, given), section, place), given, "Trainer")


def _refuse_log(given: Given) -> Read:
    raise GradatimError(
        "this is the log of a Trainer: it has the rates that were used, and not the settings that "
        "they came from. Write gradatim audit with the name of this file."
    )

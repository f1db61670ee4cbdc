"""Other libraries' names of our arguments, and the error for an unknown argument."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from numbers import Real
from typing import NamedTuple

from gradatim.core.values.renames import ARGUMENTS
from gradatim.errors import GradatimError, shown, unknown_name


class _Meaning(NamedTuple):
    """Our name for an argument of another library: the first of ``ours`` that the callee takes."""

    ours: tuple[str, ...]
    form: str = "{value}"
    """How the value is written here: "{value}" unchanged, "{percent}" as a percentage."""


_LENGTHS = ("steps", "every", "cycle")
_SHARE = "'{percent}'"
_TABLE: tuple[tuple[str, _Meaning], ...] = (
    # The highest value.
    (
        "max_lr peak_lr lr_max peak_value peak_learning_rate max_learning_rate warmup_target "
        "warmup_max_lr cycle_max_lr target_lr lr learning_rate base_lr initial_learning_rate "
        "initial_lr lr_initial initial_value",
        _Meaning(("peak", "start", "value", "high")),
    ),
    # The value that a warm-up comes from.
    (
        "init_value init_lr warmup_init_lr warmup_lr_init lr_warmup_init warmup_lr "
        "warmup_start_lr warmup_min_lr warmup_learning_rate start_value start_lr",
        _Meaning(("start", "peak", "value")),
    ),
    ("start_factor warmup_factor warmup_start_factor warmup_lr_rate", _Meaning(("start",), _SHARE)),
    ("div_factor", _Meaning(("start",), "peak / {value}")),
    # The value that a decay goes to.
    (
        "min_lr eta_min lr_min end_value end_lr lr_end final_lr last_lr end_learning_rate "
        "min_learning_rate cycle_min_lr min_value",
        _Meaning(("floor", "end", "start", "low")),
    ),
    (
        "min_lr_rate min_lr_ratio end_factor alpha min_ratio lr_min_ratio final_lr_ratio "
        "lr_min_factor min_lr_factor final_lr_frac",
        _Meaning(("floor",), _SHARE),
    ),
    ("final_div_factor", _Meaning(("floor",), "start / {value}")),
    # A multiplier, an exponent.
    (
        "gamma decay_rate lr_decay_rate drop drop_factor decay_factor lr_decay m_mul multiplier "
        "anneal_factor rate shrink cycle_decay",
        _Meaning(("factor",)),
    ),
    ("exponent lr_power decay_power k", _Meaning(("power",))),
    # The whole run, a period.
    (
        "total_steps num_training_steps T_max decay_steps max_iters total_iters max_steps "
        "num_steps n_steps total_num_steps t_initial transition_steps train_iters max_iter "
        "lr_decay_iters total_updates num_updates max_updates updates length to",
        _Meaning(_LENGTHS),
    ),
    ("step_size decay_t decay_every step_size_up cycle_first_step_size", _Meaning(("every", "up"))),
    ("step_size_down cycle_second_step_size", _Meaning(("down",))),
    (
        "epochs num_epochs max_epochs total_epochs n_epochs num_train_epochs",
        _Meaning(("steps",), "Run(samples=..., batch=..., epochs={value})"),
    ),
    # Phases.
    (
        "num_warmup_steps warmup_steps warmup_iters warmup_num_steps n_warmup_steps "
        "lr_warmup_iters lr_warmup_steps warmup_t warmup_updates warmup_length warmup_period "
        "linear_warmup_steps",
        _Meaning(("warmup", "steps")),
    ),
    (
        "pct_start warmup_ratio warmup_fraction warmup_frac lr_warmup_fraction warmup_proportion "
        "warmup_pct warmup_percent",
        _Meaning(("warmup",), _SHARE),
    ),
    ("warmup_epochs num_warmup_epochs", _Meaning(("warmup",), "'{value} epochs'")),
    ("hold_steps num_stable_steps stable_steps hold_iters", _Meaning(("hold",))),
    (
        "decay lr_decay_steps num_decay_steps n_decay_steps decay_iters lr_wsd_decay_iters "
        "cooldown_steps num_cooldown_steps cooldown_iters anneal anneal_steps warmdown_iters",
        _Meaning(("cooldown",)),
    ),
    (
        "cooldown_frac cooldown_fraction cooldown_ratio decay_fraction decay_ratio warmdown_ratio "
        "warmdown_frac",
        _Meaning(("cooldown",), _SHARE),
    ),
    # Cycles and drops.
    ("T_0 first_decay_steps first_cycle_steps cycle_length cycle_steps", _Meaning(("cycle",))),
    ("T_mult t_mul cycle_mul cycle_mult", _Meaning(("stretch",))),
    ("num_cycles n_cycles cycle_limit", _Meaning(("cycles", "times"))),
    ("milestones lr_steps step decay_milestones", _Meaning(("boundaries",))),
    # The run.
    (
        "batch_size train_batch_size micro_batch_size per_device_train_batch_size micro_batch "
        "device_batch_size",
        _Meaning(("batch",)),
    ),
    (
        "gradient_accumulation_steps accumulate_grad_batches gradient_accumulation grad_accum "
        "grad_accum_steps accumulation_steps",
        _Meaning(("accumulate",)),
    ),
    ("world_size num_processes num_replicas data_parallel_size", _Meaning(("processes",))),
    ("num_samples n_samples dataset_size samples_per_epoch", _Meaning(("samples",))),
    (
        "seq_length seq_len sequence_length block_size context_length max_seq_len max_seq_length",
        _Meaning(("tokens_per_sample",)),
    ),
    ("max_tokens train_tokens num_tokens token_budget", _Meaning(("total_tokens",))),
    ("time_budget max_time time_limit max_seconds", _Meaning(("seconds",))),
    # Shapes and the rest.
    ("anneal_strategy decay_type annealing decay_style lr_wsd_decay_style", _Meaning(("shape",))),
    ("three_phase", _Meaning(("three_phases",))),
    ("timescale", _Meaning(("scale",))),
    ("d_model embedding_dim hidden_size", _Meaning(("model_size",))),
    # Rules. Other libraries' margins are absolute, ours are relative by default.
    ("min_delta", _Meaning(("threshold",), "{value}, relative=False")),
)
_FOREIGN: Mapping[str, _Meaning] = {word: ours for words, ours in _TABLE for word in words.split()}

_RULES = ("Plateau", "NewBob", "Greedy")
# Names that mean something else in one callee.
_FOREIGN_OF_CALLEE: Mapping[tuple[str, str], _Meaning] = {
    ("cyclic", "base_lr"): _Meaning(("start",)),
    ("step_decay", "decay_steps"): _Meaning(("every",)),
    ("step_decay", "transition_steps"): _Meaning(("every",)),
    ("cosine_restarts", "T_max"): _Meaning(("cycle",)),
    # These are bounds of the rate; a rule bounds the scale.
    **{(rule, "min_lr"): _Meaning(("floor",), "{value} / rate") for rule in _RULES},
    ("Greedy", "max_lr"): _Meaning(("ceiling",), "{value} / rate"),
    **{
        ("Run", word): _Meaning(("epochs",))
        for word in ("num_epochs", "max_epochs", "total_epochs", "n_epochs", "num_train_epochs")
    },
}


def unknown_argument(
    callee: str, name: str, value: object, known: Collection[str], where: str = ""
) -> GradatimError:
    """The error for an unknown argument, with our name for it if another library uses that name."""
    where = where or callee
    new = ARGUMENTS.get(callee, {}).get(name)
    if new is not None:
        return GradatimError(f"{where}: {name} was renamed to {new}. Write {new}={shown(value)}.")
    word = _FOREIGN_OF_CALLEE.get((callee, name)) or _FOREIGN.get(name)
    ours = next((one for one in word.ours if one in known), None) if word else None
    if word is None or ours is None:
        return unknown_name(where, "argument", name, known)
    return GradatimError(
        f"{where}: {name} is called {ours} here. Write {ours}={_written(word.form, value)}."
    )


def _written(form: str, value: object) -> str:
    if form != _SHARE:
        return form.format(value=shown(value))
    number = isinstance(value, Real) and not isinstance(value, bool)
    return form.format(percent=percent(value)) if number else shown(value)


def percent(share: object) -> str:
    """A fraction as a percentage.

    >>> percent(0.05)
    '5%'
    """
    return f"{100.0 * float(share):g}%"  # type: ignore[arg-type]

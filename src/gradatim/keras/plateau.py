"""Keras' ``ReduceLROnPlateau`` as a rule."""

from __future__ import annotations

from typing import Any

from gradatim.core.errors import refuse
from gradatim.core.rules import Plateau

_WHERE = "from_keras: ReduceLROnPlateau"


def rule_of_plateau(callback: Any) -> Plateau:
    """The rule that lowers at the same epochs as a ``ReduceLROnPlateau``.

    Its patience p lowers at the p-th epoch without improvement, which is one more than here; its
    cooldown, too, is one more than the epochs that do not count. Its threshold is an amount.

    Raises:
        GradatimError: If its mode is not known without the model, or it has a ``min_lr``.
    """
    mode = callback.mode
    if mode == "auto":
        mode = "min" if callback.monitor.removeprefix("val_") == "loss" else None
    if mode is None:
        raise refuse(
            _WHERE, "mode", "auto", f"'min' or 'max' where it monitors {callback.monitor!r}"
        )
    if callback.min_lr:
        raise refuse(
            _WHERE, "min_lr", callback.min_lr, "0",
            "It bounds the rate, and floor the scale: leave it out and write "
            "from_keras(...).replace(floor=min_lr / rate).",
        )  # fmt: skip
    return Plateau(
        mode=mode,
        nan="worse",
        factor=callback.factor,
        patience=max(callback.patience - 1, 0),
        threshold=abs(callback.min_delta),
        relative=False,
        cooldown=max(callback.cooldown - 1, 0),
    )

"""Recognise the error of a framework for an array as the condition of an ``if``."""

from __future__ import annotations

from gradatim.errors import GradatimError

_MESSAGES = (
    "truth value",  # NumPy, JAX, TensorFlow, SymPy
    "Boolean value of Tensor",  # torch
    "data-dependent control flow",  # torch.vmap
    "TracerBoolConversionError",  # JAX, while tracing
    "as a Python `bool`",  # TensorFlow, in a graph
)


def asks_for_one_truth_value(error: Exception) -> bool:
    """Whether an array of a framework was used as the condition of an ``if``."""
    text = f"{type(error).__name__}: {error}"
    return not isinstance(error, GradatimError) and any(message in text for message in _MESSAGES)

"""Recognising an ``if`` on an array, which every framework refuses in words of its own."""

from __future__ import annotations

from gradatim.core.errors import GradatimError

_SAID = (
    "truth value",  # NumPy, JAX, TensorFlow, SymPy
    "Boolean value of Tensor",  # torch
    "data-dependent control flow",  # torch.vmap
    "TracerBoolConversionError",  # JAX, while tracing
    "as a Python `bool`",  # TensorFlow, in a graph
)


def asks_for_one_truth_value(error: Exception) -> bool:
    """Whether this is the error of a framework whose array was used as a condition of ``if``."""
    text = f"{type(error).__name__}: {error}"
    return not isinstance(error, GradatimError) and any(said in text for said in _SAID)

"""Schedules for Keras 3, on its TensorFlow, JAX and torch backends.

May import ``core``, ``drive``, ``peers`` and Keras, and no backend but TensorFlow. To add what a
script can write, start in ``scheduler.py``.
"""

from gradatim.keras.learning_rate import LearningRate
from gradatim.keras.scheduler import Scheduler
from gradatim.keras.translation import from_keras, to_keras
from gradatim.keras.tutorial import (
    WarmUpCosineDecay,
    WarmupCosineDecay,
    lr_warmup_cosine_decay,
)

__all__ = [
    "LearningRate",
    "Scheduler",
    "from_keras",
    "to_keras",
    "WarmUpCosineDecay",
    "WarmupCosineDecay",
    "lr_warmup_cosine_decay",
]

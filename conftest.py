"""What holds for every test and every doctest, wherever in the tree it stands."""

import os
import sys

from hypothesis import settings

# TensorFlow and torch cannot share a process. Tests of the one start an interpreter of their own;
# None makes an import of it here fail at once, in whichever test it happens.
sys.modules["tensorflow"] = None  # type: ignore[assignment]
os.environ.setdefault("KERAS_BACKEND", "jax")

# These import the trainer that they are for, which changes warnings, logging and seeds: they are
# tested in processes of their own.
collect_ignore_glob = ["src/gradatim/torch/trainers/*"]

# CI judges the change, not the day: there every run draws the same examples.
settings.register_profile("gradatim", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile("gradatim")

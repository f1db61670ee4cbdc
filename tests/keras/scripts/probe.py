"""Models so small that their weights say which rates were used.

The gradient of the probe is 1 whatever its weight is, so with plain SGD each update lowers the
weight by exactly the rate that was applied.
"""

import contextlib
import warnings

import keras
import numpy as np
from keras import ops

from gradatim import GradatimError

BACKEND = keras.backend.backend()
JAX = BACKEND == "jax"
JITS = BACKEND != "torch"

ONES = np.ones((64, 1), "float32"), np.zeros((64, 1), "float32")


def mean(_, predicted):
    return ops.mean(predicted)


def probe(optimizer, jit=JITS, **options):
    model = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", dtype="float32"),
        ]
    )
    model.compile(optimizer=optimizer, loss=mean, jit_compile=jit, **options)
    return model


def fit(model, callbacks=(), batches=16, epochs=1, **options):
    """Train for ``batches`` batches an epoch."""
    x, y = ONES[0][:batches], ONES[1][:batches]
    options = {"batch_size": 1, "verbose": 0, "shuffle": False} | options
    return model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **options)


class Interrupt(keras.callbacks.Callback):
    """The user stops the cell after a batch of an epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


def moved(model):
    """The sum of the rates of all updates so far."""
    return -float(model.get_weights()[0][0, 0])


def network(optimizer):
    """A model that learns, with an optimizer that has a state."""
    keras.utils.set_random_seed(0)
    # TensorFlow traces each model anew, a tenth of a second for each variable, and its XLA would
    # compile for seconds what is not asked about here.
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer=optimizer, loss="mse", jit_compile=JAX)
    return model


def data(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(40, 3)).astype("float32")
    return x, (x @ np.array([[1.0], [-2.0], [0.5]], "float32") + 0.1).astype("float32")


def jitted(function):
    """The function as the backend compiles it."""
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    import torch

    # Dynamo says that it looks through a cache, as it should.
    warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
    return torch.compile(function, backend="eager", dynamic=False)


def steps(numbers):
    """Step numbers as the backend's own integers: those that its optimizers count with."""
    return ops.convert_to_tensor(np.asarray(numbers), dtype="int64" if not JAX else "int32")


def close(got, wanted, within):
    gap = abs(got - wanted)
    assert gap <= within, f"got {got!r}, wanted {wanted!r}, {gap:.3g} apart, allowed {within:.3g}"
    return gap


@contextlib.contextmanager
def warned(*words):
    """The block warns once of ours, in a sentence in which these words stand."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    ours = [str(w.message) for w in caught if "Scheduler" in str(w.message) or words[0] in str(w)]
    if len(ours) != 1 or not all(word in ours[0] for word in words):
        raise AssertionError(f"warned of {ours}, not once of {words}")


@contextlib.contextmanager
def refused(*words, without=None):
    """The block raises a GradatimError in whose sentence these words stand."""
    try:
        yield
    except Exception as error:
        missing = [word for word in words if word not in str(error)]
        if without is not None and without in str(error):
            raise AssertionError(f"the error speaks of {without!r}") from error
        if missing or not isinstance(error, GradatimError):
            raise AssertionError(f"the error does not say {missing}") from error
    else:
        raise AssertionError(f"taken, and not refused with {words}")

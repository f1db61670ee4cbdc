"""Functions of the step as people write them, and how to ask each for its rate.

Each is a file of its own. ``rate`` is evaluated after the file was run, with the step in ``k``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Own(NamedTuple):
    """A function in a file, and what the user adds."""

    name: str
    code: str
    rate: str
    steps: int = 3000
    """The steps that are compared."""
    given: Mapping[str, Any] = MappingProxyType({})
    schedule: str = ""
    """The schedule as text, where it is one that a recipe makes."""
    setup: str = ""
    """Run before the file, and not part of it."""


LR_LAMBDA = "0.1 * f(k)"
GROUPS = """
class optimizer:
    param_groups = [{"lr": 0.1, "initial_lr": 0.1}]
"""
ARGS = "from types import SimpleNamespace\nargs = SimpleNamespace(**%r)\n"


def args(**values: Any) -> dict[str, Any]:
    """Values of ``args``, for the user and for the file."""
    return {"values": {f"args.{name}": value for name, value in values.items()}}


NANOGPT = """
learning_rate, min_lr = 6e-4, 6e-5
warmup_iters, lr_decay_iters, decay_lr = 200, 2500, True
max_iters = lr_decay_iters

def get_lr(it):
    if it < warmup_iters:
        return learning_rate * it / warmup_iters
    if it > lr_decay_iters:
        return min_lr
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    assert 0 <= ratio <= 1
    coeff = 0.5 * (1.0 + math.cos(math.pi * ratio))
    return min_lr + coeff * (learning_rate - min_lr)

def train():
    iter_num = 0
    while True:
        lr = get_lr(iter_num) if decay_lr else learning_rate
        for param_group in optimizer.param_groups:
            param_group["lr"] = lr
        iter_num += 1
        if iter_num > max_iters:
            break
"""
IMAGENET = """
def adjust_learning_rate(optimizer, epoch, args):
    lr = args.lr * (0.1 ** (epoch // 30))
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr

def main():
    for epoch in range(args.start_epoch, args.epochs):
        adjust_learning_rate(optimizer, epoch, args)
"""
MILESTONES = """
def adjust_learning_rate(optimizer, epoch, args):
    lr = args.lr
    if args.cos:
        lr *= 0.5 * (1.0 + math.cos(math.pi * epoch / args.epochs))
    else:
        for milestone in args.schedule:
            lr *= 0.1 if epoch >= milestone else 1.0
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
"""
HALF_CYCLE = """
def adjust_learning_rate(optimizer, epoch, args):
    if epoch < args.warmup_epochs:
        lr = args.lr * epoch / args.warmup_epochs
    else:
        done = (epoch - args.warmup_epochs) / (args.epochs - args.warmup_epochs)
        lr = args.min_lr + (args.lr - args.min_lr) * 0.5 * (1.0 + math.cos(math.pi * done))
    for param_group in optimizer.param_groups:
        if "lr_scale" in param_group:
            param_group["lr"] = lr * param_group["lr_scale"]
        else:
            param_group["lr"] = lr
    return lr

def train_one_epoch(model, data_loader, optimizer, epoch, args):
    for data_iter_step, samples in enumerate(data_loader):
        adjust_learning_rate(optimizer, data_iter_step / len(data_loader) + epoch, args)
"""
WRITTEN = "(adjust_learning_rate(optimizer, k, args), optimizer.param_groups[0]['lr'])[1]"
HF_COSINE = """
def cosine_with_warmup(optimizer, num_warmup_steps, num_training_steps, num_cycles=0.5):
    def lr_lambda(current_step):
        if current_step < num_warmup_steps:
            return float(current_step) / float(max(1, num_warmup_steps))
        rest = float(max(1, num_training_steps - num_warmup_steps))
        progress = float(current_step - num_warmup_steps) / rest
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * float(num_cycles) * 2.0 * progress)))

    return LambdaLR(optimizer, lr_lambda)

schedule = cosine_with_warmup(SGD(model.parameters(), lr=0.1), 100, 2000)
f = schedule.lr_lambda
"""
HF_LINEAR = """
from functools import partial

def _linear(current_step, *, num_warmup_steps, num_training_steps):
    if current_step < num_warmup_steps:
        return float(current_step) / float(max(1, num_warmup_steps))
    left = float(num_training_steps - current_step)
    return max(0.0, left / float(max(1, num_training_steps - num_warmup_steps)))

f = partial(_linear, num_warmup_steps=100, num_training_steps=2000)
scheduler = LambdaLR(SGD(model.parameters(), lr=0.1), f)
"""
YOLO = """
def one_cycle(y1=0.0, y2=1.0, steps=100):
    return lambda x: ((1 - math.cos(x * math.pi / steps)) / 2) * (y2 - y1) + y1

hyp = {"lr0": 0.1, "lrf": 0.01}
epochs = 300
f = one_cycle(1, hyp["lrf"], epochs)
scheduler = lr_scheduler.LambdaLR(SGD(groups, lr=hyp["lr0"], nesterov=True), lr_lambda=f)
"""
TRAPEZOID = """
class args:
    num_iterations, warmup_iters, warmdown_iters, learning_rate = 2000, 256, 600, 0.1

def get_lr(it):
    assert it <= args.num_iterations
    if it < args.warmup_iters:
        return (it + 1) / args.warmup_iters
    elif it < args.num_iterations - args.warmdown_iters:
        return 1.0
    else:
        decay_ratio = (args.num_iterations - it) / args.warmdown_iters
        return decay_ratio

f = get_lr
schedulers = [torch.optim.lr_scheduler.LambdaLR(SGD(p, lr=args.learning_rate), get_lr)]
"""
COOLDOWN = """
num_iterations, cooldown_frac = 1390, 0.4

def get_lr(step):
    x = step / num_iterations
    assert 0 <= x <= 1
    w = min((1 - x) / cooldown_frac, 1.0)
    return w * 1.0 + (1 - w) * 0.1

def set_lr(step):
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * get_lr(step)
"""
MULTISTEP_CLASS = """
from bisect import bisect_right

class WarmupMultiStepLR(torch.optim.lr_scheduler._LRScheduler):
    def __init__(self, optimizer, milestones, gamma=0.1, warmup_factor=0.25, warmup_iters=500,
                 warmup_method="linear", last_epoch=-1):
        self.milestones, self.gamma = milestones, gamma
        self.warmup_factor, self.warmup_iters = warmup_factor, warmup_iters
        self.warmup_method = warmup_method
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        warmup = 1
        if self.last_epoch < self.warmup_iters:
            if self.warmup_method == "constant":
                warmup = self.warmup_factor
            elif self.warmup_method == "linear":
                alpha = float(self.last_epoch) / self.warmup_iters
                warmup = self.warmup_factor * (1 - alpha) + alpha
        passed = bisect_right(self.milestones, self.last_epoch)
        return [base_lr * warmup * self.gamma**passed for base_lr in self.base_lrs]

scheduler = WarmupMultiStepLR(SGD(p, lr=0.02), [1500, 2000])
"""
AS_METHOD = "(setattr(scheduler, 'last_epoch', k), scheduler.get_lr()[0])[1]"
SELF_SETUP = """
class _Base:
    def __init__(self, optimizer, last_epoch=-1):
        self.base_lrs, self.optimizer = [0.02], optimizer
class torch:
    class optim:
        class lr_scheduler:
            _LRScheduler = LRScheduler = _Base
"""
INVERSE_SQRT = """
class Schedule:
    def __init__(self, args):
        self.warmup_updates, self.warmup_init_lr, self.lr = 400, 1e-7, 5e-4
        self.lr_step = (self.lr - self.warmup_init_lr) / self.warmup_updates
        self.decay_factor = self.lr * self.warmup_updates**0.5

    def get_lr(self, num_updates):
        if num_updates < self.warmup_updates:
            return self.warmup_init_lr + num_updates * self.lr_step
        return self.decay_factor * num_updates**-0.5
"""
ONE_CYCLE_TRIANGLE = """
import numpy as np

EPOCHS = 24
f = lambda t: np.interp([t], [0, 5, EPOCHS], [0, 0.4, 0])[0]
scheduler = LambdaLR(SGD(p, lr=0.1), lr_lambda=f)
"""
TRIANGULAR = """
import numpy as np

def get_triangular_lr(iteration, stepsize=500, base_lr=1e-4, max_lr=1e-2):
    cycle = np.floor(1 + iteration / (2 * stepsize))
    x = np.abs(iteration / stepsize - 2 * cycle + 1)
    return base_lr + (max_lr - base_lr) * np.maximum(0, (1 - x))

def train():
    for iteration in range(10000):
        for group in optimizer.param_groups:
            group["lr"] = get_triangular_lr(iteration)
"""
KAGGLE_RAMP = """
def build_lrfn(start=1e-5, top=4e-4, low=1e-5, rampup=5, sustain=2, decay=0.8):
    def lrfn(epoch):
        if epoch < rampup:
            lr = (top - start) / rampup * epoch + start
        elif epoch < rampup + sustain:
            lr = top
        else:
            lr = (top - low) * decay ** (epoch - rampup - sustain) + low
        return lr

    return lrfn

lrfn = build_lrfn()
callback = tf.keras.callbacks.LearningRateScheduler(lrfn, verbose=1)
"""
KERAS_CIFAR = """
def lr_schedule(epoch):
    lr = 1e-3
    if epoch > 180:
        lr *= 0.5e-3
    elif epoch > 160:
        lr *= 1e-3
    elif epoch > 120:
        lr *= 1e-2
    elif epoch > 80:
        lr *= 1e-1
    print("Learning rate: ", lr)
    return lr

callback = LearningRateScheduler(lr_schedule)
"""
KERAS_PREVIOUS = """
def scheduler(epoch, lr):
    if epoch < 10:
        return lr
    else:
        return lr * tf.math.exp(-0.1)

callback = tf.keras.callbacks.LearningRateScheduler(scheduler)
"""
WARMUP_TIMES_COSINE = """
class CosineWarmupScheduler(torch.optim.lr_scheduler._LRScheduler):
    def __init__(self, optimizer, warmup, max_iters):
        self.warmup = warmup
        self.max_num_iters = max_iters
        super().__init__(optimizer)

    def get_lr(self):
        lr_factor = self.get_lr_factor(epoch=self.last_epoch)
        return [base_lr * lr_factor for base_lr in self.base_lrs]

    def get_lr_factor(self, epoch):
        lr_factor = 0.5 * (1 + np.cos(np.pi * epoch / self.max_num_iters))
        if epoch <= self.warmup:
            lr_factor *= epoch * 1.0 / self.warmup
        return lr_factor

scheduler = CosineWarmupScheduler(SGD(p, lr=0.02), warmup=100, max_iters=2000)
"""
NOAM_OPT = """
class NoamOpt:
    def __init__(self, model_size, factor, warmup, optimizer):
        self.optimizer = optimizer
        self._step = 0
        self.warmup = warmup
        self.factor = factor
        self.model_size = model_size

    def step(self):
        self._step += 1
        rate = self.rate()
        for p in self.optimizer.param_groups:
            p["lr"] = rate
        self.optimizer.step()

    def rate(self, step=None):
        if step is None:
            step = self._step
        scale = self.model_size ** (-0.5)
        return self.factor * (scale * min(step ** (-0.5), step * self.warmup ** (-1.5)))

opt = NoamOpt(512, 2, 400, Adam(model.parameters(), lr=0))
"""
IMAGENET_SIMPLE = """
def adjust_learning_rate(optimizer, epoch, step, len_epoch):
    factor = epoch // 30
    if epoch >= 80:
        factor = factor + 1
    lr = 0.1 * (0.1**factor)
    if epoch < 5:
        lr = lr * float(1 + step + epoch * len_epoch) / (5.0 * len_epoch)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr

def main():
    for epoch in range(90):
        for i, data in enumerate(loader):
            adjust_learning_rate(optimizer, epoch, i, len(loader))
"""
JAX_WHERE = """
def create_learning_rate_fn(base, warmup_steps, total):
    def schedule(step):
        warm = base * step / warmup_steps
        done = jnp.clip((step - warmup_steps) / (total - warmup_steps), 0.0, 1.0)
        cosine = base * 0.5 * (1.0 + jnp.cos(jnp.pi * done))
        return jnp.where(step < warmup_steps, warm, cosine)

    return schedule

schedule = create_learning_rate_fn(3e-4, 200, 2000)
"""
POLY = """
def lr_poly(base_lr, iter, max_iter, power):
    return base_lr * ((1 - float(iter) / max_iter) ** (power))

def adjust_learning_rate(optimizer, i_iter, args):
    lr = lr_poly(args.learning_rate, i_iter, args.num_steps, args.power)
    optimizer.param_groups[0]["lr"] = lr
    if len(optimizer.param_groups) > 1:
        optimizer.param_groups[1]["lr"] = lr * 10
"""
GROUP_TIMES = """
def adjust_learning_rate(optimizer, epoch):
    if epoch in [20, 40]:
        for param_group in optimizer.param_groups:
            param_group["lr"] = param_group["lr"] * 0.1

def main():
    for epoch in range(60):
        adjust_learning_rate(optimizer, epoch)
"""


def lambda_lr(function: str) -> str:
    """A file with a ``LambdaLR`` and its function."""
    return f"f = {function}\nscheduler = LambdaLR(SGD(p, lr=0.1), lr_lambda=f)\n"


OWN = [
    Own(
        "nanoGPT",
        NANOGPT,
        "get_lr(k)",
        schedule="warmup_cosine(6e-4, steps=2500, warmup=200, floor=6e-5)",
    ),
    Own(
        "nanoGPT as of 2024",
        NANOGPT.replace("it / warmup_iters\n", "(it + 1) / (warmup_iters + 1)\n"),
        "get_lr(k)",
    ),
    Own(
        "nanoGPT without decay",
        NANOGPT.replace("decay_lr = 200, 2500, True", "decay_lr = 200, 2500, False"),
        "learning_rate",
        schedule="Constant(6e-4)",
    ),
    Own("llm.c", NANOGPT.replace("it / warmup_iters\n", "(it + 1) / warmup_iters\n"), "get_lr(k)"),
    Own("ImageNet", IMAGENET, WRITTEN, 90, args(lr=0.1, epochs=90), "step_decay(0.1, every=30)"),
    Own(
        "MoCo, milestones",
        MILESTONES,
        WRITTEN,
        200,
        args(lr=0.03, cos=False, epochs=200, schedule=(120, 160)),
        "piecewise_constant([0.03, 0.003, 0.0003], boundaries=[120, 160])",
    ),
    Own(
        "MoCo, cosine",
        MILESTONES,
        WRITTEN,
        200,
        args(lr=0.03, cos=True, epochs=200),
        "Cosine(0.03, 0.0, 200)",
    ),
    Own(
        "MAE",
        HALF_CYCLE,
        WRITTEN.replace(" k,", " k / 50,"),
        5000,
        args(lr=1e-3, min_lr=1e-5, epochs=100, warmup_epochs=10) | {"every": 50},
        "warmup_cosine(1e-3, steps=5000, warmup=500, floor=1e-5)",
    ),
    Own(
        "transformers, cosine",
        HF_COSINE,
        LR_LAMBDA,
        2000,
        {},
        "warmup_cosine(0.1, steps=2000, warmup=100)",
    ),
    Own(
        "transformers, linear",
        HF_LINEAR,
        LR_LAMBDA,
        3000,
        {},
        "warmup_linear(0.1, steps=2000, warmup=100)",
    ),
    Own("YOLOv5, cosine", YOLO, LR_LAMBDA, 300, {}, "Cosine(0.1, 0.001, 300)"),
    Own(
        "YOLOv5, linear",
        YOLO.replace(
            'f = one_cycle(1, hyp["lrf"], epochs)',
            'f = lambda x: (1 - x / epochs) * (1.0 - hyp["lrf"]) + hyp["lrf"]',
        ),
        LR_LAMBDA,
        300,
        {},
        "Linear(0.1, 0.001, 300)",
    ),
    Own("modded-nanogpt, trapezoid", TRAPEZOID, LR_LAMBDA, 2000),
    Own(
        "modded-nanogpt, cooldown",
        COOLDOWN,
        "(set_lr(k), optimizer.param_groups[0]['lr'])[1]",
        1390,
        {"lr": 0.1},
        "Constant(0.1, 834) >> Linear(0.1, 0.01, 556)",
    ),
    Own("detectron, class", MULTISTEP_CLASS, AS_METHOD, setup=SELF_SETUP),
    Own("UvA, warm-up times cosine", WARMUP_TIMES_COSINE, AS_METHOD, 2000, setup=SELF_SETUP),
    Own(
        "fairseq, inverse square root",
        INVERSE_SQRT,
        "Schedule(None).get_lr(k)",
        3000,
        {},
        "warmup_inverse_sqrt(5e-4, warmup=400, start=1e-7)",
    ),
    Own("annotated Transformer, NoamOpt", NOAM_OPT, "opt.rate(k + 1)", 3000, {}),
    Own("DAWNBench, interp", ONE_CYCLE_TRIANGLE, LR_LAMBDA, 100),
    Own(
        "cyclical",
        TRIANGULAR,
        "get_triangular_lr(k)",
        9000,
        {},
        "(Linear(1e-4, 1e-2, 500) >> Linear(1e-2, 1e-4, 500)).repeat()",
    ),
    Own("Kaggle, ramp", KAGGLE_RAMP, "lrfn(k)", 60),
    Own("Keras, CIFAR-10", KERAS_CIFAR, "lr_schedule(k)", 250),
    Own(
        "ImageNet, two counters",
        IMAGENET_SIMPLE,
        WRITTEN.replace(" k, args", " k // 40, k % 40, 40"),
        3600,
        {"every": 40, "values": {"len(loader)": 40}},
    ),
    Own(
        "JAX, where",
        JAX_WHERE,
        "schedule(k)",
        3000,
        {},
        "warmup_cosine(3e-4, steps=2000, warmup=200)",
    ),
    Own(
        "segmentation, poly",
        POLY,
        WRITTEN,
        1000,
        args(learning_rate=2.5e-4, num_steps=1000, power=0.9),
        "Polynomial(2.5e-4, 0.0, 1000, 0.9)",
    ),
    Own(
        "lambda, exponential",
        lambda_lr("lambda epoch: 0.95 ** epoch"),
        LR_LAMBDA,
        500,
        {},
        "ExponentialDecay(0.1, 0.95)",
    ),
    Own(
        "lambda, step",
        lambda_lr("lambda epoch: 0.1 ** (epoch // 30)"),
        LR_LAMBDA,
        200,
        {},
        "step_decay(0.1, every=30)",
    ),
    Own(
        "lambda, linear",
        lambda_lr("lambda epoch: 1 - epoch / 100"),
        LR_LAMBDA,
        100,
        {},
        "Linear(0.1, 0.0, 100)",
    ),
    Own(
        "lambda, CycleGAN",
        lambda_lr("lambda epoch: 1.0 - max(0, epoch + 1 - 100) / float(101)"),
        LR_LAMBDA,
        200,
    ),
    Own(
        "lambda, Noam",
        lambda_lr("lambda s: min((s + 1) ** -0.5, (s + 1) * 400 ** -1.5)"),
        LR_LAMBDA,
        5000,
    ),
    Own(
        "lambda, warm-up then constant",
        lambda_lr("lambda step: min(1.0, (step + 1) / 1000)"),
        LR_LAMBDA,
    ),
    Own("lambda, T5", lambda_lr("lambda s: 1 / math.sqrt(max(s, 1000))"), LR_LAMBDA, 9000),
    Own("lambda, exp", lambda_lr("lambda e: math.exp(-0.05 * e)"), LR_LAMBDA, 300),
    Own("lambda, inverse time", lambda_lr("lambda e: 1 / (1 + 0.05 * e)"), LR_LAMBDA),
    Own(
        "lambda, if else",
        lambda_lr("lambda e: 1 if e < 30 else 0.1 if e < 60 else 0.01"),
        LR_LAMBDA,
        200,
        {},
        "piecewise_constant([0.1, 0.01, 0.001], boundaries=[30, 60])",
    ),
    Own(
        "lambda, sum of milestones",
        lambda_lr("lambda e: 0.2 ** sum(e >= m for m in (60, 120, 160))"),
        LR_LAMBDA,
        200,
        {},
        "piecewise_constant([0.1, 0.02, 0.004, 0.0008], boundaries=[60, 120, 160])",
    ),
    Own(
        "lambda, restarts",
        lambda_lr("lambda s: 0.5 * (1 + math.cos(math.pi * (s % 500) / 500))"),
        LR_LAMBDA,
        5000,
        {},
        "cosine_restarts(0.1, cycle=500)",
    ),
    Own("lambda, 10 to a fraction", lambda_lr("lambda x: 10 ** (-2 * x / 300)"), LR_LAMBDA, 300),
    Own(
        "lambda, cooldown 1-sqrt",
        lambda_lr("lambda s: 1.0 if s < 800 else 1 - math.sqrt(min(1.0, (s - 800) / 200))"),
        LR_LAMBDA,
        1500,
        {},
        "wsd(0.1, steps=1000, cooldown=200)",
    ),
    Own(
        "lambda, half cosine up",
        lambda_lr("lambda s: (1 - math.cos(math.pi * min(s, 300) / 300)) / 2"),
        LR_LAMBDA,
        500,
        {},
        "Cosine(0.0, 0.1, 300)",
    ),
    Own("lambda, pow", lambda_lr("lambda e: math.pow(1 - e / 150, 0.7)"), LR_LAMBDA, 150),
    Own("lambda, floor", lambda_lr("lambda e: 0.5 ** math.floor((1 + e) / 10)"), LR_LAMBDA, 100),
    Own("lambda, above a floor", lambda_lr("lambda e: max(0.05, 0.9 ** e)"), LR_LAMBDA, 300),
    Own(
        "lambda, sine up",
        lambda_lr("lambda e: e / 5 if e < 5 else 1 - 0.5 * (e - 5) / 95"),
        LR_LAMBDA,
        100,
        {"steps": 100},
    ),
]
PREVIOUS = [
    Own(
        "keras, rate before",
        KERAS_PREVIOUS,
        "lr if k < 10 else lr * math.exp(-0.1)",
        100,
        {"lr": 0.01},
    ),
    Own(
        "keras, every 25",
        "c = LearningRateScheduler(lambda epoch, lr: lr * 0.5 if (1 + epoch) % 25 == 0 else lr)",
        "lr * 0.5 if (1 + k) % 25 == 0 else lr",
        300,
        {"lr": 0.01},
    ),
    Own(
        "torch, multiplicative",
        "s = MultiplicativeLR(SGD(p, lr=0.1), lr_lambda=lambda epoch: 0.95)",
        "lr * 0.95 if k else lr",
        300,
    ),
    Own(
        "torch, multiplicative at two steps",
        "s = MultiplicativeLR(SGD(p, lr=0.1), lambda e: 0.1 if e in [100, 150] else 1)",
        "lr * (0.1 if k in [100, 150] else 1)",
        300,
    ),
    Own("groups, times 0.1", GROUP_TIMES, "lr * (0.1 if k in [20, 40] else 1)", 60, {"lr": 0.1}),
]
"""Where the rate depends on the one before, which is ``lr`` in the expression."""

"""What a clock, a second optimizer and an outside value add to one update.

Everything is called as torch calls it: a hook before and a hook after each step. The exchange
between ranks is measured with one that answers at once, as it does when the answer is there.
"""

import torch
from interleaved import machine, nanoseconds, show
from torch.optim import SGD

from gradatim import Run, wsd
from gradatim.torch import Scheduler

PEAK, CALLS = 3e-4, 512


class Answers:
    """An exchange of one rank."""

    is_first = True

    def start(self, numbers):
        return lambda: list(numbers)


def sgd():
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)


def hooks(optimizer):
    (before,) = optimizer._optimizer_step_pre_hooks.values()
    (after,) = optimizer._optimizer_step_post_hooks.values()
    return before, after


def steps(optimizer, count=None):
    before, after = hooks(optimizer)

    def block():
        for _ in range(CALLS):
            if count is not None:
                count(tokens=4096)
            before(optimizer, (), {})
            after(optimizer, (), {})

    return block


def driven(run, exchange=None, **more):
    optimizer = sgd()
    scheduler = Scheduler(optimizer, wsd(peak=PEAK, steps=run), run=run, **more)
    if exchange is not None:
        scheduler.driver.clock = scheduler.driver._new_clock(run)
        scheduler.driver.clock._points._make = exchange
    return optimizer, scheduler


def main():
    updates = Run(steps=10**9)
    seconds = Run(seconds=10**6)
    known = Run(samples=10**12, batch=64, epochs=1, clock="samples")
    counted = Run(total_tokens=10**14, clock="tokens")
    tokens, teller = driven(counted)
    first, second = sgd(), sgd()
    Scheduler([first, second], wsd(peak=PEAK, steps=updates), run=updates)
    outside, _ = driven(updates, external={"kl": 0.5}, setters={"kl": lambda value: None})
    blocks = {
        "updates": steps(driven(updates)[0]),
        "time": steps(driven(seconds)[0]),
        "time, agreed between ranks": steps(driven(seconds, exchange=Answers)[0]),
        "samples, known from the run": steps(driven(known)[0]),
        "tokens, counted by the user": steps(tokens, teller.count),
        "updates, the first of two optimizers": steps(first),
        "updates, a value outside with a setter": steps(outside),
    }
    times = nanoseconds(blocks, CALLS, rounds=101)
    base = times["updates"]
    rows = [(name, ns, ns - base) for name, ns in times.items()]
    show("One update, one group", ("clock", "ns", "more than updates, ns"), rows)


if __name__ == "__main__":
    machine("torch")
    main()

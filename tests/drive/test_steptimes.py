"""A schedule by the clock ends with the time budget, however fast the updates are."""

import json

import pytest

from gradatim import Driver, Plan, Run, wsd
from tests.drive.steptimes import Trace, caps

COOLDOWN = 0.2


def driven(cap, watch):
    run = Run(seconds=cap)
    return Driver(Plan({"lr": wsd(peak=1.0, cooldown="20%", steps=run)}, run=run), now=watch)


def trained(trace, scale, kills):
    """The rate of each update until the budget is over, and how long the last one took.

    Args:
        trace: Which one.
        scale: How much slower the updates are than they were.
        kills: Shares of the cap at which the run is killed; it goes on at its last checkpoint,
            which is made at every 50th update.
    """
    cap, watch = caps()[trace], Trace(trace, scale)
    driver, used, saved = driven(cap, watch), [], None
    kills = sorted(kills, reverse=True)
    while not driver.done:
        if driver.position % 50 == 0:
            saved = json.dumps(driver.state())
        if kills and driver.tick >= kills[-1] * cap * 1000:
            kills.pop()
            assert list(driver.history("lr")) == used[-driver.position + _start(driver) :]
            watch = Trace(trace, scale, time=watch() + 500.0)
            driver = driven(cap, watch)
            driver.load(json.loads(saved))
            del used[driver.position :]
        used.append((driver.position, driver.next["lr"]))
        watch.make(driver.position)
        driver.stepped()
    assert list(driver.history("lr")) == used[_start(driver) :]  # replayed bit for bit
    return [rate for _, rate in used], watch.seconds(driver.position - 1)


def _start(driver):
    return next(driver.history("lr"))[0]


@pytest.mark.parametrize("trace", caps())
@pytest.mark.parametrize("scale", [0.8, 1.0, 1.3, 1.6])
def test_the_rate_is_at_its_end_when_the_time_is_up(trace, scale):
    rates, last_step = trained(trace, scale, kills=[0.37, 0.91])
    bound = 1.2 * last_step / (COOLDOWN * caps()[trace])
    assert rates[0] == 1.0
    assert rates[-1] <= bound
    assert rates[-1] <= max(0.005, bound)
    assert rates == sorted(rates, reverse=True)

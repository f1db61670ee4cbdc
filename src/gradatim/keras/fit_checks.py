"""Checks before a fit: the position in the schedule is known, and the schedule is not over."""

from __future__ import annotations

from gradatim.core.decays import Constant
from gradatim.core.pieces import ends_level
from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.clocks import format_ticks
from gradatim.core.warn import warn
from gradatim.drive import Driver
from gradatim.drive.values import end_of_rates
from gradatim.errors import GradatimError
from gradatim.keras.compiled_values import has_computed_tick
from gradatim.keras.scheduler_state import SchedulerState

_LOAD = "call scheduler.set_model(model) before model.load_weights(...)"


def check_position_known(driver: Driver, epoch: int, updates: int, position_is_known: bool) -> None:
    """Refuse a fit whose position in the schedules, or whose rule state, is not known.

    Args:
        driver: The driver.
        epoch: The first epoch of the fit.
        updates: The optimizer's count of updates.
        position_is_known: Whether a Scheduler counted them, here or before a file was saved.

    Raises:
        GradatimError: With what to call before ``fit``.
    """
    schedules = driver.plan.schedules.values()
    if epoch and not updates and not all(isinstance(one, Constant) for one in schedules):
        raise GradatimError(
            f"Scheduler: training goes on at epoch {epoch}, but this optimizer has made no update: "
            f"its state was not loaded, and the schedule would begin anew. To load it, {_LOAD}; to "
            "state where the schedule goes on, call scheduler.seek(position), 0 for its start."
        )
    needs = [f"the rule of {name}" for name in driver.plan.rules]
    needs += [] if has_computed_tick(driver) else [f"the clock in {driver.clock.unit}"]
    if updates and needs and not position_is_known:
        tick = "" if has_computed_tick(driver) else ", tick=..."
        raise GradatimError(
            f"Scheduler: this optimizer has made {updates} updates, and what {' and '.join(needs)} "
            f"had seen by then is not known. If its weights were loaded, {_LOAD}; to begin anew "
            f"there, call scheduler.seek({updates}{tick})."
        )


def check_not_over(driver: Driver) -> None:
    """Refuse a fit that would change nothing; warn if it runs at the schedule's last value.

    Raises:
        GradatimError: If the learning rate stays 0, or the run is over.
    """
    again = "To run it again from its start, call scheduler.seek(0) before fit, or compile"
    again += " the model with a new optimizer"
    if driver.clock.unit != "updates" and driver.done:
        raise GradatimError(
            f"Scheduler: the run is over, after {format_ticks(driver.tick, driver.clock.unit)}: "
            f"fit would stop at once. {again}."
        )
    lr = driver.plan["lr"]
    clock = clock_for(lr, driver.plan.run)
    here = driver.position if clock == "updates" else driver.tick
    end_tick, end_position = end_of_rates(driver.plan)
    if driver.tick >= end_tick and driver.position >= end_position:
        raise GradatimError(
            "Scheduler: the schedule of lr has ended at 0, after "
            f"{format_ticks(max(end_tick, end_position), clock)}, and the optimizer is at "
            f"{format_ticks(here, clock)}: fit would change nothing. {again}; to train on, give a "
            "longer one and on_mismatch='override'."
        )
    if lr.length and here >= lr.length and not ends_level(lr):
        warn(
            f"Scheduler: the schedule of lr has ended, after {format_ticks(lr.length, clock)}, and "
            f"this fit runs at its last value, {driver.next['lr']!r}, throughout. {again}."
        )


def check_optimizer_loaded(loaded: SchedulerState, updates: int) -> None:
    """Refuse a file from which the scheduler's state was loaded, but not the optimizer's.

    Raises:
        GradatimError: If the file was saved after updates, and the optimizer has counted none.
    """
    saved = loaded.driver["position"] + loaded.origin
    if saved > 0 and updates == 0:
        raise GradatimError(
            f"Scheduler: the file was written after {saved} updates, but this optimizer has "
            "counted none: its variables were not loaded. Call model.optimizer.build("
            "model.trainable_variables) before model.load_weights(...)."
        )


def warn_of_repeated_updates(within: tuple[int, int] | None, epoch: int, position: int) -> None:
    """Warn if a file was saved in the middle of an epoch, which Keras then repeats."""
    if within is not None and within[0] == epoch and position > within[1]:
        warn(
            f"Scheduler: the file was written in the middle of epoch {epoch}, after "
            f"{position - within[1]} of its updates, and Keras repeats all of that epoch. So this "
            "run makes more updates than it would have without the break; to go on bit for bit, "
            "write save_freq='epoch'."
        )


def mismatch_error(
    error: GradatimError, loaded: SchedulerState, driver: Driver, policy: str, same_process: bool
) -> GradatimError:
    """The error for an optimizer that other schedules drove before, here or in a file."""
    names = loaded.differing(driver.state())
    if policy != "strict" or not names:
        return error
    if not same_process:
        return GradatimError(
            f"{error} For a second phase, from the start of the script's, call scheduler.seek(0)."
        )
    position = loaded.driver["position"]
    return GradatimError(
        f"Scheduler: this optimizer has made {position} updates under other schedules, of "
        f"{', '.join(names)}. For a second phase from the start of the new ones, call "
        "scheduler.seek(0) before fit, or compile the model with a new optimizer. To go on at "
        f"update {position}: with the new ones on_mismatch='override', with the old ones 'keep'."
    )

"""Whether a fit may begin: at a place in the schedule that is known, and not past its end."""

from __future__ import annotations

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError
from gradatim.core.pieces import ends_level
from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.clocks import format_ticks
from gradatim.core.warn import warn
from gradatim.drive import Driver
from gradatim.drive.values import end_of_rates
from gradatim.keras.installed import is_known
from gradatim.keras.note import Note

_LOAD = "call scheduler.set_model(model) before model.load_weights(...)"


def check_known(driver: Driver, epoch: int, updates: int, is_explained: bool) -> None:
    """Refuse a fit whose place in the schedules, or in the rules, nobody has said.

    Args:
        driver: The driver.
        epoch: The first epoch of the fit.
        updates: What the optimizer has counted.
        is_explained: Whether a Scheduler was there while it counted, or a file says how.

    Raises:
        GradatimError: With what to call before.
    """
    schedules = driver.plan.schedules.values()
    if epoch and not updates and not all(isinstance(one, Constant) for one in schedules):
        raise GradatimError(
            f"Scheduler: training goes on at epoch {epoch}, but this optimizer has made no update: "
            f"its state was not loaded, and the schedule would begin anew. To load it, {_LOAD}; to "
            "state where the schedule goes on, call scheduler.seek(position), 0 for its start."
        )
    needs = [f"the rule of {name}" for name in driver.plan.rules]
    needs += [] if is_known(driver) else [f"the clock in {driver.clock.unit}"]
    if updates and needs and not is_explained:
        tick = "" if is_known(driver) else ", tick=..."
        raise GradatimError(
            f"Scheduler: this optimizer has made {updates} updates, and what {' and '.join(needs)} "
            f"had seen by then is not known. If its weights were loaded, {_LOAD}; to begin anew "
            f"there, call scheduler.seek({updates}{tick})."
        )


def check_left(driver: Driver) -> None:
    """Refuse a fit that would change nothing; warn of one that runs at last values throughout.

    Raises:
        GradatimError: If every learning rate is 0 for good, or the run is over.
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


def check_loaded(note: Note, updates: int) -> None:
    """Refuse a file whose note came in, and whose optimizer did not.

    Raises:
        GradatimError: If the note tells of updates that the optimizer has not counted.
    """
    told = note.driver["position"] + note.origin
    if told > 0 and updates == 0:
        raise GradatimError(
            f"Scheduler: the file was written after {told} updates, but this optimizer has counted "
            "none: its variables were not loaded. Call model.optimizer.build("
            "model.trainable_variables) before model.load_weights(...)."
        )


def warn_of_repeated(within: tuple[int, int] | None, epoch: int, position: int) -> None:
    """Warn if a file was written in the middle of an epoch, which Keras trains once more."""
    if within is not None and within[0] == epoch and position > within[1]:
        warn(
            f"Scheduler: the file was written in the middle of epoch {epoch}, after "
            f"{position - within[1]} of its updates, and Keras repeats all of that epoch. So this "
            "run makes more updates than it would have without the break; to go on bit for bit, "
            "write save_freq='epoch'."
        )


def mismatch(
    error: GradatimError, note: Note, driver: Driver, policy: str, is_live: bool
) -> GradatimError:
    """The error for an optimizer that other schedules drove: in this process, or in a file's."""
    names = note.differing(driver.state())
    if policy != "strict" or not names:
        return error
    if not is_live:
        return GradatimError(
            f"{error} For a second phase, from the start of the script's, call scheduler.seek(0)."
        )
    position = note.driver["position"]
    return GradatimError(
        f"Scheduler: this optimizer has made {position} updates under other schedules, of "
        f"{', '.join(names)}. For a second phase from the start of the new ones, call "
        "scheduler.seek(0) before fit, or compile the model with a new optimizer. To go on at "
        f"update {position}: with the new ones on_mismatch='override', with the old ones 'keep'."
    )

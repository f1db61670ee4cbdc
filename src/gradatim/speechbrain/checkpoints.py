"""Saving and loading of scheduler states, for SpeechBrain's ``Checkpointer`` and by hand.

A scheduler lists what it saves. The file is a plain dictionary under SpeechBrain's own keys, so
each library reads the files of the other.
"""

from __future__ import annotations

import copy
import io
import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import torch

from gradatim.core import atomic
from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError
from gradatim.speechbrain.arguments import detached
from gradatim.speechbrain.torch_files import read_torch_file


class SavedEntry(NamedTuple):
    """One entry of a checkpoint file."""

    key: str
    """Its key in the file."""
    type: Any
    """The type that the value is checked against."""
    attribute: str = ""
    """The scheduler's attribute, where it is not called like the key."""
    optional: bool = False
    """Whether a file may be without it; None is then not written."""

    @property
    def name(self) -> str:
        """The attribute that the entry is read from and written to."""
        return self.attribute or self.key


class Checkpointable:
    """A class whose instances SpeechBrain's ``Checkpointer`` can save and recover."""

    saved: ClassVar[tuple[SavedEntry, ...]] = ()
    """The entries of the file, in order; none for a scheduler without a state."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Register the class with SpeechBrain, if a script has imported SpeechBrain by then."""
        _register(cls)
        return super().__new__(cls)

    def _validate(self) -> None:
        """Raise if the attributes, given or loaded, do not make a valid schedule."""
        getattr(self, "schedule", None)

    def _after_load(self) -> None:
        """Recompute derived attributes after loading."""


class Recoverable(Checkpointable):
    """A scheduler with a state, and SpeechBrain's methods to save and load it."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, which SpeechBrain can read too."""
        save(self, path)

    def load(
        self,
        path: str | os.PathLike[str],
        end_of_epoch: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        """Load the state from a file that this class, or SpeechBrain's of its name, wrote.

        Args:
            path: The file.
            end_of_epoch: Not used; SpeechBrain passes it.
            device: Not used; older releases of SpeechBrain pass it.

        Raises:
            GradatimError: If the file is damaged or was written by another class. The scheduler
                is unchanged then.
        """
        load(self, path)


def save(scheduler: Checkpointable, path: str | os.PathLike[str]) -> None:
    """Write the state of a scheduler; an empty dictionary if it has none."""
    values = {entry: _storable(getattr(scheduler, entry.name)) for entry in scheduler.saved}
    state = {
        entry.key: value
        for entry, value in values.items()
        if not (entry.optional and value is None)
    }
    if isinstance(scheduler, torch.nn.Module) and (parameters := scheduler.state_dict()):
        state["module"] = parameters
    file = io.BytesIO()
    torch.save(state, file)
    atomic.replace_file(path, file.getvalue())


def load(
    scheduler: Checkpointable, path: str | os.PathLike[str], end_of_epoch: bool = False
) -> None:
    """Load what ``save`` or SpeechBrain wrote; if that fails, the scheduler is unchanged."""
    where = f"{type(scheduler).__name__}, {os.fspath(path)}"
    state = read_torch_file(path)
    missing = [e.key for e in scheduler.saved if e.key not in state and not e.optional]
    if missing and isinstance(scheduler, torch.nn.Module):
        return  # SpeechBrain's Checkpointer saves a module's parameters and not its step
    if missing:
        raise GradatimError(
            f"{where}: there is no {', '.join(missing)}, only {', '.join(map(str, state))}. "
            "The file was written by another class: check the names under recoverables."
        )
    loaded = copy.copy(scheduler)
    for entry in scheduler.saved:
        vars(loaded)[entry.name] = (
            check_argument(where, entry.key, entry.type, state[entry.key])
            if entry.key in state
            else None
        )
    if scheduler.saved:
        loaded._after_load()
        loaded._validate()
    if "module" in state and isinstance(scheduler, torch.nn.Module):
        _load_parameters(where, scheduler, state["module"])
    vars(scheduler).update(vars(loaded))


def _load_parameters(where: str, module: torch.nn.Module, state: Mapping[str, Any]) -> None:
    shapes = {key: getattr(value, "shape", None) for key, value in state.items()}
    if shapes != {key: value.shape for key, value in module.state_dict().items()}:
        raise GradatimError(f"{where}: its losses have other parameters: {', '.join(shapes)}.")
    module.load_state_dict(state)


def _storable(value: Any) -> Any:
    return [detached(entry) for entry in value] if isinstance(value, list) else detached(value)


def _register(cls: type[Checkpointable]) -> None:
    """Enter a class in the tables in which SpeechBrain's ``Checkpointer`` looks up classes.

    The tables are in a module that a script imports itself, at the latest with its ``Brain``.
    Importing it here would make SpeechBrain a requirement.
    """
    checkpoints = sys.modules.get("speechbrain.utils.checkpoints")
    if checkpoints is not None and cls not in checkpoints.DEFAULT_LOAD_HOOKS:
        on_main_process = getattr(checkpoints, "main_process_only", None)  # not in old releases
        checkpoints.DEFAULT_SAVE_HOOKS[cls] = on_main_process(save) if on_main_process else save
        checkpoints.DEFAULT_LOAD_HOOKS[cls] = load

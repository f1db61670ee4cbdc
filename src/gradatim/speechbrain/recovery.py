"""One way to save and load all schedulers, in the files of SpeechBrain, and its hooks for it.

A scheduler names what it saves; the file is a plain dictionary under SpeechBrain's own keys, so
each side reads what the other wrote.
"""

from __future__ import annotations

import copy
import io
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch

from gradatim.core import atomic
from gradatim.core.errors import GradatimError
from gradatim.core.values.fields import check_argument
from gradatim.speechbrain.arguments import kept
from gradatim.speechbrain.files import read

C = TypeVar("C", bound=type)


class Saved(NamedTuple):
    """One entry of a file: its key, what it may hold, and the attribute where that differs."""

    key: str
    kind: Any
    attribute: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        """The attribute that the entry is read from and written to."""
        return self.attribute or self.key


class Recoverable:
    """What has a state to save. A subclass names the entries of its file in ``saved``."""

    saved: ClassVar[tuple[Saved, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        recoverable(cls)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file that SpeechBrain reads too."""
        save(self, path)

    def load(
        self, path: str | os.PathLike[str], end_of_epoch: bool = False, device: Any = None
    ) -> None:
        """Go on from a file that this class or SpeechBrain's wrote.

        Raises:
            GradatimError: If the file is damaged or of something else. Nothing has changed then.
        """
        load(self, path)

    def _validate(self) -> None:
        """Refuse attributes, given or read, that make no schedule."""
        getattr(self, "schedule", None)

    def _recovered(self) -> None:
        """Bring in line with what was read what is not saved."""


def save(scheduler: Any, path: str | os.PathLike[str]) -> None:
    """Write what a scheduler saves; nothing but an empty dictionary if it has no state."""
    entries: tuple[Saved, ...] = getattr(scheduler, "saved", ())
    state = {e.key: _storable(getattr(scheduler, e.name)) for e in entries}
    state = {e.key: state[e.key] for e in entries if not (e.optional and state[e.key] is None)}
    if isinstance(scheduler, torch.nn.Module) and (learnt := scheduler.state_dict()):
        state["module"] = learnt
    file = io.BytesIO()
    torch.save(state, file)
    atomic.replace_file(path, file.getvalue())


def load(scheduler: Any, path: str | os.PathLike[str], end_of_epoch: bool = False) -> None:
    """Read what ``save`` or SpeechBrain wrote; a file that does not fit changes nothing."""
    entries: tuple[Saved, ...] = getattr(scheduler, "saved", ())
    where = f"{type(scheduler).__name__}, {os.fspath(path)}"
    state = read(path)
    missing = [e.key for e in entries if e.key not in state and not e.optional]
    if missing and isinstance(scheduler, torch.nn.Module):
        return  # SpeechBrain's Checkpointer writes a module's parameters, and never its place
    if missing:
        raise GradatimError(
            f"{where}: there is no {', '.join(missing)}, only {', '.join(map(str, state))}. "
            "It is the file of another class: check the names under recoverables."
        )
    after: Any = copy.copy(scheduler)
    for e in entries:
        vars(after)[e.name] = (
            check_argument(where, e.key, e.kind, state[e.key]) if e.key in state else None
        )
    if entries:
        after._recovered()
        after._validate()
    if "module" in state:
        _load_module(where, scheduler, state["module"])
    vars(scheduler).update(vars(after))


def _load_module(where: str, module: torch.nn.Module, state: Any) -> None:
    own = module.state_dict()
    shapes = {key: getattr(value, "shape", None) for key, value in dict(state).items()}
    if shapes != {key: value.shape for key, value in own.items()}:
        raise GradatimError(f"{where}: its losses have other parameters: {', '.join(shapes)}.")
    module.load_state_dict(state)


def _storable(value: Any) -> Any:
    return [kept(entry) for entry in value] if isinstance(value, list) else kept(value)


_CHECKPOINTS = "speechbrain.utils.checkpoints"
_CLASSES: list[type] = []


def recoverable(cls: C) -> C:
    """Let SpeechBrain's ``Checkpointer`` save and recover a class, whenever it is imported."""
    _CLASSES.append(cls)
    checkpoints = sys.modules.get(_CHECKPOINTS)
    if hasattr(checkpoints, "DEFAULT_LOAD_HOOKS"):
        _enter(checkpoints)
    return cls


def _enter(checkpoints: Any) -> None:
    once = getattr(checkpoints, "main_process_only", lambda function: function)
    for cls in _CLASSES:
        checkpoints.DEFAULT_SAVE_HOOKS[cls] = once(save)
        checkpoints.DEFAULT_LOAD_HOOKS[cls] = load


class _WhenImported(MetaPathFinder):
    """Enters the hooks as soon as SpeechBrain has built its tables."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != _CHECKPOINTS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_enter(module: ModuleType) -> None:
                run(module)
                _enter(module)

            spec.loader.exec_module = run_and_enter  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _WhenImported())

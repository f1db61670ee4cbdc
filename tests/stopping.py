"""Kills a process that saves again and again, after some time or in the middle of a save."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def stop_in_save(process: int, folder: Path) -> None:
    """Stop a child while the temporary file of a save is in the folder."""
    while True:
        if saving(folder):
            os.kill(process, signal.SIGSTOP)
            os.waitpid(process, os.WUNTRACED)
            if saving(folder):
                return
            os.kill(process, signal.SIGCONT)
        time.sleep(0)


def saving(folder: Path) -> bool:
    """Whether a save has begun and not ended."""
    return any(name.endswith(".part") for name in os.listdir(folder))


def last_saved(save_forever: Callable[[int], None], folder: Path, seconds: float | None) -> int:
    """The last number that a fork has saved for certain before it was killed.

    Args:
        save_forever: Saves again and again; writes the number of each save, once it is made, as a
            line into this descriptor.
        folder: The folder of the file.
        seconds: It is killed so long after its first save; None to kill it while it saves.
    """
    listen, told = os.pipe()
    child = os.fork()
    if child == 0:
        save_forever(told)
    os.close(told)
    with os.fdopen(listen) as pipe:
        saved = int(pipe.readline())
        if seconds is None:
            stop_in_save(child, folder)
        else:
            time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for line in pipe:
            saved = int(line) if line.endswith("\n") else saved
    return saved

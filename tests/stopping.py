"""Stops a process in the middle of a save, however fast or busy the machine is."""

import os
import signal
import time
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

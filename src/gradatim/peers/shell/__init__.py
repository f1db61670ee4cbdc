"""Shell scripts: the command lines in them, read and never run.

May import ``core`` and the files of ``peers`` that know no project. To add one more construct of
bash, parse its statement in ``parser.py`` and say what it does in ``script.py``.
"""

from gradatim.peers.shell.command import Command, commands, written_files
from gradatim.peers.shell.unknowns import Word

__all__ = ["Command", "Word", "commands", "written_files"]

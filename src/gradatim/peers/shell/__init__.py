"""Shell scripts: the command lines in them, read and never run.

May import ``core`` and the files of ``peers`` that know no project. To follow one more construct of
bash, add its statement to ``parser.py`` and what it does to ``script.py``.
"""

from gradatim.peers.shell.command import Command, commands
from gradatim.peers.shell.unknowns import Word

__all__ = ["Command", "Word", "commands"]

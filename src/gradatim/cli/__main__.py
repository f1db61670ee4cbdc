"""``python -m gradatim.cli`` is the command ``gradatim``."""

from gradatim.cli import main

main()

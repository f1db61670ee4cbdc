"""The option of the command itself: ``gradatim --version``."""

from __future__ import annotations

from typing import Annotated

import typer


def _print_version(asked: bool) -> None:
    if asked:
        from gradatim import __version__

        print(f"gradatim {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
    ),
]


def before_verbs(version: Version = False) -> None:
    """Learning-rate schedules, written once, that drive any training run."""

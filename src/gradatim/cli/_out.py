"""What the verbs that write one report share: the option --out, and the error of writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from gradatim.errors import GradatimError

Report = Annotated[
    Path | None, typer.Option(show_default=False, help="Write a report (.html) with plots.")
]


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Say in one sentence that a file cannot be written, and why."""
    try:
        yield
    except OSError as error:
        raise GradatimError(f"--out: {out} cannot be written: {error.strerror}.") from None

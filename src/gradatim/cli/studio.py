"""``gradatim studio``: see, change, compare and export schedules in the browser."""

from __future__ import annotations

import importlib.util
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli._arguments import Import
from gradatim.cli._plans import STDIN, is_plan_file, read_stdin, split_name
from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.studio.session import Session

Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PLAN | LOG]...",
        show_default=False,
        help="Plan files, schedules such as "
        '"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)", - for stdin, and logs of runs.',
    ),
]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65_535, show_default=False, help="The port. Default: 8765, or a free."),
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")]


def studio(
    given: Given = None, port: Port = None, browser: Browser = True, modules: Import = None
) -> None:
    """Open schedules in the browser: change, check, compare and export them. Ctrl-C ends it.

    The page is served on the loopback address alone, and asks no other server for anything.
    """
    for package in ("starlette", "uvicorn", "numpy"):
        if importlib.util.find_spec(package) is None:
            raise GradatimError(
                f"studio: the package {package} is not installed. "
                'Write pip install "gradatim[studio]".'
            )
    from gradatim.studio import Studio
    from gradatim.studio.session import Session

    session = Session()
    with closing(session.logs):
        for each in given or ():
            _open(session, each)
        server = Studio(session, port)
        print(f"{server.address}\nCtrl-C ends it.", flush=True)
        if browser:
            webbrowser.open(server.address)
        server.run()


def _open(session: Session, given: str) -> None:
    """Begin with what one argument names: a plan file, the text of a schedule, or a log."""
    source = split_name(given)
    path = Path(source.plan)
    if source.plan == STDIN:
        session.open_text(source.name if source.has_name else "", read_stdin())
    elif "(" in source.plan and not path.exists():
        session.open_text(source.name if source.has_name else "", source.plan)
    elif is_plan_file(source.plan) and not _is_json_log(path):
        session.open_plan(source.name if source.name != source.plan else path.stem, path)
    else:
        session.open_log(path)


def _is_json_log(path: Path) -> bool:
    """Whether a file in JSON has the rows of a log, as trainer_state.json does."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(65_536)
    return begin.lstrip()[:1] == b"[" or b'"log_history"' in begin or b'"schedules"' not in begin

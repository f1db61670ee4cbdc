"""The command ``gradatim``: one file a verb, which holds a function of the same name.

May import everything but ``testing``; frameworks only inside the verb that needs them. To add a
verb, write one file and name it in ``main``.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MISSING_PACKAGE = (
    "gradatim: the command needs the package {}, which is not installed. "
    'Write pip install "gradatim[cli]".'
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 on success, 2 for wrong usage or input.

    Args:
        arguments: The arguments; by default those of the command line.
    """
    try:
        import rich  # noqa: F401
        import typer
    except ModuleNotFoundError as error:
        sys.exit(_fail(_MISSING_PACKAGE.format(error.name)))
    from gradatim.cli import _streams
    from gradatim.cli._version import before_verbs
    from gradatim.errors import GradatimError

    if sys.stdout is None:
        sys.exit(_fail("gradatim: standard output is closed."))
    _streams.prepare()
    app = typer.Typer(
        name="gradatim",
        help="Learning-rate schedules, written once, that drive any training run.",
        rich_markup_mode=None,
    )
    app.callback()(before_verbs)
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            verb = getattr(importlib.import_module(f"{__name__}.{module.name}"), module.name)
            app.command(_as_verb(module.name))(verb)
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    # UsageError, of click or, in newer versions, of typer's own copy of click.
    wrong_usage: Any = typer.BadParameter.__mro__[1]
    code = 0
    try:
        code = app(given, prog_name="gradatim", standalone_mode=False) or 0
        sys.stdout.flush()
    except GradatimError as error:
        code = _fail(f"gradatim: {_shortened(str(error), given)}")
    except wrong_usage as error:
        sentence = _shortened(error.format_message().removesuffix("."), given)
        code = _fail(f"gradatim: {sentence}. Try gradatim {' '.join(_verb(given))}--help.")
    except KeyboardInterrupt:
        code = 130
    except OSError as error:
        sentence = f"{error.filename or 'the output'}: {error.strerror or error}."
        code = _fail(f"gradatim: {_shortened(sentence, given)}")
        _streams.discard_output()
    sys.exit(code)


def _shortened(sentence: str, given: Sequence[str]) -> str:
    """The sentence with only the beginning of a text that was pasted as an argument."""
    from gradatim.errors import shown

    pasted = [text for text in given if len(text) > 200 or not text.isprintable()]
    for text in pasted:
        for form in (repr(text), text, os.fspath(Path(text))):
            sentence = sentence.replace(form, shown(text))
    return f"{sentence[:200]} ..." if pasted and len(sentence) > 800 else sentence


def _as_verb(module: str) -> str:
    """The verb of a file: list_ is the verb list, find_peak the verb find-peak."""
    return module.rstrip("_").replace("_", "-")


def _verb(given: Sequence[str]) -> Sequence[str]:
    """The verb in these arguments, if any, to put before --help."""
    verbs = (_as_verb(module.name) for module in pkgutil.iter_modules(__path__))
    return (given[0], "") if given and given[0] in verbs else ()


def _fail(sentence: str) -> int:
    if sys.stderr is not None:
        print(sentence, file=sys.stderr)
    return 2

"""Options of the verbs that read files of other projects: which one, and what a file leaves out."""

from __future__ import annotations

from typing import Annotated

import typer

TARGETS = "torch, transformers, keras, optax, timm, speechbrain, deepspeed, megatron, composer"
_READ_ONLY = "ignite, accelerate, mmengine, nemo, fairseq, nanogpt, torchtitan, torchtune, python"

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        show_default=False,
        help=f"The project to look for: those, {_READ_ONLY}. Default: all.",
    ),
]
Lr = Annotated[
    float | None,
    typer.Option(show_default=False, help="The optimizer's rate, where a schedule multiplies it."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        show_default=False,
        help="The value of a name, as the file writes it: args.epochs=100. Repeatable.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="[FILE:]LINE",
        show_default=False,
        help="The scheduler at this line, where there are several.",
    ),
]

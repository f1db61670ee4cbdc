"""The run: updates that see less data than they say."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from gradatim.core.run import Run
from gradatim.findings.finding import Finding

_MUCH = 0.1
"""Leaving out more than this share of an epoch is hardly ever meant."""


def run(run: Run) -> Iterator[Finding]:
    """What is wrong with a run by itself."""
    if run.samples is None or run.batch is None:
        return
    share = ceil(run.samples / run.processes)
    batches = share // run.batch if run.drop_last else ceil(share / run.batch)
    if run.accumulate > batches:
        yield Finding(
            "warning",
            "",
            f"An epoch has {batches} batches a process, and accumulate={run.accumulate} are to be "
            f"added up for one update: an epoch ends with an update, so none sees more than "
            f"{batches}.",
            f"Write accumulate={batches}, or a smaller batch.",
        )
    left_out = share - batches * run.batch if run.drop_last else 0
    if left_out > _MUCH * share:
        yield Finding(
            "warning",
            "",
            f"drop_last leaves out {left_out} of the {share} samples a process, in every epoch.",
            "Write a smaller batch, or drop_last=False.",
        )

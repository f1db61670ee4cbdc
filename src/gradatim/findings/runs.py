"""Checks of the run: incomplete updates, and batch sizes that are never reached."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.core.run.batches import Stage
from gradatim.core.run.run import Run
from gradatim.findings.finding import Finding

_MUCH = 0.1
"""Dropping more than this fraction of an epoch is usually a mistake."""


def run_findings(run: Run) -> Iterator[Finding]:
    """Problems of a run by itself."""
    if run.batch is None:
        return
    stages = run.batches.stages
    share = run.batches.share
    if share is not None:
        for stage in stages:
            found = list(_epoch(stage, share, run.drop_last))
            yield from found
            if found:
                break
    late = [stage for stage in stages if run.steps is not None and stage.start >= run.steps]
    if late:
        yield Finding(
            "warning",
            "",
            f"The batch would change after {late[0].start} updates, but the run has {run.steps}.",
            "Train for longer, or leave that stage out.",
        )


def _epoch(stage: Stage, share: int, drop_last: bool) -> Iterator[Finding]:
    """Problems of an epoch within one stage."""
    batches = share // stage.batch if drop_last else -(-share // stage.batch)
    if stage.accumulate > batches:
        yield Finding(
            "warning",
            "",
            f"accumulate={stage.accumulate}, but an epoch has {batches} batches per process, and "
            f"ends with an update: no update sees more than {batches}.",
            f"Write accumulate={batches}, or a smaller batch.",
        )
    left_out = share - batches * stage.batch if drop_last else 0
    if left_out > _MUCH * share:
        yield Finding(
            "warning",
            "",
            f"drop_last drops {left_out} of the {share} samples per process in every epoch.",
            "Write a smaller batch, or drop_last=False.",
        )

"""The run: updates that see less data than they say, and batches that never come."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.core.run.batches import Stage
from gradatim.core.run.run import Run
from gradatim.findings.finding import Finding

_MUCH = 0.1
"""Leaving out more than this share of an epoch is hardly ever meant."""


def run_findings(run: Run) -> Iterator[Finding]:
    """What is wrong with a run by itself."""
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
            f"The batch would change after {late[0].start} updates, and the run has {run.steps}.",
            "Train for longer, or leave that stage out.",
        )


def _epoch(stage: Stage, share: int, drop_last: bool) -> Iterator[Finding]:
    """What is wrong with an epoch inside of one stage."""
    batches = share // stage.batch if drop_last else -(-share // stage.batch)
    if stage.accumulate > batches:
        yield Finding(
            "warning",
            "",
            f"An epoch has {batches} batches a process, and accumulate={stage.accumulate} are to "
            f"be added up for one update: an epoch ends with an update, so none sees more than "
            f"{batches}.",
            f"Write accumulate={batches}, or a smaller batch.",
        )
    left_out = share - batches * stage.batch if drop_last else 0
    if left_out > _MUCH * share:
        yield Finding(
            "warning",
            "",
            f"drop_last leaves out {left_out} of the {share} samples a process, in every epoch.",
            "Write a smaller batch, or drop_last=False.",
        )

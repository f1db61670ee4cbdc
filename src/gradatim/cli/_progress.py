"""The progress of a race: bars on a terminal, otherwise one line for each finished run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self, TextIO

from rich.console import Console

from gradatim.core.run.run import Run
from gradatim.findings import check

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gradatim.race import FinishedRun, Race


def console(stream: TextIO) -> Console:
    """A console on this stream, as wide as the terminal; 110 characters in a file."""
    return Console(file=stream, width=None if stream.isatty() else 110, highlight=False)


class ProgressDisplay:
    """Shows the progress of a race: pass it as ``progress``, inside a ``with`` block."""

    def __init__(self) -> None:
        self.race: Race | None = None
        self._console = console(sys.stderr)
        self._bars: Progress | None = None
        self._rows: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, race: Race, run: FinishedRun | None) -> None:
        """Show the race after this run, or before the first."""
        first, self.race = self.race is None, race
        if first:
            self._warn(race)
            if race.runs:
                self._line(f"{len(race.runs)} of {race.size} runs are finished, in {race.folder}.")
        if self._console.is_terminal:
            self._draw(race)
        elif run is not None:
            end = ", ".join(f"{name} {value:.4g}" for name, value in run.metrics.items())
            failed = f"failed: {run.failed}" if run.failed else ""
            what = ", ".join(filter(None, (end, failed, f"{run.seconds:.1f} s")))
            self._line(f"[{len(race.runs)}/{race.size}] {run.name}, seed {run.seed}: {what}")

    def summary_of_finished(self) -> str:
        """A sentence about the finished runs of a stopped race, and how to continue it."""
        if self.race is None:
            return "No run had begun."
        return (
            f"{len(self.race.runs)} of {self.race.size} runs are finished and kept in "
            f"{self.race.folder}. The same command continues the race."
        )

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def _warn(self, race: Race) -> None:
        """Warn of mixed versions, and of findings about the schedules; the race continues."""
        if race.runs and len(race.made_with) > 1:
            before, now = race.made_with[-2:]
            other = [name for name in {**before, **now} if before.get(name) != now.get(name)]
            self._line(
                f"Runs in {race.folder} were made with another version of {', '.join(other)}. They "
                "are kept; to start afresh, name another folder with --out."
            )
        if race.updates is None:
            return
        run = Run(steps=race.updates)
        for name, schedule in race.contestants.items():
            for finding in check(schedule, run):
                if finding.severity != "note":
                    self._line(f"{name}: {finding.sentence} {finding.fix}")

    def _draw(self, race: Race) -> None:
        if self._bars is None:
            self._bars = _bars(self._console)
            for name in race.contestants:
                self._rows[name] = self._bars.add_task("", total=len(race.seeds), name=name, end="")
            self._rows[""] = self._bars.add_task("", total=race.size, name="all", end="")
            self._bars.start()
        for standing in race.table:
            end = f"{race.task.metric} {standing.mean:.3g}" if standing.counted else ""
            end += f", {standing.failed} failed" if standing.failed else ""
            row: dict[str, Any] = {"completed": standing.runs, "end": end}
            self._bars.update(self._rows[standing.name], **row)
        self._bars.update(self._rows[""], completed=len(race.runs))


def _bars(console: Console) -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[end]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        expand=False,
    )

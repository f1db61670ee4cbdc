"""The verdicts on mutants, kept where `mutmut show` and `mutmut browse` look for them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.utils.file_utils import walk_mutatable_files

# The codes of mutmut.
SURVIVED, KILLED, NO_TESTS, TIMEOUT = 0, 1, 33, 36
NAMES = {SURVIVED: "survived", KILLED: "killed", NO_TESTS: "no tests", TIMEOUT: "timeout"}


class Verdicts:
    """What is known of each mutant of some folders, in an order drawn at random."""

    def __init__(self, folders: list[str], sample: int | None) -> None:
        top = Path.cwd()
        self._files: dict[str, SourceFileMutationData] = {}
        for path in sorted(walk_mutatable_files()):
            if path.parts[2] in folders:
                data = SourceFileMutationData(path=path)
                data.load()
                data.meta_path = top / data.meta_path
                self._files |= dict.fromkeys(data.exit_code_by_key, data)
        # Any first part of this order is a uniform sample of all mutants, whatever else changes.
        self._order = sorted(self._files, key=lambda name: sha256(name.encode()).digest())[:sample]

    def __getitem__(self, mutant: str) -> int | None:
        return self._files[mutant].exit_code_by_key[mutant]

    def __setitem__(self, mutant: str, code: int | None) -> None:
        data = self._files[mutant]
        data.exit_code_by_key[mutant] = code
        data.save()

    def open(self) -> Iterator[str]:
        """The mutants that have no verdict yet."""
        return (mutant for mutant in self._order if self[mutant] is None)

    def forget_survivors(self) -> None:
        for mutant in self._order:
            if self[mutant] in (SURVIVED, NO_TESTS):
                self[mutant] = None

    def judged(self) -> Iterator[str]:
        """The mutants up to the first without a verdict: later ones would be no fair sample."""
        return takewhile(lambda mutant: self[mutant] is not None, self._order)

    def survivors(self) -> Iterator[tuple[Path, str]]:
        """The mutants that no test killed, each after its file."""
        for mutant in sorted(self.judged()):
            if self[mutant] in (SURVIVED, NO_TESTS):
                yield Path(self._files[mutant].path), mutant

    def by_file(self) -> dict[Path, Counter[int]]:
        """How many mutants of each file have which verdict; those without one are left out."""
        found: dict[Path, Counter[int]] = defaultdict(Counter)
        for mutant in self.judged():
            code = self[mutant]
            assert code is not None
            found[Path(self._files[mutant].path)][code] += 1
        return dict(sorted(found.items()))

    @property
    def total(self) -> int:
        """How many mutants there are, those that are not to be judged included."""
        return len(self._files)

"""Code of another project at one commit: fetched when it is needed, run in part, never kept."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any


class Original:
    """A repository at one commit.

    Args:
        address: Where it is, for git.
        commit: The commit.
        cache: A folder for clones, or for git directories that are there already.
    """

    def __init__(self, address: str, commit: str, cache: Path) -> None:
        self.commit = commit
        self.folder = cache / address.removeprefix("https://github.com/").replace("/", "+") / "repo"
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            self.git("init", "--bare", "--quiet")
        if self.git("cat-file", "-t", commit, check=False).strip() != b"commit":
            self.git("fetch", "--quiet", "--depth", "1", address, commit)

    def git(self, *arguments: str, check: bool = True) -> bytes:
        command = ["git", f"--git-dir={self.folder}", *arguments]
        return subprocess.run(command, check=check, capture_output=True).stdout

    def source(self, path: str) -> "Source":
        return Source(path, self.git("show", f"{self.commit}:{path}").decode())

    def importable(self, package: str, into: Path) -> None:
        """Unpack a package of the repository, so that it can be imported."""
        packed = self.git("archive", self.commit, package)
        subprocess.run(["tar", "-x", "-C", str(into)], input=packed, check=True)
        sys.path.insert(0, str(into))


class Source:
    """A file, of which some statements are run."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.tree = ast.parse(text)

    def run(self, namespace: dict[str, Any], first: str, last: str | None = None) -> None:
        """Run the statements from the one that begins with ``first`` to the one with ``last``."""
        for node in ast.walk(self.tree):
            for field in ("body", "orelse"):
                block = getattr(node, field, None)
                if not isinstance(block, list):
                    continue
                starts = [i for i, statement in enumerate(block) if self._begins(statement, first)]
                if starts:
                    (begin,) = starts
                    end = begin
                    while last is not None and not self._begins(block[end], last):
                        end += 1
                    code = ast.Module(block[begin : end + 1], type_ignores=[])
                    exec(compile(code, self.path, "exec"), namespace)
                    return
        raise LookupError(f"{self.path}: no statement begins with {first!r}")

    def run_all(self, namespace: dict[str, Any]) -> None:
        exec(compile(self.tree, self.path, "exec"), namespace)

    def call_in(self, function: str, name: str) -> dict[str, Any]:
        """The literal arguments of the call of ``name`` in ``function``; none without a call."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        (body,) = [one for one in functions if one.name == function]
        return {
            keyword.arg: keyword.value.value
            for call in ast.walk(body)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == name
            for keyword in call.keywords
            if keyword.arg and isinstance(keyword.value, ast.Constant)
        }

    def _begins(self, statement: ast.stmt, text: str) -> bool:
        return self.lines[statement.lineno - 1].strip().startswith(text)

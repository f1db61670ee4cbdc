"""The list of mutants that no test can kill speaks of code that exists."""

import ast
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src/gradatim"
KNOWN = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
LISTED = KNOWN["survivor"]


@pytest.mark.parametrize("survivor", LISTED, ids=lambda one: f"{one['function']}: {one['now']}")
def test_a_listed_mutant_changes_lines_of_its_function(survivor: dict[str, str]):
    assert set(survivor) == {"file", "function", "was", "now", "why"}
    written = lines_of(survivor["file"], survivor["function"])
    changed = survivor["was"].splitlines()
    assert any(written[i : i + len(changed)] == changed for i in range(len(written)))
    assert survivor["now"] != survivor["was"]
    assert len(survivor["why"].split()) > 3


def test_the_functions_that_run_at_import_exist():
    assert KNOWN["at_import"]
    for entry in KNOWN["at_import"]:
        assert all(lines_of(entry["file"], name) for name in entry["functions"])


def test_no_mutant_is_listed_twice():
    changes = [tuple(one[part] for part in ("file", "function", "was", "now")) for one in LISTED]
    assert len(set(changes)) == len(changes)


def lines_of(file: str, function: str) -> list[str]:
    """The lines of a function or method, without their indentation."""
    text = (SOURCE / file).read_text(encoding="utf-8")
    body: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for name in function.split("."):
        found = next(node for node in body if getattr(node, "name", None) == name)
        body = getattr(found, "body", [])
    assert found is not None
    return [line.strip() for line in text.splitlines()[found.lineno - 1 : found.end_lineno]]

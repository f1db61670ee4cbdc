"""How large the code is and how its folders depend on each other.

    python benchmarks/house.py [FOLDER ...]

FOLDER is a package to measure, by default ``src/gradatim``; give that of another checkout, too, to
compare the two.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

SRC = Path(__file__).parents[1] / "src" / "gradatim"


def imports(package: Path) -> Iterator[tuple[str, str]]:
    """The folder of each file that imports another folder of the package, and that folder."""
    for file in package.rglob("*.py"):
        own = file.relative_to(package).parts[0] if file.parent != package else "top level"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            first, *inside = node.module.split(".")
            if first != package.name:
                continue
            for target in inside[:1] or [alias.name for alias in node.names]:
                other = target if (package / target).is_dir() else "top level"
                if other != own:
                    yield own, other


def top_level_names(package: Path) -> list[str]:
    """The names in ``__all__`` of the package."""
    for node in ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def measure(package: Path) -> dict[str, float]:
    texts = {file: file.read_text(encoding="utf-8") for file in package.rglob("*.py")}
    lengths = [len(text.splitlines()) for text in texts.values()]
    folders = {file.parent for file in texts}
    arrows = Counter(imports(package))
    words = Counter(
        re.findall(
            r"\b(Any|object|cast)\b|(?:type|fmt): (?:ignore|skip)", "\n".join(texts.values())
        )
    )
    whole = "\n".join(texts.values())
    return {
        "lines": sum(lengths),
        "files": len(lengths),
        "folders": len(folders),
        "lines of the median file": median(lengths),
        "lines of the largest file": max(lengths),
        "most files in one folder": max(Counter(file.parent for file in texts).values()),
        "Any, per 1,000 lines": round(1000 * words["Any"] / sum(lengths), 1),
        "object and cast, per 1,000 lines": round(
            1000 * (words["object"] + words["cast"]) / sum(lengths), 1
        ),
        "type: ignore": whole.count("type: ignore"),
        "fmt: skip": whole.count("fmt: skip"),
        "folders that import another folder, pairs": len(arrows),
        "imports between folders": sum(arrows.values()),
        "names at the top level": len(top_level_names(package)),
    }


def main() -> None:
    packages = [Path(argument) for argument in sys.argv[1:]] or [SRC]
    measured = [measure(package) for package in packages]
    width = max(map(len, measured[0]))
    for name in measured[0]:
        print(f"{name:{width}}", *(f"{one[name]:>10,}" for one in measured))


if __name__ == "__main__":
    main()

"""The Python of the pages about trainers."""

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "trainers"
_FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def program(page: str) -> str:
    """All blocks of a page, one after the other."""
    return "\n".join(_FENCE.findall((PAGES / f"{page}.md").read_text(encoding="utf-8")))


def run(page: str) -> None:
    exec(compile(program(page), f"{page}.md", "exec"), {"__name__": "docs"})

"""The plans of `docs/projects.md`, as they stand on the page."""

import re
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gradatim import Plan
from gradatim.plans.plan import read_plan

PAGE = Path(__file__).parents[2] / "docs" / "projects.md"
_FILE = re.compile(r'^```yaml title="(\w+)\.yaml"\n(.*?)^```', re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@cache
def of_file(name: str) -> Plan:
    """The plan file of the page that has this name."""
    return read_plan(dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))[name], ".yaml")


@cache
def of_code() -> dict[str, Any]:
    """What the Python of the page defines; it may read the files of the page."""
    text = PAGE.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "docs"}
    with TemporaryDirectory() as folder, chdir(folder):
        for name, body in _FILE.findall(text):
            Path(f"{name}.yaml").write_text(body, encoding="utf-8")
        for body in _CODE.findall(text):
            exec(compile(body, PAGE.name, "exec"), namespace)
    return namespace

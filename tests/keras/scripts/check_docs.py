"""The page about Keras runs, on every backend."""

import re
import tempfile
from contextlib import chdir
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "keras.md"


def check_the_page_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3, blocks
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        namespace = {"__name__": "docs"}
        for block in blocks:
            exec(compile(block, PAGE.name, "exec"), namespace)
    return {"blocks": len(blocks)}

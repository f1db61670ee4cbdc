"""The page on forecasts runs as it stands."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "forecast.md"


def test_the_python_of_the_page_runs(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 2
    space = {"__name__": "docs"}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), space)
    first, estimate = capsys.readouterr().out.splitlines()
    assert first == "longer"
    assert estimate.startswith("Estimate(mean=")

"""``python -m tests.peers.corpus.values [--held-out]``: run the originals, record their values."""

from __future__ import annotations

import json
import sys

from tests.peers.corpus.case import HELD_OUT, HERE, cases
from tests.peers.corpus.outcomes import telling


def main(held_out: bool) -> None:
    rows = {
        case.hit: [point for point in telling(case.right()) if point[0] >= case.since]
        for case in cases(held_out)
        if case.right is not None
    }
    lines = [f"{json.dumps(hit)}: {json.dumps(points)}" for hit, points in rows.items()]
    file = (HELD_OUT if held_out else HERE) / "values.json"
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main("--held-out" in sys.argv)

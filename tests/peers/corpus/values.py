"""``python -m tests.peers.corpus.values``: run the originals and record their values."""

from __future__ import annotations

import json

from tests.peers.corpus.case import HERE, cases
from tests.peers.corpus.outcomes import telling


def main() -> None:
    rows = {
        case.hit: [point for point in telling(case.right()) if point[0] >= case.since]
        for case in cases()
        if case.right is not None
    }
    lines = [f"{json.dumps(hit)}: {json.dumps(points)}" for hit, points in rows.items()]
    (HERE / "values.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

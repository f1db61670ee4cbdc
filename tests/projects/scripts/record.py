"""Records the values of five projects, by their own code at a pinned commit.

python tests/projects/scripts/record.py FOLDER [PROJECT ...]

FOLDER is for the clones, which are made where they are missing. What is written are numbers only:
`goldens/*.npz`, and where they come from in `goldens/origins.json`.
"""

import json
import platform
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

import record_autoresearch  # noqa: E402
import record_dino  # noqa: E402
import record_modded_nanogpt  # noqa: E402
import record_nanochat  # noqa: E402
import record_torchtitan  # noqa: E402
from original import Original  # noqa: E402

from tests.projects import recorded  # noqa: E402

PROJECTS = {
    "nanochat": record_nanochat,
    "autoresearch": record_autoresearch,
    "modded_nanogpt": record_modded_nanogpt,
    "torchtitan": record_torchtitan,
    "dino": record_dino,
}


def main(cache: Path, names: list[str]) -> None:
    origins: dict[str, Any] = {}
    if recorded.ORIGINS.exists():
        origins = json.loads(recorded.ORIGINS.read_text(encoding="utf-8"))
    for name in names or PROJECTS:
        project = PROJECTS[name]
        original = Original(project.ADDRESS, project.COMMIT, cache)
        for run, found in project.record(original).items():
            recorded.write(run, found["curves"])
            origins[run] = {
                "address": project.ADDRESS,
                "commit": project.COMMIT,
                "licence": project.LICENCE,
                "files": list(project.FILES),
                "python": platform.python_version(),
                **found["origin"],
            }
    text = json.dumps(dict(sorted(origins.items())), indent=1)
    recorded.ORIGINS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

"""The pages about trainers run, and are found. Those that need a trainer are in `scripts/`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.trainers import pages
from tests.trainers.test_trainers import APART, PROGRAMS

ROOT = Path(__file__).parents[2]


def test_a_loop_of_your_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pages.run("loop")


def test_what_torchrun_starts(tmp_path):
    (tmp_path / "train.py").write_text(pages.program("ddp"), encoding="utf-8")
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    done = subprocess.run(
        [sys.executable, *launch, "train.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "last.pt").exists()


def test_every_page_is_tried_and_linked():
    there = {path.stem for path in pages.PAGES.glob("*.md")}
    assert there == PROGRAMS.keys() | APART.keys() | {"loop"}
    linked = (pages.PAGES.parent / "torch.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(trainers/(\w+)\.md\)", linked)) == there


def test_links_lead_somewhere():
    for path in pages.PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^):]+\.md)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} links to {target}"

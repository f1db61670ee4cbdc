"""How `make test-matrix` chooses versions, finds interpreters, and counts."""

import sys

import pytest

from tests.release import matrix

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3"
 tests="20" time="61.6" timestamp="2026-11-30T10:00:00"></testsuite></testsuites>
"""


@pytest.fixture
def constraints(tmp_path, monkeypatch):
    (tmp_path / "old.txt").write_text("# the oldest\n\ntorch==2.6.0\nnumpy==1.26.4\n")
    (tmp_path / "latest.txt").write_text("torch==2.13.0\nnumpy==2.4.6\nrich==15.0.0\n")
    monkeypatch.setattr(matrix, "CONSTRAINTS", tmp_path)


@pytest.mark.usefixtures("constraints")
@pytest.mark.parametrize(
    ("pins", "lines"),
    [
        (["latest"], ["torch==2.13.0", "numpy==2.4.6", "rich==15.0.0"]),
        (["old", "latest"], ["torch==2.6.0", "numpy==1.26.4", "rich==15.0.0"]),
        (["torch==2.9.1", "latest"], ["torch==2.9.1", "numpy==2.4.6", "rich==15.0.0"]),
        (["torch", "latest"], ["numpy==2.4.6", "rich==15.0.0"]),
        (["torch==2.13.0"], ["torch==2.13.0"]),
    ],
)
def test_the_first_source_that_names_a_package_decides(pins, lines):
    assert list(matrix.pinned(pins)) == lines


def test_an_interpreter_is_found_or_said_to_be_missing():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert matrix.interpreter(version) is not None
    assert matrix.interpreter("3.1") is None


def test_a_row_whose_interpreter_is_missing_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    monkeypatch.setattr(matrix, "interpreter", lambda version: None)
    monkeypatch.setattr(sys, "argv", ["matrix.py", "Python 3.14"])
    matrix.main()
    assert "Left out: Python 3.14: there is no Python 3.14 on this machine" in (
        capsys.readouterr().out
    )


def test_an_unknown_row_is_an_error_that_lists_the_rows(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["matrix.py", "torch 1.0"])
    with pytest.raises(SystemExit, match=r"^2$"):
        matrix.main()
    said = capsys.readouterr().err
    assert "no row 'torch 1.0' in constraints/matrix.toml; rows: Python 3.11, " in said


def test_errors_count_as_failed(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    cells = {"passed": "14", "failed": "3", "skipped": "3", "seconds": "62"}
    assert matrix.counts(tmp_path / "report.xml") == cells


def test_a_table_has_a_line_a_row():
    lines = matrix.table({"old": {"Python": "3.11.7", "torch": "2.6.0"}}).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| old | 3.11.7 | 2.6.0 | - | ")


def test_names_of_files_keep_the_dots_of_versions():
    assert matrix.file_of("torch 2.6.0", "log").name == "torch-2.6.0.log"
    assert matrix.file_of("torch 2.6.1", "log") != matrix.file_of("torch 2.6.0", "log")

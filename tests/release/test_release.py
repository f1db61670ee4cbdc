"""What a release consists of fits together: versions, addresses, pins, tasks, the changelog."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gradatim import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROWS = tomllib.loads((ROOT / "constraints" / "matrix.toml").read_text(encoding="utf-8"))["rows"]
FRAGMENTS = [one["directory"] for one in PROJECT["tool"]["towncrier"]["type"]]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def loaded(name: str) -> Any:
    return yaml.safe_load(read(name))


def run(*module_and_arguments: str | Path, cwd: Path = ROOT) -> str:
    command = [sys.executable, "-m", *module_and_arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pythons() -> list[str]:
    """The versions of Python that the classifiers name."""
    found = (re.search(r":: (3\.\d+)$", line) for line in PROJECT["project"]["classifiers"])
    return [match[1] for match in found if match]


def tasks() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))


def test_the_newest_section_of_the_changelog_is_this_version():
    sections = re.findall(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", read("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == __version__


def test_the_citation_names_this_version():
    assert loaded("CITATION.cff")["version"] == __version__


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("citation-file-format", "CITATION.cff"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("readthedocs", ".readthedocs.yaml"),
    ],
)
def test_a_file_for_other_services_follows_its_schema(schema, file):
    if not (ROOT / file).exists():
        pytest.skip("not part of the sdist")
    run("check_jsonschema", "--builtin-schema", f"vendor.{schema}", file)


def test_every_fragment_of_the_changelog_has_a_kind():
    files = {path.name for path in (ROOT / "changes").iterdir()} - {"README.md"}
    kinds = "|".join(FRAGMENTS)
    assert not [name for name in files if not re.fullmatch(rf"[\w+-]+\.({kinds})\.md", name)]
    assert all(kind in read("changes/README.md") for kind in FRAGMENTS)


def test_fragments_become_a_section_of_the_changelog(tmp_path):
    (tmp_path / "changes").mkdir()
    for name in ("pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    for kind in FRAGMENTS:
        (tmp_path / "changes" / f"+one.{kind}.md").write_text(f"A sentence on `{kind}`.\n")
    version = ("--name", "gradatim", "--version", "9.8.7", "--date", "2030-01-02", "--yes")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    run("towncrier", "build", *version, cwd=tmp_path)
    written = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^##.*$", written, re.MULTILINE)
    kinds = [f"### {kind.capitalize()}" for kind in FRAGMENTS]
    assert headings[: len(kinds) + 2] == [
        "## 9.8.7 (2030-01-02)",
        *kinds,
        f"## {__version__} ({headings[len(kinds) + 1].split('(')[1]}",
    ]
    assert "- A sentence on `fixed`." in written


@cache
def readme_of_the_wheel() -> str:
    # Outside of a build the version is not known, and the command takes 42.0.
    return run("hatch_fancy_pypi_readme").replace("/v42.0/", f"/v{__version__}/")


def test_the_readme_of_the_wheel_has_absolute_addresses_only():
    text = readme_of_the_wheel()
    targets = re.findall(r'\]\(([^)]+)\)|\b(?:src|srcset|href)="([^"]+)"', text)
    assert len(targets) > 20
    assert not [t for pair in targets for t in pair if t and not t.startswith("https://")]


def test_the_readme_of_the_wheel_leads_to_files_that_exist():
    addresses = re.findall(r"https://[^\s)\"]+", readme_of_the_wheel())
    pages = [a.split("/en/stable/")[1] for a in addresses if "/en/stable/" in a]
    tagged = [a.split(f"/v{__version__}/")[1] for a in addresses if f"/v{__version__}/" in a]
    assert len(pages) > 10
    assert len(tagged) > 5
    files = [f"docs/{page.partition('#')[0].rstrip('/')}.md" for page in pages] + tagged
    assert not [file for file in files if not (ROOT / file).is_file()]


def test_the_readme_of_the_wheel_renders_with_its_pictures():
    from readme_renderer.markdown import render

    html = render(readme_of_the_wheel())
    assert html is not None
    assert html.count("<img ") == 3
    assert "<table>" in html


def test_every_file_names_the_addresses_of_the_project():
    urls = PROJECT["project"]["urls"]
    allowed = (*urls.values(), "https://raw.githubusercontent.com/gradatim/gradatim/")
    files = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff")
    named = {
        (file, address)
        for file in (*files, "mkdocs.yml", "pyproject.toml")
        for address in re.findall(r"https://[\w./-]*gradatim[\w./-]*", read(file))
        if not address.startswith(allowed)
    }
    assert not named
    site = loaded_mkdocs()
    assert site["site_url"].startswith(urls["Documentation"])
    assert site["repo_url"] == urls["Source"]


def loaded_mkdocs() -> dict[str, str]:
    return dict(re.findall(r"^(site_url|repo_url): (\S+)", read("mkdocs.yml"), re.MULTILINE))


def test_the_oldest_python_of_the_classifiers_is_the_one_required():
    assert PROJECT["project"]["requires-python"] == f">={pythons()[0]}"


def test_every_python_of_the_classifiers_is_a_row_of_the_matrix():
    assert set(pythons()) <= {row["python"] for row in ROWS.values() if row["pins"] == ["latest"]}


def test_the_page_shows_every_row_of_the_matrix_that_was_run():
    page = read("docs/compatibility.md")
    shown = set(re.findall(r"^\| ([^|]+?) \| \d", page, re.MULTILINE))
    told = set(re.findall(r"^Not run: (.*)\.$", page, re.MULTILINE))
    assert shown | {row for line in told for row in line.split("; ")} == set(ROWS)


def workflow() -> Any:
    path = ROOT / ".github" / "workflows" / "ci.yml"
    if not path.exists():
        pytest.skip("not part of the sdist")
    return loaded(".github/workflows/ci.yml")


def test_ci_tests_the_pythons_of_the_classifiers():
    assert workflow()["jobs"]["test"]["strategy"]["matrix"]["python"] == pythons()


def test_ci_and_the_hooks_of_git_run_tasks_of_make_and_nothing_else():
    jobs = workflow()["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    hooks = [h for repo in loaded(".pre-commit-config.yaml")["repos"] for h in repo["hooks"]]
    commands += [hook["entry"] for hook in hooks]
    called = [re.match(r"make (?:-s )?([a-z-]+)", command) for command in commands]
    assert all(called), commands
    assert {match[1] for match in called if match} <= tasks()
    # Without versions of their own: a task uses those of constraints/latest.txt.
    assert not [hook for hook in hooks if "additional_dependencies" in hook]
    assert {"make test", "make test-minimum"} <= set(commands)
    ours = re.findall(r"^make (\S+)$", read(".ci/run"), re.MULTILINE)
    assert {f"make {task}" for task in ours} <= set(commands)


def test_the_configuration_of_the_hooks_is_valid():
    run("pre_commit", "validate-config")


def test_the_sources_have_the_tests_and_what_they_need():
    excluded = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["exclude"]
    assert not [path for path in excluded if path.startswith(("/tests", "/src", "/constraints"))]


def test_a_row_of_the_matrix_names_what_exists():
    extras = PROJECT["project"]["optional-dependencies"]
    for row in ROWS.values():
        assert row["install"] in extras
        assert all((ROOT / "tests" / "parts" / f"{part}.txt").is_file() for part in row["tests"])

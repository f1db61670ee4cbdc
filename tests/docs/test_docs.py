"""The documentation names everything there is, and everything in it runs."""

import ast
import contextlib
import importlib
import importlib.util
import io
import re
import shlex
import sys
from pathlib import Path

import pytest

import gradatim
from gradatim.core.values.value import buildable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r'^```\w+ title="([\w./]+)"\n(.*?)^```', re.MULTILINE | re.DOTALL)
# These two run where their subject does: on each backend, and with what they print.
ELSEWHERE = {"keras": "keras/scripts/check_docs.py", "forecast": "forecast/test_forecast_docs.py"}
PAGES = sorted({path.stem for path in DOCS.glob("*.md")} - ELSEWHERE.keys())
BINDINGS = ("torch", "keras", "jax", "speechbrain")
# What the fragments of the README stand in.
AROUND = """
import keras, numpy, optax, torch
model = network = torch.nn.Linear(1, 1)
optimizer = torch.optim.AdamW(model.parameters())
data, validation_loss = [torch.ones(2, 1)] * 3, 1.0
def loss(batch, kl=0.0):
    return network(batch).sum() + kl
muon, adamw = torch.optim.SGD([model.weight]), torch.optim.AdamW([model.bias])
batches = iter(lambda: torch.ones(2, 1), None)
x = y = numpy.ones((8, 1), "float32")
held_out = (x, y)
"""


def module(path):
    spec = importlib.util.spec_from_file_location("docs_" + path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


generate = module(DOCS / "generate.py")
reference = module(DOCS / "reference.py")


@pytest.fixture(scope="module")
def generated():
    return generate.pages() | reference.pages()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as ``make docs`` builds it: a warning is an error."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def fences(page, kind):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return [body for language, body in FENCE.findall(text) if language == kind]


@pytest.fixture
def files(tmp_path, own_names, monkeypatch):
    """Writes the files that a page shows, by their titles, to where the page then runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(page):
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        for title, body in FILE.findall(text):
            (tmp_path / title).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / title).write_text(body, encoding="utf-8")

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, files, tmp_path):
    files(page)
    namespace = {"__name__": "docs"}
    for body in fences(page, "python"):
        exec(compile(body, f"{page}.md", "exec"), namespace)
    for path in tmp_path.glob("test_*.py"):
        for name, test in vars(importlib.import_module(path.stem)).items():
            if name.startswith("test_"):
                test()


@pytest.mark.parametrize(("page", "file"), ELSEWHERE.items())
def test_the_other_pages_run_elsewhere(page, file):
    assert f'"{page}.md"' in (ROOT / "tests" / file).read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "readme"}
    exec(AROUND, namespace)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [body for language, body in FENCE.findall(text) if language == "python"]
    assert len(blocks) == 5
    for body in blocks:
        body = body.replace("seconds=600", "seconds=0.2")
        if "gradatim.keras" in body:
            exec("model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])", namespace)
        exec(compile(body, "README.md", "exec"), namespace)
        if last := re.search(r"^(schedule\(.*)  # (\(.*\))$", body, re.MULTILINE):
            assert eval(last[1], namespace) == eval(last[2])
    assert namespace["optimizer"].update


def test_the_commands_of_the_readme_run(capsys):
    """The others install, clone and make: CI does the same by other means."""
    lines = "\n".join(fences("../README", "console")).splitlines()
    ours = [line.removeprefix("$ ") for line in lines if line.startswith("$ gradatim ")]
    exits = {}
    for line in ours:
        _, verb, *arguments = shlex.split(line)
        with pytest.raises(SystemExit) as ended:
            gradatim.cli.main([verb, *arguments])
        exits[verb] = ended.value.code or 0
    assert exits == {"show": 0, "check": 1}  # that schedule has an error, which is the point
    printed = capsys.readouterr().out
    assert "end of warm-up" in printed
    assert "update 91 of 9000" in printed


def test_the_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)|srcset=\"(.+?)\"|src=\"(.+?)\"", text)
    names = {name for found in targets for name in found if name}
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", ["../README", *PAGES, *ELSEWHERE])
def test_no_page_tells_to_import_something_private(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert not re.findall(r"gradatim(?:\.\w+)*\._\w+", text)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_print_what_it_says(page, files):
    files(page)
    for body in fences(page, "console"):
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            program, *arguments = shlex.split(line)
            if program != "gradatim":
                continue
            out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n")
            with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
                gradatim.cli.main(arguments)
            out.seek(0)
            assert out.read().strip() == expected.strip(), line


def test_plans_in_the_docs_are_plans(tmp_path):
    for i, body in enumerate(fences("plans", "yaml")):
        path = tmp_path / f"{i}.yaml"
        path.write_text(body, encoding="utf-8")
        assert gradatim.load_plan(path).schedules


def test_every_registered_name_is_in_the_gallery(generated):
    names = {n for n, make in buildable().items() if make.__module__.startswith("gradatim.core")}
    shown = set(re.findall(r"^### (\w+)$", generated["gallery.md"], re.MULTILINE))
    assert names - shown == {"Run"}


@pytest.mark.parametrize("name", reference.MODULES)
def test_every_public_name_is_in_the_reference(name, site):
    page = (site / "reference" / name / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(rf'(?:id|href)="[^"]*?{re.escape(name)}(?:\.\w+)*?\.(\w+)"', page))
    if name == "gradatim":  # what another page describes is linked
        shown |= set(re.findall(r'href="[^"]*#gradatim(?:\.\w+)*\.(\w+)"', page))
    public = reference.exports(name)
    assert public
    assert set(public) <= shown


def test_the_reference_has_all_that_a_page_imports():
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    imports = re.findall(r"^(?:>>> )?from (gradatim[\w.]*) import ([\w, ]+)", text, re.MULTILINE)
    assert len(imports) > 100
    for source, names in imports:
        for name in (part.split(" as ")[0].strip() for part in names.split(",")):
            if f"{source}.{name}" not in reference.MODULES:
                assert source in reference.MODULES, source
                assert name in reference.exports(source), f"{source}.{name}"


def test_signatures_of_values_are_those_of_their_fields(site):
    page = (site / "reference" / "gradatim.pieces" / "index.html").read_text(encoding="utf-8")
    entry = page.partition('id="gradatim.pieces.Linear"')[2].partition("</div>")[0]
    signature = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", entry))
    assert re.search(r"Linear\(start: Number, end: Number, steps: \w+\)", signature)


def test_the_pages_need_no_more_than_the_top_level_has():
    """What a page imports from gradatim is there; what is there is on a page people read."""
    pages = [ROOT / "README.md", *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    imported = re.findall(r"^(?:>>> )?from gradatim import (.+)$", text, re.MULTILINE)
    names = {name.strip() for line in imported for name in line.split(",")}
    assert names <= set(gradatim.__all__)
    assert [name for name in gradatim.__all__ if not re.search(rf"\b{name}\b", text)] == []
    assert len(gradatim.__all__) <= 47, "a rare name belongs into a module of its own"


@pytest.mark.parametrize("binding", BINDINGS)
def test_every_public_name_of_a_binding_is_on_a_page(binding):
    init = ast.parse((ROOT / "src" / "gradatim" / binding / "__init__.py").read_text("utf-8"))
    (names,) = (
        ast.literal_eval(node.value)
        for node in init.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_every_verb_is_in_the_docs(generated):
    for verb in generate.verbs():
        assert f"## {verb}\n" in generated["command.md"]
        assert f"gradatim {verb} [OPTIONS]" in generated["command.md"]
    assert {"show", "check", "diff", "convert", "list", "race"} <= set(generate.verbs())


def test_pieces_have_pictures_and_formulas(generated):
    gallery = generated["gallery.md"]
    assert gallery.count("<svg") >= len([e for e in generate.entries() if e.kind != "rule"]) - 1
    assert gallery.count("<math") >= 20
    assert r"\mathrm{start}" in gallery.partition("### Linear\n")[2].partition("### ")[0]


def test_links_between_pages_lead_somewhere(generated):
    there = {path.name for path in DOCS.glob("*.md")} | generated.keys()
    for path in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([\w./-]+\.md)", path.read_text(encoding="utf-8")):
            if target.startswith("trainers/"):
                continue
            assert target in there, f"{path.name} links to {target}"


def test_the_site_asks_no_other_server(site):
    page = (site / "gallery" / "index.html").read_text(encoding="utf-8")
    assert "<math" in page
    outside = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://[^>]+>', page)
    assert [tag for tag in outside if 'rel="canonical"' not in tag] == []

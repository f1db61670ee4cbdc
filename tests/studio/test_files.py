"""The files of the page: what is vendored is as it was published, and everything is used."""

import hashlib
import re

from gradatim.look.palette import DARK, LIGHT, SERIES
from gradatim.studio.app import static_files

# uPlot 1.6.32, as its package on npm has it: dist/uPlot.esm.js, dist/uPlot.min.css, LICENSE.
VENDORED = {
    "/uplot/uPlot.esm.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
    "/uplot/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "/uplot/LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
OURS = {name: content.decode() for name, content in static_files().items() if name not in VENDORED}
SCRIPTS = {name: text for name, text in OURS.items() if name.endswith(".js")}
LONGEST = 260
EXPORT = r"^export (?:async )?(?:function|class|const) (\w+)"


def test_vendored_files_are_as_they_were_published():
    found = {name for name in static_files() if name.startswith("/uplot/")}
    assert found == VENDORED.keys()
    for name, digest in VENDORED.items():
        assert hashlib.sha256(static_files()[name]).hexdigest() == digest, name
    assert "MIT" in static_files()["/uplot/LICENSE"].decode()


def test_every_script_is_imported_and_every_name_of_it_is_used():
    for name, text in SCRIPTS.items():
        others = {other: t for other, t in OURS.items() if other != name}
        if name != "/main.js":
            assert any(f'"./{name[1:]}"' in other for other in others.values()), name
        for exported in re.findall(
            r"^export (?:async )?(?:function|class|const) (\w+)", text, re.M
        ):
            used = re.compile(rf"\b{exported}\b")
            assert any(used.search(other) for other in others.values()), (name, exported)
        for imports in re.findall(r"^import \{ (.+?) \} from", text, re.M):
            for imported in (name.split(" as ")[-1] for name in imports.split(", ")):
                assert len(re.findall(rf"\b{imported}\b", text)) > 1, (name, imported)


def test_every_style_is_that_of_something():
    page = "".join(text for name, text in OURS.items() if not name.endswith(".css"))
    for selector in set(
        re.findall(r"[.#]([a-z][\w-]*)", re.sub(r"\{.*?\}", "", OURS["/style.css"]))
    ):
        assert re.search(rf"\b{selector}\b", page) or selector.startswith("u-"), selector


def test_scripts_are_short_and_one_idea_each():
    for name, text in SCRIPTS.items():
        assert text.startswith("// "), name
        assert text.count("\n") <= LONGEST, name


def test_colours_are_those_of_the_palette():
    palette = OURS["/palette.css"]
    for colours in (LIGHT, DARK):
        for name, colour in colours.items():
            assert f"--{name}: {colour};" in palette
    for i, colour in enumerate(SERIES):
        assert f"--series-{i}: {'var(--ink)' if colour == '#000000' else colour};" in palette
    own = re.sub(r"rgb\(0 0 0 / 40%\)", "", OURS["/style.css"])
    assert not re.search(r"#[0-9a-f]{3}(?:[0-9a-f]{3})?;|\brgb|\bhsl", own)


def test_nothing_in_the_page_is_inline():
    page = OURS["/"]
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page)

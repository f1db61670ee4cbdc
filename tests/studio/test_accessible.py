"""axe-core finds nothing on the page, whatever is open on it, light and dark, wide and narrow."""

from importlib.resources import files

import pytest

from tests.studio.reading import settled
from tests.studio.test_dropped import drop, trainer_state
from tests.studio.test_page import COSINE, PLAN, WSD, write

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = "() => axe.run(document, { resultTypes: ['violations'] })"


def violations(page):
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE)
    found = page.evaluate(RULES)["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(opened, phone, dark, tmp_path):
    page = opened(COSINE, WSD, PLAN, phone=phone, dark=dark)
    settled(page)
    page.locator(".comparison tr").first.wait_for()
    assert violations(page) == []
    page.evaluate("() => studio.store.open(3)")
    page.locator(".card.active .replay").wait_for()
    assert violations(page) == []
    write(page, "warmup_cosine(peak=3e-4, warmpu=5)")
    page.evaluate("() => studio.store.open(1)")
    drop(page, trainer_state(tmp_path))
    page.locator(".sentences li").first.wait_for()
    page.locator(".card.active textarea").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("warm")
    page.locator("[role=option]").first.wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("header").click()
    for key in "nbtr?":
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], key
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")

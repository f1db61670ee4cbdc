"""What is taken away, and what is brought in, in the browser."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from gradatim import Plan, load_plan, wsd
from gradatim.core.text import parse
from gradatim.errors import GradatimError
from gradatim.peers import TARGETS, convert, read
from gradatim.studio.documents import read_text
from tests.studio.reading import curves, settled, texts, until

COSINE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"
ONE_CYCLE = """optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=1000)
"""


def taken(page, form, folder):
    page.keyboard.press("t")
    page.get_by_label("Form").select_option(form)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download").click()
    path = folder / downloaded.value.suggested_filename
    downloaded.value.save_as(path)
    page.wait_for_selector("dialog[open]", state="detached")
    return path


def test_a_stranger_without_a_text_draws_changes_the_peak_and_exports(opened, tmp_path):
    """By keys alone: a schedule of the gallery, its peak, a plan file."""
    page = opened()
    settled(page)
    page.keyboard.press("n")
    page.wait_for_selector(".gallery button")
    page.keyboard.type("wsd")
    until(page, "() => document.querySelectorAll('.gallery li:not([hidden])').length <= 3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settled(page)
    page.locator(".card.active input[aria-label=peak]").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("2e-3")
    settled(page)
    page.keyboard.press("Escape")
    page.locator("header").click()
    path = taken(page, "plan", tmp_path)
    schedule = parse(texts(page)[1])
    assert load_plan(path) == Plan({"lr": schedule})
    assert max(schedule(step) for step in range(10_000)) == 2e-3


@pytest.mark.parametrize("project", TARGETS)
def test_code_of_each_project_is_what_convert_writes(opened, project, tmp_path):
    page = opened(COSINE)
    settled(page)
    code, refusal = "", ""
    try:
        code = convert(parse(COSINE), project, 10_000).code
    except GradatimError as error:
        refusal = f"{error}"
    if refusal:
        page.keyboard.press("t")
        page.get_by_label("Form").select_option(project)
        page.locator(".notes .error").wait_for()
        assert page.locator(".notes .error").text_content() == refusal
    else:
        assert taken(page, project, tmp_path).read_text(encoding="utf-8") == code


def test_pictures_and_the_report_hold_the_curve(opened, tmp_path):
    page = opened(COSINE, "wsd(peak=3e-4, warmup=500, steps=10_000)")
    settled(page)
    picture = ElementTree.parse(taken(page, "svg", tmp_path))
    paths = [path.get("d") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    assert sum(path.count("L") > 500 for path in paths) == 2
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"warmup_cosine", "wsd", "lr", "step (completed updates)"} <= set(words)
    png = taken(page, "png", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert len(png) > 10_000
    report = taken(page, "report", tmp_path).read_text(encoding="utf-8")
    assert "<svg" in report
    assert "http" not in report.replace("http://www.w3.org", "")


def test_pasted_code_becomes_a_card_and_what_is_not_read_is_said(opened):
    page = opened(COSINE)
    settled(page)
    page.keyboard.press("b")
    page.locator("dialog[open] textarea").fill(ONE_CYCLE)
    page.wait_for_selector(".found button")
    said = page.locator(".found").text_content()
    assert "line 2, torch" in said
    page.locator(".found button").first.click()
    settled(page)
    plan = read_text(texts(page)[1])
    assert plan["lr"] == read(ONE_CYCLE, "torch").schedule
    drawn = curves(page, 1)
    assert [curve["target"] for curve in drawn] == ["lr", "momentum"]
    for curve in drawn:
        schedule = plan[curve["target"]]
        assert curve["values"] == [schedule(step) for step in curve["steps"]]
    page.keyboard.press("b")
    page.locator("dialog[open] textarea").fill("nothing at all")
    page.wait_for_selector(".found .error")


def test_a_pasted_link_opens_its_state(opened):
    page = opened(COSINE)
    settled(page)
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_text("Copied.").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    page.evaluate("() => studio.store.removeCard(1)")
    page.keyboard.press("b")
    page.locator("dialog[open] textarea").fill(link)
    page.get_by_role("button", name="Open the schedules of this link").click()
    settled(page)
    assert texts(page) == [COSINE]


def test_a_dropped_plan_file_becomes_a_card(opened, tmp_path):
    page = opened(COSINE)
    settled(page)
    plan = {"format": 1, "schedules": {"lr": {"wsd": {"peak": 1.0, "steps": 50, "warmup": 5}}}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(path)
    until(page, "() => studio.store.state.cards.length === 2")
    (curve,) = curves(page, 1)
    schedule = wsd(peak=1.0, steps=50, warmup=5)
    assert curve["values"] == [schedule(step) for step in curve["steps"]]
    assert page.locator(".card.active .name").input_value() == "mine"

"""Somebody who has read nothing draws a schedule, changes its peak, and takes it away."""

from pathlib import Path

import pytest

from gradatim.plans import load_plan
from tests.studio.reading import settled, texts


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_five_clicks_from_the_first_page_to_a_plan_file(opened, phone, tmp_path):
    page = opened(phone=phone)
    page.get_by_role("button", name="Add a schedule").click()
    page.get_by_role("button", name="wsd", exact=True).click()
    settled(page)
    slider = page.get_by_role("slider", name="peak, slider")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    settled(page)
    assert int(slider.input_value()) > 750  # it stays where it was put
    page.get_by_role("button", name="Take away").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    assert_is_the_last_card(page, path)


def test_the_keyboard_is_enough(opened, tmp_path):
    page = opened()
    page.keyboard.press("n")
    page.wait_for_selector(".gallery button")
    page.keyboard.type("wsd")
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("e")
    while (
        page.evaluate("() => document.activeElement.getAttribute('aria-label')") != "peak, slider"
    ):
        page.keyboard.press("Tab")
    page.keyboard.press("PageUp")
    settled(page)
    page.keyboard.press("t")
    page.wait_for_selector("dialog[open] button.main:enabled")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    assert_is_the_last_card(page, path)


def assert_is_the_last_card(page, path: Path):
    """The file drives the run as the card on the page does, with another peak than the example."""
    from gradatim.core.text import parse

    schedule = load_plan(path)["lr"]
    shown = parse(texts(page)[-1])
    assert schedule == shown
    assert max(schedule.values(10_000)) > 3e-4

"""The page in a real browser: what it draws, and what one does to it."""

import random
import re

import pytest

from gradatim import Run
from gradatim.core.text import parse
from gradatim.studio.body import Body
from gradatim.studio.documents import read_text
from gradatim.studio.gallery import gallery
from tests.studio.reading import DRAWN, columns_in_colour, curves, settled, texts, until, write

COSINE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"
WSD = "wsd(peak=3e-4, warmup=500, steps=10_000)"
PLAN = """format: 1
run:
  samples: 50000
  batch: 128
  epochs: 9
schedules:
  lr/head:
    warmup_cosine:
      peak: 3e-4
      warmup: 5%
  lr/*: {Linear: {start: 1e-4, end: 0}}
  weight_decay: {Constant: {value: 0.1}}
external:
  kl: {Linear: {start: 0, end: 1}}
rules:
  lr: {Plateau: {mode: min, patience: 1, factor: 0.5}}
"""
UNDO, REDO = "Control+z", "Control+Shift+z"


def editor(page):
    return page.locator(".card.active .editor textarea")


def field(page, name):
    return page.locator(f".card.active input[aria-label='{name}']")


def slider(page, name):
    return page.locator(f".card.active input[aria-label='{name}, slider']")


def test_every_schedule_of_the_gallery_is_drawn_with_the_values_of_python(opened):
    page = opened(COSINE)
    for entry in gallery(Body({}))["entries"]:
        write(page, entry["text"])
        schedule = parse(entry["text"])
        (curve,) = curves(page)
        assert curve["values"] == [schedule(step) for step in curve["steps"]], entry["name"]
        assert columns_in_colour(page) > 300, entry["name"]


@pytest.mark.parametrize("log", [False, True], ids=["linear", "logarithmic"])
@pytest.mark.parametrize(
    "text",
    [
        COSINE,
        "step_decay(peak=1.0, every=9, factor=0.99).cut(2_000)",
        "cosine_restarts(peak=1.0, cycle=150).cut(2_000)",
        "warmup_inverse_sqrt(peak=1e-3, warmup=3, steps=1_000_000)",
    ],
)
def test_the_line_goes_through_every_point(opened, text, log):
    """It has fewer corners than points, and the eye does not see it."""
    page = opened(text)
    page.evaluate("(log) => studio.store.change({ log })", log)
    settled(page)
    assert (
        page.evaluate(
            """() => {
          const [{ plot, panel, colours }] = studio.charts.panels.values();
          const { width, height } = plot.ctx.canvas;
          const { data } = plot.ctx.getImageData(0, 0, width, height);
          const [curve] = panel.curves;
          const probe = document.createElement("canvas").getContext("2d");
          probe.fillStyle = colours[curve.ink];
          probe.fillRect(0, 0, 1, 1);
          const ink = probe.getImageData(0, 0, 1, 1).data;
          const isInk = (x, y) => [0, 1, 2].every((part) =>
            Math.abs(data[4 * (y * width + x) + part] - ink[part]) < 60);
          const near = (at) => [-1, 0].map((by) => Math.round(at) + by);
          const lost = [...curve.values].map((value, i) => {
            const x = near(plot.valToPos(curve.places[i], "x", true));
            const y = near(plot.valToPos(value, "y", true));
            const inside = value > 0 || !panel.log;
            return inside && !x.some((column) => y.some((row) => isInk(column, row))) ? i : null;
          });
          return lost.filter((i) => i !== null);
        }"""
        )
        == []
    )


def test_a_change_draws_the_canvas_once(opened):
    page = opened(COSINE, WSD)
    page.locator(".comparison tr").first.wait_for()
    page.locator(".card.active .figures dd").first.wait_for()
    settled(page)
    page.evaluate(
        """() => {
          window.draws = 0;
          const [{ plot }] = studio.charts.panels.values();
          const { clearRect } = plot.ctx;
          plot.ctx.clearRect = (...box) => { draws++; clearRect.apply(plot.ctx, box); };
        }"""
    )
    page.evaluate("() => studio.store.changeCard(1, { name: 'a name is not drawn' })")
    write(page, COSINE.replace("3e-4", "2e-4"))
    until(page, "() => document.querySelector('.figures dd').textContent === '2e-4'")
    page.evaluate(DRAWN)
    assert page.evaluate("() => draws") == 1


def test_all_targets_of_a_plan_are_drawn_with_the_values_of_python(opened):
    page = opened(PLAN)
    plan = read_text(PLAN)
    drawn = curves(page)
    assert [curve["target"] for curve in drawn] == [str(target) for target in plan]
    for curve in drawn:
        schedule = plan[curve["target"]]
        assert curve["values"] == [schedule(step) for step in curve["steps"]]
    assert page.locator(".panel h2").all_text_contents() == ["lr", "weight_decay", "kl"]


def test_typing_draws_and_keeps_the_last_curve_while_the_text_is_wrong(opened):
    page = opened(COSINE)
    before = curves(page)
    editor(page).click()
    editor(page).press("End")
    page.keyboard.type(" >> Linear(start=0, end=1e-4, step")
    settled(page)
    assert page.locator(".behind mark").text_content()
    assert "not an expression" in page.locator(".card.active .problem").text_content()
    assert curves(page)[0]["values"] == before[0]["values"]
    page.keyboard.press("Escape")
    page.keyboard.type("s=100)")
    (curve,) = curves(page)
    schedule = parse(texts(page)[0])
    assert texts(page)[0].endswith("steps=100)")
    assert schedule.length == 10_100
    assert curve["values"] == [schedule(step) for step in curve["steps"]]
    assert page.locator(".behind mark").count() == 0


def test_what_is_wrong_is_underlined(opened):
    page = opened(COSINE)
    for text, marked in [
        ("warmup_cosine(peak=3e-4, warmpu=500, steps=10_000)", "warmpu=500"),
        ("Linear(0, 1, steps=10) >> Cosine(start=1, end=0, steps=0)", "steps=0"),
        ("0.5 * wsdd(peak=1.0, steps=10)", "wsdd"),
        ("Function(function='os:system', steps=3)", "Function(function='os:system', steps=3)"),
        (PLAN.replace("peak", "peek"), "peek: 3e-4"),
    ]:
        write(page, text)
        assert page.locator(".behind mark").text_content() == marked
        assert page.locator(".card.active .problem").text_content()


def test_names_and_arguments_are_completed(opened):
    page = opened("Constant(1.0)")
    editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("warmup_co")
    until(page, "() => document.querySelectorAll('[role=option]').length === 2")
    assert page.locator("[role=option] code").all_text_contents() == [
        "warmup_constant(",
        "warmup_cosine(",
    ]
    page.keyboard.press("ArrowDown")
    assert page.locator("[aria-selected=true] code").text_content() == "warmup_cosine("
    page.keyboard.press("Tab")
    for typed in ("1.0, ", "500, ", "10_000)"):
        page.wait_for_selector("[role=option][aria-selected=true]")
        page.keyboard.press("Enter")
        page.keyboard.type(typed)
    settled(page)
    assert texts(page) == ["warmup_cosine(peak=1.0, steps=500, warmup=10_000)"]
    assert page.locator(".options:visible").count() == 0


def test_a_slider_changes_text_curve_and_field_and_undo_takes_all_of_it_back(opened):
    page = opened(COSINE)
    settled(page)
    slider(page, "peak").focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    (curve,) = curves(page)
    (text,) = texts(page)
    peak = parse(text)(500)
    assert text != COSINE
    assert peak > 3e-4
    assert max(curve["values"]) == peak
    assert float(field(page, "peak").input_value()) == peak
    assert editor(page).input_value() == text
    page.keyboard.press(UNDO)
    settled(page)
    assert texts(page) == [COSINE]
    assert field(page, "peak").input_value() == "3e-4"
    page.keyboard.press(REDO)
    settled(page)
    assert texts(page) == [text]


def test_a_slider_that_is_dragged_follows_the_hand(opened):
    """A pointer at a place gives the value of that place, however it came there."""
    page = opened(COSINE)
    settled(page)
    box = slider(page, "peak").bounding_box()
    middle = box["y"] + box["height"] / 2
    seen = []
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    page.mouse.down()
    for share in (0.6, 0.8, 0.6, 0.2, 0.8):
        page.mouse.move(box["x"] + share * box["width"], middle)
        settled(page)
        seen.append(texts(page)[0])
    page.mouse.up()
    assert seen[0] == seen[2]
    assert seen[1] == seen[4]
    assert parse(seen[3])(500) < 3e-4 < parse(seen[0])(500) < parse(seen[1])(500)
    assert int(slider(page, "peak").input_value()) > 750  # it stays where it was put
    page.keyboard.press(UNDO)
    settled(page)
    assert texts(page) == [COSINE]


def test_each_slider_of_a_plan_changes_its_own_value_alone(opened):
    page = opened(PLAN)
    settled(page)
    page.wait_for_selector(".form .row")
    sliders = page.locator(".card.active .form input[type=range]:visible")
    assert sliders.count() > 5
    for at in range(sliders.count()):
        before = texts(page)[0]
        sliders.nth(at).focus()
        page.keyboard.press("PageDown" if float(sliders.nth(at).input_value()) > 900 else "PageUp")
        settled(page)
        after = texts(page)[0]
        read_text(after)
        changed = [a != b for a, b in zip(before.split("\n"), after.split("\n"), strict=True)]
        assert sum(changed) == 1, after
        page.keyboard.press(UNDO)
        settled(page)
        assert texts(page)[0] == before


def test_fields_write_what_is_not_given_yet(opened):
    page = opened(COSINE)
    page.locator(".card.active summary").click()
    field(page, "floor").fill("1e-5")
    settled(page)
    assert texts(page) == [f"{COSINE[:-1]}, floor=1e-5)"]
    page.locator(".card.active select[aria-label=first]").select_option(index=1)
    settled(page)
    assert read_text(texts(page)[0])
    assert re.search(r", first=\"\w+\"\)$", texts(page)[0])


def test_undo_and_redo_go_through_every_state(opened):
    """Typing a word is one step; each change is taken back exactly, and done again exactly."""
    page = opened(COSINE)
    settled(page)
    seen = [page.evaluate("() => studio.store.state")]

    def changed():
        settled(page)
        state = page.evaluate("() => studio.store.state")
        assert state != seen[-1]
        seen.append(state)

    editor(page).click()
    editor(page).press("End")
    page.keyboard.type(" * 2")
    page.keyboard.press("Escape")
    changed()
    page.locator("header").click()
    for key in ("l", "h"):
        page.keyboard.press(key)
        changed()
    page.keyboard.press("h")
    changed()
    page.get_by_role("button", name="Duplicate").click()
    changed()
    for state in reversed(seen[:-1]):
        page.locator("header").click()
        page.keyboard.press(UNDO)
        settled(page)
        assert page.evaluate("() => studio.store.state") == state
    for state in seen[1:]:
        page.keyboard.press(REDO)
        settled(page)
        assert page.evaluate("() => studio.store.state") == state


def test_zoom_shows_every_step_of_a_short_stretch(opened):
    page = opened("step_decay(peak=1.0, every=7, factor=0.999).cut(1_000_000)")
    (whole,) = curves(page)
    assert len(whole["steps"]) < 4 * 900
    page.evaluate("() => studio.store.change({ view: [500_000, 500_100] })")
    (near,) = curves(page)
    assert [s for s in near["steps"] if 500_000 <= s <= 500_100] == list(range(500_000, 500_101))
    page.get_by_role("button", name="Show all").click()
    assert curves(page)[0]["steps"] == whole["steps"]


def test_the_pointer_and_the_arrow_keys_read_values(opened):
    page = opened(COSINE, WSD)
    settled(page)
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    assert page.locator(".values").first.text_content()
    middle = page.locator(".place").first.text_content()
    assert 4_900 < float(middle.replace(",", "")) < 5_100
    page.mouse.move(5, 5)
    assert page.locator(".values").first.text_content() == ""
    page.locator(".plot").first.focus()
    page.keyboard.press("Home")
    assert page.locator(".place").first.text_content() == "0"
    assert page.locator(".values").all_text_contents() == ["0", "0"]
    page.keyboard.press("+")
    settled(page)
    assert page.evaluate("() => studio.store.state.view[1]") < 6_000
    page.keyboard.press("0")
    assert page.evaluate("() => studio.store.state.view") is None


def test_the_pointer_reads_every_value_of_a_plan(opened):
    page = opened(PLAN)
    settled(page)
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 50)
    (at,) = {int(text.replace(",", "")) for text in page.locator(".place").all_text_contents()}
    read = page.locator(".values span")
    assert [read.nth(n).get_attribute("title") for n in range(4)] == list(map(str, read_text(PLAN)))
    kl = float(read.last.text_content().removeprefix("kl"))
    assert kl == pytest.approx(read_text(PLAN)["kl"](at), abs=1e-3)


@pytest.mark.parametrize(
    ("unit", "last"), [("epochs", 9.0), ("samples", 450_000), ("tokens", 450_000 * 8)]
)
def test_the_axis_of_a_run_has_its_units(opened, unit, last):
    page = opened(PLAN.replace("  epochs", "  tokens_per_sample: 8\n  epochs"))
    settled(page)
    page.get_by_label("Axis").select_option(unit)
    curve = curves(page)[0]
    assert curve["places"][0] == 0
    assert curve["places"][-1] == pytest.approx(last, rel=1e-3)
    assert page.locator("dialog[open]").count() == 0


def test_an_axis_in_epochs_asks_for_the_run(opened):
    page = opened(COSINE)
    settled(page)
    page.get_by_label("Axis").select_option("epochs")
    assert page.locator("dialog[open]").get_attribute("aria-label") == "The run"
    page.get_by_label("samples", exact=True).fill("50_000")
    page.get_by_label("batch", exact=True).fill("128")
    page.get_by_role("button", name="Use").click()
    page.wait_for_selector("dialog[open] .problem:not(:empty)")
    page.get_by_label("epochs", exact=True).fill("25.6")
    page.get_by_role("button", name="Use").click()
    page.wait_for_selector("dialog[open]", state="detached")
    (curve,) = curves(page)
    assert curve["places"][-1] == (Run(samples=50_000, batch=128, epochs=25.6).steps - 1) / 391


def test_findings_and_figures_stand_beside_the_card(opened):
    page = opened(COSINE, "warmup_cosine(peak=30.0, warmup=500, steps=10_000)")
    figures = page.locator(".card.active .figures")
    page.wait_for_selector(".card.active .figures dd")
    assert figures.locator("dd").all_text_contents() == ["3e-4", "5%", "95%", "1.5"]
    page.keyboard.press("j")
    finding = page.locator(".card.active .findings li")
    finding.wait_for()
    assert "a rate above 10 is usually a mistake" in finding.text_content()


def test_cards_are_compared_with_the_first(opened):
    page = opened(COSINE, WSD, COSINE)
    rows = page.locator(".comparison tr")
    rows.first.wait_for()
    cells = rows.first.locator("td").all_text_contents()
    one, other = parse(COSINE), parse(WSD)
    gaps = [other(step) - one(step) for step in range(10_000)]
    assert float(cells[0]) == pytest.approx(max(gaps), rel=1e-3)
    assert cells[1] == f"step {gaps.index(max(gaps)):,}"
    assert rows.nth(1).locator("td").first.text_content() == "the same"


def test_a_rule_is_replayed_over_metrics(opened):
    page = opened(PLAN)
    settled(page)
    page.get_by_label("Metrics", exact=True).fill("3 2 2 2 2 2")
    page.wait_for_selector(".replay output:not(:empty)")
    rule = read_text(PLAN).rules["lr"]
    wanted = rule.replay([3.0, 2.0, 2.0, 2.0, 2.0, 2.0])[-1]
    assert page.locator(".replay output").text_content() == f"factor {wanted:g} after 6"


def test_nothing_moves_while_a_slider_does(opened):
    page = opened(COSINE, WSD)
    settled(page)
    page.wait_for_selector(".card.active .figures dd")
    page.wait_for_selector(".comparison tr")
    page.evaluate(
        """() => {
          window.shifts = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => (shifts += e.value)))
            .observe({ type: "layout-shift" });
        }"""
    )
    places = ".card, .plot, .comparison, .row"
    boxes = "(all) => [...document.querySelectorAll(all)].map((e) => e.getBoundingClientRect().y)"
    before = page.evaluate(boxes, places)
    slider(page, "warmup").focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    settled(page)
    assert page.evaluate(boxes, places) == before
    assert page.evaluate("() => shifts") == 0


def test_a_phone_needs_no_sideways_scrolling(opened):
    page = opened(COSINE, PLAN, phone=True)
    settled(page)
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 390
    page.keyboard.press("n")
    page.wait_for_selector(".gallery button")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_every_key_of_the_list_does_something(opened):
    page = opened(COSINE, WSD)
    settled(page)
    for key in "nbtr?":
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")
    for key in ("u", "l", "h", "j", "k", "Delete"):
        before = page.evaluate("() => studio.store.state")
        page.keyboard.press(key)
        page.keyboard.press("Escape")
        assert page.evaluate("() => studio.store.state") != before, key
    page.keyboard.press("e")
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"


def test_a_key_right_after_a_dialog_is_not_typed_into_it(opened):
    """A dialog that was closed keeps the focus until the next frame."""
    page = opened(COSINE)
    settled(page)
    page.keyboard.press("b")
    page.wait_for_selector("dialog[open]")
    label = page.evaluate("""() => {
        document.querySelector("dialog[open]").close();
        const key = new KeyboardEvent("keydown", { key: "t", bubbles: true, cancelable: true });
        document.activeElement.dispatchEvent(key);
        return document.querySelector("dialog[open]")?.ariaLabel;
    }""")
    assert label == "Take away"


def test_random_texts_leave_form_and_text_one_state(opened):
    """Sliders moved at random over schedules of the gallery: the text is always a schedule."""
    draw = random.Random(11)
    page = opened(COSINE)
    entries = gallery(Body({}))["entries"]
    for entry in draw.sample(entries, 12):
        write(page, entry["text"])
        until(page, "() => !document.querySelector('.form.stale')")
        sliders = page.locator(".card.active .form input[type=range]:visible:enabled")
        for at in range(sliders.count()):
            sliders.nth(at).focus()
            page.keyboard.press(draw.choice(("ArrowRight", "PageUp", "PageDown", "ArrowLeft")))
            settled(page)
            if page.locator(".behind mark").count():  # as a warm-up longer than the run
                page.keyboard.press(UNDO)
                settled(page)
            schedule = parse(texts(page)[0])
            (curve,) = curves(page)
            assert curve["values"] == [schedule(step) for step in curve["steps"]]

"""Logs that are dropped on the page: audit, loss, and the forecast that follows a slider."""

import csv
import json

import pytest

from gradatim import warmup_cosine
from gradatim.core.text import parse
from gradatim.forecast import fit
from gradatim.logs import read_log
from gradatim.studio.documents import read_text
from tests.forecast.public_runs import multipower_run
from tests.studio.reading import settled, texts, until

COSINE = "warmup_cosine(peak=3e-4, warmup=2160, steps=24_000, floor=3e-5)"
PUBLIC = ("cosine_24000.csv", "wsd_20000_24000.csv")
DROP = """([name, content]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([content], name));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
}"""


def drop(page, path):
    page.evaluate(DROP, [path.name, path.read_text(encoding="utf-8")])


def trainer_state(folder, scale=1.0, begin=600):
    """The log of a run of transformers whose rate is off by a factor from a step on."""
    schedule = warmup_cosine(peak=3e-4, warmup=100, steps=1_000)
    rows = [
        {
            "step": step,
            "learning_rate": schedule(step) * (scale if step >= begin else 1.0),
            "loss": 4.0 - step / 1_000,
        }
        for step in range(10, 1_000, 10)
    ]
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({"log_history": rows}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def public_logs(tmp_path_factory):
    """Two public runs, with their rates beside their losses."""
    folder = tmp_path_factory.mktemp("logs")
    for name in PUBLIC:
        run = multipower_run("25", name)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["step", "lr", "loss"])
            for step, loss in zip(run.steps.tolist(), run.losses.tolist(), strict=True):
                rows.writerow([step, repr(float(run.rates[step])), repr(loss)])
    return [folder / name for name in PUBLIC]


def test_a_dropped_trainer_state_is_audited(opened, tmp_path):
    page = opened("warmup_cosine(peak=3e-4, warmup=100, steps=1_000)")
    settled(page)
    drop(page, trainer_state(tmp_path, scale=0.5))
    page.locator(".sentences li").first.wait_for()
    said = page.locator(".sentences").text_content()
    assert "NOT as planned" in said
    assert "600" in said
    assert page.locator(".logs b").text_content() == "trainer_state.json"
    titles = page.locator(".panel h2").all_text_contents()
    assert titles == ["lr", "logged / planned", "loss"]
    ratios = page.evaluate("() => studio.logs.ratios()[0]")
    for step, ratio in zip(ratios["places"], ratios["values"], strict=True):
        assert ratio == pytest.approx(1.0 if step < 600 else 0.5)
    page.get_by_role("button", name="Close trainer_state.json").click()
    until(page, "() => document.querySelectorAll('.panel').length === 1")


def test_a_run_as_planned_is_said_to_be_so(opened, tmp_path):
    page = opened("warmup_cosine(peak=3e-4, warmup=100, steps=1_000)")
    settled(page)
    drop(page, trainer_state(tmp_path))
    page.locator(".sentences li").first.wait_for()
    assert "of the plan: as planned." in page.locator(".sentences").text_content()


def test_a_rule_is_replayed_over_the_losses_of_a_log(opened, tmp_path):
    plan = (
        "format: 1\nschedules: {lr: {Constant: {value: 0.1, steps: 1000}}}\n"
        "rules: {lr: {Plateau: {mode: max, patience: 20, factor: 0.5}}}\n"
    )
    path = trainer_state(tmp_path)
    page = opened(plan)
    settled(page)
    drop(page, path)
    page.get_by_label("Metrics of").select_option("trainer_state.json")
    page.wait_for_selector(".replay output:not(:empty)")
    losses = read_log(path).losses
    scales = read_text(plan).rules["lr"].replay([losses[step] for step in sorted(losses)])
    wanted = f"factor {scales[-1]:.4g} after {len(scales)}"
    assert page.locator(".replay output").text_content() == wanted
    assert scales[-1] < 1.0


def test_a_file_that_is_no_log_is_refused_by_its_name(opened, tmp_path):
    page = opened(COSINE)
    settled(page)
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    drop(page, path)
    page.locator("#status", has_text="notes.csv").wait_for()
    said = page.locator("#status").text_content()
    assert "gradatim-studio" not in said
    assert page.locator(".logs li").count() == 0


def predicted(page):
    until(page, "() => document.querySelector('.card.active .predicted').textContent !== ''")
    return page.locator(".card.active .predicted").text_content()


def test_the_forecast_follows_a_slider(opened, public_logs):
    page = opened(COSINE, logs=public_logs)
    settled(page)
    page.get_by_label("Weight decay of these runs").fill("0.1")
    first = predicted(page)
    fitted = fit([read_log(path).curve(weight_decay=0.1) for path in public_logs])

    def expected(text):
        mean, low, high = fitted.predict(parse(text), at=[23_999]).final
        return f"Predicted loss {mean:.4g}, between {low:.4g} and {high:.4g}"

    assert first == expected(COSINE)
    page.locator("input[aria-label='warmup, slider']").focus()
    page.keyboard.press("PageUp")
    settled(page)
    (text,) = texts(page)
    assert text != COSINE
    page.locator(".card.active .predicted", has_text=expected(text)).wait_for()
    assert expected(text) != first
    # The curves of two logs; the prediction, and both ends of its interval.
    loss = "studio.drawing.panels().find((panel) => panel.title === 'loss').curves"
    until(page, f"() => {loss}.length === 2 + 3")


def test_refusals_of_the_forecast_are_shown_as_they_are(opened, public_logs):
    page = opened("warmup_cosine(peak=1e-2, warmup=2160, steps=24_000)", logs=public_logs)
    settled(page)
    page.locator(".forecast", has_text="needs the weight decay of the optimizer").wait_for()
    page.get_by_label("Weight decay of these runs").fill("0.1")
    predicted(page)
    assert "whether such a run diverges is not known" in page.locator(".forecast").text_content()
    page.locator(".logs input[type=checkbox]").first.uncheck()
    page.locator(".forecast", has_text="Drop 2 to 4 logs").wait_for()
    assert page.locator(".card.active .predicted").text_content() == ""

"""How fast the studio is: its first picture, and what is changed by hand redrawn.

    python benchmarks/studio.py [CARDS] [STEPS]

The first picture is that of the command: from its start, with the browser already running, until
the curves are on the page. A redraw is from the change of one card among 20 until the frame with
the new curve is painted; the processor time is that of the server and of the page, for the redraw
and for the findings and differences that follow it. The last row changes the highest curve, and so
the scale of all. Needs Chromium, and Linux for the processor time.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from interleaved import machine, show
from playwright.sync_api import sync_playwright

STARTS, REPEATS = 5, 7
TEXTS = (
    "warmup_cosine(peak={peak}, warmup=500, steps={steps})",
    "wsd(peak={peak}, warmup=500, steps={steps})",
    "warmup_linear(peak={peak}, warmup=500, steps={steps})",
    "one_cycle(peak={peak}, steps={steps}, warmup=1000)",
    "cosine_restarts(peak={peak}, cycle=997).cut({steps})",
    "step_decay(peak={peak}, every=1000, factor=0.999).cut({steps})",
    "cyclic(peak={peak}, start=0.0, up=7).cut({steps})",
)
CHANGE = """([id, text]) => new Promise((done) => {
  const begin = performance.now();
  const { drawing, store, charts } = studio;
  const draw = charts.draw;
  charts.draw = (panels) => {
    draw.call(charts, panels);
    const result = drawing.results.get(id);
    if (!result?.curves || JSON.parse(result.asked).text !== text) return;
    charts.draw = draw;
    const channel = new MessageChannel();  // runs once the frame is painted
    requestAnimationFrame(() => channel.port2.postMessage(0));
    channel.port1.onmessage = () => done(performance.now() - begin);
  };
  store.changeCard(id, { text }, "a slider");
})"""
DRAWN = "() => Boolean(window.studio) && studio.drawing.results.size > 0 && !studio.drawing.waiting"


def started(texts):
    command = [sys.executable, "-m", "gradatim", "studio", "--no-browser", *texts]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def first_picture(browser, texts):
    """Seconds until the address is printed, and until the first curves are drawn."""
    begin = time.perf_counter()
    process = started(texts)
    address = process.stdout.readline().strip()
    printed = time.perf_counter() - begin
    page = browser.new_page()
    page.goto(address)
    while not page.evaluate(DRAWN):
        time.sleep(0.005)
    return process, page, printed, time.perf_counter() - begin


def processor_ms(process, cdp):
    """Processor time so far: of the server, and of the main thread of the page."""
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    server = 1e3 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    page = next(one["value"] for one in metrics if one["name"] == "ThreadTime")
    return server, 1e3 * page


def redrawn(page, cdp, process, card, texts):
    """Median and least ms until a changed card is drawn, and the processor time of a change."""
    times = []
    page.evaluate("(id) => studio.store.open(id)", card)  # it is the open card that one changes
    page.wait_for_timeout(1_000)
    begin = processor_ms(process, cdp)
    for text in texts:
        times.append(page.evaluate(CHANGE, [card, text]))
        page.wait_for_timeout(400)
    end = processor_ms(process, cdp)
    used = [(late - early) / len(texts) for early, late in zip(begin, end, strict=True)]
    return statistics.median(times), min(times), *used


def main():
    cards = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    texts = [
        TEXTS[i % len(TEXTS)].format(peak=f"{(i + 1) * 1e-4:.4g}", steps=steps)
        for i in range(cards)
    ]
    machine("starlette", "uvicorn", "playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        rows = []
        for _ in range(STARTS):
            process, page, printed, drawn = first_picture(browser, texts[:1])
            rows.append((printed, drawn))
            page.close()
            process.kill()
        medians = [statistics.median(column) for column in zip(*rows, strict=True)]
        show(
            "From the command",
            ("", "s"),
            [("address printed", medians[0]), ("first picture", medians[1])],
        )
        process, page, _, _ = first_picture(browser, texts)
        page.wait_for_timeout(3_000)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable")
        changed = [(i + 1, text, i + 1) for i, text in enumerate(TEXTS)]
        changed.append((cards, TEXTS[(cards - 1) % len(TEXTS)], cards))
        rows = []
        for card, text, peak in changed:
            new = [
                text.format(peak=f"{(peak + (k + 1) / 100) * 1e-4:.6g}", steps=steps)
                for k in range(REPEATS)
            ]
            name = re.match(r"\w+", text)[0] + (", the highest" if card == cards else "")
            rows.append((name, *redrawn(page, cdp, process, card, new)))
        show(
            f"One of {cards} schedules redrawn at {steps:,} steps",
            ("", "median ms", "least ms", "server CPU ms", "page CPU ms"),
            rows,
        )
        process.kill()
        browser.close()


if __name__ == "__main__":
    main()

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from gradatim.studio.session import Session
from tests.studio.reading import SECONDS, until
from tests.studio.served import running

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def studio():
    with running() as studio:
        yield studio


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium")
    assert path, "There is no Chromium. `make test` installs it."
    with sync_playwright() as playwright:
        # Nothing but this test is open in it, and it may run as root, where there is no sandbox.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=1_000 * SECONDS
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, monkeypatch, tmp_path):
    """Opens a page of a studio with these texts; nothing may go wrong on it, or leave it."""
    monkeypatch.chdir(tmp_path)
    problems, contexts, studios = [], [], []

    def said(message):
        # A wrong text is answered with 422, and the tests read pixels.
        expected = ("status of 422", "willReadFrequently")
        if message.type in ("error", "warning") and not any(e in message.text for e in expected):
            problems.append(message.text)

    def open_page(*texts, logs=(), phone=False, dark=False, fragment=None):
        session = Session()
        for text in texts:
            session.open_text("", text)
        for log in logs:
            session.open_log(Path(log))
        manager = running(session)
        studio = manager.__enter__()
        studios.append(manager)
        context = chromium.new_context(
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1_000 * SECONDS)
        page.on("console", said)
        page.on("pageerror", lambda error: problems.append(f"{error}"))
        page.on("request", lambda request: problems.extend(_elsewhere(request.url, studio.port)))
        page.goto(studio.address)
        if fragment:
            page.goto(f"http://127.0.0.1:{studio.port}/{fragment}")
            page.reload()
        until(page, "() => Boolean(window.studio && studio.drawing.results.size)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    for manager in studios:
        manager.__exit__(None, None, None)
    assert not problems


def _elsewhere(url, port):
    ours = (f"http://127.0.0.1:{port}/", "blob:", "data:")
    return [] if url.startswith(ours) else [f"asks {url}"]

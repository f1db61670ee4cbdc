"""The link: the whole state in a fragment, which is read back the same or refused."""

import base64
import json
import random
import zlib

import pytest

from gradatim.studio.body import Body
from gradatim.studio.documents import plan_as_yaml, read_text
from gradatim.studio.gallery import gallery
from tests.studio.reading import settled

COSINE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"
STATE = "() => { const { active, ...rest } = studio.store.state; return rest; }"
READ = "(fragment) => import('/link.js').then(({ decode }) => decode(fragment))"


def states():
    """Two hundred states: expressions and plans, names in any writing, runs, units and zooms."""
    draw = random.Random(5)
    texts = [entry["text"] for entry in gallery(Body({}))["entries"]]
    names = ("", "mine", "Überlänge", "学習率", "😀 fast", '"<b>&', "a\nb")
    for _ in range(200):
        cards = [draw.choice(texts) for _ in range(draw.randint(1, 8))]
        cards = [plan_as_yaml(read_text(text)) if draw.random() < 0.3 else text for text in cards]
        yield {
            "cards": [
                {"id": at, "name": draw.choice(names), "text": text, "hidden": draw.random() < 0.2}
                for at, text in enumerate(cards, start=1)
            ],
            "run": draw.choice([{}, {"steps": 5_000}, {"samples": 10, "batch": 2, "epochs": 1.5}]),
            "unit": draw.choice(["updates", "epochs", "samples", "tokens"]),
            "log": draw.random() < 0.5,
            "view": draw.choice([None, [0.0, 10.5], [1e3, 2e9]]),
        }


def fragment(content, version=1):
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(json.dumps(content).encode()) + packed.flush()
    return f"#{version}.{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def test_two_hundred_states_go_through_a_link(opened):
    page = opened(COSINE)
    settled(page)
    for state in states():
        there_and_back = page.evaluate(
            """(state) => import("/link.js").then(async ({ encode, decode }) => {
              const fragment = await encode(state);
              const { active, ...rest } = await decode(fragment);
              return [fragment, rest];
            })""",
            state,
        )
        assert there_and_back[1] == state
        assert there_and_back[0].startswith("#1.")


def test_a_copied_link_opens_the_same_page(opened):
    page = opened(COSINE)
    settled(page)
    page.keyboard.press("l")
    page.get_by_role("button", name="Duplicate").click()
    settled(page)
    before = page.evaluate(STATE)
    page.get_by_role("button", name="Link", exact=True).click()
    page.get_by_text("Copied.").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert "token" not in link
    other = page.context.new_page()
    other.goto(link)
    settled(other)
    assert other.evaluate(STATE) == before
    page.goto(
        link.split("#")[0] + fragment([[["named", "Constant(1.0)", 0]], {}, "updates", 0, None])
    )
    page.get_by_role("textbox", name="Name").first.wait_for()
    settled(page)
    assert page.evaluate("() => studio.store.state.cards.map((c) => [c.name, c.text])") == [
        ["named", "Constant(1.0)"]
    ]


CARD = ["", COSINE, 0]
FINE = [[CARD], {}, "updates", 0, None]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (fragment(FINE, version=2), "version 2"),
        (fragment(FINE)[:-4], "damaged"),
        ("#1.!!!", "no link"),
        ("#1.", "damaged"),
        ("#anything", "no link"),
        ("#1." + "A" * 20_000, "too long"),
        (fragment([]), "damaged"),
        (fragment({"cards": []}), "damaged"),
        (fragment([[["", COSINE]], {}, "updates", 0, None]), "damaged"),
        (fragment([[["", 5, 0]], {}, "updates", 0, None]), "damaged"),
        (fragment([[CARD] * 41, {}, "updates", 0, None]), "damaged"),
        (fragment([[CARD], [], "updates", 0, None]), "damaged"),
        (fragment([[CARD], {}, "miles", 0, None]), "damaged"),
        (fragment([[CARD], {}, "updates", 2, None]), "damaged"),
        (fragment([[CARD], {}, "updates", 0, [5, 4]]), "damaged"),
        (fragment([[CARD], {}, "updates", 0, None, 1]), "damaged"),
    ],
)
def test_a_link_that_does_not_fit_is_refused(opened, link, reason):
    page = opened(COSINE)
    settled(page)
    before = page.evaluate(STATE)
    page.evaluate("(link) => (location.hash = link)", link)
    page.locator("#status:not(:empty)").wait_for()
    assert reason in page.locator("#status").text_content()
    assert page.evaluate(STATE) == before


def test_a_state_that_is_too_large_for_a_link_says_so(opened):
    page = opened(COSINE)
    settled(page)
    draw = random.Random(1)
    table = ", ".join(f"({10 * k}, {draw.random()!r})" for k in range(1, 2_000))
    page.evaluate("(text) => studio.store.addCard(text)", f"Table([(0, 1.0), {table}])")
    page.get_by_role("button", name="Link", exact=True).click()
    page.locator("#status:not(:empty)").wait_for()
    assert "Save plan files instead" in page.locator("#status").text_content()
    assert page.evaluate("() => location.hash") == ""

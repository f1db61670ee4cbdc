"""What a page of the studio shows, read by a test."""

import time

SETTLED = """() => {
  const { store, drawing } = window.studio ?? {};
  return store && !drawing.waiting && store.state.cards.every((card) => {
    const asked = drawing.asked.get(card.id);
    const result = drawing.results.get(card.id);
    return asked && JSON.parse(asked).text === card.text && result && result.asked === asked;
  });
}"""


DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SECONDS = 240  # what takes longer does not come, on a busy machine either


def until(page, condition):
    """Wait until a function of the page is true. Playwright's own wait needs ``unsafe-eval``."""
    end = time.monotonic() + SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(10)


def settled(page):
    """Wait until every card is answered, and drawn."""
    until(page, SETTLED)
    page.evaluate(DRAWN)


def texts(page):
    return page.evaluate("() => studio.store.state.cards.map((card) => card.text)")


def curves(page, card=0):
    """The curves that are drawn of a card."""
    settled(page)
    return page.evaluate(
        """(at) => {
          const { id } = studio.store.state.cards[at];
          return studio.drawing.panels().flatMap((panel) => panel.curves)
            .filter((curve) => curve.id === id)
            .map(({ steps, places, values, ...curve }) => ({
              ...curve, steps: [...steps], places: [...places], values: [...values],
            }));
        }""",
        card,
    )


def columns_in_colour(page, series=0):
    """The number of columns of the first chart that have a pixel in the colour of a curve."""
    return page.evaluate(
        """(series) => {
          const canvas = document.querySelector(".plot canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const style = getComputedStyle(document.documentElement);
          const probe = document.createElement("canvas").getContext("2d");
          probe.fillStyle = style.getPropertyValue(`--series-${series}`);
          probe.fillRect(0, 0, 1, 1);
          const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
          const near = (i) => Math.abs(data[i] - r) + Math.abs(data[i + 1] - g)
            + Math.abs(data[i + 2] - b) < 60 && data[i + 3] > 60;
          let found = 0;
          for (let x = 0; x < width; x++) {
            for (let y = 0; y < height; y++) if (near(4 * (y * width + x))) { found++; break; }
          }
          return found;
        }""",
        series,
    )


def write(page, text, card=0):
    """Give a card this text."""
    page.evaluate(
        "([at, text]) => studio.store.changeCard(studio.store.state.cards[at].id, { text })",
        [card, text],
    )
    settled(page)

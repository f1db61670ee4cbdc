// The largest difference of each card to the first one.

import { askLatest } from "./api.js";
import { COLOURS } from "./colours.js";
import { h } from "./dom.js";
import { short } from "./numbers.js";

export class Comparison {
  constructor(parent, store, title) {
    this.store = store;
    this.title = title; // the name of a card, by its id
    this.element = h("section", { class: "comparison", hidden: true });
    parent.append(this.element);
  }

  async update() {
    const { cards, run } = this.store.state;
    const shown = cards.filter((card) => !card.hidden);
    this.element.hidden = shown.length < 2;
    const body = { texts: shown.map((card) => card.text), run };
    const question = JSON.stringify([body, shown.map((card) => card.name)]);
    if (shown.length < 2 || question === this.asked) return;
    this.asked = question;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const found = await askLatest("compare", "compare", body).catch(() => null);
      if (found && this.asked === question) this.show(shown, found.differences);
    }, 150);
  }

  show(cards, differences) {
    const several = differences.some((one) => one?.length > 1);
    const rows = cards.flatMap((card, at) => (at && differences[at] ? differences[at].map((one) => this.row(card, one, several)) : []));
    this.element.hidden = rows.length === 0;
    this.element.replaceChildren(
      h("h2", {}, `Largest difference to ${this.title(cards[0].id)}`),
      h("table", {}, h("tbody", {}, rows)));
  }

  row(card, { target, at, gap }, several) {
    const colour = this.store.state.cards.indexOf(card) % COLOURS;
    const sign = gap > 0 ? "+" : "";
    return h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "dot", "data-series": colour }), this.title(card.id), several ? h("small", {}, ` ${target}`) : null),
      h("td", {}, gap ? `${sign}${short(gap)}` : "the same"),
      h("td", {}, gap ? at : ""));
  }
}

// Starts the page: one store, and the views of it.

import { start, takeToken } from "./api.js";
import { AxisBar } from "./axis.js";
import { Cards } from "./cards.js";
import { Charts } from "./chart.js";
import { h, icon, iconButton, ICONS } from "./dom.js";
import { Drawing } from "./drawing.js";
import { EMPTY, EXAMPLE, Store } from "./state.js";

const byId = (id) => document.getElementById(id);

function say(sentence) {
  byId("status").textContent = sentence;
}

function begin({ cards, dashes }) {
  const store = new Store(EMPTY);
  const charts = new Charts(byId("panels"), {
    onzoom: (view) => store.change({ view }, "view"),
    onread: (panel, at) => list.read(at === null ? null : drawing.valuesAt(panel, at)),
  });
  const drawing = new Drawing(store, charts, dashes, () => list.update());
  const list = new Cards(byId("cards"), store, drawing.results, []);
  const axis = new AxisBar(byId("axis"), store);
  byId("actions").append(
    iconButton("undo", "Undo", () => store.undo()),
    iconButton("redo", "Redo", () => store.redo()));
  byId("add").append(h("button", { type: "button", onclick: () => store.addCard(EXAMPLE) }, icon(ICONS.add), "Add a schedule"));
  store.listeners.push(() => {
    list.update();
    axis.update();
    drawing.update();
  });
  const given = cards.length ? cards : [{ name: "", text: EXAMPLE }];
  const first = given.map((card, at) => ({ id: at + 1, hidden: false, ...card }));
  store.show({ ...EMPTY, cards: first, active: 1 });
  window.studio = { store, drawing };
}

takeToken();
try {
  begin(await start());
} catch (refusal) {
  say(refusal.message);
}

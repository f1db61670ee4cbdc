// Starts the page: one store, and the views of it.

import { start, takeToken } from "./api.js";
import { AxisBar, UNITS } from "./axis.js";
import { BringIn } from "./bring.js";
import { Cards } from "./cards.js";
import { Charts } from "./chart.js";
import { Comparison } from "./comparison.js";
import { h, icon, iconButton, ICONS } from "./dom.js";
import { copy } from "./download.js";
import { Drawing } from "./drawing.js";
import { Form } from "./form.js";
import { Gallery } from "./gallery.js";
import { Judged } from "./judged.js";
import { decode, encode } from "./link.js";
import { Logs } from "./logs.js";
import { RunForm } from "./run.js";
import { Shortcuts } from "./shortcuts.js";
import { EMPTY, EXAMPLE, Store } from "./state.js";
import { TakeAway } from "./take.js";

const byId = (id) => document.getElementById(id);

let spoken = 0;

// A sentence that is shown for some seconds.
function say(sentence) {
  byId("status").textContent = sentence;
  clearTimeout(spoken);
  spoken = setTimeout(() => (byId("status").textContent = ""), 8_000);
}

class Studio {
  constructor({ dashes, logs }) {
    const store = (this.store = new Store(EMPTY));
    const title = (id) => this.title(id);
    this.charts = new Charts(byId("panels"), {
      onzoom: (view) => store.change({ view }, "view"),
      onread: (panel, at) => this.read(at === null ? new Map() : this.drawing.valuesAt(panel.axis, at)),
    });
    this.drawing = new Drawing(store, this.charts, dashes, () => this.cards.update());
    this.logs = this.drawing.logs = new Logs(byId("logs"), store, { say, onchange: () => this.shown() });
    const parts = [(id) => new Form(id, store), (id) => new Judged(id, store, { logs: this.logs, drawing: this.drawing })];
    this.cards = new Cards(byId("cards"), store, this.drawing, parts);
    this.comparison = new Comparison(byId("compared"), store, title);
    this.gallery = new Gallery((text) => store.addCard(text));
    this.run = new RunForm(store);
    this.axis = new AxisBar(byId("axis"), store, () => this.run.open());
    this.bring = new BringIn(store, { say, onlog: (file) => this.logs.take(file) });
    this.take = new TakeAway(store, { say, title, panels: () => this.drawing.panels() });
    this.keys = new Shortcuts(this.shortcuts());
    this.addButtons();
    this.given = logs;
    store.listeners.push(() => this.update());
  }

  // The name of a card, as it is shown.
  title(id) {
    const at = this.store.state.cards.findIndex((card) => card.id === id);
    return this.store.state.cards[at]?.name || this.drawing.results.get(id)?.title || `Schedule ${at + 1}`;
  }

  addButtons() {
    const { store } = this;
    byId("actions").append(
      (this.undo = iconButton("undo", "Undo", () => store.undo())),
      (this.redo = iconButton("redo", "Redo", () => store.redo())),
      iconButton("keys", "Keys", () => this.keys.open()),
      h("button", { type: "button", onclick: () => this.bring.open() }, icon(ICONS.bring), "Bring in"),
      h("button", { type: "button", onclick: () => this.share() }, icon(ICONS.share), "Link"),
      h("button", { type: "button", class: "main", onclick: () => this.take.open() }, icon(ICONS.take), "Take away"));
    byId("add").append(h("button", { type: "button", onclick: () => this.gallery.open() }, icon(ICONS.add), "Add a schedule"),
      h("p", { class: "soft" }, "Plan files and logs of runs can be dropped anywhere on the page."));
  }

  shortcuts() {
    const { store } = this;
    const change = (entries) => store.change(entries);
    return [
      ["n", "add a schedule", () => this.gallery.open()],
      ["b", "bring in code, a link or files", () => this.bring.open()],
      ["t", "take away", () => this.take.open()],
      ["s", "copy a link to all of this", () => this.share()],
      ["r", "the run", () => this.run.open()],
      ["u", "the next unit of the axis", () => change({ unit: UNITS[(UNITS.indexOf(store.state.unit) + 1) % UNITS.length], view: null })],
      ["l", "logarithmic or linear", () => change({ log: !store.state.log })],
      ["a", "show all of the run", () => change({ view: null })],
      ["j", "the next schedule", () => this.move(1)],
      ["k", "the schedule before", () => this.move(-1)],
      ["e", "edit the text of the open schedule", () => this.cards.focus(store.state.active)],
      ["h", "hide or show the open schedule", () => this.cards.toggle(store.state.active)],
      ["Delete", "remove the open schedule", () => store.removeCard(store.state.active)],
      ["Mod+z", "undo", () => store.undo()],
      ["Mod+Shift+z", "redo", () => store.redo()],
      ["Mod+y", "redo", () => store.redo()],
      ["?", "these keys", () => this.keys.open()],
    ];
  }

  move(by) {
    const { cards, active } = this.store.state;
    const at = cards.findIndex((card) => card.id === active);
    const next = cards[Math.min(Math.max(at + by, 0), cards.length - 1)];
    if (next) this.store.open(next.id);
  }

  async share() {
    try {
      const fragment = await encode(this.store.state);
      history.replaceState(null, "", fragment);
      await copy(location.href, say);
    } catch (error) {
      say(error.message);
    }
  }

  // Shows the values of all curves at a place of the axis, by the ids of their cards and logs.
  read(values) {
    this.cards.read(values);
    this.logs.read(values);
  }

  // Shows again what was answered.
  shown() {
    this.cards.update();
    this.drawing.draw();
  }

  update() {
    this.drawing.update(); // the server computes the curves while the page shows the rest
    this.cards.update();
    this.undo.disabled = !this.store.past.length;
    this.redo.disabled = !this.store.future.length;
    this.axis.update();
    this.comparison.update();
    this.logs.update();
  }

  // Opens a state as the first one, which no undo goes behind.
  async begin(cards) {
    let state = null;
    if (location.hash) state = await decode(location.hash).catch((error) => say(error.message));
    if (!state) {
      const given = cards.length ? cards : [{ name: "", text: EXAMPLE }];
      state = { ...EMPTY, cards: given.map((card, at) => ({ id: at + 1, hidden: false, ...card })), active: 1 };
    }
    this.store.show(state);
    this.given.forEach((log) => this.logs.add(log));
  }
}

takeToken();
try {
  const given = await start();
  const studio = new Studio(given);
  await studio.begin(given.cards);
  addEventListener("hashchange", async () => {
    if (takeToken()) return location.reload();
    const state = await decode(location.hash).catch((error) => say(error.message));
    if (state) studio.store.change(state);
  });
  window.studio = studio; // for the console of the browser, and for tests
} catch (refusal) {
  say(refusal.message);
}

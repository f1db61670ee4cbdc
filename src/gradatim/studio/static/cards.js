// The cards: one a schedule, with its text, its form, and what is known of it.

import { COLOURS } from "./colours.js";
import { h, iconButton, svg } from "./dom.js";
import { Editor } from "./editor.js";
import { short } from "./numbers.js";

export class Cards {
  constructor(list, store, drawing, more) {
    this.list = list;
    this.store = store;
    this.drawing = drawing;
    this.results = drawing.results; // what the server answered, by the id of the card
    this.more = more; // the parts of an open card, each with an element and update(card, result)
    this.views = new Map();
  }

  update() {
    const { cards, active } = this.store.state;
    const ids = new Set(cards.map((card) => card.id));
    for (const [id, view] of this.views) {
      if (ids.has(id)) continue;
      view.element.remove();
      this.views.delete(id);
    }
    cards.forEach((card, at) => {
      if (!this.views.has(card.id)) this.views.set(card.id, new CardView(card.id, this));
      const view = this.views.get(card.id);
      if (this.list.children[at] !== view.element) this.list.insertBefore(view.element, this.list.children[at] ?? null);
      view.update(card, at, card.id === active);
    });
  }

  focus(id) {
    this.views.get(id)?.focus();
  }

  toggle(id) {
    this.views.get(id)?.toggle();
  }

  read(values) {
    for (const [id, view] of this.views) view.read(values.get(id) ?? []);
  }
}

// The values of some curves, each with its name if there are several.
export function named(values) {
  return values.map(({ target, value }) =>
    h("span", { title: target }, values.length > 1 ? h("small", {}, target) : null, short(value)));
}

class CardView {
  constructor(id, { store, drawing, results, more }) {
    this.id = id;
    this.drawing = drawing;
    this.store = store;
    this.results = results;
    this.sample = svg("path", { d: "M1 8h24" });
    this.swatch = h("button", { class: "swatch", type: "button", onclick: () => this.toggle() },
      svg("svg", { viewBox: "0 0 26 16", "aria-hidden": "true" }, this.sample));
    this.name = h("input", {
      class: "name",
      "aria-label": "Name",
      autocomplete: "off",
      spellcheck: false,
      oninput: () => store.changeCard(id, { name: this.name.value }, `name ${id}`),
      onfocus: () => store.open(id),
    });
    this.values = h("output", { class: "values" });
    this.editor = new Editor("Schedule or plan", (text) => store.changeCard(id, { text }, `text ${id}`));
    this.editor.field.addEventListener("focus", () => store.open(id));
    this.editor.field.addEventListener("blur", () => store.rest());
    this.problem = h("p", { class: "problem", id: `problem-${id}` });
    this.editor.field.setAttribute("aria-describedby", this.problem.id);
    this.parts = more.map((make) => make(id));
    this.line = h("button", { class: "line", type: "button", onclick: () => this.focus() });
    this.element = h("li", { class: "card" },
      h("div", { class: "head" }, this.swatch, this.name, this.values,
        iconButton("copy", "Duplicate", () => store.addCard(store.card(id).text)),
        iconButton("close", "Remove", () => store.removeCard(id))),
      this.line,
      h("div", { class: "body" }, this.editor.element, this.problem, this.parts.map((part) => part.element)));
  }

  update(card, at, active) {
    const result = this.results.get(card.id) ?? {};
    this.element.classList.toggle("active", active);
    this.element.classList.toggle("hidden", card.hidden);
    this.element.dataset.series = at % COLOURS;
    this.sample.setAttribute("stroke-dasharray", this.drawing.dash(at).join(" "));
    const wanted = `${card.hidden ? "Show" : "Hide"} ${card.name || "this schedule"}`;
    this.swatch.setAttribute("aria-label", wanted);
    this.swatch.setAttribute("aria-pressed", String(!card.hidden));
    this.swatch.title = wanted;
    if (this.name.value !== card.name) this.name.value = card.name;
    this.name.placeholder = result.title ?? `Schedule ${at + 1}`;
    if (this.line.textContent !== card.text) {
      this.line.textContent = card.text;
      this.line.setAttribute("aria-label", `Edit ${card.text}`);
    }
    this.editor.show(card.text, result.problem);
    this.problem.textContent = result.problem?.message ?? "";
    this.element.classList.toggle("wrong", Boolean(result.problem));
    if (active) for (const part of this.parts) part.update(card, result);
  }

  read(values) {
    this.values.replaceChildren(...named(values));
  }

  toggle() {
    this.store.changeCard(this.id, { hidden: !this.store.card(this.id).hidden });
  }

  focus() {
    this.store.open(this.id);
    this.editor.field.focus();
  }
}

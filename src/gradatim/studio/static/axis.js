// The controls above the curves: the unit of the axis, its scale, and the zoom.

import { h } from "./dom.js";

export const UNITS = ["updates", "epochs", "samples", "tokens"];

export class AxisBar {
  constructor(parent, store, openRun) {
    this.openRun = openRun;
    this.unit = h("select", { onchange: () => this.choose() },
      UNITS.map((unit) => h("option", { value: unit }, unit)));
    this.log = h("input", { type: "checkbox", onchange: () => store.change({ log: this.log.checked }) });
    this.all = h("button", { type: "button", onclick: () => store.change({ view: null }) }, "Show all");
    parent.append(
      h("label", {}, "Axis ", this.unit),
      h("button", { type: "button", class: "run", onclick: openRun }, "Run"),
      h("label", {}, this.log, " Log scale"),
      this.all);
    this.store = store;
  }

  // Other units than updates are known of a run alone.
  choose() {
    this.store.change({ unit: this.unit.value, view: null });
    const { run, cards, active } = this.store.state;
    const ownRun = /^\s*["']?run\b/m.test(this.store.card(active)?.text ?? "");
    if (this.unit.value !== "updates" && cards.length && !ownRun && !Object.keys(run).length) this.openRun();
  }

  update() {
    const { unit, log, view } = this.store.state;
    this.unit.value = unit;
    this.log.checked = log;
    this.all.disabled = view === null;
  }
}

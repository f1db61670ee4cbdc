// The controls above the curves: the unit of the axis, its scale, and the zoom.

import { h } from "./dom.js";

export const UNITS = ["updates", "epochs", "samples", "tokens"];

export class AxisBar {
  constructor(parent, store) {
    this.unit = h("select", { onchange: () => store.change({ unit: this.unit.value, view: null }) },
      UNITS.map((unit) => h("option", { value: unit }, unit)));
    this.log = h("input", { type: "checkbox", onchange: () => store.change({ log: this.log.checked }) });
    this.all = h("button", { type: "button", onclick: () => store.change({ view: null }) }, "Show all");
    parent.append(
      h("label", {}, "Axis in ", this.unit),
      h("label", {}, this.log, " Logarithmic"),
      this.all);
    this.store = store;
  }

  update() {
    const { unit, log, view } = this.store.state;
    this.unit.value = unit;
    this.log.checked = log;
    this.all.disabled = view === null;
  }
}

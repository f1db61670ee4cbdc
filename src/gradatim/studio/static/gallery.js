// The gallery: every schedule with a small picture, to begin a card with.

import { ask } from "./api.js";
import { dialog, h, svg } from "./dom.js";

export class Gallery {
  constructor(onchoose) {
    this.onchoose = onchoose;
    this.search = h("input", { type: "search", autofocus: true, placeholder: "Search schedules", "aria-label": "Search schedules", oninput: () => this.filter(), onkeydown: (event) => event.key === "Enter" && this.chooseFirst() });
    this.list = h("ul", { class: "gallery" });
    this.dialog = dialog("Add a schedule", this.search, this.list);
  }

  async open() {
    this.search.value = "";
    this.dialog.showModal();
    if (!this.entries) {
      ({ entries: this.entries } = await ask("gallery", {}));
      this.list.replaceChildren(...this.entries.map((entry) => this.entry(entry)));
    }
    this.filter();
  }

  entry({ name, line, text, points }) {
    return h("li", {}, h("button", { type: "button", title: line, onclick: () => this.choose(text) }, picture(points), h("span", {}, name)));
  }

  choose(text) {
    this.dialog.close();
    this.onchoose(text);
  }

  chooseFirst() {
    [...this.list.children].find((entry) => !entry.hidden)?.firstChild.click();
  }

  filter() {
    const wanted = this.search.value.trim().toLowerCase();
    this.entries?.forEach(({ name, line }, at) => {
      this.list.children[at].hidden = !`${name} ${line}`.toLowerCase().includes(wanted);
    });
  }
}

function picture(points) {
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const path = points.map(([at, value]) => `${(96 * at + 2).toFixed(1)} ${(40 - (36 * (value - low)) / (high - low || 1)).toFixed(1)}`).join("L");
  return svg("svg", { viewBox: "0 0 100 44", "aria-hidden": "true" }, svg("path", { d: `M${path}`, class: "curve" }));
}

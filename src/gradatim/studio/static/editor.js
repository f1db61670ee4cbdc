// A text field that grows with its text, underlines what is wrong, and completes names.

import { askLatest } from "./api.js";
import { h } from "./dom.js";

let count = 0;

export class Editor {
  constructor(label, onchange) {
    this.onchange = onchange;
    this.problem = null;
    this.behind = h("div", { class: "behind", "aria-hidden": "true" });
    this.options = h("ul", { class: "options", role: "listbox", id: `options-${++count}`, "aria-label": "Completions", hidden: true });
    this.field = h("textarea", {
      "aria-label": label,
      "aria-autocomplete": "list",
      "aria-controls": this.options.id,
      spellcheck: false,
      autocomplete: "off",
      autocapitalize: "off",
      rows: 1,
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
      onblur: () => this.close(),
      onclick: () => this.close(),
    });
    this.element = h("div", { class: "editor" }, this.behind, this.field, this.options);
  }

  show(text, problem) {
    const same = this.field.value === text && this.problem === problem && this.shown;
    if (same) return;
    this.shown = true;
    if (this.field.value !== text) this.replace(text);
    this.problem = problem;
    this.field.setAttribute("aria-invalid", String(Boolean(problem)));
    this.underline();
  }

  // Replaces the text and keeps the cursor where it was, counted from the part that is the same.
  replace(text) {
    const { selectionStart: at, value } = this.field;
    const focused = document.activeElement === this.field;
    this.field.value = text;
    if (!focused) return;
    const same = text.startsWith(value.slice(0, at));
    const cursor = same ? at : Math.max(0, text.length - (value.length - at));
    this.field.setSelectionRange(cursor, cursor);
  }

  underline() {
    const text = this.field.value;
    const [start, end] = this.problem?.place ?? [0, 0];
    const mark = end > start ? [h("mark", {}, text.slice(start, end))] : [];
    // The last line break of an element has no height of its own.
    this.behind.replaceChildren(text.slice(0, start), ...mark, text.slice(end), "\u200b");
  }

  async typed() {
    this.onchange(this.field.value);
    this.underline();
    const text = this.field.value;
    const found = await askLatest("complete", "complete", { text, cursor: this.field.selectionStart }).catch(() => null);
    if (!found || this.field.value !== text || document.activeElement !== this.field) return;
    const typing = found.end > found.start || /[(,.=]\s*$/.test(text.slice(0, found.end));
    this.open(typing ? found : { options: [] });
  }

  open(found) {
    this.found = found;
    this.options.hidden = found.options.length === 0;
    this.options.replaceChildren(...found.options.map((option, at) =>
      h("li", { role: "option", id: `${this.options.id}-${at}`, onmousedown: (event) => this.take(at, event) },
        h("code", {}, option.text), h("span", {}, option.detail))));
    this.choose(found.options.length ? 0 : -1);
  }

  close() {
    this.open({ options: [] });
  }

  choose(at) {
    this.chosen = at;
    [...this.options.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at < 0) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", `${this.options.id}-${at}`);
    this.options.children[at].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (this.options.hidden) return;
    const { length } = this.found.options;
    if (event.key === "ArrowDown") this.choose((this.chosen + 1) % length);
    else if (event.key === "ArrowUp") this.choose((this.chosen + length - 1) % length);
    else if (event.key === "Enter" || event.key === "Tab") return this.take(this.chosen, event);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  take(at, event) {
    event.preventDefault();
    const { start, end, options } = this.found;
    this.field.setRangeText(options[at].text, start, end, "end");
    this.close();
    this.typed();
  }
}

// A text field that underlines what is wrong, and grows with its text.

import { h } from "./dom.js";

export class Editor {
  constructor(label, onchange) {
    this.behind = h("div", { class: "behind", "aria-hidden": "true" });
    this.field = h("textarea", {
      "aria-label": label,
      spellcheck: false,
      autocomplete: "off",
      autocapitalize: "off",
      rows: 1,
      oninput: () => onchange(this.field.value),
    });
    this.element = h("div", { class: "editor" }, this.behind, this.field);
    this.problem = null;
  }

  show(text, problem) {
    if (this.field.value !== text) this.replace(text);
    this.problem = problem;
    this.field.setAttribute("aria-invalid", String(Boolean(problem)));
    this.underline();
  }

  // Replaces the text and keeps the place of the cursor, counted from the nearer end.
  replace(text) {
    const { selectionStart: at, value } = this.field;
    const focused = document.activeElement === this.field;
    this.field.value = text;
    let kept = 0;
    while (kept < at && value[kept] === text[kept]) kept++;
    const cursor = kept === at ? at : Math.max(0, text.length - (value.length - at));
    if (focused) this.field.setSelectionRange(cursor, cursor);
  }

  underline() {
    const text = this.field.value;
    const [start, end] = this.problem?.place ?? [0, 0];
    const mark = end > start ? [h("mark", {}, text.slice(start, end))] : [];
    // The last line break of an element has no height of its own.
    this.behind.replaceChildren(text.slice(0, start), ...mark, text.slice(end), "\u200b");
  }
}

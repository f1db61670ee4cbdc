// The form of a card: the fields of each call in its text. An edit replaces one stretch of the text.

import { askLatest } from "./api.js";
import { h } from "./dom.js";
import { SLIDER, isNearEnd, numberIn, positionOf, rangeFor, textAt } from "./sliders.js";

export class Form {
  constructor(id, store) {
    this.id = id;
    this.store = store;
    this.element = h("div", { class: "form" });
    this.shape = "";
    this.rows = [];
    this.groups = [];
  }

  async update(card, result) {
    this.whole = Math.max(1, ...(result.curves ?? []).map((curve) => curve.end));
    this.top = Math.max(1e-3, ...(result.curves ?? []).map((curve) => Math.max(...curve.values)));
    if (this.text === card.text) return this.refresh();
    this.text = card.text;
    const found = await askLatest(`form ${this.id}`, "form", { text: card.text }).catch(() => null);
    if (!found || this.store.card(this.id)?.text !== card.text) return;
    const broken = found.groups.length === 0;
    this.element.classList.toggle("stale", broken);
    if (!broken) this.show(found);
  }

  show({ groups, plan }) {
    this.groups = groups;
    this.plan = plan;
    const shape = JSON.stringify(groups.map((group) => [group.name, group.about, group.fields.map((field) => [field.name, field.text === null])]));
    if (shape !== this.shape) this.build();
    this.shape = shape;
    this.refresh();
  }

  refresh() {
    const fields = this.groups.flatMap((group) => group.fields);
    this.rows.forEach((row, at) => row.show(fields[at]));
  }

  build() {
    const focused = document.activeElement?.dataset?.field;
    this.rows = [];
    this.element.replaceChildren(...this.groups.map((group, at) => {
      const rows = group.fields.map((field) => new Row(this, field, `${at} ${field.name}`));
      this.rows.push(...rows);
      const given = rows.filter((_, i) => group.fields[i].text !== null);
      const others = rows.filter((row) => !given.includes(row));
      const heading = this.groups.length > 1 || this.plan
        ? h("legend", { title: group.help }, group.name, group.about ? h("small", {}, ` ${group.about}`) : null)
        : null;
      const more = others.length
        ? h("details", { open: this.opened }, h("summary", { onclick: () => (this.opened = !more.open) }, "More"), others.map((row) => row.element))
        : null;
      return h("fieldset", { "aria-label": group.name }, heading, given.map((row) => row.element), more);
    }));
    if (focused) this.element.querySelector(`[data-field="${focused}"]`)?.focus();
  }

  // Writes the value of a field into the text, and moves the places of all that come after it.
  write(field, value, group) {
    const text = this.store.card(this.id).text;
    if (text !== this.text) return; // the places are those of another text
    const { start, end, before = "", after = "" } = field;
    const grown = before.length + value.length + after.length - (end - start);
    for (const other of this.groups.flatMap((one) => one.fields)) {
      if (other !== field && other.start >= end) {
        other.start += grown;
        other.end += grown;
      }
    }
    Object.assign(field, { text: value, start: start + before.length, end: start + before.length + value.length, before: "", after: "" });
    this.text = text.slice(0, start) + before + value + after + text.slice(end);
    const changed = before || after;
    if (changed) this.text = null; // the form has another shape: ask for it
    this.store.changeCard(this.id, { text: text.slice(0, start) + before + value + after + text.slice(end) }, group);
  }
}

class Row {
  constructor(form, field, key) {
    this.form = form;
    this.key = key;
    this.field = field;
    const label = { "aria-label": field.name, title: field.help, "data-field": key };
    this.input = this.control(field, label);
    this.slider = ["number", "steps", "share", "whole"].includes(field.kind) && field.text !== null
      ? h("input", { type: "range", ...SLIDER, "aria-label": `${field.name}, slider`, "data-field": `${key} slider`, oninput: () => this.slide(), onpointerup: () => this.rest(), onblur: () => this.rest() })
      : null;
    this.element = h("div", { class: this.slider ? "row" : "row wide" }, h("span", { class: "label", title: field.help }, field.name), this.slider, this.input);
  }

  control(field, label) {
    if (field.kind === "choice" || field.kind === "flag") {
      const choices = field.kind === "flag" ? ["False", "True"] : field.choices;
      const none = field.text === null ? [h("option", { value: "" }, field.default || "not given")] : [];
      return h("select", { ...label, onchange: () => this.chosen() }, none, choices.map((one) => h("option", { value: one }, one)));
    }
    return h("input", { ...label, autocomplete: "off", spellcheck: false, placeholder: field.default || "not given", oninput: () => this.typed(), onblur: () => this.form.store.rest() });
  }

  show(field) {
    this.field = field;
    field.top = this.form.top;
    const text = field.text ?? "";
    const shown = field.kind === "choice" || field.kind === "flag" ? bare(text) : text;
    if (document.activeElement !== this.input && this.input.value !== shown) this.input.value = shown;
    if (!this.slider) return;
    const number = numberIn(text);
    this.slider.disabled = number === null;
    if (!number) return;
    // A slider that is being moved keeps its range, or its values would run away from the hand. At
    // rest a logarithmic one has another range once its value is near an end.
    const kept = this.sliding || (this.range?.log && !isNearEnd(this.range, number.value));
    this.range = rangeFor(field, number, this.form.whole, kept ? this.range : null);
    if (!this.sliding) this.slider.value = positionOf(this.range, number.value);
    this.slider.setAttribute("aria-valuetext", text);
  }

  rest() {
    this.sliding = false;
    this.form.store.rest();
    this.show(this.field);
  }

  slide() {
    this.sliding = true;
    const text = textAt(this.range, Number(this.slider.value), this.form.plan);
    this.input.value = text;
    this.slider.setAttribute("aria-valuetext", text);
    this.form.write(this.field, text, `slide ${this.form.id} ${this.key}`);
  }

  typed() {
    if (this.input.value.trim()) this.form.write(this.field, this.input.value.trim(), `field ${this.form.id} ${this.key}`);
  }

  chosen() {
    const { value } = this.input;
    const flag = this.form.plan ? value.toLowerCase() : value;
    if (value) this.form.write(this.field, this.field.kind === "flag" ? flag : `"${value}"`, null);
  }
}

function bare(text) {
  const word = text.replaceAll(/["']/g, "");
  return /^(true|false)$/.test(word) ? word[0].toUpperCase() + word.slice(1) : word;
}

// The run of the page, for the cards whose text has none: what an epoch, a sample or a token is.

import { ask } from "./api.js";
import { dialog, h } from "./dom.js";

const FIRST = ["samples", "batch", "epochs", "tokens_per_sample", "steps", "seconds"];

export class RunForm {
  constructor(store) {
    this.store = store;
    this.rows = h("div", { class: "form" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.dialog = dialog("The run",
      h("p", { class: "soft" }, "For the schedules that have no run of their own: what an epoch, a sample and a token are, and how long \"5%\" is."),
      h("form", { method: "dialog", onsubmit: (event) => this.save(event) }, this.rows, this.problem,
        h("div", { class: "choose" }, h("button", { class: "main" }, "Use"), h("button", { type: "button", onclick: () => this.clear() }, "No run"))));
  }

  async open() {
    this.dialog.showModal();
    const { groups } = await ask("run_form", {});
    const fields = groups[0].fields.toSorted((a, b) => rank(a) - rank(b));
    this.inputs = fields.map(({ name, help }) => h("input", { id: `run-${name}`, name, title: help, placeholder: help, autocomplete: "off", value: this.store.state.run[name] ?? "" }));
    const rows = this.inputs.map((input) => h("div", { class: "row wide" }, h("label", { for: input.id, title: input.title }, input.name), input));
    const first = rows.slice(0, FIRST.length);
    this.rows.replaceChildren(...first, h("details", {}, h("summary", {}, "More"), rows.slice(FIRST.length)));
    this.problem.textContent = "";
    this.inputs[0].focus();
  }

  // The server says whether the fields are a run.
  async save(event) {
    event.preventDefault();
    const entries = this.inputs.filter((input) => input.value.trim()).map((input) => [input.name, value(input.value.trim())]);
    const run = Object.fromEntries(entries);
    try {
      await ask("curves", { text: "Constant(1.0)", run, unit: "updates", columns: 2 });
    } catch (refusal) {
      this.problem.textContent = refusal.message;
      return;
    }
    this.dialog.close();
    this.store.change({ run, view: null });
  }

  clear() {
    this.dialog.close();
    this.store.change({ run: {}, unit: "updates", view: null });
  }
}

function rank({ name }) {
  const at = FIRST.indexOf(name);
  return at < 0 ? FIRST.length : at;
}

function value(text) {
  const plain = text.replaceAll(/[_,]/g, "");
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : { true: true, false: false }[text] ?? text;
}

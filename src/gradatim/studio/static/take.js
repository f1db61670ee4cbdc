// "Take away": everything that the open card, or the whole page, can be downloaded as.

import { ask } from "./api.js";
import { dialog, h } from "./dom.js";
import { copy, download } from "./download.js";
import { asPng, asSvg } from "./picture.js";

const PICTURES = ["svg", "png"];
const NAMES = { plan: "Plan file", expression: "Expression", report: "Report, one HTML file", svg: "Picture, SVG", png: "Picture, PNG" };
const SHOWN = 20_000; // characters of a preview

export class TakeAway {
  constructor(store, { panels, title, say }) {
    this.store = store;
    this.panels = panels;
    this.title = title;
    this.say = say;
    this.form = h("select", { autofocus: true, "aria-label": "Form", onchange: () => this.show() });
    this.content = h("pre", { tabIndex: 0, role: "region", "aria-label": "Content" });
    this.notes = h("ul", { class: "notes" });
    this.copyButton = h("button", { type: "button", onclick: () => copy(this.file.content, say) }, "Copy");
    this.downloadButton = h("button", { type: "button", class: "main", onclick: () => this.download() }, "Download");
    this.dialog = dialog("Take away",
      h("div", { class: "choose" }, this.form, this.copyButton, this.downloadButton), this.notes, this.content);
  }

  async open() {
    this.dialog.showModal();
    if (!this.form.options.length) {
      const { forms, projects } = await ask("forms", {});
      this.form.append(
        ...[...forms, ...PICTURES].map((form) => h("option", { value: form }, NAMES[form])),
        h("optgroup", { label: "Code and settings for" }, projects.map((form) => h("option", { value: form }, form))));
    }
    this.show();
  }

  async show() {
    const form = this.form.value;
    this.file = null;
    this.downloadButton.disabled = true;
    let file = null;
    let refusal = null;
    try {
      file = PICTURES.includes(form) ? await this.picture(form) : await this.asked(form);
    } catch (error) {
      refusal = error;
    }
    if (this.form.value !== form) return; // another form was chosen meanwhile
    this.file = file;
    if (refusal) this.notes.replaceChildren(h("li", { class: "error" }, refusal.message));
    const { content = "", differences = [] } = this.file ?? {};
    const isText = typeof content === "string";
    this.copyButton.disabled = !this.file || !isText;
    this.downloadButton.disabled = !this.file;
    this.content.hidden = !isText || !this.file;
    this.content.textContent = isText ? content.slice(0, SHOWN) : "";
    if (this.file) this.notes.replaceChildren(...differences.map((sentence) => h("li", {}, sentence)));
  }

  async picture(form) {
    const svg = asSvg(this.panels(), this.title);
    return { content: form === "svg" ? svg : await asPng(svg), ending: form };
  }

  asked(form) {
    const { active, run } = this.store.state;
    const card = this.store.card(active);
    return ask("export", { text: card.text, run, form, name: this.title(active) });
  }

  download() {
    const name = this.title(this.store.state.active).replaceAll(/[^\w.-]+/g, "-");
    download(`${name}.${this.file.ending}`, this.file.content);
    this.dialog.close();
    this.say(`${name}.${this.file.ending} is downloaded.`);
  }
}

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
    this.offer(null);
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
    this.copyButton.disabled = this.downloadButton.disabled = true; // what is shown is of another form
    try {
      const file = PICTURES.includes(form) ? await this.picture(form) : await this.asked(form);
      if (this.form.value === form) this.offer(file);
    } catch (refusal) {
      if (this.form.value !== form) return;
      this.offer(null);
      this.notes.replaceChildren(h("li", { class: "error" }, refusal.message));
    }
  }

  // Shows a file that can be copied or downloaded; null while there is none.
  offer(file) {
    this.file = file;
    const { content = null, differences = [] } = file ?? {};
    const isText = typeof content === "string";
    this.copyButton.disabled = !isText;
    this.downloadButton.disabled = !file;
    this.content.hidden = !isText;
    this.content.textContent = isText ? content.slice(0, SHOWN) : "";
    this.notes.replaceChildren(...differences.map((sentence) => h("li", {}, sentence)));
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

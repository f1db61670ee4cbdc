// "Bring in": pasted code of other projects, links, and files that are chosen or dropped.

import { askLatest } from "./api.js";
import { dialog, h } from "./dom.js";
import { decode } from "./link.js";
import { numberIn } from "./sliders.js";

const PLAN = /\.(ya?ml|toml|json)$/i;
const PLAN_BYTES = 65_536;
const PAUSE = 200; // milliseconds: what is typed in between is no code yet

export class BringIn {
  constructor(store, { onlog, say }) {
    this.store = store;
    this.onlog = onlog;
    this.say = say;
    this.text = h("textarea", { autofocus: true, "aria-label": "Code, settings, a command line or a link", spellcheck: false, rows: 9, placeholder: "Paste code of torch, transformers, Keras, Optax, timm ..., a Megatron command line, DeepSpeed settings, or a link of a studio", oninput: () => this.read() });
    this.lr = h("input", { "aria-label": "Rate of the optimizer", placeholder: "not in the code", size: 13, oninput: () => this.read() });
    this.steps = h("input", { "aria-label": "Updates of the run", placeholder: "not in the code", size: 13, oninput: () => this.read() });
    this.found = h("ul", { class: "found" });
    const files = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.take(files.files) });
    this.dialog = dialog("Bring in", this.text,
      h("div", { class: "choose" }, h("label", {}, "lr ", this.lr), h("label", {}, "updates ", this.steps),
        h("button", { type: "button", onclick: () => files.click() }, "Choose plan files or logs")),
      this.found, files);
    this.listenForDrops();
  }

  open() {
    this.dialog.showModal();
  }

  read() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.readNow(), PAUSE);
  }

  async readNow() {
    const code = this.text.value;
    const link = code.trim().match(/#\d+\.[\w-]*$/);
    if (!code.trim()) return this.found.replaceChildren();
    try {
      if (link) return this.show([this.offer("Open the schedules of this link", await decode(link[0]))]);
      const body = { code, lr: numberIn(this.lr.value)?.value ?? null, steps: numberIn(this.steps.value)?.value ?? null };
      const read = await askLatest("snippet", "snippet", body);
      if (read && this.text.value === code) this.show(read.found.map((one) => this.entry(one)));
    } catch (refusal) {
      if (this.text.value === code) this.show([h("li", { class: "error" }, refusal.message)]);
    }
  }

  show(entries) {
    this.found.replaceChildren(...entries);
  }

  offer(label, state) {
    return h("li", {}, h("button", { type: "button", class: "main", onclick: () => {
      this.dialog.close();
      this.store.change(state);
    } }, label));
  }

  entry({ line, project, text, schedule, error, differences = [] }) {
    const where = h("div", { class: "where" }, `line ${line}, ${project}`);
    if (error) return h("li", {}, where, h("code", {}, text), h("p", { class: "error" }, error));
    return h("li", {}, where, h("code", {}, text), differences.map((sentence) => h("p", {}, sentence)),
      h("button", { type: "button", class: "main", onclick: () => {
        this.dialog.close();
        this.store.addCard(schedule, `${project}, line ${line}`);
      } }, "Add"));
  }

  listenForDrops() {
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      this.take(event.dataTransfer.files);
    });
  }

  // Plan files become cards, and all others are logs.
  async take(files) {
    this.dialog.close();
    for (const file of files) {
      const text = PLAN.test(file.name) && file.size <= PLAN_BYTES ? await file.text() : "";
      if (/\b(schedules|external)\b/.test(text)) this.store.addCard(text, file.name.replace(PLAN, ""));
      else await this.onlog(file);
    }
  }
}

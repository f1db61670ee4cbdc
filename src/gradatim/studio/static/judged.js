// What is known of an open card: its key figures and findings, and a rule replayed over metrics.

import { askLatest } from "./api.js";
import { h, svg } from "./dom.js";
import { percent, short } from "./numbers.js";

const PAUSE = 120; // milliseconds: the curve comes first
const INKS = { error: "--error", warning: "--warning", note: "--soft" };

export class Judged {
  constructor(id, store, { logs, drawing }) {
    this.id = id;
    this.store = store;
    this.logs = logs;
    this.drawing = drawing;
    this.forecast = h("p", { class: "predicted" });
    this.places = []; // of the findings, on the axis
    this.figures = h("dl", { class: "figures" });
    this.findings = h("ul", { class: "findings", "aria-label": "Findings" });
    this.replay = new Replay(id, store, logs);
    this.element = h("div", { class: "judged" }, this.figures, this.forecast, this.findings, this.replay.element);
  }

  update(card, result) {
    const { run, unit } = this.store.state;
    const body = { text: card.text, run, unit };
    const question = JSON.stringify(body);
    this.replay.update(card, result);
    this.forecast.textContent = this.logs.sentence(this.id);
    this.mark();
    if (this.asked === question || result.problem || !result.curves) return;
    this.asked = question;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(body, question), PAUSE);
  }

  async ask(body, question) {
    const found = await askLatest(`judge ${this.id}`, "judge", body).catch((refusal) => ({ figures: [], findings: [], refusal }));
    if (!found || this.asked !== question) return;
    this.figures.replaceChildren(...found.figures.flatMap((figures) => this.shown(figures, found.figures.length > 1)));
    this.findings.replaceChildren(...found.findings.map((finding) =>
      h("li", { class: finding.severity },
        h("b", {}, finding.severity),
        [finding.about, finding.place].filter(Boolean).join(", "), h("br"), `${finding.sentence} ${finding.fix}`)));
    const placed = found.findings.filter((finding) => finding.at !== null);
    this.places = placed.map(({ at, severity }) => ({ at, ink: INKS[severity] }));
    this.mark();
  }

  // Marks the places of the findings on the curves.
  mark() {
    if (this.store.state.active !== this.id) return;
    this.drawing.findings = this.places;
    this.drawing.draw();
  }

  shown({ target, points, warmup, cooldown }, several) {
    const named = Object.fromEntries(points.map((point) => [point.name, point]));
    const entries = [
      ["peak", `${short(named.peak.value)}`, named.peak.at],
      ["warm-up", percent(warmup), "of the run"],
      ["cooldown", percent(cooldown), "after the last peak"],
    ];
    if (named.area) entries.push(["area", short(named.area.value), "sum over all updates"]);
    const heading = several ? [h("div", { class: "target" }, h("dt", {}, target), h("dd"))] : [];
    return [...heading, ...entries.map(([name, value, where]) =>
      h("div", { title: `${name}: ${value}, ${where}` }, h("dt", {}, name), h("dd", {}, value)))];
  }
}

// The factor of a rule after each of some metrics that are typed, or taken from a log.
class Replay {
  constructor(id, store, logs) {
    this.id = id;
    this.store = store;
    this.logs = logs;
    this.log = h("select", { "aria-label": "Metrics of", onchange: () => this.ask() });
    this.rule = h("select", { "aria-label": "Rule", onchange: () => this.ask() });
    this.metrics = h("input", { "aria-label": "Metrics", placeholder: "metrics, such as 3.1 2.9 2.9 2.9", autocomplete: "off", oninput: () => this.ask() });
    this.answer = h("output");
    this.element = h("div", { class: "replay", hidden: true }, h("h3", {}, "Replay a rule"), h("div", {}, this.rule, this.log, this.metrics), this.answer);
  }

  update(card, result) {
    const rules = result.rules ?? [];
    this.element.hidden = rules.length === 0;
    this.text = card.text;
    this.offerLogs();
    if ([...this.rule.options].map((option) => option.value).join() === rules.join()) return;
    this.rule.replaceChildren(...rules.map((rule) => h("option", { value: rule }, rule)));
  }

  // The metrics are typed, or the losses of a log.
  offerLogs() {
    const logs = this.logs.logs.filter((log) => log.losses);
    this.log.hidden = logs.length === 0;
    const offered = ["", ...logs.map((log) => log.id)];
    if ([...this.log.options].map((option) => option.value).join() === offered.join()) return;
    this.log.replaceChildren(...offered.map((id, at) => h("option", { value: id }, id ? logs[at - 1].name : "typed")));
  }

  async ask() {
    const log = this.log.value;
    this.metrics.hidden = Boolean(log);
    const metrics = log ? [] : this.metrics.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (!log && (!metrics.length || metrics.some(Number.isNaN))) return this.answer.replaceChildren();
    const body = { text: this.text, run: this.store.state.run, value: this.rule.value, metrics, log };
    try {
      const found = await askLatest(`replay ${this.id}`, "replay", body);
      if (found) this.answer.replaceChildren(steps(found.scales), `factor ${short(found.scales.at(-1))} after ${found.scales.length}`);
    } catch (refusal) {
      this.answer.replaceChildren(refusal.message);
    }
  }
}

function steps(values) {
  const top = Math.max(...values, 1e-12);
  const path = values.map((value, at) => `${at ? "H" : "M0 "}${at ? (120 * at) / values.length : ""}${at ? "V" : ""}${(30 * (1 - value / top) + 1).toFixed(1)}`).join("");
  return svg("svg", { viewBox: "0 0 120 32", width: 120, height: 32, "aria-hidden": "true" }, svg("path", { d: `${path}H120`, class: "curve" }));
}

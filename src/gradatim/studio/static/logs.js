// The logs that were dropped: what each says about the open card, and the loss that is predicted.

import { ask, askLatest, sendLog } from "./api.js";
import { named } from "./cards.js";
import { COLOURS } from "./colours.js";
import { h, iconButton } from "./dom.js";
import { short } from "./numbers.js";
import { numberIn } from "./sliders.js";

const FEWEST = 2;
const MOST = 4; // logs of one forecast
const PAUSE = 400; // milliseconds

export class Logs {
  constructor(parent, store, { say, onchange }) {
    this.store = store;
    this.say = say;
    this.onchange = onchange;
    this.logs = [];
    this.count = 0; // of the logs that were ever open
    this.predictions = new Map(); // by the id of a card
    this.list = h("ul");
    this.decay = h("input", { placeholder: "of the optimizer", size: 14, autocomplete: "off", oninput: () => this.update() });
    this.forecast = h("p", { class: "forecast", role: "status" });
    this.element = h("section", { class: "logs", "aria-label": "Logs", hidden: true }, h("h2", {}, "Logs"), this.list,
      h("label", { class: "decay" }, "Weight decay of these runs", this.decay), this.forecast);
    parent.append(this.element);
  }

  async take(file) {
    this.say(`Reading ${file.name} ...`);
    try {
      this.add(await sendLog(file));
      this.say("");
    } catch (refusal) {
      this.say(refusal.message);
    }
  }

  add(log) {
    const sentences = h("ul", { class: "sentences" });
    const chosen = h("input", { type: "checkbox", checked: Boolean(log.losses), disabled: !log.losses, onchange: () => this.update() });
    const colour = COLOURS - 1 - (this.count++ % COLOURS); // those of the cards begin at the other end
    const values = h("output", { class: "values" });
    const element = h("li", {},
      h("div", { class: "head" }, h("span", { class: "dot", "data-series": colour }), h("b", {}, log.name), values, h("label", { title: "Fit the forecast to this run" }, chosen, " forecast"),
        iconButton("close", `Close ${log.name}`, () => this.close(log.id))),
      log.problems.map((problem) => h("p", { class: "soft" }, problem)), sentences);
    this.logs.push({ ...log, ink: `--series-${colour}`, element, sentences, chosen, values });
    this.list.append(element);
    this.element.hidden = false;
    this.update();
  }

  close(id) {
    const at = this.logs.findIndex((log) => log.id === id);
    this.logs[at].element.remove();
    this.logs.splice(at, 1);
    this.element.hidden = this.logs.length === 0;
    ask("close_log", { log: id }).catch(() => null);
    this.update();
  }

  // Asks again what depends on the texts of the cards.
  update() {
    const { run, active } = this.store.state;
    const text = this.store.card(active)?.text;
    for (const log of this.logs) this.audit(log, text, run);
    this.predict();
    this.onchange();
  }

  async audit(log, text, run) {
    const question = JSON.stringify([text, run]);
    if (!log.rates.length || !text || log.asked === question) return;
    log.asked = question;
    let found;
    try {
      found = await askLatest(`audit ${log.id}`, "audit", { log: log.id, text, run });
    } catch (refusal) {
      found = { lines: [refusal.message], ratios: [] };
    }
    if (!found || log.asked !== question) return;
    log.ratios = found.ratios;
    log.sentences.classList.toggle("wrong", found.as_planned === false);
    log.sentences.replaceChildren(...found.lines.map((line) => h("li", { class: line.startsWith(" ") ? "under" : "" }, line.trim())));
    this.onchange();
  }

  async predict() {
    const fitted = this.logs.filter((log) => log.chosen.checked && log.losses);
    const cards = this.store.state.cards.filter((card) => !card.hidden);
    const body = { logs: fitted.map((log) => log.id), texts: cards.map((card) => card.text), run: this.store.state.run, weight_decay: numberIn(this.decay.value)?.value ?? null, curve: false };
    const question = JSON.stringify(body);
    if (question === this.asked) return;
    this.asked = question;
    if (fitted.length < FEWEST) return this.predicted([], [], this.logs.length ? `Drop ${FEWEST} to ${MOST} logs with losses to predict the loss of each schedule.` : "");
    if (fitted.length > MOST) return this.predicted([], [], `Choose at most ${MOST} logs to fit the forecast to.`);
    const fit = JSON.stringify([body.logs, body.weight_decay]);
    if (this.fitted !== fit) this.forecast.textContent = "Fitting the forecast ...";
    this.fitted = fit;
    try {
      const found = await askLatest("forecast", "forecast", body);
      if (!found || this.asked !== question) return;
      this.predicted(cards, found.predictions, "");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.predictCurves(cards, body, question), PAUSE);
    } catch (refusal) {
      if (this.asked === question) this.predicted([], [], refusal.message);
    }
  }

  // The loss all along the run, which takes longer than its end, once nothing changes any more.
  async predictCurves(cards, body, question) {
    const found = await askLatest("forecast curves", "forecast", { ...body, curve: true }).catch(() => null);
    if (!found || this.asked !== question) return;
    cards.forEach((card, at) => Object.assign(this.predictions.get(card.id), { curve: found.predictions[at] }));
    this.onchange();
  }

  predicted(cards, predictions, sentence) {
    const before = this.predictions;
    this.predictions = new Map(cards.map((card, at) => [card.id, { ...predictions[at], curve: before.get(card.id)?.curve }]));
    const notes = predictions.flatMap((one) => one.notes ?? []);
    this.forecast.textContent = [sentence, ...new Set(notes)].filter(Boolean).join(" ");
    this.onchange();
  }

  // What the card shows of its predicted loss.
  sentence(id) {
    const found = this.predictions.get(id);
    if (!found) return "";
    if (found.error) return found.error;
    const [mean, low, high] = found.final.map((loss) => short(loss, 4));
    return `Predicted loss ${mean}, between ${low} and ${high}`;
  }

  read(values) {
    for (const log of this.logs) log.values.replaceChildren(...named(values.get(log.id) ?? []));
  }

  // What is drawn of the logs in the panels of "lr", of the ratios and of the losses.
  rates() {
    return this.logs.flatMap((log) => log.rates.map((rate) => drawn(log, rate, rate.name)));
  }

  ratios() {
    return this.logs.flatMap((log) => (log.ratios ?? []).map((ratio) => drawn(log, ratio, "ratio")));
  }

  losses() {
    return this.logs.filter((log) => log.losses).map((log) => drawn(log, log.losses, "loss"));
  }
}

function drawn({ id, name, ink }, { steps, values }, target) {
  return { id, name, target, ink, places: steps, values };
}

// Asks for the curves of the cards whenever the state changes, and draws them.

import { askLatest } from "./api.js";
import { COLOURS } from "./colours.js";
import { nearest, unpacked } from "./numbers.js";

function readable(curve) {
  const steps = unpacked(curve.steps);
  return { ...curve, steps, places: curve.places === null ? steps : unpacked(curve.places), values: unpacked(curve.values) };
}

export class Drawing {
  constructor(store, charts, dashes, onresult) {
    this.store = store;
    this.charts = charts;
    this.dashes = dashes;
    this.onresult = onresult;
    this.results = new Map();
    this.asked = new Map();
    this.logs = null; // what was dropped, if anything was
    this.findings = []; // places of the findings of the open card: [{ at, ink }]
  }

  // Asks for what has changed. A card keeps its last curves while its text is wrong.
  async update() {
    const { cards } = this.store.state;
    for (const id of this.results.keys()) {
      if (!this.store.card(id)) this.forget(id);
    }
    this.draw();
    await Promise.all(cards.map((card) => this.ask(card)));
  }

  forget(id) {
    this.results.delete(id);
    this.asked.delete(id);
  }

  async ask(card) {
    const { run, unit, view } = this.store.state;
    const [start, end] = view ?? [null, null];
    const body = { text: card.text, run, unit, start, end, columns: Math.round(this.charts.width) };
    const question = JSON.stringify(body);
    if (this.asked.get(card.id) === question) return;
    this.asked.set(card.id, question);
    let result;
    try {
      result = await askLatest(`curves ${card.id}`, "curves", { ...body, whole: this.whole });
      if (!result) return;
      result = { ...result, curves: result.curves.map(readable), problem: null };
    } catch (problem) {
      result = { ...this.results.get(card.id), problem };
    }
    if (this.asked.get(card.id) !== question) return;
    this.results.set(card.id, { ...result, asked: question });
    this.onresult(card.id);
    this.draw();
  }

  get whole() {
    const ends = [...this.results.values()].flatMap((result) => result.curves ?? []).map((curve) => curve.end);
    return ends.length ? Math.max(...ends) : null;
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.charts.draw(this.panels());
    });
  }

  panels() {
    const { cards, view, log } = this.store.state;
    const panels = new Map();
    cards.forEach((card, at) => {
      if (card.hidden) return;
      (this.results.get(card.id)?.curves ?? []).forEach((curve, part) => {
        const key = `${curve.value} ${curve.axis}`;
        if (!panels.has(key)) panels.set(key, { key, title: curve.value, axis: curve.axis, log, curves: [] });
        const dash = this.dash(at, part);
        panels.get(key).curves.push({ ...curve, id: card.id, ink: `--series-${at % COLOURS}`, dash, width: 2 });
      });
    });
    this.addLogs(panels);
    const all = [...panels.values()];
    for (const panel of all) {
      const beside = all.filter(({ axis }) => axis === panel.axis).flatMap(({ curves }) => curves);
      panel.findings = this.findings;
      panel.whole = [0, Math.max(...beside.map((curve) => curve.end))];
      panel.range = view ?? panel.whole;
    }
    return all;
  }

  // The dashes of a card: another round of colours begins with other ones.
  dash(at, part = 0) {
    return this.dashes[(at + Math.floor(at / COLOURS) + part) % this.dashes.length];
  }

  // The logged rates over the planned ones, their ratios, and the losses, where steps are updates.
  addLogs(panels) {
    const { unit, log, cards } = this.store.state;
    if (!this.logs || unit !== "updates") return;
    const axis = "step (completed updates)";
    const dots = (curves) => curves.map((curve) => ({ ...curve, end: curve.places.at(-1) ?? 0, dash: [], width: 2, dots: true }));
    const add = (title, curves, tight) => {
      if (!curves.length) return;
      const key = `${title} ${axis}`;
      if (!panels.has(key)) panels.set(key, { key, title, axis, log: log && !tight, tight, curves: [] });
      panels.get(key).curves.unshift(...curves);
    };
    const predicted = cards.flatMap((card, at) => this.prediction(card, `--series-${at % COLOURS}`));
    add("lr", dots(this.logs.rates()), false);
    add("logged / planned", dots(this.logs.ratios()), true);
    add("loss", [...dots(this.logs.losses()), ...predicted], true);
  }

  // The predicted loss of a card, and both ends of its interval.
  prediction(card, ink) {
    const found = card.hidden ? null : this.logs.predictions.get(card.id)?.curve;
    if (!found?.final) return [];
    const line = (values, width) => ({ places: found.steps, values, end: found.steps.at(-1), id: card.id, target: "loss", ink, dash: [], width });
    return [line(found.mean, 2), line(found.low, 0.7), line(found.high, 0.7)];
  }

  // The value of each curve nearest to a place of an axis, by the id of its card or log.
  valuesAt(axis, at) {
    const found = new Map();
    for (const curve of this.charts.drawn.filter((panel) => panel.axis === axis).flatMap((panel) => panel.curves)) {
      if (curve.width < 1 || !curve.values.length) continue;
      const i = nearest(curve.places, at);
      const entry = { target: curve.target, value: curve.values[i], place: curve.places[i] };
      found.set(curve.id, [...(found.get(curve.id) ?? []), entry]);
    }
    return found;
  }
}

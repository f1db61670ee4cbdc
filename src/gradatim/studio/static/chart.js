// The panels: one for each value that is driven, with the curves of all cards.

import uPlot from "./uplot/uPlot.esm.js";
import { drawCurves, places } from "./canvas.js";
import { css } from "./colours.js";
import { h } from "./dom.js";
import { nearest, place as placeText, short } from "./numbers.js";

const FIRST = () => Math.max(340, 0.52 * innerHeight); // the height of the first panel
const OTHERS = 180;
const SMALL = 230; // that of the first one on a phone

export class Charts {
  constructor(parent, { onzoom, onread }) {
    this.parent = parent;
    this.onzoom = onzoom;
    this.onread = onread;
    this.panels = new Map();
    this.sync = uPlot.sync("studio");
    this.width = this.measured();
    new ResizeObserver(() => this.resize()).observe(parent);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  measured() {
    return Math.max(200, this.parent.clientWidth);
  }

  // Draws panels: [{ key, title, axis, curves, range, log }].
  draw(panels) {
    this.drawn = panels;
    for (const [key, panel] of this.panels) {
      if (panels.some((one) => one.key === key)) continue;
      panel.destroy();
      this.panels.delete(key);
    }
    panels.forEach((one, at) => {
      if (!this.panels.has(one.key)) this.panels.set(one.key, new Panel(this, one.key));
      const panel = this.panels.get(one.key);
      if (this.parent.children[at] !== panel.element) this.parent.insertBefore(panel.element, this.parent.children[at] ?? null);
      panel.draw(one, at === 0);
    });
  }

  redraw() {
    for (const panel of this.panels.values()) panel.destroy();
    this.panels.clear();
    this.draw(this.drawn ?? []);
  }

  resize() {
    this.width = this.measured();
    for (const panel of this.panels.values()) panel.resize(this.width);
  }
}

class Panel {
  constructor(charts, key) {
    this.charts = charts;
    this.title = h("h2");
    this.place = h("output", { class: "place" });
    this.holder = h("div", {
      class: "plot",
      tabIndex: 0,
      role: "group",
      onkeydown: (event) => this.key(event),
      onblur: () => this.leave(),
    });
    this.element = h("figure", { class: "panel", "data-key": key }, h("figcaption", {}, this.title, this.place), this.holder);
    this.shape = "";
    this.seen = []; // what is on the canvas
  }

  draw(panel, first) {
    this.panel = panel;
    const shape = JSON.stringify([panel.axis, panel.log, first, panel.curves.map((curve) => curve.ink)]);
    const seen = [shape, JSON.stringify(panel.findings), ...panel.range, ...panel.curves.flatMap((curve) => [curve.values, curve.dash])];
    if (seen.length === this.seen.length && seen.every((part, at) => part === this.seen[at])) return;
    this.seen = seen;
    if (shape !== this.shape) this.build(panel, first);
    this.shape = shape;
    this.plot.setData([panel.range, [null, null]], true); // the ends of the axis: curves are drawn here
  }

  drawCurves(plot) {
    const { curves, log, findings } = this.panel;
    drawCurves(plot, curves, log, this.colours);
    places(plot, findings, this.colours);
  }

  build(panel, first) {
    this.plot?.destroy();
    this.title.textContent = panel.title;
    this.holder.setAttribute("aria-label", `${panel.title} over ${panel.axis}, ${panel.curves.length} curves. Arrow keys read values, plus and minus zoom, 0 shows all.`);
    const inks = [...panel.curves.map((curve) => curve.ink), "--error", "--warning", "--soft"];
    this.colours = Object.fromEntries(inks.map((ink) => [ink, css(ink)]));
    const height = first ? (matchMedia("(max-width: 760px)").matches ? SMALL : FIRST()) : OTHERS;
    this.plot = new uPlot(options(this, panel, this.charts.width, height), [[]], this.holder);
    this.spots = panel.curves.map((curve) => h("span", { class: "spot" }));
    this.spots.forEach((spot, i) => (spot.style.background = this.colours[panel.curves[i].ink]));
    this.plot.over.append(...this.spots);
  }

  resize(width) {
    if (this.plot && this.plot.width !== width) this.plot.setSize({ width, height: this.plot.height });
  }

  read(left) {
    const inside = left >= 0;
    const at = inside ? this.plot.posToVal(left, "x") : null;
    this.place.textContent = inside ? placeText(at) : "";
    this.panel.curves.forEach((curve, i) => this.spot(this.spots[i], curve, at));
    // The charts beside this one move their cursors with it, and read nothing of their own.
    if (!inside || this.holder.matches(":hover, :focus")) this.charts.onread(this.panel, at);
  }

  // A spot on a curve at its point that is nearest to a place.
  spot(element, curve, at) {
    const i = at === null || curve.dots ? -1 : nearest(curve.places, at);
    element.hidden = !(i >= 0 && (!this.panel.log || curve.values[i] > 0));
    if (element.hidden) return;
    element.style.left = `${this.plot.valToPos(curve.places[i], "x")}px`;
    element.style.top = `${this.plot.valToPos(curve.values[i], "y")}px`;
  }

  leave() {
    this.plot.setCursor({ left: -10, top: -10 });
  }

  zoom(center, factor) {
    const { min, max } = this.plot.scales.x;
    const start = center - (center - min) * factor;
    const end = center + (max - center) * factor;
    const [low, high] = this.panel.whole;
    this.charts.onzoom(start <= low && end >= high ? null : [Math.max(start, low), Math.min(end, high)]);
  }

  key(event) {
    const { left = -10 } = this.plot.cursor;
    const width = this.plot.bbox.width / devicePixelRatio;
    const from = left < 0 ? width / 2 : left;
    const far = event.shiftKey ? 20 : 2;
    const moves = { ArrowLeft: -far, ArrowRight: far, Home: -width, End: width };
    if (event.key in moves) {
      const to = Math.min(Math.max(from + moves[event.key], 0), width);
      this.plot.setCursor({ left: to, top: this.plot.bbox.height / devicePixelRatio / 2 });
    } else if (event.key === "+" || event.key === "=") this.zoom(this.plot.posToVal(from, "x"), 0.5);
    else if (event.key === "-") this.zoom(this.plot.posToVal(from, "x"), 2);
    else if (event.key === "0") this.charts.onzoom(null);
    else return;
    event.preventDefault();
  }

  destroy() {
    this.plot?.destroy();
    this.element.remove();
  }
}

function options(panel, { axis, log, curves }, width, height) {
  const ink = css("--soft");
  const font = "12px system-ui, sans-serif";
  const lines = { stroke: ink, font, grid: { stroke: css("--line"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    padding: [12, 14, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      sync: { key: "studio", scales: ["x", null] },
      points: { show: false },
      bind: { dblclick: () => () => panel.charts.onzoom(null) },
    },
    scales: {
      x: { time: false, range: () => panel.panel.range },
      y: { distr: log ? 3 : 1, range: () => valueRange(panel.panel) },
    },
    axes: [
      { ...lines, label: axis, labelSize: 18, labelGap: 2, labelFont: font, size: 30, values: (_, ticks) => ticks.map(tick) },
      { ...lines, size: 62, values: (_, ticks) => ticks.map((value) => (value === null ? "" : short(value, 3))) },
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      setSelect: [(plot) => select(panel, plot)],
      setCursor: [(plot) => panel.read(plot.cursor.left)],
      draw: [(plot) => panel.drawCurves(plot)],
    },
  };
}

function tick(value) {
  const units = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]];
  const [size, sign] = units.find(([least]) => Math.abs(value) >= least) ?? [1, ""];
  return `${Number((value / (sign === "k" ? 1e3 : size)).toPrecision(6))}${sign}`;
}

function valueRange({ log, tight, curves, range }) {
  let [low, high] = [Infinity, -Infinity];
  for (const { places, values } of curves) {
    for (let i = 0; i < values.length; i++) {
      if (places[i] < range[0] || places[i] > range[1] || (log && values[i] <= 0)) continue;
      if (values[i] < low) low = values[i];
      if (values[i] > high) high = values[i];
    }
  }
  if (low > high) return log ? [1e-6, 1] : [0, 1];
  if (log) return [low / 1.3, high * 1.3];
  if (tight) {
    const room = Math.max(0.06 * (high - low), 0.01 * Math.abs(high));
    return [low - room, high + room];
  }
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const room = 0.06 * (to - from || 1);
  return [from < 0 ? from - room : from, to > 0 ? to + room : room];
}

function select(panel, plot) {
  const { left, width } = plot.select;
  if (width < 3) return;
  panel.charts.onzoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

// The panels: one for each value that is driven, with the curves of all cards.

import uPlot from "./uplot/uPlot.esm.js";
import { h } from "./dom.js";
import { place as placeText, short } from "./numbers.js";

const FIRST = 340;
const OTHERS = 180;
const SMALL = 230; // the height of the first panel on a phone

export class Charts {
  constructor(parent, { onzoom, onread }) {
    this.parent = parent;
    this.onzoom = onzoom;
    this.onread = onread;
    this.panels = new Map();
    this.sync = uPlot.sync("studio");
    new ResizeObserver(() => this.resize()).observe(parent);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  get width() {
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
    for (const panel of this.panels.values()) panel.resize(this.width);
  }
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
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
  }

  draw(panel, first) {
    this.panel = panel;
    this.title.textContent = panel.title;
    this.holder.setAttribute("aria-label", `${panel.title} over ${panel.axis}, ${panel.curves.length} curves. Arrow keys read values, plus and minus zoom, 0 shows all.`);
    const shape = JSON.stringify([panel.axis, panel.log, first, panel.curves.map((curve) => [curve.ink, curve.dash, curve.width, curve.dots])]);
    if (shape !== this.shape) this.build(panel, first);
    this.shape = shape;
    const tables = panel.curves.map((curve) => [curve.places, panel.log ? curve.values.map(positive) : curve.values]);
    this.plot.setData(tables.length ? uPlot.join(tables) : [[]], true);
  }

  build(panel, first) {
    this.plot?.destroy();
    const height = first ? (matchMedia("(max-width: 760px)").matches ? SMALL : FIRST) : OTHERS;
    this.plot = new uPlot(options(this, panel, this.charts.width, height), [[]], this.holder);
  }

  resize(width) {
    if (this.plot && this.plot.width !== width) this.plot.setSize({ width, height: this.plot.height });
  }

  read(left) {
    const inside = left >= 0;
    const at = inside ? this.plot.posToVal(left, "x") : null;
    this.place.textContent = inside ? placeText(at) : "";
    this.charts.onread(this.panel, at);
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

function positive(value) {
  return value > 0 ? value : null; // a logarithmic axis has no place for the others
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
      points: { size: 7 },
      bind: { dblclick: () => () => panel.charts.onzoom(null) },
    },
    scales: {
      x: { time: false, range: () => panel.panel.range },
      y: { distr: log ? 3 : 1, range: (plot, low, high) => valueRange(panel.panel, low, high) },
    },
    axes: [
      { ...lines, label: axis, labelSize: 18, labelGap: 2, labelFont: font, size: 30, values: (_, ticks) => ticks.map(tick) },
      { ...lines, size: 62, values: (_, ticks) => ticks.map((value) => (value === null ? "" : short(value, 3))) },
    ],
    series: [{}, ...curves.map((curve) => ({
      stroke: css(curve.ink),
      width: curve.dots ? 0 : curve.width,
      dash: curve.dash,
      paths: curve.dots ? undefined : (plot, at) => line(plot, panel.panel.curves[at - 1], log),
      points: curve.dots ? { show: true, size: 3, width: 0, fill: css(curve.ink) } : { show: false },
    }))],
    hooks: {
      setSelect: [(plot) => select(panel, plot)],
      setCursor: [(plot) => panel.read(plot.cursor.left)],
      drawSeries: [(plot, at) => at > 0 && marks(plot, panel.panel.curves[at - 1])],
      draw: [(plot) => places(plot, panel.panel.findings)],
    },
  };
}

function tick(value) {
  const units = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]];
  const [size, sign] = units.find(([least]) => Math.abs(value) >= least) ?? [1, ""];
  return `${Number((value / (sign === "k" ? 1e3 : size)).toPrecision(6))}${sign}`;
}

function valueRange({ log, tight }, low, high) {
  if (low === null || low === undefined) return log ? [1e-6, 1] : [0, 1];
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

// The path of a curve through its own points. They are those that the screen can show already, so
// none is left out, and none is moved to a whole pixel.
function line(plot, { places, values }, log) {
  const { min, max } = plot.scales.x;
  const left = plot.valToPos(min, "x", true);
  const scale = (plot.valToPos(max, "x", true) - left) / (max - min);
  const stroke = new Path2D();
  let pen = "moveTo";
  places.forEach((at, i) => {
    if (log && values[i] <= 0) return void (pen = "moveTo");
    stroke[pen](left + (at - min) * scale, plot.valToPos(values[i], "y", true));
    pen = "lineTo";
  });
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
}

// A line where a finding speaks of a place of the run.
function places(plot, findings) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at, ink } of findings) {
    const x = plot.valToPos(at, "x", true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.strokeStyle = css(ink);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

// A dot where one piece of a schedule follows another.
function marks(plot, curve) {
  if (!curve) return;
  const { ctx } = plot;
  const size = 3 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = css(curve.ink);
  for (const [at, value] of curve.marks ?? []) {
    const [x, y] = [plot.valToPos(at, "x", true), plot.valToPos(value, "y", true)];
    const { left, top, width, height } = plot.bbox;
    if (!(x >= left && x <= left + width && y >= top - 1 && y <= top + height + 1)) continue;
    ctx.beginPath();
    ctx.arc(x, y, size, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}

// The panels as one picture: SVG, and the same as PNG.

import { css } from "./colours.js";
import { short } from "./numbers.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [960, 400, 70, 20, 34, 46];

const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

// An SVG document of panels as the page draws them, with a legend of their curves.
export function asSvg(panels, title) {
  const legend = [...new Map(panels.flatMap((panel) => panel.curves).filter((curve) => curve.id).map((curve) => [curve.id, curve])).values()];
  const top = 14 + 20 * legend.length;
  const height = top + panels.length * HEIGHT;
  const lines = legend.map((curve, at) =>
    `<path d="M${LEFT} ${18 + 20 * at}h28" ${stroke(curve)}/><text x="${LEFT + 38}" y="${22 + 20 * at}">${escaped(curve.name ?? title(curve.id))}</text>`);
  const drawn = panels.map((panel, at) => `<g transform="translate(0 ${top + at * HEIGHT})">${panelSvg(panel)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${css("--ink")}"><rect width="100%" height="100%" fill="${css("--page")}"/>${lines.join("")}${drawn.join("")}</svg>\n`;
}

export async function asPng(svg) {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  image.src = address;
  await image.decode();
  URL.revokeObjectURL(address);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function stroke(curve) {
  return `fill="none" stroke="${css(curve.ink)}" stroke-width="${curve.width}" stroke-linejoin="round" stroke-dasharray="${curve.dots ? "2 4" : curve.dash.join(" ")}"`;
}

function panelSvg({ title, axis, log, curves, range }) {
  const values = curves.flatMap((curve) => [...curve.values]).filter((value) => !log || value > 0);
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [Math.min(0, low), Math.max(high, 0)];
  const bottom = HEIGHT - BOTTOM;
  const x = (at) => LEFT + ((WIDTH - LEFT - RIGHT) * (at - range[0])) / (range[1] - range[0]);
  const y = (value) => bottom - ((bottom - TOP) * ((log ? Math.log(value) : value) - from)) / (to - from || 1);
  const across = nice(range[0], range[1]).map((at) => `<path d="M${x(at)} ${TOP}V${bottom}" stroke="${css("--line")}"/><text x="${x(at)}" y="${bottom + 18}" text-anchor="middle">${at.toLocaleString("en")}</text>`);
  const levels = log ? decades(low, high) : nice(from, to);
  const up = levels.map((value) => `<path d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}" stroke="${css("--line")}"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${short(value, 3)}</text>`);
  const lines = curves.map((curve) => `<path d="${path(curve, x, y, log, range)}" ${stroke(curve)}/>`);
  return `<text x="${LEFT}" y="${TOP - 12}" font-weight="600">${escaped(title)}</text>${across.join("")}${up.join("")}${lines.join("")}<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 38}" text-anchor="middle">${escaped(axis)}</text>`;
}

function path({ places, values }, x, y, log, [start, end]) {
  let pen = "M";
  const parts = [];
  places.forEach((at, i) => {
    if (at < start || at > end || (log && values[i] <= 0)) return void (pen = "M");
    parts.push(`${pen}${x(at).toFixed(2)} ${y(values[i]).toFixed(2)}`);
    pen = "L";
  });
  return parts.join("");
}

function nice(low, high) {
  const raw = (high - low) / 6;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = size * [1, 2, 5, 10].find((one) => one * size >= raw);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-12); i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function decades(low, high) {
  const ticks = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) ticks.push(10 ** power);
  return ticks;
}

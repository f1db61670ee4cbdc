// What is drawn on the canvas of a panel: curves, dots, bars and marks.

const DENSE = 40; // a curve that goes up and down more often is drawn as bars
const CLOSE = 0.1; // pixels: a line that is so close to a point goes through it for the eye
const TRANSLUCENT = 0.6; // bars hide nothing behind them

const made = new WeakMap(); // the shape of a curve by its values, and the scales that it is for

// Draws curves, those that are drawn as bars behind the others.
export function drawCurves(plot, curves, log, colours) {
  const shapes = curves.map((curve) => shape(plot, curve, log));
  for (const behind of [true, false]) {
    curves.forEach((curve, at) => {
      if (behind === Boolean(shapes[at].boxes && !curve.dots)) drawCurve(plot, curve, shapes[at], colours[curve.ink]);
    });
  }
  for (const curve of curves) marks(plot, curve, colours);
}

// Draws a curve through its own points. They are those that the screen can show already, so none is
// moved to a whole pixel.
function drawCurve(plot, curve, { line, boxes }, colour) {
  const { ctx, bbox } = plot;
  const width = curve.width * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - width / 2, bbox.top - width / 2, bbox.width + width, bbox.height + width);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.setLineDash(curve.dash.map((length) => length * devicePixelRatio));
  if (line) ctx.stroke(line);
  if (!curve.dots) ctx.globalAlpha = TRANSLUCENT;
  boxes?.forEach((box) => ctx.fillRect(...box));
  ctx.restore();
}

// The line of a curve, or the boxes that it is drawn as. It is made once for its scales.
function shape(plot, curve, log) {
  const { x, y } = plot.scales;
  const { left, top, width, height } = plot.bbox;
  const scales = [x.min, x.max, y.min, y.max, log, left, top, width, height].join();
  const known = made.get(curve.values);
  if (known?.scales === scales) return known;
  const points = placed(plot, curve, log);
  const found = curve.dots ? { boxes: squares(points) } : isDense(points, height) ? { boxes: bars(points) } : { line: line(points) };
  made.set(curve.values, { ...found, scales });
  return found;
}

// The points of a curve in pixels: x and y in turn.
function placed(plot, { places, values }, log) {
  const x = placer(plot, "x", (at) => at);
  const y = placer(plot, "y", log ? Math.log : (value) => value);
  const points = [];
  for (let i = 0; i < values.length; i++) {
    if (!log || values[i] > 0) points.push(x(places[i]), y(values[i]));
  }
  return points;
}

// A function from a value to its pixel on the canvas.
function placer(plot, scale, measure) {
  const { min, max } = plot.scales[scale];
  const [start, end] = [plot.valToPos(min, scale, true), plot.valToPos(max, scale, true)];
  const [from, to] = [measure(min), measure(max)];
  return (value) => start + ((measure(value) - from) * (end - start)) / (to - from);
}

function isDense(points, height) {
  let way = 0;
  for (let i = 3; i < points.length; i += 2) way += Math.abs(points[i] - points[i - 2]);
  return way > DENSE * height;
}

// A line with corners at as few of the points as keep it close to all of them: while the slopes from
// the last corner to each later point overlap within that distance, one straight line passes by all.
function line(points) {
  const path = new Path2D();
  if (!points.length) return path;
  path.moveTo(points[0], points[1]);
  let [corner, low, high] = [0, -Infinity, Infinity];
  for (let i = 2; i < points.length; i += 2) {
    let [run, rise] = [points[i] - points[corner], points[i + 1] - points[corner + 1]];
    if (rise < low * run || rise > high * run) {
      corner = i - 2;
      path.lineTo(points[corner], points[corner + 1]);
      [low, high] = [-Infinity, Infinity];
      [run, rise] = [points[i] - points[corner], points[i + 1] - points[corner + 1]];
    }
    low = Math.max(low, (rise - CLOSE) / run);
    high = Math.min(high, (rise + CLOSE) / run);
  }
  path.lineTo(points.at(-2), points.at(-1));
  return path;
}

function squares(points) {
  const size = 3 * devicePixelRatio;
  const boxes = [];
  for (let i = 0; i < points.length; i += 2) boxes.push([points[i] - size / 2, points[i + 1] - size / 2, size, size]);
  return boxes;
}

// What a line that goes up and down in every column of pixels covers: a bar in each. As a line with
// dashes, or as one area, it would take half a second to draw.
function bars(points) {
  const boxes = [];
  let [column, low, high] = [null, 0, 0];
  const flush = () => column !== null && boxes.push([column, low, 1, Math.max(high - low, 2 * devicePixelRatio)]);
  for (let i = 0; i < points.length; i += 2) {
    const y = points[i + 1];
    const before = i ? points[i - 1] : y;
    if (Math.floor(points[i]) !== column) {
      flush();
      [column, low, high] = [Math.floor(points[i]), Math.min(before, y), Math.max(before, y)];
    }
    [low, high] = [Math.min(low, y), Math.max(high, y)];
  }
  flush();
  return boxes;
}

// A line where a finding speaks of a place of the run.
export function places(plot, findings, colours) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at, ink } of findings) {
    const x = plot.valToPos(at, "x", true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.strokeStyle = colours[ink];
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

// A dot where one piece of a schedule follows another.
function marks(plot, curve, colours) {
  const { ctx } = plot;
  const size = 3 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colours[curve.ink];
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

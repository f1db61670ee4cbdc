// What is drawn on the canvas of a panel: curves, dots, bars and marks.

const DENSE = 40; // a curve that goes up and down more often is drawn as bars

// The path of a curve through its own points. They are those that the screen can show already, so
// none is left out, and none is moved to a whole pixel.
export function paths(plot, curve, log) {
  const x = placer(plot, "x", (at) => at);
  const y = placer(plot, "y", log ? Math.log : (value) => value);
  const kept = curve.places.map((_, i) => i).filter((i) => !log || curve.values[i] > 0);
  const points = kept.map((i) => [x(curve.places[i]), y(curve.values[i])]);
  const parts = { stroke: null, fill: null, clip: null, band: null, gaps: null, flags: 0 };
  if (curve.dots) return { ...parts, fill: squares(points) };
  const way = points.reduce((sum, [, height], i) => sum + (i ? Math.abs(height - points[i - 1][1]) : 0), 0);
  return way > DENSE * plot.bbox.height ? { ...parts, fill: bars(points) } : { ...parts, stroke: line(points) };
}

function line(points) {
  const path = new Path2D();
  points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  return path;
}

function squares(points) {
  const path = new Path2D();
  const size = 3 * devicePixelRatio;
  for (const [x, y] of points) path.rect(x - size / 2, y - size / 2, size, size);
  return path;
}

// What a line that goes up and down in every column covers: a bar in each. As a line with dashes it
// would take a second to draw.
function bars(points) {
  const path = new Path2D();
  let [column, low, high] = [null, 0, 0];
  const flush = () => column !== null && path.rect(column - 0.5, low, 2, Math.max(high - low, 2 * devicePixelRatio));
  points.forEach(([x, y], i) => {
    const before = i ? points[i - 1][1] : y;
    if (Math.floor(x) !== column) {
      flush();
      [column, low, high] = [Math.floor(x), Math.min(before, y), Math.max(before, y)];
    }
    [low, high] = [Math.min(low, y), Math.max(high, y)];
  });
  flush();
  return path;
}

// A function from a value to its pixel on the canvas.
function placer(plot, scale, measure) {
  const { min, max } = plot.scales[scale];
  const [start, end] = [plot.valToPos(min, scale, true), plot.valToPos(max, scale, true)];
  const [from, to] = [measure(min), measure(max)];
  return (value) => start + ((measure(value) - from) * (end - start)) / (to - from);
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
export function marks(plot, curve, colours) {
  if (!curve) return;
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

// Numbers as texts.

// A value of a schedule, short enough for a label: 3e-4, 0.1, 250.
export function short(value, digits = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e-3 && size < 1e5
    ? String(Number(value.toPrecision(digits)))
    : value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  return text.replace(/^-/, "−");
}

// A place on the axis: 12,500 or 3.25.
export function place(value) {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 3 : 0 });
}

export function percent(share) {
  return `${Number((100 * share).toPrecision(3))}%`;
}

// A number as it is written in a schedule, rounded to so many digits; plain for a plan file.
export function written(value, digits, plain = false) {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (Number.isInteger(rounded) && size < 1e15) {
    return size < 10_000 || plain ? String(rounded) : rounded.toLocaleString("en").replaceAll(",", "_");
  }
  return size < 1e-2 || size >= 1e15 ? rounded.toExponential().replace("e+", "e") : String(rounded);
}

// The numbers that the server sends as 64-bit floats in base64.
export function unpacked(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

// The index of the entry of a rising list that is nearest to a value.
export function nearest(places, at) {
  let [low, high] = [0, places.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (places[middle] <= at) low = middle;
    else high = middle;
  }
  return at - places[low] <= places[high] - at ? low : high;
}

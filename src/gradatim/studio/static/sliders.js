// The range of a slider: which values it offers around the present one.

import { written } from "./numbers.js";

const POSITIONS = 1000;
const FACTOR = 20; // a logarithmic slider goes from a twentieth of the value to twenty times it

// The number in the text of a field, and whether it is a percentage: 5e-4, 10_000, "5%".
export function numberIn(text) {
  const found = text?.match(/^["']?\s*(-?[\d_]*\.?[\d_]*(?:e[+-]?\d+)?)\s*(%?)["']?$/i);
  if (!found || !/\d/.test(found[1])) return null;
  return { value: Number(found[1].replaceAll("_", "")), percent: found[2] === "%" };
}

// A range that holds a value; the old one as long as it does, so that no slider jumps.
export function rangeFor(field, number, whole, old) {
  if (old && old.percent === number.percent && number.value >= old.low && number.value <= old.high) return old;
  const { value, percent } = number;
  if (percent) return linear(Math.min(0, value), Math.max(100, value), 3, percent);
  if (field.kind === "share") return linear(0, 1, 2);
  if (field.kind === "whole") return { ...linear(Math.min(value, 1), Math.max(10, 3 * value), 9), integer: true };
  if (field.kind === "steps" && field.name !== "steps") {
    return { ...linear(Math.min(0, value), Math.max(whole, value, 1), 3), integer: true };
  }
  const integer = field.kind === "steps";
  if (value > 0) return { low: integer ? Math.max(1, value / FACTOR) : value / FACTOR, high: value * FACTOR, log: true, digits: 2, percent, integer };
  return linear(Math.min(2 * value, 0), value < 0 ? -2 * value : field.top, 2);
}

function linear(low, high, digits, percent = false) {
  return { low, high, log: false, digits, percent };
}

export function positionOf(range, value) {
  const share = range.log
    ? Math.log(value / range.low) / Math.log(range.high / range.low)
    : (value - range.low) / (range.high - range.low);
  return Math.round(POSITIONS * share);
}

export function isNearEnd(range, value) {
  const position = positionOf(range, value);
  return !(position > 0.05 * POSITIONS && position < 0.95 * POSITIONS);
}

// The text to write for a position of the slider.
export function textAt(range, position, plain) {
  const share = position / POSITIONS;
  const exact = range.log
    ? range.low * (range.high / range.low) ** share
    : range.low + (range.high - range.low) * share;
  const value = range.integer ? Math.round(Number(exact.toPrecision(range.digits))) : exact;
  const text = written(value, range.digits, plain);
  return range.percent ? `"${text}%"` : text;
}

export const SLIDER = { min: 0, max: POSITIONS, step: 1 };

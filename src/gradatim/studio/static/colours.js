// The colours of the palette, which the server writes as variables of CSS.

export const COLOURS = 7; // of curves: --series-0 to --series-6

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Elements, built in one expression.

// An element with properties and children. "class", "role", "aria-..." and "data-..." are
// attributes; "on..." is a listener; everything else is a property.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (/^(class|role|for|list|aria-|data-)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat());
  return element;
}

// A drawing of one path, 16 units wide and high.
export function icon(path) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    svg("path", { d: path }));
}

export const ICONS = {
  undo: "M6 3 3 6l3 3M3 6h6a4 4 0 0 1 0 8H6",
  redo: "M10 3l3 3-3 3M13 6H7a4 4 0 0 0 0 8h3",
  share: "M6 9l4-2.5M6 8 10 10.5M4.5 6.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM12 3.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM12 9.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  bring: "M8 2v8M4.5 6.5 8 10l3.5-3.5M2.5 12.5v1h11v-1",
  take: "M8 10V2M4.5 5.5 8 2l3.5 3.5M2.5 12.5v1h11v-1",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  close: "M4 4l8 8M12 4l-8 8",
  add: "M8 3v10M3 8h10",
  keys: "M1.5 4h13v8h-13zM4 6.5h.5M7 6.5h.5M10 6.5h.5M12 6.5h.2M5 9.5h6",
};

// A dialog with a heading. Its button closes it, and so do Escape and a click beside it.
export function dialog(label, ...children) {
  const element = h("dialog", { "aria-label": label, onclick: (event) => event.target === element && element.close() },
    h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", {}, label), iconButton("close", "Close", () => element.close())),
      children));
  document.body.append(element);
  return element;
}

export function iconButton(name, label, onclick) {
  return h("button", { class: "quiet", type: "button", title: label, "aria-label": label, onclick },
    icon(ICONS[name]));
}

// Keys for everything that buttons do, and the list of them.

import { dialog, h } from "./dom.js";

const TYPING = "input:not([type=range], [type=checkbox]), textarea, select";

export class Shortcuts {
  // keys: [key, meaning, action]; "Mod+z" is with Ctrl, or with Cmd on a Mac.
  constructor(keys) {
    this.keys = keys;
    const rows = keys.map(([key, meaning]) => h("tr", {}, h("th", { scope: "row" }, key.split("+").map((one) => h("kbd", {}, one === "Mod" ? "Ctrl" : one))), h("td", {}, meaning)));
    const chart = [["← →", "read values, on a chart"], ["+ −", "zoom, on a chart"]].map(([key, meaning]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, meaning)));
    this.dialog = dialog("Keys", h("table", {}, h("tbody", {}, rows, chart)));
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  open() {
    this.dialog.showModal();
  }

  pressed(event) {
    if (document.querySelector("dialog[open]")) return;
    const mod = event.ctrlKey || event.metaKey;
    // A dialog that was just closed keeps the focus until the next frame.
    const isTyping = event.target.matches(TYPING) && !event.target.closest("dialog:not([open])");
    if (!mod && isTyping) return;
    const name = [mod ? "Mod" : "", event.altKey ? "Alt" : "", event.shiftKey && event.key.length > 1 ? "Shift" : "", event.shiftKey && mod ? "Shift" : ""].filter(Boolean).concat(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const found = this.keys.find(([key]) => key === name.join("+"));
    if (!found) return;
    event.preventDefault();
    found[2]();
  }
}

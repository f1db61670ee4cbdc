// What the page shows, as one immutable value, and the steps of undo.

export const EXAMPLE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)";

export const EMPTY = Object.freeze({
  cards: [],
  active: 0,
  run: {},
  unit: "updates",
  log: false,
  view: null, // [start, end] of the axis, in its unit
});

export class Store {
  constructor(state) {
    this.state = state;
    this.past = [];
    this.future = [];
    this.group = null;
    this.listeners = [];
  }

  // Replaces entries of the state. Changes of one group in a row, such as the letters of a word or
  // the positions of a slider, are undone together.
  change(entries, group = null) {
    if (group === null || group !== this.group) this.past.push(this.state);
    this.group = group;
    this.future = [];
    this.show({ ...this.state, ...entries });
  }

  // Ends a group.
  rest() {
    this.group = null;
  }

  undo() {
    this.move(this.past, this.future);
  }

  redo() {
    this.move(this.future, this.past);
  }

  move(from, to) {
    if (!from.length) return;
    to.push(this.state);
    this.rest();
    this.show(from.pop());
  }

  // Shows another state that is no step of undo, such as which card is open.
  show(state) {
    const before = this.state;
    this.state = state;
    for (const listener of this.listeners) listener(state, before);
  }

  card(id) {
    return this.state.cards.find((card) => card.id === id);
  }

  changeCard(id, entries, group = null) {
    const cards = this.state.cards.map((card) => (card.id === id ? { ...card, ...entries } : card));
    this.change({ cards }, group);
  }

  addCard(text, name = "") {
    const id = 1 + Math.max(0, ...this.state.cards.map((card) => card.id));
    const cards = [...this.state.cards, { id, name, text, hidden: false }];
    this.change({ cards, active: id });
  }

  removeCard(id) {
    const at = this.state.cards.findIndex((card) => card.id === id);
    const cards = this.state.cards.filter((card) => card.id !== id);
    const next = cards[Math.min(at, cards.length - 1)];
    this.change({ cards, active: this.state.active === id ? (next?.id ?? 0) : this.state.active });
  }

  open(id) {
    if (this.state.active !== id) this.show({ ...this.state, active: id });
  }
}

// A link that holds the whole state in its fragment, which no browser sends to a server.

import { EMPTY } from "./state.js";
import { UNITS } from "./axis.js";

const VERSION = 1;
const LONGEST = 16_000; // characters: what browsers, mail and chat programs pass on
const MOST_CARDS = 40;

// The fragment of a state, such as "#1.eJy...".
export async function encode(state) {
  const { cards, run, unit, log, view } = state;
  const content = [cards.map(({ name, text, hidden }) => [name, text, hidden ? 1 : 0]), run, unit, log ? 1 : 0, view];
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(content)));
  const letters = btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const fragment = `#${VERSION}.${letters}`;
  if (fragment.length > LONGEST) throw new Error(`The state needs a link of ${fragment.length.toLocaleString("en")} characters; ${LONGEST.toLocaleString("en")} are passed on by other programs. Save plan files instead.`);
  return fragment;
}

// The state of a fragment. Whatever is not as this version writes it is refused.
export async function decode(fragment) {
  const found = fragment.match(/^#(\d+)\.([\w-]*)$/);
  if (!found) throw new Error("This is no link of the studio.");
  if (Number(found[1]) !== VERSION) throw new Error(`This link has version ${found[1]}, and this studio reads version ${VERSION}.`);
  if (fragment.length > LONGEST) throw new Error("This link is too long.");
  try {
    const packed = Uint8Array.from(atob(found[2].replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const bytes = await through(new DecompressionStream("deflate-raw"), packed);
    return checked(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    throw new Error("This link is damaged: a part of it may be missing.");
  }
}

async function through(stream, bytes) {
  const answer = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await answer.arrayBuffer());
}

function checked(content) {
  const [cards, run, unit, log, view] = content;
  const fine = content.length === 5
    && Array.isArray(cards) && cards.length <= MOST_CARDS && cards.every(isCard)
    && run !== null && typeof run === "object" && !Array.isArray(run)
    && UNITS.includes(unit) && (log === 0 || log === 1)
    && (view === null || (view.length === 2 && view.every(Number.isFinite) && view[0] < view[1]));
  if (!fine) throw new TypeError();
  const numbered = cards.map(([name, text, hidden], at) => ({ id: at + 1, name, text, hidden: hidden === 1 }));
  return { ...EMPTY, cards: numbered, active: numbered.length ? 1 : 0, run, unit, log: log === 1, view };
}

function isCard(card) {
  const [name, text, hidden] = card;
  return card.length === 3 && typeof name === "string" && typeof text === "string" && (hidden === 0 || hidden === 1);
}

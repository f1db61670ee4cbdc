// Questions to the server.

const KEY = "gradatim-token";

// The token is in the fragment of the address that the command printed. It is kept for links that
// are opened later, and taken out of the address, so that no copied link holds it.
export function takeToken() {
  const found = location.hash.match(/^#token=([\w-]+)$/);
  if (!found) return false;
  localStorage.setItem(KEY, found[1]);
  history.replaceState(null, "", location.pathname);
  return true;
}

class Refusal extends Error {
  constructor(message, place) {
    super(message);
    this.place = place; // [start, end] in the text that was asked about, if it is known
  }
}

async function answer(path, options) {
  const headers = { "X-Gradatim-Token": localStorage.getItem(KEY) ?? "", ...options.headers };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Refusal("The studio does not answer. Was the command ended?");
  }
  const data = await response.json();
  if (!response.ok) throw new Refusal(data.error, data.place);
  return data;
}

export const start = () => answer("/api/start", {});

export function ask(question, body) {
  const headers = { "Content-Type": "application/json" };
  return answer(`/api/${question}`, { method: "POST", headers, body: JSON.stringify(body) });
}

export function sendLog(file) {
  const headers = { "Content-Type": "application/octet-stream" };
  return answer(`/api/log?name=${encodeURIComponent(file.name)}`, { method: "POST", headers, body: file });
}

const waiting = new Map();

// Asks for the latest of many requests of one key: while one is under way, only the last of those
// that come meanwhile is asked for next. The others are answered with undefined.
export async function askLatest(key, question, body) {
  const lane = waiting.get(key) ?? { busy: false, next: null };
  waiting.set(key, lane);
  if (lane.busy) {
    lane.next?.(false);
    const turn = await new Promise((resolve) => (lane.next = resolve));
    if (!turn) return undefined;
  }
  lane.busy = true;
  try {
    return await ask(question, body);
  } finally {
    const next = lane.next;
    lane.next = null;
    lane.busy = next !== null;
    next?.(true);
  }
}

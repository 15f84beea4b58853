// The server as the page sees it: requests, streams of events, errors as sentences.

import { Told } from "./text.js";

export class ServerError extends Told {
  constructor(status, error = {}, retryAfter = 0) {
    super(...sentence(status, error, retryAfter));
    this.status = status;
    this.code = error.code;
  }
}

function sentence(status, error, retryAfter) {
  switch (error.code) {
    case "queue_full": return ["eFull", retryAfter || 10];
    case "insufficient_memory": return ["eMemory", error.message];
    case "stopping": return ["eStopping"];
    case "loading": return ["eLoading"];
    case "context_length_exceeded": return ["eContext", error.message];
    case "body_too_large": return ["eBody"];
    case "invalid_api_key": return ["eKey"];
    case "invalid_image": return ["ePicture", error.message?.replace(/^[\w[\].]+: /, "")];
    case "internal": return ["eFailed"];
    default: return error.message ? ["given", error.message] : ["eStatus", status];
  }
}

/** A key that fits into a header: no spaces, nothing beyond Latin-1. */
const isSendable = key => /^[\x21-\x7e\xa1-\xff]+$/.test(key);
let key = storedKey();

let askForKey = async () => null, asking = null;
/** `ask(problem, isSendable)` gets a key from whoever sits here, or null. */
export function setKeyAsker(ask) { askForKey = ask; }

/** The key that was right, here or in another tab. */
function storedKey() {
  const stored = localStorage.getItem("janus-key");
  return stored && isSendable(stored) ? stored : null;
}

/** Sends, and asks for a key, as often as needed, if the server wants one. */
async function send(path, options) {
  const tried = new Set();
  for (;;) {
    const used = key;
    tried.add(used);
    let response;
    try {
      response = await fetch(path, { ...options, headers: { ...options.headers, ...(used ? { authorization: `Bearer ${used}` } : {}) } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Told("eUnreachable");
    }
    // A key is kept once it was the right one.
    if (response.status !== 401 && used && used === key && storedKey() !== used) {
      localStorage.setItem("janus-key", used);
      document.dispatchEvent(new Event("key"));
    }
    if (response.ok) return response;
    const body = await response.json().catch(() => ({}));
    const failure = new ServerError(response.status, body.error, Number(response.headers.get("retry-after")));
    if (response.status !== 401) throw failure;
    // A request beside this one, or another tab, has been given another key meanwhile.
    if (used === key && !tried.has(storedKey())) key = storedKey() ?? key;
    if (used !== key) continue;
    asking ??= askForKey(used ? "eWrongKey" : null, isSendable).finally(() => { asking = null; });
    const given = await asking;
    options.signal?.throwIfAborted();
    if (given === null) throw failure;
    key = given;
  }
}

function post(path, body, signal) {
  return send(path, {
    method: "POST", body: JSON.stringify(body), signal, headers: { "content-type": "application/json" },
  });
}

export async function get(path) { return (await send(path, {})).json(); }

/** The server's state without asking for a key: health answers 503 with a body, too. */
export async function health() {
  const response = await fetch("/health");
  return response.json();
}

/**
 * Sends `body` and calls `onData(object, name)` for each event, `onNote(text)` for each comment of the
 * stream. Aborting `signal` stops the work on the server, too. A stream may end early without an error: whether the
 * result was there is for the caller to see.
 */
export async function stream(path, body, signal, onData, onNote = () => {}) {
  const response = await post(path, { ...body, stream: true }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Told("eBroken");
    }
    if (piece.done) return;
    const events = (rest + piece.value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      let name, data = "";
      for (const line of event.split("\n")) {
        if (line.startsWith("data: ")) data += line.slice(6);
        else if (line.startsWith("event: ")) name = line.slice(7);
        else if (line.startsWith(": ")) onNote(line.slice(2));
      }
      if (!data || data === "[DONE]") continue;
      const object = parsed(data);
      if (object.error && !object.type) throw new ServerError(object.error.status ?? 200, object.error);
      onData(object, name);
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Told("eBroken");
  }
}

/** What a comment of a stream says of the work, for people; null for nothing. */
export function progressOf(note) {
  const numbers = (note.match(/\d+/g) ?? []).map(Number);
  if (note.startsWith("queue")) return { words: numbers[0] ? ["place", numbers[0]] : ["next"] };
  if (note.startsWith("prompt")) return { kind: "prompt", part: numbers[0] / numbers[1] };
  if (note.startsWith("codes")) return { kind: "codes", done: numbers[0], total: numbers[1] };
  return null;
}

const rendered = new Map();
/** LaTeX as `{mathml, typst, valid, problem}`, remembered. */
export async function render(latex, signal) {
  if (!rendered.has(latex)) {
    const result = await (await post("/v1/formulas/render", { latex }, signal)).json();
    if (rendered.size > 500) rendered.clear();
    rendered.set(latex, result);
  }
  return rendered.get(latex);
}

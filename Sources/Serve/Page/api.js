// The server as the page sees it: requests, streams of events, errors as sentences.

import { t } from "./text.js";

export class ServerError extends Error {
  constructor(status, error = {}, retryAfter = 0) {
    super(sentence(status, error, retryAfter));
    this.status = status;
    this.code = error.code;
  }
}

function sentence(status, error, retryAfter) {
  switch (error.code) {
    case "queue_full": return t("eFull", retryAfter || 10);
    case "insufficient_memory": return t("eMemory", error.message);
    case "stopping": return t("eStopping");
    case "loading": return t("eLoading");
    case "context_length_exceeded": return t("eContext", error.message);
    case "body_too_large": return t("eBody");
    case "invalid_api_key": return t("eKey");
    case "invalid_image": return t("ePicture", error.message?.replace(/^[\w[\].]+: /, ""));
    case "internal": return t("eFailed");
    default: return error.message ?? `${t("eFailed")} (${status})`;
  }
}

let askForKey = async () => null;
/** `ask` gets a key from whoever sits here, or null. */
export function setKeyAsker(ask) { askForKey = ask; }

async function send(path, options) {
  const key = localStorage.getItem("janus-key");
  const headers = { ...options.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(0, { message: t("eUnreachable") });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  if (response.status === 401 && !options.isSecond) {
    const given = await askForKey();
    if (given) {
      localStorage.setItem("janus-key", given);
      return send(path, { ...options, isSecond: true });
    }
  }
  throw new ServerError(response.status, body.error, Number(response.headers.get("retry-after")));
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
 * stream. Aborting `signal` stops the work on the server, too.
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
      throw new ServerError(0, { message: t("eBroken") });
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
      const object = JSON.parse(data);
      if (object.error && !object.type) throw new ServerError(object.error.status ?? 200, object.error);
      onData(object, name);
    }
  }
}

/** What a comment of a stream says of the work, for people; null for nothing. */
export function progressOf(note) {
  const numbers = (note.match(/\d+/g) ?? []).map(Number);
  if (note.startsWith("queue")) return { text: numbers[0] ? t("place", numbers[0]) : t("next") };
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

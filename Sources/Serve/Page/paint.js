// Paint: a prompt becomes pictures that appear row by row on a wall.

import { h, sign, announce, save, note, toast, hideToast } from "./dom.js";
import { t, put, wordsOf, harmless } from "./text.js";
import { confirmed } from "./dialog.js";
import { bytesOf } from "./picture.js";
import { stream, progressOf } from "./api.js";
import * as store from "./store.js";

let form, prompt, number, seed, guidance, guidanceText, start, stop, work, words, bar, notice, wall, empty, footRow;
/** The painting that is under way: `{control}`. */
let run = null;
let model = null;

const anySeed = () => Math.floor(Math.random() * 2 ** 31);

export function setUp(section) {
  prompt = h("textarea", { rows: 2, id: "prompt", tPlaceholder: "promptHint", required: true, maxLength: 32000 });
  number = h("select", {}, ...[1, 2, 4, 8].map(n => h("option", { value: n, selected: n === 4 }, String(n))));
  seed = h("input", { type: "number", min: 0, max: 2 ** 53, step: 1, value: String(anySeed()), inputMode: "numeric" });
  guidanceText = h("span");
  guidance = h("input", { type: "range", min: 1, max: 12, step: .5, value: "5", oninput: showGuidance });
  start = h("button", { class: "main", t: "paintDo" });
  stop = h("button", { type: "button", t: "stop", hidden: true, onclick: () => run?.control.abort() });
  form = h("form", { class: "ask", onsubmit: event => { event.preventDefault(); paint(); } },
    h("label", { class: "field wide" }, h("span", { t: "prompt" }), prompt),
    h("label", { class: "field" }, h("span", { t: "number" }), number),
    h("div", { class: "field" }, h("span", {}, h("label", { for: "seed", t: "seed" })),
      h("div", { class: "seed" }, seed,
        h("button", { type: "button", class: "icon", tLabel: "die", tTitle: "die", onclick: () => { seed.value = anySeed(); } }, sign("die")))),
    h("label", { class: "field" }, guidanceText, guidance),
    h("div", { class: "row end wide" }, stop, start));
  seed.id = "seed";
  number.value = "4";
  prompt.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  showGuidance();
  words = h("p", { class: "words" });
  bar = h("progress", { tLabel: "paintDo", max: 1 });
  work = h("div", { hidden: true }, bar, h("div", { class: "work" }, words));
  notice = h("p", { class: "notice", role: "alert", hidden: true });
  empty = h("p", { class: "quiet", t: "noPaintings" });
  wall = h("ul", { class: "wall", tLabel: "wall" });
  footRow = h("div", { class: "row end", hidden: true }, h("button", { class: "plain", t: "forget", onclick: forget }));
  section.append(h("h1", { id: "paint-title", class: "hidden", t: "paint" }), form, work, notice, empty, wall, footRow);
  store.all("paintings").then(list => {
    for (const entry of list.slice(0, 200)) {
      // A damaged entry costs itself alone.
      try {
        if (entry.blob instanceof Blob) wall.append(new Tile(entry).element);
      } catch (error) {
        console.warn("an entry of the history is damaged", error);
      }
    }
    arrange();
  });
  store.watch("paintings", (what, id) => {
    if (what === "clear") clear();
    if (what === "remove") [...wall.children].find(element => element.tile.entry.id === id)?.remove();
    arrange();
  });
}

function showGuidance() { put(guidanceText, "t", ["guidance", guidance.value]); }

function arrange() {
  empty.hidden = Boolean(wall.children.length);
  footRow.hidden = !wall.children.length;
}

export function setModel(card) {
  model = card;
  const paints = Boolean(card.painting);
  for (const element of form.elements) element.disabled = !paints;
  if (!paints) note(notice, "noPainter");
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  // First nothing of before is stored any more, then what is begun is new.
  const isDone = store.clear("paintings");
  clear();
  await isDone;
  prompt.focus();
}

/** Ends what runs and takes the pictures away. */
function clear() {
  end();
  hideToast();
  wall.replaceChildren();
  arrange();
}

function end() {
  run?.control.abort();
  run = null;
  work.hidden = stop.hidden = true;
  start.disabled = false;
}

/** Paints what the form says. */
async function paint() {
  if (run) return;
  const request = {
    prompt: prompt.value.trim(), n: Number(number.value), seed: Number(seed.value) || 0, cfg: Number(guidance.value), partial_images: 23,
  };
  if (!request.prompt) return prompt.focus();
  const own = run = { control: new AbortController() };
  note(notice, null);
  work.hidden = stop.hidden = false;
  start.disabled = true;
  bar.removeAttribute("value");
  put(words, "t", "sending");
  announce(t("painting", request.prompt));
  const tiles = Array.from({ length: request.n }, (_, i) => new Tile(store.begin("paintings",
    { time: Date.now() + request.n - i, prompt: request.prompt, seed: request.seed + i, cfg: request.cfg })));
  wall.prepend(...tiles.map(tile => tile.element));
  arrange();
  let begin = null, failure = null;
  const done = new Set();
  try {
    await stream("/v1/images/generations", request, own.control.signal, event => {
      const tile = tiles[event.image_index ?? 0];
      if (run !== own || !tile || !event.b64_json) return;
      const blob = new Blob([bytesOf(event.b64_json)], { type: `image/${event.output_format}` });
      if (event.type === "image_generation.completed") {
        done.add(tile);
        tile.finish(blob, event);
      } else {
        tile.showPart(blob);
      }
    }, comment => {
      if (run !== own) return;
      const state = progressOf(comment);
      if (state?.words) put(words, "t", state.words);
      if (state?.kind !== "codes") return;
      begin ??= { time: performance.now(), done: state.done };
      const lines = model?.painting?.lines ?? 24;
      bar.value = state.done / state.total;
      const rate = (state.done - begin.done) / (performance.now() - begin.time);
      const left = rate > 0 && state.done - begin.done > 12 ? Math.ceil((state.total - state.done) / rate / 1000) : null;
      put(words, "t", [left ? "rowsLeft" : "rows", Math.min(lines, Math.floor(state.done / state.total * lines) + 1), lines, left]);
    });
    if (done.size < request.n) failure = ["eBroken"];
    else seed.value = request.seed + request.n;
  } catch (error) {
    failure = error.name === "AbortError" ? ["stopped"] : wordsOf(error);
  }
  // Forgotten meanwhile.
  if (run !== own) return;
  // What a stop left unfinished stays to be looked at; what had not begun goes.
  for (const tile of tiles) if (!done.has(tile)) tile.end();
  end();
  if (failure && failure[0] !== "stopped") note(notice, failure);
  else announce(failure ? t(...failure) : t("painted", request.prompt));
  arrange();
}

function repeat(entry, newSeed, count) {
  prompt.value = entry.prompt;
  guidance.value = entry.cfg;
  showGuidance();
  seed.value = newSeed;
  number.value = String(count);
  paint();
}

class Tile {
  constructor(entry) {
    this.entry = entry;
    const shown = harmless(entry.prompt);
    this.image = h("img", { alt: "", hidden: true });
    this.blank = h("span", { class: "blank" });
    this.button = h("button", { class: "picture", type: "button", disabled: !entry.blob, onclick: () => this.open() }, this.image, this.blank);
    this.caption = h("span", { class: "quiet", t: ["given", shown] });
    this.element = h("li", { class: "tile" }, this.button, this.caption);
    this.element.tile = this;
    this.label();
    if (entry.blob) this.put(entry.blob);
  }

  label() { put(this.button, "tLabel", [this.entry.blob ? "openPicture" : "unfinished", harmless(this.entry.prompt), String(this.entry.seed)]); }

  put(blob) {
    const old = this.url;
    this.url = URL.createObjectURL(blob);
    this.image.onload = () => { if (old) URL.revokeObjectURL(old); };
    this.image.src = this.url;
    this.image.hidden = false;
    this.blank.hidden = true;
  }

  showPart(blob) { this.partial = true; this.put(blob); }

  finish(blob, event) {
    Object.assign(this.entry, { blob, seed: event.seed, size: event.size });
    this.put(blob);
    this.button.disabled = false;
    this.label();
    store.put("paintings", this.entry);
  }

  end() {
    if (!this.partial) return this.element.remove();
    put(this.caption, "t", ["unfinished", harmless(this.entry.prompt)]);
  }

  open() {
    const e = this.entry;
    const shown = harmless(e.prompt);
    const act = action => () => { dialog.close(); action(); };
    const dialog = h("dialog", { "aria-label": shown },
      h("div", { class: "inner" },
        h("img", { src: this.url, alt: shown }),
        h("dl", {}, ...[["prompt", shown], ["seed", e.seed], ["guidanceName", e.cfg]].flatMap(([k, v]) => [h("dt", { t: k }), h("dd", {}, String(v))])),
        h("div", { class: "row end" },
          h("button", { class: "plain", t: "remove", onclick: act(() => this.remove()) }),
          h("button", { t: "again", disabled: Boolean(run), onclick: act(() => repeat(e, anySeed(), 1)) }),
          h("button", { t: "variations", disabled: Boolean(run), onclick: act(() => repeat(e, anySeed(), 4)) }),
          h("button", { t: "download", onclick: () => save(e.blob, `janus-${e.seed}.${e.blob.type === "image/jpeg" ? "jpg" : "png"}`) }),
          // The first focus is on what does no harm.
          h("button", { class: "main", t: "close", autofocus: true, onclick: act(() => {}) }))));
    // A dialog gives the focus back to the tile by itself.
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  /** Goes away, and lets itself be called back for a while. */
  remove() {
    const after = this.element.nextElementSibling;
    const next = after ?? this.element.previousElementSibling;
    this.element.remove();
    arrange();
    (next?.querySelector("button:not(:disabled)") ?? prompt).focus();
    toast("removed", { words: "undo", act: async () => {
      if (!await store.restore("paintings", this.entry)) return;
      if (after?.isConnected) after.before(this.element);
      else wall.append(this.element);
      arrange();
      this.button.focus();
    } });
    store.remove("paintings", this.entry.id);
  }
}

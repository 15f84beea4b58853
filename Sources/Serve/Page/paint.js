// Paint: a prompt becomes pictures that appear row by row on a wall.

import { h, sign, announce, save, confirmed, bytesOf } from "./dom.js";
import { t } from "./text.js";
import { stream, progressOf } from "./api.js";
import * as store from "./store.js";

let form, prompt, number, seed, guidance, guidanceText, start, stop, work, words, bar, notice, wall, empty, footRow;
let control = null;
let model = null;

const anySeed = () => Math.floor(Math.random() * 2 ** 31);

export function setUp(section) {
  prompt = h("textarea", { rows: 2, id: "prompt", tPlaceholder: "promptHint", required: true, maxLength: 32000 });
  number = h("select", {}, ...[1, 2, 4, 8].map(n => h("option", { value: n, selected: n === 4 }, String(n))));
  seed = h("input", { type: "number", min: 0, max: 2 ** 53, step: 1, value: String(anySeed()), inputMode: "numeric" });
  guidanceText = h("span");
  guidance = h("input", { type: "range", min: 1, max: 12, step: .5, value: "5", oninput: showGuidance });
  start = h("button", { class: "main", t: "paintDo" });
  stop = h("button", { type: "button", t: "stop", hidden: true, onclick: () => control?.abort() });
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
  words = h("p", { class: "words", role: "status" });
  bar = h("progress", { tLabel: "paintDo", max: 1 });
  work = h("div", { hidden: true }, bar, h("div", { class: "work" }, words));
  notice = h("p", { class: "notice", role: "alert", hidden: true });
  empty = h("p", { class: "quiet", t: "noPaintings" });
  wall = h("ul", { class: "wall", tLabel: "wall" });
  footRow = h("div", { class: "row end", hidden: true }, h("button", { class: "plain", t: "forget", onclick: forget }));
  section.append(h("h1", { id: "paint-title", class: "hidden", t: "paint" }), form, work, notice, empty, wall, footRow);
  store.all("paintings").then(list => {
    for (const entry of list.slice(0, 200)) wall.append(new Tile(entry).element);
    arrange();
  });
}

function showGuidance() { guidanceText.textContent = t("guidance", guidance.value); }

function arrange() {
  empty.hidden = Boolean(wall.children.length);
  footRow.hidden = !wall.children.length;
}

export function setModel(card) {
  model = card;
  const paints = Boolean(card.painting);
  for (const element of form.elements) element.disabled = !paints;
  if (!paints) { notice.textContent = t("noPainter"); notice.hidden = false; }
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  await store.clear("paintings");
  wall.replaceChildren();
  arrange();
}

/** Paints what the form says. */
async function paint() {
  if (control) return;
  const request = {
    prompt: prompt.value.trim(), n: Number(number.value), seed: Number(seed.value) || 0, cfg: Number(guidance.value), partial_images: 23,
  };
  if (!request.prompt) return prompt.focus();
  control = new AbortController();
  notice.hidden = true;
  work.hidden = stop.hidden = false;
  start.disabled = true;
  bar.removeAttribute("value");
  words.textContent = t("sending");
  const tiles = Array.from({ length: request.n }, (_, i) =>
    new Tile({ id: store.newID(), time: Date.now() + request.n - i, prompt: request.prompt, seed: request.seed + i, cfg: request.cfg }));
  wall.prepend(...tiles.map(tile => tile.element));
  arrange();
  let begin = null;
  const done = new Set();
  try {
    await stream("/v1/images/generations", request, control.signal, event => {
      const tile = tiles[event.image_index ?? 0];
      const blob = new Blob([bytesOf(event.b64_json)], { type: `image/${event.output_format}` });
      if (event.type === "image_generation.completed") {
        done.add(tile);
        tile.finish(blob, event);
      } else {
        tile.showPart(blob);
      }
    }, note => {
      const state = progressOf(note);
      if (state?.text) words.textContent = state.text;
      if (state?.kind !== "codes") return;
      begin ??= { time: performance.now(), done: state.done };
      const lines = model?.painting?.lines ?? 24;
      bar.value = state.done / state.total;
      const rate = (state.done - begin.done) / (performance.now() - begin.time);
      const left = rate > 0 && state.done - begin.done > 12 ? Math.ceil((state.total - state.done) / rate / 1000) : null;
      words.textContent = t("rows", Math.min(lines, Math.floor(state.done / state.total * lines) + 1), lines) + (left ? ` · ${t("left", left)}` : "");
    });
    announce(t("wall"));
    seed.value = request.seed + request.n;
  } catch (error) {
    if (error.name !== "AbortError") { notice.textContent = error.message; notice.hidden = false; }
    else announce(t("stopped"));
  }
  // What a stop left unfinished stays to be looked at; what had not begun goes.
  for (const tile of tiles) if (!done.has(tile)) tile.end();
  control = null;
  work.hidden = stop.hidden = true;
  start.disabled = false;
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
    this.image = h("img", { alt: "", hidden: true });
    this.blank = h("span", { class: "blank" });
    this.button = h("button", { class: "picture", type: "button", disabled: !entry.blob, onclick: () => this.open() }, this.image, this.blank);
    this.caption = h("span", { class: "quiet" }, entry.prompt);
    this.element = h("li", { class: "tile" }, this.button, this.caption);
    this.label();
    if (entry.blob) this.put(entry.blob);
  }

  label() { this.button.setAttribute("aria-label", t(this.entry.blob ? "openPicture" : "unfinished", this.entry.prompt, this.entry.seed)); }

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
    this.caption.textContent = t("unfinished", this.entry.prompt);
  }

  open() {
    const e = this.entry;
    const act = action => () => { dialog.close(); action(); };
    const dialog = h("dialog", { "aria-label": e.prompt },
      h("div", { class: "inner" },
        h("img", { src: this.url, alt: e.prompt }),
        h("dl", {}, ...[["prompt", e.prompt], ["seed", e.seed]].flatMap(([k, v]) => [h("dt", { t: k }), h("dd", {}, String(v))]),
          h("dt", {}, t("guidance", "").replace(/[:：]\s*$/, "")), h("dd", {}, String(e.cfg))),
        h("div", { class: "row end" },
          h("button", { class: "plain", t: "remove", onclick: act(() => this.remove()) }),
          h("button", { t: "again", disabled: Boolean(control), onclick: act(() => repeat(e, anySeed(), 1)) }),
          h("button", { t: "variations", disabled: Boolean(control), onclick: act(() => repeat(e, anySeed(), 4)) }),
          h("button", { t: "download", onclick: () => save(e.blob, `janus-${e.seed}.${e.blob.type === "image/jpeg" ? "jpg" : "png"}`) }),
          h("button", { class: "main", t: "close", onclick: act(() => {}) }))));
    dialog.addEventListener("close", () => { dialog.remove(); this.button.isConnected && this.button.focus(); });
    document.body.append(dialog);
    dialog.showModal();
  }

  remove() {
    this.element.remove();
    arrange();
    store.remove("paintings", this.entry.id);
  }
}

// A card: a picture, its formula, the LaTeX to be edited, and what to copy.

import { h, sign, announce, copy, note, toast } from "./dom.js";
import { t, put, Told, wordsOf, harmless } from "./text.js";
import { math } from "./mathml.js";
import { dataURL } from "./picture.js";
import { ServerError, stream, progressOf, render } from "./api.js";
import { crop } from "./crop.js";
import * as store from "./store.js";

const forms = [
  ["LaTeX", e => e.latex],
  ["$…$", e => `$${e.latex}$`],
  ["$$…$$", e => `$$${e.latex}$$`],
  ["wordMath", e => e.mathml],
  ["Typst", e => e.typst && `$ ${e.typst} $`],
  ["Markdown", e => `\n$$\n${e.latex}\n$$\n`],
];
/** Where a place in UTF-8 lies in a string. */
const utf8 = new TextEncoder(), text16 = new TextDecoder();
const place = (text, offset) => text16.decode(utf8.encode(text).subarray(0, offset)).length;
/** Those that the server makes of the LaTeX. */
const drawnForms = ["wordMath", "Typst"];
/** What a reading or a correction makes of a picture. */
const contents = ["latex", "mathml", "typst", "problem", "doubtful", "confidence", "checked", "read", "finish", "warnings", "isUndrawn"];
const contentsOf = entry => Object.fromEntries(contents.map(name => [name, entry[name] ?? null]));

const isText = value => typeof value === "string";
/** Makes an entry whole: what came from the disk may be damaged. */
function mend(e) {
  for (const name of ["latex", "name"]) if (!isText(e[name])) e[name] = "";
  for (const name of ["mathml", "typst", "problem", "read"]) if (!isText(e[name])) e[name] = null;
  for (const name of ["warnings", "doubtful", "failure"]) if (!Array.isArray(e[name])) e[name] = null;
  e.warnings = e.warnings?.filter(isText) ?? [];
  e.doubtful = e.doubtful?.filter(d => Number.isInteger(d?.offset) && Number.isInteger(d.length) && Array.isArray(d.alternatives)
    && d.alternatives.every(a => isText(a?.text))) ?? [];
  if (!(e.blob instanceof Blob)) e.blob = null;
  if (typeof e.before !== "object") e.before = null;
}

export class Card {
  /** `wall` is where the card stands; `number` tells it from others. */
  constructor(entry, number, wall) {
    mend(entry);
    Object.assign(this, { entry, number, wall });
    this.formula = h("div", { class: "formula", role: "img", tLabel: "formula" });
    this.words = h("p", { class: "words" });
    this.bar = h("progress", { tLabel: "looking", max: 1, value: 0 });
    this.stop = h("button", { t: "stop", onclick: () => this.run?.abort() });
    this.work = h("div", { hidden: true }, this.bar, h("div", { class: "work" }, this.words, this.stop));
    this.notice = h("p", { class: "notice", role: "alert", hidden: true });
    this.marks = h("div", { class: "marks", "aria-hidden": "true" });
    this.text = h("textarea", { rows: 1, spellcheck: false, autocapitalize: "off", tLabel: ["latexOf", number], oninput: () => this.edited() });
    this.editor = h("div", { class: "editor" }, this.marks, this.text);
    this.doubts = h("div", { class: "doubts", hidden: true });
    this.meter = h("meter", { min: 0, max: 1, low: .5, high: .9, optimum: 1 });
    this.sureText = h("span");
    this.sure = h("div", { class: "sure", hidden: true }, this.meter, this.sureText);
    this.checked = h("span", { class: "quiet" });
    this.right = h("button", { class: "plain", t: "right", onclick: () => { this.entry.checked = "right"; this.keep(); this.showState(); } });
    this.back = h("button", { class: "plain", t: "restore", onclick: () => this.restore() });
    this.copies = h("div", { class: "copies", role: "group", tLabel: "copy" }, ...forms.map(([name, make]) =>
      h("button", { onclick: () => this.copy(name, make), "data-form": name, t: name })));
    this.pane = h("div", { class: "pane shown" });
    this.element = h("article", { class: "card" },
      h("div", { class: "pair" }, this.pane, h("div", { class: "pane" }, this.formula)),
      this.work, this.notice, this.editor, this.doubts, this.copies,
      h("div", { class: "row" }, this.sure, h("span", { class: "grow" }), this.checked, this.right, this.back,
        h("button", { class: "plain", t: "again", onclick: () => this.read() }),
        h("button", { class: "plain", t: "remove", onclick: () => this.remove() })));
    this.element.card = this;
    this.showPicture();
    this.show();
    if (entry.latex && entry.isUndrawn) this.draw().catch(() => {});
    // The height of the text is known once it is in the page.
    requestAnimationFrame(() => this.fit());
    new ResizeObserver(() => this.scale()).observe(this.element);
  }

  showPicture() {
    const { blob, name } = this.entry;
    const cannot = words => this.picture.replaceWith(this.picture = h("p", { class: "undrawn", t: words }));
    this.picture = h("img", {
      tAlt: name ? ["pictureOf", harmless(name)] : "picture", onload: () => this.scale(), onerror: () => cannot("undrawn"),
    });
    this.pane.replaceChildren(this.picture,
      h("button", { class: "icon on-white", tLabel: "crop", tTitle: "crop", onclick: () => this.crop() }, sign("crop")));
    if (blob) this.picture.src = this.url = URL.createObjectURL(blob);
    else cannot("noPicture");
  }

  /** Makes the formula as large as it is in the picture, as far as there is room, for the eye to compare. */
  scale() {
    const drawn = this.formula.firstElementChild;
    if (!drawn || !this.picture.clientWidth) return;
    this.formula.style.fontSize = "24px";
    // The element itself is as wide as its pane.
    const contents = document.createRange();
    contents.selectNodeContents(drawn);
    const { width, height } = contents.getBoundingClientRect();
    if (!width) return;
    const room = this.formula.parentElement.getBoundingClientRect();
    const factor = Math.min(Math.max(this.picture.clientWidth, room.width / 2), room.width - 24) / width;
    this.formula.style.fontSize = `${Math.min(44, Math.max(16, 24 * Math.min(factor, (room.height - 24) / height)))}px`;
  }

  async read() {
    this.run?.abort();
    const run = this.run = new AbortController();
    const own = document.activeElement === document.body || document.activeElement?.closest(".drop") !== null;
    note(this.notice, null);
    this.work.hidden = false;
    // What was there stays until something comes in its place.
    this.text.readOnly = true;
    this.bar.removeAttribute("value");
    put(this.words, "t", "sending");
    if (this.wall.isAlone()) announce(t("reading", this.number));
    let raw = "", result = null, failure = null;
    try {
      const image = await dataURL(this.entry.blob ?? new Blob());
      await stream("/v1/formulas", { image }, run.signal, event => {
        if (this.run !== run) return;
        if (event.type === "formula.delta") {
          raw += event.delta;
          put(this.words, "t", ["writing", raw]);
          this.text.value = raw;
          this.marks.replaceChildren();
          this.fit();
        } else if (event.error) {
          throw new ServerError(200, event.error);
        } else if (event.type === "formula.completed") {
          result = event;
        }
      }, note => {
        if (this.run !== run) return;
        const state = progressOf(note);
        if (state?.words) put(this.words, "t", state.words);
        if (state?.kind === "prompt") {
          this.bar.value = state.part;
          put(this.words, "t", ["lookingPart", Math.round(state.part * 100)]);
        }
      });
      failure = ["eBroken"];
    } catch (error) {
      failure = error.name === "AbortError" ? ["stopped"] : wordsOf(error);
    }
    // Removed, forgotten or begun anew meanwhile.
    if (this.run !== run) return;
    this.end();
    if (result) this.take(result);
    else this.fail(raw, failure);
    this.keep();
    this.show();
    if (this.wall.isAlone() || !result) announce(t("card", this.number, result ? this.entry.latex : t(...failure)));
    // The result is selected, so that the next key copies it; unless somebody is busy elsewhere.
    if (result && own && !document.querySelector("dialog[open]") && this.element.isConnected && !this.element.closest("[hidden]")) {
      this.text.focus({ preventScroll: true });
      this.text.select();
    }
  }

  take(result) {
    const e = this.entry;
    // What somebody wrote or checked can be had back.
    if (e.latex && (e.checked || e.latex !== e.read)) e.before = contentsOf(e);
    Object.assign(e, contentsOf({}), result, { image: undefined, finish: result.finish_reason, read: result.latex, isUnread: false, failure: null });
    mend(e);
  }

  fail(raw, failure) {
    const e = this.entry;
    e.failure = failure;
    if (e.latex) return;
    // The beginning of a reading is better than nothing.
    Object.assign(e, { latex: raw, isUnread: true, isUndrawn: Boolean(raw) });
    if (raw) this.draw().catch(() => {});
  }

  /** The reading is over. */
  end() {
    this.run = null;
    this.work.hidden = true;
    this.text.readOnly = false;
  }

  /** Ends what runs; nothing of it is shown or stored any more. */
  close() {
    this.run?.abort();
    if (this.run) this.entry.failure = ["stopped"];
    this.end();
    clearTimeout(this.timer);
    URL.revokeObjectURL(this.url);
  }

  /** Swaps the text and the one before the last reading. */
  restore() {
    const now = contentsOf(this.entry);
    Object.assign(this.entry, this.entry.before, { before: now });
    mend(this.entry);
    this.keep();
    this.show();
    if (this.entry.isUndrawn) this.draw().catch(() => {});
    this.text.focus();
  }

  /** Stores the entry as it is, at once; what changes while it is being stored is stored after it. */
  keep() {
    this.isChanged = true;
    this.keeping ??= (async () => {
      while (this.isChanged) {
        this.isChanged = false;
        await store.put("formulas", this.entry);
      }
      this.keeping = null;
    })();
  }

  show() {
    const e = this.entry;
    this.text.value = e.latex;
    const element = e.mathml && math(e.mathml);
    this.formula.replaceChildren(...(element ? [element] : []));
    this.scale();
    note(this.notice, e.failure ?? (e.isUnread && !this.run ? ["eUnread"] : null)
      ?? (e.latex && !e.mathml && e.problem ? ["notMath", e.problem] : null)
      ?? (e.finish === "length" ? ["cut"] : e.finish === "loop" ? ["loop"] : e.warnings.length ? ["given", e.warnings.join(" ")] : null));
    this.showState();
    this.showDoubts();
    this.fit();
  }

  /** Shows what is known of the text: whose it is, how sure, what can be copied. */
  showState() {
    const e = this.entry;
    put(this.element, "tLabel", e.latex ? ["card", this.number, e.latex.slice(0, 80)] : ["cardEmpty", this.number]);
    if (e.latex) put(this.formula, "tLabel", ["given", e.latex]);
    else put(this.formula, "tLabel", "formula");
    this.sure.hidden = !Number.isFinite(e.confidence) || !e.latex || e.latex !== e.read;
    if (!this.sure.hidden) {
      this.meter.value = e.confidence;
      const words = ["sure", Math.round(e.confidence * 100)];
      put(this.sureText, "t", words);
      put(this.meter, "tLabel", words);
      put(this.meter, "tTitle", words);
    }
    this.checked.hidden = !e.checked;
    if (e.checked) put(this.checked, "t", e.checked === "right" ? "isRight" : "corrected");
    this.right.hidden = Boolean(e.checked) || !e.latex;
    this.back.hidden = !e.before;
    for (const button of this.copies.children) {
      const { form } = button.dataset;
      button.disabled = !e.latex || (!e.isUndrawn && drawnForms.includes(form) && !(form === "Typst" ? e.typst : e.mathml));
    }
  }

  /** Marks the places of which the model was not sure, as long as the text is as it was read. */
  showDoubts() {
    const e = this.entry;
    const isRead = e.latex && e.latex === e.read;
    const places = (isRead ? e.doubtful ?? [] : []).filter(d => d.length).map(d => {
      const at = place(e.latex, d.offset);
      return { ...d, at, end: place(e.latex, d.offset + d.length) };
    });
    const pieces = [];
    let end = 0;
    for (const doubt of places) {
      if (doubt.at < end) continue;
      pieces.push(e.latex.slice(end, doubt.at), h("mark", {}, e.latex.slice(doubt.at, doubt.end)));
      end = doubt.end;
    }
    this.marks.replaceChildren(...pieces, e.latex.slice(end));
    const choices = places.filter(d => d.alternatives.length);
    this.doubts.hidden = !choices.length;
    this.doubts.replaceChildren(h("span", { class: "quiet", t: "doubtful" }), ...choices.map(doubt => {
      const text = e.latex.slice(doubt.at, doubt.end);
      const list = h("select", { tLabel: ["doubtLabel", text], onchange: () => {
        const before = e.latex.slice(0, doubt.at), after = e.latex.slice(doubt.end);
        // A command's name must not run into the letter behind it.
        const gap = /\\[A-Za-z]+$/.test(list.value) && /^[A-Za-z]/.test(after) ? " " : "";
        this.text.value = before + list.value + gap + after;
        this.edited();
      } });
      for (const other of [{ text, probability: doubt.probability }, ...doubt.alternatives]) {
        const shown = other.text.trim();
        list.append(h("option", { value: shown, t: ["choice", shown || ["nothing"], Math.round(other.probability * 100)] }));
      }
      return list;
    }));
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.max(44, this.text.scrollHeight + 2)}px`;
  }

  edited() {
    const e = this.entry;
    const latex = this.text.value;
    // The other forms are of the text before. The drawing stays to be looked at until the next one can be shown.
    Object.assign(e, { latex, isUndrawn: true, mathml: null, typst: null, problem: null, isUnread: false, failure: null });
    e.checked = latex === e.read ? null : "corrected";
    this.keep();
    this.marks.replaceChildren();
    this.doubts.hidden = true;
    this.showState();
    this.fit();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw().catch(error => note(this.notice, wordsOf(error))), 150);
  }

  /** Has the server draw the text as it is now. */
  async draw() {
    clearTimeout(this.timer);
    const e = this.entry;
    const { latex } = e;
    const result = latex ? await render(latex) : { valid: true, mathml: null, typst: null, problem: null };
    if (latex !== e.latex || !e.isUndrawn) return;
    Object.assign(e, { typst: result.typst, problem: result.problem, mathml: result.mathml, isUndrawn: false });
    if (result.mathml || !latex) {
      this.formula.replaceChildren(...(latex ? [math(result.mathml)] : []));
      this.scale();
    }
    note(this.notice, e.failure ?? (result.valid ? null : ["notMath", result.problem ?? ""]));
    this.keep();
    this.showState();
  }

  /** Copies the text in one of its forms: of the text as it is now. */
  copy(name, make) {
    const words = [name];
    if (!this.entry.isUndrawn || !drawnForms.includes(name)) return copy(make(this.entry) ?? "", words);
    const drawn = (async () => {
      while (this.entry.isUndrawn) await this.draw();
      const text = make(this.entry);
      if (!text) throw new Told("notMath", this.entry.problem ?? "");
      return text;
    })();
    copy(drawn, words).catch(error => toast(wordsOf(error)));
  }

  async crop() {
    let blob;
    try {
      blob = await crop(this.entry.blob);
    } catch (error) {
      return toast(wordsOf(error));
    }
    if (blob) this.wall.add([new File([blob], this.entry.name, { type: blob.type })]);
  }

  /** Goes away, and lets itself be called back for a while. */
  async remove() {
    const after = this.element.nextElementSibling;
    const next = after ?? this.element.previousElementSibling;
    this.leave();
    (next?.querySelector("textarea") ?? document.querySelector("#main")).focus();
    toast("removed", { words: "undo", act: async () => {
      if (!await store.restore("formulas", this.entry)) return;
      if (after?.isConnected) after.before(this.element);
      else this.wall.element.append(this.element);
      this.showPicture();
      this.show();
      this.wall.arrange();
      this.text.focus();
    } });
    await store.remove("formulas", this.entry.id);
  }

  leave() {
    this.close();
    this.element.remove();
    this.wall.arrange();
  }
}

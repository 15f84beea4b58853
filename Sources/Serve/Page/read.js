// Read: pictures of formulas become cards with the formula drawn, its LaTeX and what to copy.

import { h, sign, announce, copy, save, confirmed, math, readable, dataURL, toast } from "./dom.js";
import { t } from "./text.js";
import { ServerError, stream, progressOf, render } from "./api.js";
import * as store from "./store.js";
import { crop } from "./crop.js";

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

let drop, cards, progress, progressText, historyRow;
let waiting = 0, finished = 0;

export function setUp(section) {
  const input = (extra, key, icon) => h("label", { class: "button" }, sign(icon), h("span", { t: key }),
    h("input", { type: "file", accept: "image/*", onchange: take, ...extra }));
  drop = h("div", { class: "drop empty" },
    h("div", { class: "grow" },
      h("h1", { id: "read-title", t: "pasteTitle" }),
      h("p", { class: "quiet" }, ...hint())),
    h("div", { class: "row" },
      input({ multiple: true }, "choose", "picture"),
      matchMedia("(pointer: coarse)").matches && input({ capture: "environment" }, "photo", "camera")));
  progressText = h("p", { class: "words" });
  progress = h("div", { class: "work", role: "status", hidden: true }, progressText);
  cards = h("div", { class: "cards" });
  historyRow = h("div", { class: "row", hidden: true },
    h("h2", { class: "grow hidden", t: "history" }), h("span", { class: "grow" }),
    h("select", { tLabel: "exportAs", onchange: exportHistory },
      h("option", { value: "", t: "exportAs" }),
      ...["TSV", "JSON", "HTML"].map(name => h("option", { value: name }, name))),
    h("button", { class: "plain", t: "forget", onclick: forget }));
  section.append(drop, progress, historyRow, cards);

  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, event => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
    });
  }
  store.all("formulas").then(list => {
    for (const entry of list.slice(0, 200)) cards.append(new Card(entry).element);
    arrange();
  });
}

function hint() {
  const parts = t("pasteHint", "\u0000").split("\u0000");
  const key = navigator.platform.startsWith("Mac") ? "⌘V" : "Ctrl+V";
  return [parts[0], h("kbd", {}, key), parts[1] ?? ""];
}

function take(event) {
  add([...event.target.files]);
  event.target.value = "";
}

function arrange() {
  const isEmpty = !cards.children.length;
  drop.classList.toggle("empty", isEmpty);
  historyRow.hidden = isEmpty;
}

/** Reads each of `files`; the newest card comes first. */
export async function add(files) {
  waiting += files.length;
  tell();
  for (const file of files) {
    try {
      const card = new Card({ id: store.newID(), time: Date.now(), name: file.name ?? "", blob: await readable(file), latex: "" });
      cards.prepend(card.element);
      arrange();
      card.read().finally(() => { finished++; tell(); });
    } catch (error) {
      finished++;
      tell();
      toast(error.message);
    }
  }
}

function tell() {
  if (finished >= waiting) { waiting = finished = 0; }
  progress.hidden = waiting < 2;
  progressText.textContent = t("several", finished, waiting);
}

async function exportHistory(event) {
  const kind = event.target.value;
  event.target.value = "";
  const list = await store.all("formulas");
  const rows = list.map(e => ({ time: new Date(e.time).toISOString(), name: e.name, latex: e.latex, confidence: e.confidence ?? null, checked: e.checked ?? null, mathml: e.mathml ?? null, typst: e.typst ?? null }));
  if (kind === "JSON") return save(new Blob([JSON.stringify(rows, null, 1)], { type: "application/json" }), "formulas.json");
  if (kind === "TSV") {
    const cell = v => String(v ?? "").replace(/[\t\r\n]+/g, " ");
    const lines = [Object.keys(rows[0] ?? {}), ...rows.map(r => Object.values(r).map(cell))].map(r => r.join("\t"));
    return save(new Blob([lines.join("\n") + "\n"], { type: "text/tab-separated-values" }), "formulas.tsv");
  }
  if (kind !== "HTML") return;
  const page = document.implementation.createHTMLDocument("Formulas");
  for (const e of list) {
    const figure = page.createElement("figure");
    const image = page.createElement("img");
    image.src = await dataURL(e.blob);
    const code = page.createElement("code");
    code.textContent = e.latex;
    figure.append(image, e.mathml ? page.adoptNode(math(e.mathml)) : "", page.createElement("br"), code);
    page.body.append(figure);
  }
  save(new Blob(["<!doctype html>\n" + page.documentElement.outerHTML], { type: "text/html" }), "formulas.html");
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  await store.clear("formulas");
  cards.replaceChildren();
  arrange();
}

class Card {
  constructor(entry) {
    this.entry = entry;
    this.url = URL.createObjectURL(entry.blob);
    this.formula = h("div", { class: "formula", role: "img", tLabel: "formula" });
    this.words = h("p", { class: "words", role: "status" });
    this.bar = h("progress", { tLabel: "looking", max: 1, value: 0 });
    this.stop = h("button", { t: "stop", onclick: () => this.control?.abort() });
    this.work = h("div", { hidden: true }, this.bar, h("div", { class: "work" }, this.words, this.stop));
    this.notice = h("p", { class: "notice", role: "alert", hidden: true });
    this.marks = h("div", { class: "marks", "aria-hidden": "true" });
    this.text = h("textarea", { rows: 1, spellcheck: false, autocapitalize: "off", tLabel: "latexOf", oninput: () => this.edited() });
    this.editor = h("div", { class: "editor" }, this.marks, this.text);
    this.doubts = h("div", { class: "doubts", hidden: true });
    this.meter = h("meter", { min: 0, max: 1, low: .5, high: .9, optimum: 1 });
    this.sureText = h("span");
    this.sure = h("div", { class: "sure", hidden: true }, this.meter, this.sureText);
    this.checked = h("span", { class: "quiet" });
    this.right = h("button", { class: "plain", t: "right", onclick: () => this.mark("right") });
    this.copies = h("div", { class: "copies", role: "group", tLabel: "copy" }, ...forms.map(([name, make]) => {
      const shown = name === "wordMath" ? t(name) : name;
      return h("button", { onclick: () => copy(make(this.entry) ?? "", shown), "data-form": name, ...(name === "wordMath" ? { t: name } : {}) }, ...(name === "wordMath" ? [] : [name]));
    }));
    this.element = h("article", { class: "card", tLabel: "formula" },
      h("div", { class: "pair" },
        h("div", { class: "pane shown" },
          h("img", { src: this.url, alt: t("picture") + (entry.name ? `: ${entry.name}` : "") }),
          h("button", { class: "icon on-white", tLabel: "crop", tTitle: "crop", onclick: () => this.crop() }, sign("crop"))),
        h("div", { class: "pane" }, this.formula)),
      this.work, this.notice, this.editor, this.doubts, this.copies,
      h("div", { class: "row" }, this.sure, h("span", { class: "grow" }), this.checked, this.right,
        h("button", { class: "plain", t: "again", onclick: () => this.read() }),
        h("button", { class: "plain", t: "remove", onclick: () => this.remove() })));
    if (entry.latex) this.show();
    // The height of the text is known once it is in the page.
    requestAnimationFrame(() => this.fit());
  }

  async read() {
    this.control?.abort();
    const control = this.control = new AbortController();
    const own = document.activeElement === document.body || document.activeElement?.closest(".drop") !== null;
    this.notice.hidden = true;
    this.work.hidden = false;
    this.bar.removeAttribute("value");
    this.words.textContent = t("sending");
    Object.assign(this.entry, { latex: "", mathml: null, typst: null, doubtful: [], confidence: null, checked: null, problem: null });
    this.show();
    let raw = "";
    try {
      const image = await dataURL(this.entry.blob);
      await stream("/v1/formulas", { image }, control.signal, event => {
        if (event.type === "formula.delta") {
          raw += event.delta;
          this.words.textContent = t("writing", raw);
          this.text.value = raw;
          this.fit();
        } else if (event.error) {
          throw new ServerError(200, event.error);
        } else {
          Object.assign(this.entry, event, { image: undefined });
          this.entry.finish = event.finish_reason;
        }
      }, note => {
        const state = progressOf(note);
        if (state?.text) this.words.textContent = state.text;
        if (state?.kind === "prompt") {
          this.bar.value = state.part;
          this.words.textContent = t("lookingPart", Math.round(state.part * 100));
        }
      });
      this.entry.read = this.entry.latex;
      await store.put("formulas", this.entry);
      this.show();
      announce(this.entry.latex);
      // The result is selected, so that the next key copies it; unless somebody is busy elsewhere.
      if (own && !document.querySelector("dialog[open]") && this.element.isConnected && !this.element.closest("[hidden]")) {
        this.text.focus({ preventScroll: true });
        this.text.select();
      }
    } catch (error) {
      if (error.name === "AbortError") { this.words.textContent = t("stopped"); if (this.control !== control) return; }
      else this.tell(error.message);
    }
    this.work.hidden = true;
  }

  tell(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  show() {
    const e = this.entry;
    this.text.value = e.latex;
    const element = e.mathml && math(e.mathml);
    this.formula.replaceChildren(...(element ? [element] : []));
    this.formula.classList.toggle("long", e.latex.length > 40);
    this.formula.setAttribute("aria-label", e.latex || t("formula"));
    this.tell(e.latex && !e.mathml && e.problem ? t("notMath", e.problem)
      : e.finish === "length" ? t("cut") : e.finish === "loop" ? t("loop") : (e.warnings ?? []).join(" "));
    const isSure = Number.isFinite(e.confidence) && e.latex === e.read;
    this.sure.hidden = !isSure;
    if (isSure) {
      this.meter.value = e.confidence;
      this.sureText.textContent = t("sure", Math.round(e.confidence * 100));
      this.meter.setAttribute("aria-label", this.sureText.textContent);
      this.meter.title = this.sureText.textContent;
    }
    this.checked.textContent = e.checked ? t(e.checked === "right" ? "isRight" : "corrected") : "";
    this.right.hidden = Boolean(e.checked) || !e.latex;
    for (const button of this.copies.children) {
      button.disabled = !e.latex || (button.dataset.form === "wordMath" && !e.mathml) || (button.dataset.form === "Typst" && !e.typst);
    }
    this.showDoubts();
    this.fit();
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
      const list = h("select", { "aria-label": t("doubtLabel", text), onchange: () => {
        const before = e.latex.slice(0, doubt.at), after = e.latex.slice(doubt.end);
        // A command's name must not run into the letter behind it.
        const gap = /\\[A-Za-z]+$/.test(list.value) && /^[A-Za-z]/.test(after) ? " " : "";
        this.text.value = before + list.value + gap + after;
        this.edited();
      } });
      for (const other of [{ text, probability: doubt.probability }, ...doubt.alternatives]) {
        const shown = other.text.trim();
        list.append(h("option", { value: shown }, `${shown || t("nothing")}  ${Math.round(other.probability * 100)} %`));
      }
      return list;
    }));
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.max(44, this.text.scrollHeight + 2)}px`;
  }

  edited() {
    this.entry.latex = this.text.value;
    this.marks.replaceChildren();
    this.doubts.hidden = true;
    this.fit();
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const latex = this.entry.latex;
      try {
        const result = await render(latex);
        if (latex !== this.entry.latex) return;
        // The last formula that could be shown stays until the next one can.
        Object.assign(this.entry, { typst: result.typst, problem: result.problem, mathml: result.mathml });
        if (result.mathml) this.formula.replaceChildren(math(result.mathml));
        this.tell(result.valid || !latex ? "" : t("notMath", result.problem ?? ""));
        for (const button of this.copies.children)
          button.disabled = (button.dataset.form === "wordMath" && !result.mathml) || (button.dataset.form === "Typst" && !result.typst);
        this.mark(latex === this.entry.read ? null : "corrected");
      } catch (error) {
        this.tell(error.message);
      }
    }, 150);
  }

  mark(how) {
    this.entry.checked = how;
    this.checked.textContent = how ? t(how === "right" ? "isRight" : "corrected") : "";
    this.right.hidden = Boolean(how);
    this.sure.hidden = this.entry.latex !== this.entry.read || !Number.isFinite(this.entry.confidence);
    store.put("formulas", this.entry);
  }

  async crop() {
    const blob = await crop(this.entry.blob);
    if (blob) add([new File([blob], this.entry.name, { type: blob.type })]);
  }

  async remove() {
    this.control?.abort();
    URL.revokeObjectURL(this.url);
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    this.element.remove();
    arrange();
    (next?.querySelector("textarea") ?? document.querySelector("#main")).focus();
    await store.remove("formulas", this.entry.id);
  }
}

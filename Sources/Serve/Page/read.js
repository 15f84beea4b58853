// Read: pictures of formulas become cards with the formula drawn, its LaTeX and what to copy.

import { h, sign, announce, save, toast, hideToast } from "./dom.js";
import { t, put, wordsOf } from "./text.js";
import { confirmed } from "./dialog.js";
import { readable, accepted } from "./picture.js";
import { exported } from "./export.js";
import { Card } from "./card.js";
import * as store from "./store.js";

let drop, progress, progressText, historyRow, hint;
let waiting = 0, finished = 0;
/** What all that is being read belongs to; another one after everything was forgotten. */
let era = {};
let last = 0;

/** What the cards share. */
const wall = {
  element: h("div", { class: "cards" }),
  arrange() {
    const isEmpty = !this.element.children.length;
    drop.classList.toggle("empty", isEmpty);
    historyRow.hidden = isEmpty;
  },
  add,
  /** One of several is not announced by itself. */
  isAlone: () => waiting < 2,
};
const cards = () => [...wall.element.children].map(element => element.card);

export function setUp(section) {
  const isTouched = matchMedia("(pointer: coarse)").matches;
  const input = (extra, key, icon) => h("label", { class: "button" }, sign(icon), h("span", { t: key }),
    h("input", { type: "file", accept: accepted, onchange: take, ...extra }));
  hint = h("p", { class: "quiet" });
  drop = h("div", { class: "drop empty" },
    h("div", { class: "grow" },
      h("h1", { id: "read-title", t: isTouched ? "touchTitle" : "pasteTitle" }), hint),
    h("div", { class: "row" },
      input({ multiple: true }, "choose", "picture"),
      isTouched && input({ accept: "image/*", capture: "environment" }, "photo", "camera")));
  progressText = h("p", { class: "words" });
  progress = h("div", { class: "work", hidden: true }, progressText);
  historyRow = h("div", { class: "row", hidden: true },
    h("h2", { class: "grow hidden", t: "history" }), h("span", { class: "grow" }),
    h("select", { tLabel: "exportAs", onchange: exportHistory },
      h("option", { value: "", t: "exportAs" }),
      ...["TSV", "JSON", "HTML"].map(name => h("option", { value: name }, name))),
    h("button", { class: "plain", t: "forget", onclick: forget }));
  section.append(drop, progress, historyRow, wall.element);
  tellHint(isTouched);
  document.addEventListener("language", () => tellHint(isTouched));

  // A picture of the page that is dragged over it is no file of somebody's.
  let isOwn = false;
  document.addEventListener("dragstart", () => { isOwn = true; });
  for (const name of ["dragend", "pointerdown"]) document.addEventListener(name, () => { isOwn = false; }, true);
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, event => {
      if (isOwn) return event.stopImmediatePropagation();
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
    });
  }
  load();
  store.watch("formulas", (what, id) => {
    if (what === "clear") empty();
    if (what === "remove") cards().find(card => card.entry.id === id)?.leave();
  });
}

async function load() {
  const list = await store.all("formulas");
  last += list.length;
  for (const [index, entry] of list.slice(0, 200).entries()) {
    // A damaged entry costs itself alone.
    try {
      wall.element.append(new Card(entry, list.length - index, wall).element);
    } catch (error) {
      console.warn("an entry of the history is damaged", error);
    }
  }
  wall.arrange();
}

function tellHint(isTouched) {
  if (isTouched) return hint.replaceChildren(t("touchHint"));
  const parts = t("pasteHint", "\u0000").split("\u0000");
  hint.replaceChildren(parts[0], h("kbd", {}, navigator.platform.startsWith("Mac") ? "⌘V" : "Ctrl+V"), parts[1] ?? "");
}

function take(event) {
  add([...event.target.files]);
  event.target.value = "";
}

/** Reads each of `files`; the newest card comes first. */
export async function add(files) {
  const own = era;
  waiting += files.length;
  tell();
  for (const file of files) {
    let blob;
    try {
      blob = await readable(file);
    } catch (error) {
      toast(wordsOf(error));
    }
    if (own !== era) return;
    if (!blob) { count(own); continue; }
    const card = new Card(store.begin("formulas", { name: file.name ?? "", blob, latex: "", isUnread: true }), ++last, wall);
    wall.element.prepend(card.element);
    wall.arrange();
    card.keep();
    card.read().finally(() => count(own));
  }
}

function count(own) {
  if (own !== era) return;
  finished++;
  tell();
}

function tell() {
  put(progressText, "t", ["several", finished, waiting]);
  progress.hidden = waiting < 2;
  if (finished < waiting) return;
  if (waiting > 1) announce(progressText.textContent);
  waiting = finished = 0;
  progress.hidden = true;
}

async function exportHistory(event) {
  const kind = event.target.value;
  event.target.value = "";
  const { blob, name } = await exported(kind, await store.all("formulas"));
  save(blob, name);
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  // First nothing of before is stored any more, then what is begun is new.
  const isDone = store.clear("formulas");
  empty();
  await isDone;
  document.querySelector("#main").focus();
}

/** Ends all readings and takes the cards away. */
function empty() {
  era = {};
  waiting = finished = last = 0;
  tell();
  hideToast();
  for (const card of cards()) card.close();
  wall.element.replaceChildren();
  wall.arrange();
}

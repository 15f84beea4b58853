// Small helpers to build the page with: elements, signs, announcements, the clipboard.

import { put } from "./text.js";

/**
 * An element: attributes by name, `on…` as listeners, `t`, `tLabel`, `tTitle`, `tPlaceholder`, `tAlt` as words.
 * `false` is a value like others: `draggable` and `spellcheck` are on where nobody says no.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (/^t([A-Z]|$)/.test(name)) put(element, name, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

const paths = {
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7",
  crop: "M7 3v14h14M3 7h14v14",
  die: "M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 20V5M6 11l6-6 6 6",
};

export function sign(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "sign");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** Tells a screen reader, without showing: the beginning and the end of work, not each step. */
export function announce(text) {
  document.querySelector("#live").textContent = text;
}

/** Shows `words` in a notice; null hides it. */
export function note(element, words) {
  element.hidden = !words;
  if (words) return put(element, "t", words);
  delete element.dataset.t;
  element.textContent = "";
}

let toastTimer;
/**
 * Shows `words` for as long as it takes to read them, or to take the `action` (`{words, act}`) that is offered. It
 * stays while the pointer or the focus is on it.
 */
export function toast(words, action = null) {
  const element = document.querySelector("#toast");
  const text = h("span", { t: words });
  element.replaceChildren(text, ...(action
    ? [h("button", { t: action.words, onclick: () => { hideToast(); action.act(); } })] : []));
  element.hidden = false;
  const wait = () => {
    clearTimeout(toastTimer);
    toastTimer = setTimeout(hideToast, Math.max(action ? 10000 : 2500, text.textContent.length * 110));
  };
  element.onpointerenter = element.onfocusin = () => clearTimeout(toastTimer);
  element.onpointerleave = element.onfocusout = wait;
  wait();
}

export function hideToast() {
  clearTimeout(toastTimer);
  document.querySelector("#toast").hidden = true;
}

/** Copies `text`, or what a promise of it brings; `name` says what it is. */
export async function copy(text, name) {
  try {
    // A text that is still to come is promised at once: some browsers allow copying only in the moment of a click.
    if (typeof text === "string") await navigator.clipboard.writeText(text);
    else await navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then(v => new Blob([v], { type: "text/plain" })) })]);
  } catch {
    // Without a secure context there is no clipboard: the old way.
    const area = h("textarea", { class: "hidden", value: await text });
    const active = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    active?.focus();
    if (!done) return toast("cannotCopy");
  }
  toast(["copied", name]);
}

export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

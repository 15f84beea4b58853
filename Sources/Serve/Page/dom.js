// Small helpers to build the page with: elements, signs, announcements, the clipboard.

import { t } from "./text.js";

/** An element: attributes by name, `on…` as listeners, `t`, `tLabel`, `tTitle`, `tPlaceholder` as words. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "t") { element.dataset.t = value; element.textContent = t(value); }
    else if (name === "tLabel") { element.dataset.tLabel = value; element.setAttribute("aria-label", t(value)); }
    else if (name === "tTitle") { element.dataset.tTitle = value; element.title = t(value); }
    else if (name === "tPlaceholder") { element.dataset.tPlaceholder = value; element.placeholder = t(value); }
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
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

/** Tells a screen reader, without showing. */
export function announce(text) {
  document.querySelector("#live").textContent = text;
}

let toastTimer;
export function toast(text) {
  const element = document.querySelector("#toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { element.hidden = true; }, 2500);
}

export async function copy(text, name) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is no clipboard: the old way.
    const area = h("textarea", { class: "hidden", value: text });
    const active = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    active?.focus();
    if (!done) return toast(t("cannotCopy"));
  }
  toast(t("copied", name));
}

export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Asks with a dialog; true if its main button was pressed. */
export function confirmed(textKey, buttonKey) {
  return new Promise(resolve => {
    const dialog = h("dialog", { "aria-label": t(buttonKey) },
      h("form", { method: "dialog" },
        h("p", { t: textKey }),
        h("div", { class: "row end" },
          h("button", { value: "no", t: "cancel" }),
          h("button", { value: "yes", class: "main", t: buttonKey }))));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const mathTags = new Set(("math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
  + "munderover mmultiscripts mprescripts none mtable mtr mlabeledtr mtd mpadded mphantom mstyle menclose merror "
  + "semantics annotation").split(" "));

/** The `math` element of a text: known elements only, no attribute that could run or load anything. */
export function math(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
  return parsed.localName === "math" ? copyMath(parsed) : null;
}

function copyMath(node) {
  if (!mathTags.has(node.localName) || node.localName === "annotation") return document.createTextNode("");
  const copy = document.createElementNS("http://www.w3.org/1998/Math/MathML", node.localName);
  for (const { name, value } of node.attributes) {
    if (!/^(on|href|src|style|xlink|id$|xmlns)/i.test(name)) copy.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) copy.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) copy.append(copyMath(child));
  }
  return copy;
}

/** A picture that the server reads: what the browser alone can read becomes PNG, what is huge gets smaller. */
export async function readable(file) {
  const known = ["image/png", "image/jpeg"].includes(file.type);
  if (known && file.size < 8e6) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    if (known) return file;
    throw new Error(t("ePicture", file.type || file.name));
  }
  const scale = Math.min(1, 4096 / Math.max(bitmap.width, bitmap.height));
  const canvas = h("canvas", { width: Math.max(1, bitmap.width * scale | 0), height: Math.max(1, bitmap.height * scale | 0) });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise(resolve => canvas.toBlob(resolve, "image/png"));
}

export function dataURL(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), c => c.charCodeAt(0));
}

// A part of a picture, chosen with the pointer or with keys.

import { h } from "./dom.js";
import { Told } from "./text.js";
import { ask } from "./dialog.js";

/** Shows `blob` and lets a part be chosen: its PNG, or null. */
export async function crop(blob) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new Told("cropBroken");
  }
  const url = URL.createObjectURL(blob);
  const part = { x: .1, y: .1, w: .8, h: .8 };
  const box = h("div", { class: "box" });
  const area = h("div", { class: "crop", tabIndex: 0, role: "application", tLabel: "cropHint", autofocus: true },
    h("img", { src: url, tAlt: "picture", draggable: false }), box);
  const show = () => {
    for (const [side, value] of [["left", part.x], ["top", part.y], ["width", part.w], ["height", part.h]])
      box.style[side] = `${value * 100}%`;
  };
  show();

  let from = null;
  const place = event => {
    const r = area.getBoundingClientRect();
    const clamp = v => Math.min(1, Math.max(0, v));
    return [clamp((event.clientX - r.left) / r.width), clamp((event.clientY - r.top) / r.height)];
  };
  area.addEventListener("pointerdown", event => { from = place(event); area.setPointerCapture(event.pointerId); });
  area.addEventListener("pointermove", event => {
    if (!from) return;
    const to = place(event);
    Object.assign(part, {
      x: Math.min(from[0], to[0]), y: Math.min(from[1], to[1]),
      w: Math.max(.01, Math.abs(from[0] - to[0])), h: Math.max(.01, Math.abs(from[1] - to[1])),
    });
    show();
  });
  for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, () => { from = null; });
  area.addEventListener("keydown", event => {
    if (event.key === "Enter") {
      // Or else the rest of the key press goes to whatever has the focus next.
      event.preventDefault();
      const form = area.closest("form");
      form.requestSubmit(form.querySelector(".main"));
    }
    const step = { ArrowLeft: [-.02, 0], ArrowRight: [.02, 0], ArrowUp: [0, -.02], ArrowDown: [0, .02] }[event.key];
    if (!step) return;
    event.preventDefault();
    if (event.shiftKey) {
      part.w = Math.min(1 - part.x, Math.max(.02, part.w + step[0]));
      part.h = Math.min(1 - part.y, Math.max(.02, part.h + step[1]));
    } else {
      part.x = Math.min(1 - part.w, Math.max(0, part.x + step[0]));
      part.y = Math.min(1 - part.h, Math.max(0, part.y + step[1]));
    }
    show();
  });

  const isChosen = await ask("crop", [h("p", { class: "quiet", t: "cropHint" }), area], "cropDo");
  URL.revokeObjectURL(url);
  if (!isChosen) return null;
  const [w, k] = [Math.max(1, Math.round(part.w * bitmap.width)), Math.max(1, Math.round(part.h * bitmap.height))];
  const canvas = h("canvas", { width: w, height: k });
  canvas.getContext("2d").drawImage(bitmap, part.x * bitmap.width, part.y * bitmap.height, w, k, 0, 0, w, k);
  return new Promise(resolve => canvas.toBlob(resolve, "image/png"));
}

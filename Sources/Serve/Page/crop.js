// A part of a picture, chosen with the pointer or with keys.

import { h } from "./dom.js";
import { t } from "./text.js";

/** Shows `blob` and lets a part be chosen: its PNG, or null. */
export async function crop(blob) {
  const bitmap = await createImageBitmap(blob);
  const url = URL.createObjectURL(blob);
  const part = { x: .1, y: .1, w: .8, h: .8 };
  const box = h("div", { class: "box" });
  const area = h("div", { class: "crop", tabIndex: 0, role: "application", "aria-label": t("cropHint") },
    h("img", { src: url, alt: t("picture"), draggable: false }), box);
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
  area.addEventListener("pointerup", () => { from = null; });
  area.addEventListener("keydown", event => {
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

  const dialog = h("dialog", { tLabel: "crop" },
    h("form", { method: "dialog" },
      h("p", { class: "quiet", t: "cropHint" }), area,
      h("div", { class: "row end" },
        h("button", { value: "no", t: "cancel" }),
        h("button", { value: "yes", class: "main", t: "cropDo" }))));
  document.body.append(dialog);
  dialog.showModal();
  area.focus();
  return new Promise(resolve => dialog.addEventListener("close", () => {
    dialog.remove();
    URL.revokeObjectURL(url);
    if (dialog.returnValue !== "yes") return resolve(null);
    const [w, k] = [Math.max(1, Math.round(part.w * bitmap.width)), Math.max(1, Math.round(part.h * bitmap.height))];
    const canvas = h("canvas", { width: w, height: k });
    canvas.getContext("2d").drawImage(bitmap, part.x * bitmap.width, part.y * bitmap.height, w, k, 0, 0, w, k);
    canvas.toBlob(resolve, "image/png");
  }));
}

// Pictures between files, the page and the server.

import { h } from "./dom.js";
import { Told, harmless } from "./text.js";

const endings = /\.(png|jpe?g|gif|bmp|webp|tiff?|hei[cf]|avif)$/i;
/** What a chooser of files offers: some systems know no type for the last ones. */
export const accepted = "image/*,.tif,.tiff,.heic,.heif,.avif";

export function isPicture(file) { return file.type.startsWith("image/") || endings.test(file.name ?? ""); }

/**
 * A picture that the server reads: what is huge gets smaller, what it may not know becomes PNG. What this browser
 * cannot draw goes as it is, since the server reads kinds that browsers do not.
 */
export async function readable(file) {
  if (!isPicture(file)) throw new Told("eNoPicture", harmless(file.name || file.type));
  if (["image/png", "image/jpeg"].includes(file.type) && file.size < 8e6) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, 4096 / Math.max(bitmap.width, bitmap.height));
    const canvas = h("canvas", { width: Math.max(1, bitmap.width * scale | 0), height: Math.max(1, bitmap.height * scale | 0) });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await new Promise(resolve => canvas.toBlob(resolve, "image/png")) ?? file;
  } catch {
    return file;
  }
}

/** A small picture; where the browser cannot draw it, words say so. */
export function thumb(blob) {
  const url = URL.createObjectURL(blob);
  return h("img", {
    src: url, tAlt: "picture", onload: () => URL.revokeObjectURL(url),
    onerror: event => { URL.revokeObjectURL(url); event.target.replaceWith(h("span", { class: "undrawn", t: "undrawn" })); },
  });
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

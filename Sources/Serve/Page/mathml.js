// Formulas as elements, from MathML that came as text.

import { harmless } from "./text.js";

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
    if (name === "style") copy.style.cssText = /url|image|[@\\]/i.test(value) ? "" : value;
    else if (!/^(on|href|src|xlink|id$|xmlns)/i.test(name)) copy.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) copy.append(harmless(child.data));
    else if (child.nodeType === Node.ELEMENT_NODE) copy.append(copyMath(child));
  }
  return copy;
}

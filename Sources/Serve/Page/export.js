// The history of formulas as a file: TSV, JSON, HTML.

import { math } from "./mathml.js";
import { dataURL } from "./picture.js";

/**
 * A cell of TSV. A spreadsheet must not take a formula for one of its own (`=`, `+`, `-`, `@`): such a cell gets an
 * apostrophe in front. So does one that begins with a quotation mark, which spreadsheets take away, or with an
 * apostrophe, so that dropping one brings every text back.
 */
export function cell(value) {
  const text = String(value ?? "").replace(/[\t\r\n]+/g, " ");
  return /^\s*[=+\-@＝＋－＠'"]/.test(text) ? `'${text}` : text;
}

const makers = {
  TSV(rows) {
    return [Object.keys(rows[0] ?? {}), ...rows.map(row => Object.values(row).map(cell))]
      .map(row => row.join("\t") + "\n").join("");
  },
  JSON(rows) { return JSON.stringify(rows, null, 1); },
  async HTML(rows, entries) {
    const page = document.implementation.createHTMLDocument("Formulas");
    for (const [index, row] of rows.entries()) {
      const figure = page.createElement("figure");
      const { blob } = entries[index];
      if (blob instanceof Blob) {
        const image = page.createElement("img");
        image.src = await dataURL(blob);
        image.alt = row.name;
        figure.append(image);
      }
      const element = row.mathml && math(row.mathml);
      const code = page.createElement("code");
      code.textContent = row.latex;
      figure.append(element ? page.adoptNode(element) : "", page.createElement("br"), code);
      page.body.append(figure);
    }
    return "<!doctype html>\n" + page.documentElement.outerHTML;
  },
};
const types = { TSV: "text/tab-separated-values", JSON: "application/json", HTML: "text/html" };

/** `entries` of the history as `{blob, name}`. */
export async function exported(kind, entries) {
  const timeOf = e => { const time = new Date(Number(e.time)); return Number.isNaN(time.getTime()) ? "" : time.toISOString(); };
  const rows = entries.map(e => ({
    time: timeOf(e), name: String(e.name ?? ""), latex: String(e.latex ?? ""), confidence: e.confidence ?? null,
    checked: e.checked ?? null, mathml: e.mathml ?? null, typst: e.typst ?? null,
  }));
  return { blob: new Blob([await makers[kind](rows, entries)], { type: types[kind] }), name: `formulas.${kind.toLowerCase()}` };
}

// A small Markdown: paragraphs, headings, lists, tables, quotes, code, emphasis, links, formulas. It knows no HTML: what
// looks like a tag is text. Formulas are drawn from MathML, which the server makes of their LaTeX.

import { h } from "./dom.js";
import { math } from "./mathml.js";
import { render } from "./api.js";
import { harmless } from "./text.js";

const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)/;
const quote = /^\s*> ?/;
const rule = /^\s*([-*_])(\s*\1){2,}\s*$/;
// The line below a table's head. Lengths are limited, so that a hostile line costs nothing.
const columns = /^\|?(\s*:?-+:?\s*\|){1,64}(\s*:?-+:?)?$/;
const begins = /^\s*(```|~~~|\$\$|\\\[|#{1,4}\s|[-*+]\s|\d+[.)]\s|>)/;

/** Elements for `text`, which may still be growing. */
export function markdown(text) { return blocks(harmless(text).split("\n"), 0); }

function blocks(lines, depth) {
  const found = [];
  const isTable = i => lines[i].includes("|") && i + 1 < lines.length && columns.test(lines[i + 1].trim());
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    const fence = line.match(/^\s*(```|~~~)/)?.[1];
    if (fence) {
      const code = [];
      for (i++; i < lines.length && !lines[i].trim().startsWith(fence); i++) code.push(lines[i]);
      i++;
      found.push(h("pre", { tabIndex: 0 }, h("code", {}, code.join("\n"))));
      continue;
    }
    const opening = line.trim().match(/^(\$\$|\\\[)/)?.[1];
    if (opening) {
      const closing = opening === "$$" ? "$$" : "\\]";
      let body = line.trim().slice(2);
      for (i++; !body.includes(closing) && i < lines.length; i++) body += "\n" + lines[i];
      const [latex, rest] = body.split(closing);
      found.push(h("p", {}, formula(latex, true), ...(rest ? inline(rest) : [])));
      continue;
    }
    const heading = line.match(/^(#{1,4})\s+(.*)/);
    if (heading) {
      found.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2])));
      i++;
      continue;
    }
    if (rule.test(line)) { found.push(h("hr")); i++; continue; }
    if (quote.test(line) && depth < 8) {
      const inner = [];
      for (; i < lines.length && quote.test(lines[i]); i++) inner.push(lines[i].replace(quote, ""));
      found.push(h("blockquote", {}, ...blocks(inner, depth + 1)));
      continue;
    }
    if (isTable(i)) {
      const row = (text, tag) => h("tr", {}, ...cells(text).map(cell => h(tag, {}, ...inline(cell))));
      const head = row(line, "th"), body = [];
      for (i += 2; i < lines.length && lines[i].includes("|"); i++) body.push(row(lines[i], "td"));
      found.push(h("div", { class: "scroll", tabIndex: 0 }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...body))));
      continue;
    }
    if (item.test(line)) {
      const isOrdered = text => Boolean(text.match(item)?.[1]);
      const ordered = isOrdered(line);
      const list = h(ordered ? "ol" : "ul", ordered ? { start: Number(line.match(item)[1]) } : {});
      for (; i < lines.length && item.test(lines[i]) && isOrdered(lines[i]) === ordered; i++)
        list.append(h("li", {}, ...inline(lines[i].match(item)[2])));
      found.push(list);
      continue;
    }
    if (!line.trim()) { i++; continue; }
    const paragraph = [];
    for (; i < lines.length && lines[i].trim() && !begins.test(lines[i]) && !isTable(i) && !rule.test(lines[i]); i++)
      paragraph.push(lines[i]);
    if (!paragraph.length) paragraph.push(lines[i++]);
    found.push(h("p", {}, ...inline(paragraph.join("\n"))));
  }
  return found;
}

/** The cells of a table's line; `\\|` is a bar in a cell. */
function cells(line) {
  return line.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll("\\|", "|"));
}

const pattern = /`([^`]+)`|\$\$([^$]+)\$\$|\$([^\s$](?:[^$\n]*[^\s$])?)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)|\n/;

function inline(text) {
  const parts = [];
  while (text) {
    const found = text.match(pattern);
    if (!found) { parts.push(text); break; }
    if (found.index) parts.push(text.slice(0, found.index));
    const [all, code, display, dollar, paren, bracket, bold, italic, label, url] = found;
    if (code) parts.push(h("code", {}, code));
    else if (display ?? bracket) parts.push(formula(display ?? bracket, true));
    else if (dollar ?? paren) parts.push(formula(dollar ?? paren, false));
    else if (bold) parts.push(h("strong", {}, ...inline(bold)));
    else if (italic) parts.push(h("em", {}, ...inline(italic)));
    // A link says where it leads.
    else if (url) parts.push(label, " (", h("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, url), ")");
    else parts.push(h("br"));
    text = text.slice(found.index + all.length);
  }
  return parts;
}

/** The formula, as soon as the server has drawn it; until then, and if it cannot, its LaTeX. */
function formula(latex, isDisplay) {
  const place = h("span", { class: isDisplay ? "formula wide" : "formula" }, h("code", {}, latex));
  render(latex.trim()).then(result => {
    const element = result.mathml && math(result.mathml);
    if (!element) return;
    element.setAttribute("display", isDisplay ? "block" : "inline");
    place.replaceChildren(element);
  }, () => {});
  return place;
}

// A small Markdown: paragraphs, headings, lists, code, emphasis, links, formulas. It knows no HTML: what
// looks like a tag is text. Formulas are drawn from MathML, which the server makes of their LaTeX.

import { h, math } from "./dom.js";
import { render } from "./api.js";

/** Elements for `text`, which may still be growing. */
export function markdown(text) {
  const blocks = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    const fence = line.match(/^\s*(```|~~~)/)?.[1];
    if (fence) {
      const code = [];
      for (i++; i < lines.length && !lines[i].trim().startsWith(fence); i++) code.push(lines[i]);
      i++;
      blocks.push(h("pre", { tabIndex: 0 }, h("code", {}, code.join("\n"))));
      continue;
    }
    const opening = line.trim().match(/^(\$\$|\\\[)/)?.[1];
    if (opening) {
      const closing = opening === "$$" ? "$$" : "\\]";
      let body = line.trim().slice(2);
      for (i++; !body.includes(closing) && i < lines.length; i++) body += "\n" + lines[i];
      const [latex, rest] = body.split(closing);
      blocks.push(h("p", {}, formula(latex, true), ...(rest ? inline(rest) : [])));
      continue;
    }
    const heading = line.match(/^(#{1,4})\s+(.*)/);
    if (heading) {
      blocks.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2])));
      i++;
      continue;
    }
    const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)/;
    if (item.test(line)) {
      const ordered = Boolean(line.match(item)[1]);
      const list = h(ordered ? "ol" : "ul", ordered ? { start: Number(line.match(item)[1]) } : {});
      for (; i < lines.length && item.test(lines[i]); i++) list.append(h("li", {}, ...inline(lines[i].match(item)[2])));
      blocks.push(list);
      continue;
    }
    if (!line.trim()) { i++; continue; }
    const paragraph = [];
    for (; i < lines.length && lines[i].trim() && !/^\s*(```|~~~|\$\$|\\\[|#{1,4}\s|[-*+]\s|\d+[.)]\s)/.test(lines[i]); i++)
      paragraph.push(lines[i]);
    if (!paragraph.length) paragraph.push(lines[i++]);
    blocks.push(h("p", {}, ...inline(paragraph.join("\n"))));
  }
  return blocks;
}

const pattern = /`([^`]+)`|\$\$([^$]+)\$\$|\$([^\s$](?:[^$\n]*[^\s$])?)\$(?!\d)|\\\((.+?)\\\)|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)|\n/;

function inline(text) {
  const parts = [];
  while (text) {
    const found = text.match(pattern);
    if (!found) { parts.push(text); break; }
    if (found.index) parts.push(text.slice(0, found.index));
    const [all, code, display, dollar, paren, bold, italic, label, url] = found;
    if (code) parts.push(h("code", {}, code));
    else if (display) parts.push(formula(display, true));
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

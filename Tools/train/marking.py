"""Trees of formulas written as the reader's tokens, and as TeX that marks in the DVI file where each token has its ink."""

import re

from expressions import Node, Row
from symbols import FUNCTIONS, RELATIONS, WIDE

WORD = re.compile(r"\\[A-Za-z]+$")


class Writer:
    """A tree as tokens and as TeX that marks, in the DVI, where each token's ink begins."""

    def __init__(self):
        self.tokens: list[str] = []
        self.tex: list[str] = []

    def silent(self, token: str, tex: str | None = None) -> int:
        if token[0].isalpha() and self.tokens and WORD.match(self.tokens[-1]):
            self.tokens.append(" ")
        self.tokens.append(token)
        tex = token if tex is None else tex
        self.tex.append(tex + " " if WORD.search(tex) else tex)
        return len(self.tokens) - 1

    def mark(self, token: int, what: str) -> None:
        """`what`: the number of glyphs to come, or b for a bar that begins here, or o for what hangs over what begins here."""
        self.tex.append(f"\\special{{{token} {what}}}")

    def glyph(self, token: str, tex: str = "", glyphs: int = 1) -> int:
        if token[0].isalpha() and self.tokens and WORD.match(self.tokens[-1]):
            self.tokens.append(" ")
        self.tokens.append(token)
        number = len(self.tokens) - 1
        self.mark(number, str(glyphs))
        tex = tex or token
        self.tex.append(tex + " " if WORD.search(tex) else tex)
        return number

    def row(self, row: Row) -> None:
        for node in row:
            getattr(self, node.kind)(node)

    def group(self, row: Row) -> None:
        self.row(row)
        self.silent("}")

    def leaf(self, node: Node) -> None:
        name = node.text[1:] if node.text in FUNCTIONS else ""
        tex = node.tex or ("\\mathrm{mod}\\," if node.text == "\\bmod" else "")
        self.glyph(node.text, tex, glyphs=len(name) or (3 if node.text == "\\bmod" else 1))

    def font(self, node: Node) -> None:
        """The letters stay together, for the sake of ligatures; so their marks stand before, the last one's first."""
        head = len(self.tokens)
        self.tokens.append(f"\\{node.text}{{")
        letters = node.slots[0]
        start = len(self.tokens)
        spelled = []
        for number, one in enumerate(letters):
            if one.text[0].isalpha() and WORD.match(self.tokens[-1]):
                self.tokens.append(" ")
            self.tokens.append(one.text)
            if one.text != " ":
                spelled.append(len(self.tokens) - 1)
        self.tokens.append("}")
        for token in reversed(spelled):
            self.mark(token, "1")
        self.mark(head, "f")
        command = node.tex or f"\\{node.text}"
        inner = "".join(one.text + " " if WORD.match(one.text) else one.text for one in letters)
        self.tex.append(f"{command}{{{inner}}}\\special{{{start} e{len(self.tokens)}}}")

    def script(self, node: Node) -> None:
        nucleus, below, above = node.slots
        if nucleus:
            self.row(nucleus)
        else:
            self.tex.append("{}")
        for mark, part in (("_{", below), ("^{", above)):
            if part:
                self.silent(mark)
                self.group(part)
            if mark == "_{":
                for _ in range(node.marks):
                    self.glyph_after("'")

    def glyph_after(self, token: str) -> None:
        """A prime: nothing may stand between it and its nucleus, so it is found at the nucleus."""
        self.tokens.append(token)
        self.tex.append(token)

    def frac(self, node: Node) -> None:
        self.tokens.append("\\frac{")
        self.mark(len(self.tokens) - 1, "b")
        self.tex.append((node.tex or "\\frac") + "{")
        self._two(node)

    def binom(self, node: Node) -> None:
        self.tokens.append("\\binom{")
        self.mark(len(self.tokens) - 1, "b")
        self.tex.append((node.tex or "\\binom") + "{")
        self._two(node)

    def _two(self, node: Node) -> None:
        self.row(node.slots[0])
        self.silent("}{")
        self.group(node.slots[1])

    def sqrt(self, node: Node) -> None:
        body, index = node.slots
        if index:
            self.tokens.append("\\sqrt[")
            head = len(self.tokens) - 1
            self.mark(head, "b")
            self.tex.append("\\sqrt[")
            self.row(index)
            self.silent("]{")
        else:
            self.glyph("\\sqrt{")
        self.group(body)

    def accent(self, node: Node) -> None:
        body = node.slots[0]
        single = len(body) == 1 and body[0].kind == "leaf"
        name = node.text if single or node.text not in WIDE else WIDE[node.text]
        self.tokens.append(f"\\{name}{{")
        head = len(self.tokens) - 1
        if single:
            self.tokens.append(body[0].text)
            self.mark(head + 1, "1")
            self.mark(head, "1" if name not in ("underline", "overbrace", "underbrace") else "f")
            tex = body[0].text
            if name == "overline" or name in ("hat", "tilde") and node.tex:
                name = node.tex or name
            self.tex.append(f"\\{name}{{{tex}}}\\special{{{head} e{head + 2}}}")
            self.tokens.append("}")
        else:
            self.mark(head, "o")
            self.tex.append(f"\\{name}{{")
            self.group(body)

    def fence(self, node: Node) -> None:
        self._bracket("\\left", node.text)
        self.row(node.slots[0])
        self._bracket("\\right", node.close)

    def _bracket(self, side: str, bracket: str) -> None:
        both = side + bracket
        if both in ("\\left(", "\\left[", "\\right)", "\\right]"):
            self.tokens.append(both)
            self.mark(len(self.tokens) - 1, "1")
            self.tex.append(both)
            return
        self.tokens += [side, bracket]
        if bracket != ".":
            self.mark(len(self.tokens) - 1, "1")
        self.tex.append(both + " " if WORD.search(both) else both)

    def grid(self, node: Node) -> None:
        self.tokens.append(f"\\begin{{{node.text}}}")
        head = len(self.tokens) - 1
        delimited = node.text in ("pmatrix", "bmatrix", "vmatrix", "cases")
        if delimited:
            self.mark(head, "1")
        self.tex.append(f"\\begin{{{node.text}}}")
        if node.text == "aligned":
            self.tex.append("&" if node.tex == "&" else "")
        for number, cell in enumerate(node.slots):
            if number:
                token = "&" if number % node.marks else "\\\\"
                self.tokens.append(token)
                self.tex.append(token)
                if node.text == "aligned" and node.tex == "&":
                    self.tex.append("&")
            # A row must not begin with what looks like an option of \\\\.
            self.tex.append("{}" if cell and cell[0].text == "[" else "")
            if node.text == "aligned" and node.tex == "=":
                first = next((at for at, one in enumerate(cell) if one.kind == "leaf" and one.text in RELATIONS), len(cell))
                self.row(cell[:first])
                self.tex.append("&")
                self.row(cell[first:])
                continue
            self.row(cell)
        self.tokens.append(f"\\end{{{node.text}}}")
        self.tex.append(self.tokens[-1])

    def over(self, node: Node) -> None:
        self._pair("\\overset{", node)

    def under(self, node: Node) -> None:
        self._pair("\\underset{", node)

    def _pair(self, head: str, node: Node) -> None:
        self.tokens.append(head)
        self.mark(len(self.tokens) - 1, "o")
        self.tex.append(head)
        self._two(node)

    def arrow(self, node: Node) -> None:
        self.tokens.append("\\xrightarrow{")
        self.mark(len(self.tokens) - 1, "o")
        self.tex.append("\\xrightarrow{")
        self.group(node.slots[0])


def written(row: Row) -> tuple[list[str], str]:
    """Tokens and TeX."""
    writer = Writer()
    writer.row(row)
    return writer.tokens, "".join(writer.tex)

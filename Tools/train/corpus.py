"""Real formulas, varied: parts of them, parts exchanged between them, other letters, signs and fonts in the same places."""

import random
from pathlib import Path

import symbols
from expressions import Node, Row, Unreadable, leaf, parsed
from formulas import DIGITS, held_out, latex
from marking import written

LINES = 9_806  # of the file that may be trained on: Expat and BSD
VARIABLES, DIGITSET = set(symbols.VARIABLES), set(DIGITS)
GREEK = set(symbols.GREEK_SMALL + symbols.GREEK_CAPITAL)
RELATED = {}
for group in (symbols.OPERATORS, symbols.RELATIONS + symbols.ARROWS, symbols.FUNCTIONS, symbols.BIG, symbols.SIGNS):
    for one in group:
        RELATED[one] = group
COMMON = {id(symbols.OPERATORS): ["+", "-", "-", "+", "\\cdot", "\\times", "*", "/"],
          id(symbols.BIG): ["\\sum", "\\int", "\\prod"]}
LETTER_FONTS = ["mathbf"] * 7 + ["boldsymbol"] * 3 + ["mathrm"] * 3 + ["mathsf", "mathtt"]
CAPITAL_FONTS = ["mathbb"] * 3 + ["mathcal"] * 4 + ["mathfrak"] * 2 + ["mathscr"]
ACCENTS = ["hat"] * 4 + ["tilde"] * 4 + ["bar"] * 4 + ["vec"] * 3 + ["dot"] * 3 + ["ddot", "check", "breve", "underline"]
FENCES = [("(", ")"), ("[", "]"), ("\\{", "\\}"), ("|", "|"), ("\\langle", "\\rangle"), ("\\lfloor", "\\rfloor"), ("\\|", "\\|"), ("\\lceil", "\\rceil")]


def trees(path: Path, lines: int = LINES) -> list[Row]:
    """Those of the first lines that can be read."""
    result = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number >= lines:
                break
            try:
                result.append(parsed(line))
            except (Unreadable, RecursionError):
                pass
    return result


def slots(row: Row, found: list) -> list:
    """All rows in a tree, with what kind of place each is."""
    for node in row:
        if node.kind == "font":
            continue
        for number, slot in enumerate(node.slots):
            if slot is not None and not (node.kind == "script" and number == 0):
                found.append((node, number))
                slots(slot, found)
            elif slot:
                slots(slot, found)
    return found


def place(node: Node, number: int) -> str:
    return {"script": "script", "frac": "part", "binom": "script", "sqrt": "part", "fence": "part", "accent": "accent"}.get(node.kind, node.kind)


def size(row: Row) -> int:
    return sum(1 + sum(size(slot) for slot in node.slots if slot) for node in row)


def balanced(row: Row) -> bool:
    depth = 0
    for node in row:
        text = node.text if node.kind == "leaf" else node.slots[0][0].text if node.kind == "script" and node.slots[0] else ""
        depth += (text in symbols.OPENING) - (text in symbols.CLOSING)
        if depth < 0:
            return False
    return depth == 0


class Corpus:
    """Endless formulas: (tokens, TeX)."""

    def __init__(self, rows: list[Row], seed: int, evaluation: bool = False):
        """`evaluation`: only formulas that no training sees, instead of all others."""
        self.rng = random.Random(seed)
        self.rows = rows
        self.evaluation = evaluation
        self.parts: dict[str, list[Row]] = {}
        for row in rows:
            for node, number in slots(row, []):
                if node.slots[number]:
                    self.parts.setdefault(place(node, number), []).append(node.slots[number])

    def formula(self, longest: int) -> tuple[list[str], str]:
        while True:
            row = self.tree()
            try:
                tokens, tex = written(row)
            except (IndexError, RecursionError):
                continue
            if not tokens or len(tokens) > longest:
                continue
            # The longer ones cost more than they teach.
            if self.rng.random() * len(tokens) > 60:
                continue
            if held_out(latex(tokens)) != self.evaluation:
                continue
            return tokens, tex

    def tree(self) -> Row:
        rng = self.rng
        chance = rng.random()
        if chance < 0.08:
            return self.lone()
        row = [node.copy() for node in rng.choice(self.rows)]
        if chance < 0.30:
            row = self.slice(row)
        elif chance < 0.36:
            other = [node.copy() for node in rng.choice(self.rows)]
            row = [*self.slice(row), leaf(rng.choice(symbols.RELATIONS[:8] + symbols.ARROWS[:1])), *self.slice(other)]
        elif chance < 0.70:
            self.exchange(row)
        if rng.random() < 0.85:
            row = self.varied(row)
        return row

    def lone(self) -> Row:
        """A symbol or two."""
        rng = self.rng
        letter = leaf(self.letter())
        chance = rng.random()
        if chance < 0.35:
            return [letter]
        if chance < 0.5:
            return [leaf(rng.choice(symbols.LEAVES))]
        if chance < 0.6:
            return [Node("font", rng.choice(LETTER_FONTS), [[leaf(rng.choice(symbols.VARIABLES))]])]
        if chance < 0.7:
            return [Node("font", rng.choice(CAPITAL_FONTS), [[leaf(rng.choice(symbols.VARIABLES[26:]))]])]
        if chance < 0.75:
            return [Node("accent", rng.choice(ACCENTS), [[letter]])]
        if chance < 0.8:
            return [leaf(digit) for digit in str(rng.randrange(10 ** rng.randint(1, 4)))]
        other = [leaf(self.letter() if rng.random() < 0.6 else rng.choice(DIGITS))]
        if chance < 0.93:
            return [Node("script", slots=[[letter], other if chance < 0.87 else None, other if chance >= 0.87 else None])]
        return [letter, leaf(rng.choice(symbols.RELATIONS + symbols.OPERATORS)), *other]

    def letter(self) -> str:
        chance = self.rng.random()
        if chance < 0.72:
            return self.rng.choice(symbols.VARIABLES)
        if chance < 0.9:
            return self.rng.choice(symbols.GREEK_SMALL)
        return self.rng.choice(symbols.GREEK_CAPITAL if chance < 0.95 else symbols.SIGNS[:18])

    def slice(self, row: Row) -> Row:
        """A few neighbours out of the formula or of a part of it."""
        inner = [node.slots[number] for node, number in slots(row, []) if node.slots[number] and size(node.slots[number]) > 2]
        if inner and self.rng.random() < 0.3:
            row = self.rng.choice(inner)
        for _ in range(6):
            count = min(len(row), self.rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 8]))
            start = self.rng.randint(0, len(row) - count)
            if balanced(row[start:start + count]):
                break
        return row[start:start + count]

    def exchange(self, row: Row) -> None:
        """Other parts of formulas in places of the same kind."""
        places = [(node, number) for node, number in slots(row, []) if node.slots[number]]
        for node, number in self.rng.sample(places, min(len(places), self.rng.choice([1, 1, 2, 3]))):
            for _ in range(4):
                other = self.rng.choice(self.parts[place(node, number)])
                if size(other) <= size(node.slots[number]) + 4:
                    node.slots[number] = [one.copy() for one in other]
                    break

    def varied(self, row: Row) -> Row:
        rng = self.rng
        self.letters: dict[str, str] = {}
        self.once = rng.random() < 0.7
        self.dress = 0.05 if rng.random() < 0.5 else 0.0
        self.brackets = dict(zip("()", rng.choice(FENCES))) if rng.random() < 0.08 else {}
        return self._varied(row, True)

    def _varied(self, row: Row, dressing: bool) -> Row:
        rng = self.rng
        result = []
        for node in row:
            if node.kind == "leaf":
                result.append(self._leaf(node, dressing))
                continue
            if node.kind == "font":
                self._font(node)
            elif node.kind == "accent":
                if rng.random() < 0.35 and node.text not in ("overbrace", "underbrace"):
                    node.text = rng.choice(ACCENTS)
                node.slots[0] = self._varied(node.slots[0], False)
            elif node.kind == "script":
                node.slots = [None if slot is None else self._varied(slot, dressing) for slot in node.slots]
                if rng.random() < 0.04 and node.slots[1] and not node.marks:
                    node.slots[1], node.slots[2] = node.slots[2], node.slots[1]
                elif rng.random() < 0.02:
                    node.marks = 1 if not node.slots[2] else 0
            else:
                node.slots = [None if slot is None else self._varied(slot, dressing) for slot in node.slots]
                if node.kind == "fence" and rng.random() < 0.12:
                    node.text, node.close = rng.choice(FENCES)
                if node.kind == "grid" and node.text == "aligned":
                    node.tex = rng.choice(["=", "=", "&", ""])
                if node.kind == "grid" and rng.random() < 0.2 and node.text in ("matrix", "pmatrix", "bmatrix", "vmatrix"):
                    node.text = rng.choice(["matrix", "pmatrix", "pmatrix", "bmatrix", "bmatrix", "vmatrix"])
            result.append(node)
        return result

    def _leaf(self, node: Node, dressing: bool) -> Node:
        rng, text = self.rng, node.text
        if text in DIGITSET:
            return leaf(rng.choice(DIGITS)) if rng.random() < 0.4 else node
        if text in VARIABLES or text in GREEK:
            if text not in self.letters or not self.once:
                new = text
                if rng.random() < 0.5:
                    new = self.letter()
                self.letters[text] = new
            text = self.letters[text]
            one = leaf(text)
            if dressing and self.dress and rng.random() < self.dress * 2:
                if text in VARIABLES and rng.random() < 0.6:
                    fonts = CAPITAL_FONTS + LETTER_FONTS if text.isupper() else LETTER_FONTS
                    return Node("font", rng.choice(fonts), [[one]])
                return Node("accent", rng.choice(ACCENTS), [[one]])
            return one
        if text in self.brackets:
            return leaf(self.brackets[text])
        group = RELATED.get(text)
        if group and text != "\\prime" and rng.random() < 0.25:
            common = COMMON.get(id(group), group)
            return leaf(rng.choice(common if rng.random() < 0.6 else group))
        return node

    def _font(self, node: Node) -> None:
        rng, letters = self.rng, node.slots[0]
        if node.text in ("mathrm", "text"):
            if rng.random() < 0.4:
                for one in letters:
                    if one.text.isalpha() and one.text.islower():
                        if rng.random() < 0.4:
                            one.text = rng.choice("abcdefghijklmnopqrstuvwxyz")
                    elif one.text in VARIABLES and rng.random() < 0.4:
                        one.text = rng.choice(symbols.VARIABLES[26:])
            return
        if all(one.text in VARIABLES for one in letters):
            capital = all(one.text.isupper() for one in letters)
            for one in letters:
                if rng.random() < 0.5:
                    one.text = rng.choice(symbols.VARIABLES[26:] if one.text.isupper() else symbols.VARIABLES[:26])
            if rng.random() < 0.5:
                node.text = rng.choice(LETTER_FONTS + CAPITAL_FONTS if capital else LETTER_FONTS)


if __name__ == "__main__":
    import sys

    source = Corpus(trees(Path(sys.argv[1])), 1)
    for _ in range(60):
        print(latex(source.formula(120)[0]))

"""The grammar of janus-nano's formulas: random expression trees as LaTeX tokens and as mathtext.

Canonical LaTeX: no spaces but one between a control word and a letter, scripts always in braces (sub before super),
`\\left` and `\\right` exactly where the bracket grows, that is around a fraction, a root of one, or a big operator.
"""

import random
import zlib
from dataclasses import dataclass, field

DIGITS = "0123456789"
# l and o look like 1 and 0; capitals that look like their lower case at script size are left out.
LETTERS = "abcdefghijkmnpqrstuvwxyz"
CAPITALS = "ABDEFGHLMNQRT"
GREEK = ["alpha", "beta", "gamma", "delta", "theta", "lambda", "mu", "pi", "sigma", "phi", "omega", "Delta"]
FUNCTIONS = ["sin", "cos", "log"]
RELATIONS = ["=", "=", "=", "=", "\\leq", "\\geq", "<"]
BIG = ["\\sum", "\\prod", "\\int"]
# What the grammar draws of the letters: as many as the training at hand can teach to tell apart. The tokenizer knows all.
DRAWN, DRAWN_CAPITALS = "abcdefghikmnprstxyz", "A"
DRAWN_GREEK = ["alpha", "beta", "delta", "theta", "lambda", "pi", "phi", "Delta"]
PLAIN = ["+", "-", "\\cdot", "(", ")", "[", "]", "\\infty"]

# Every token that leaves ink; the vision tower learns to name these.
INKED = (
    [*DIGITS, *LETTERS, *CAPITALS, *(f"\\{name}" for name in GREEK + FUNCTIONS), "=", "\\leq", "\\geq", "<", *BIG, *PLAIN]
    + ["\\frac{", "\\sqrt{", "\\left(", "\\right)", "\\left[", "\\right]"]
)
SILENT = ["_{", "^{", "}", "}{", " "]
LONGEST = 30
FURTHEST = 38  # a few in the training are longer


@dataclass
class Piece:
    """A part of a formula.

    `leaves` lists, in the order in which mathtext ships glyphs, the token that each belongs to and how many glyphs it
    has; `bars` does the same for rules.
    """

    tokens: list[str] = field(default_factory=list)
    math: str = ""
    leaves: list[tuple[int, int]] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    tall: bool = False

    @staticmethod
    def atom(token: str, math: str | None = None, glyphs: int = 1) -> "Piece":
        return Piece([token], (math or token) + (" " if token.startswith("\\") else ""), [(0, glyphs)])

    @staticmethod
    def silent(token: str) -> "Piece":
        return Piece([token])


def joined(parts: list[Piece], math: str, shipped: list[int] | None = None) -> Piece:
    """Parts in LaTeX's order; `shipped` is their order in mathtext's output, where that differs."""
    result = Piece(math=math, tall=any(part.tall for part in parts))
    starts = []
    for part in parts:
        starts.append(len(result.tokens))
        result.tokens += part.tokens
    for index in shipped or range(len(parts)):
        part, start = parts[index], starts[index]
        result.leaves += [(token + start, count) for token, count in part.leaves]
        result.bars += [token + start for token in part.bars]
    return result


def row(parts: list[Piece]) -> Piece:
    """Parts side by side, with a space where a control word would swallow the letter after it."""
    spaced: list[Piece] = []
    for part in parts:
        if spaced and _is_word(spaced[-1].tokens[-1]) and part.tokens[0][0].isalpha():
            spaced.append(Piece.silent(" "))
        spaced.append(part)
    return joined(spaced, "".join(part.math for part in parts))


def _is_word(token: str) -> bool:
    return token.startswith("\\") and token[-1].isalpha()


def scripts(nucleus: Piece, below: Piece | None, above: Piece | None, limits: bool = False) -> Piece:
    parts, math, order = [nucleus], nucleus.math.rstrip(), {"nucleus": [0]}
    for key, mark, script in (("below", "_{", below), ("above", "^{", above)):
        if script is not None:
            order[key] = [len(parts) + 1]
            parts += [Piece.silent(mark), script, Piece.silent("}")]
            math += f"{mark}{script.math}}}"
    above_first = order.get("above", [])
    shipped = above_first + [0] + order.get("below", []) if limits else [0] + above_first + order.get("below", [])
    result = joined(parts, math, shipped)
    result.tall = nucleus.tall or limits
    return result


def fraction(numerator: Piece, denominator: Piece, display: bool) -> Piece:
    head = Piece(["\\frac{"], "", [], [0])
    parts = [head, numerator, Piece.silent("}{"), denominator, Piece.silent("}")]
    command = "\\dfrac" if display else "\\frac"
    result = joined(parts, f"{command}{{{numerator.math}}}{{{denominator.math}}}", [1, 3, 0])
    result.tall = True
    return result


def root(body: Piece) -> Piece:
    head = Piece(["\\sqrt{"], "", [(0, 1)], [0])
    return joined([head, body, Piece.silent("}")], f"\\sqrt{{{body.math}}}")


def bracketed(body: Piece, square: bool) -> Piece:
    left, right = ("[", "]") if square else ("(", ")")
    if body.tall:
        left, right = f"\\left{left}", f"\\right{right}"
        parts = [Piece([left], left, [(0, 1)]), body, Piece([right], right, [(0, 1)])]
    else:
        parts = [Piece.atom(left), body, Piece.atom(right)]
    return joined(parts, "".join(part.math for part in parts))


class Grammar:
    """Random formulas; `size` is a wish, the caller checks the length that comes out."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def formula(self, size: int) -> Piece:
        self.inline = self.random.random() < 0.2
        chance = self.random.random()
        if size < 4 or chance < 0.25:
            return self.expression(size, 0)
        left = self.random.randint(1, max(1, min(size - 2, 8))) if chance < 0.8 else size // 2
        middle = self.relation()
        return row([self.expression(left, 0), middle, self.expression(max(1, size - left - 1), 0)])

    def relation(self) -> Piece:
        return Piece.atom(self.random.choice(RELATIONS))

    def expression(self, size: int, depth: int) -> Piece:
        """Terms joined by signs."""
        parts, left = [], size
        if size > 2 and self.random.random() < 0.06:
            parts.append(Piece.atom("-"))
            left -= 1
        while True:
            share = left if left < 4 else self.random.randint(2, left)
            parts.append(self.term(share, depth))
            left -= share + 1
            if left < 1:
                return row(parts)
            parts.append(Piece.atom(self.random.choices(["+", "-", "\\cdot"], [5, 4, 1.5])[0]))

    def term(self, size: int, depth: int) -> Piece:
        """One factor, or a few side by side."""
        parts, left = [], size
        while left > 0 and len(parts) < 4:
            share = left if left < 3 or self.random.random() < 0.55 else self.random.randint(1, left - 1)
            factor = self.factor(share, depth)
            if parts and factor.tokens[0][0] in DIGITS:
                factor = self.letter()  # a digit after something would read as part of it
            parts.append(factor)
            left -= max(share, 1)
        return row(parts)

    def factor(self, size: int, depth: int) -> Piece:
        if size <= 2:
            return self.atom()
        kinds = {"script": 4.0, "bracket": 1.6, "function": 0.7 if size <= 9 else 0.3}
        if depth < 2:
            kinds |= {"fraction": 3.2, "root": 1.0}
        if depth == 0 and size >= 8:
            kinds["big"] = 2.2
        kind = self.random.choices(list(kinds), list(kinds.values()))[0]
        return getattr(self, "_" + kind)(size, depth)

    def letter(self) -> Piece:
        kind = self.random.choices("lcg", [6, 0.5, 2.5])[0]
        if kind == "g":
            return Piece.atom("\\" + self.random.choice(DRAWN_GREEK))
        return Piece.atom(self.random.choice(DRAWN if kind == "l" else DRAWN_CAPITALS))

    def number(self) -> Piece:
        count = 2 if self.random.random() < 0.2 else 1
        text = self.random.choice(DIGITS) if count == 1 else self.random.choice(DIGITS[1:]) + self.random.choice(DIGITS)
        return row([Piece.atom(digit) for digit in text])

    def atom(self) -> Piece:
        return self.number() if self.random.random() < 0.36 else self.letter()

    def _script(self, size: int, depth: int) -> Piece:
        plain = size < 7 or self.random.random() < 0.8
        nucleus = self.letter() if plain else self._bracket(size - 3, depth)
        left = max(1, min(size - 3, 5))
        both = left >= 3 and self.random.random() < 0.3
        below = self.small(1 if both else left, depth) if both or self.random.random() < 0.45 else None
        above = self.small(1 if both else left, depth) if both or below is None else None
        return scripts(nucleus, below, above)

    def small(self, size: int, depth: int) -> Piece:
        """What stands in a script: an atom, a sum of two, rarely one with a script of its own."""
        chance = self.random.random()
        if size >= 4 and depth == 0 and chance < 0.15:
            return scripts(self.letter(), None, self.atom())
        if size >= 3 and chance < 0.5:
            sign = Piece.atom(self.random.choice("+-"))
            return row([self.atom(), sign, self.atom()])
        if size >= 2 and chance < 0.65:
            return row([self.number(), self.letter()])
        return self.atom()

    def _fraction(self, size: int, depth: int) -> Piece:
        left = max(2, size - 3)
        top = self.random.randint(1, left - 1)
        display = depth == 0 and not self.inline
        return fraction(self.expression(top, depth + 1), self.expression(left - top, depth + 1), display)

    def _root(self, size: int, depth: int) -> Piece:
        return root(self.expression(max(1, size - 2), depth + 1))

    def _bracket(self, size: int, depth: int) -> Piece:
        return bracketed(self.expression(max(2, size - 2), depth), self.random.random() < 0.25)

    def _function(self, size: int, depth: int) -> Piece:
        name = self.random.choice(FUNCTIONS)
        head = Piece.atom("\\" + name, glyphs=len(name))
        if self.random.random() < 0.2:
            head = scripts(head, None, Piece.atom("2"))
        body = self.letter() if size < 5 else bracketed(self.expression(size - 3, max(depth, 1)), False)
        return row([head, body])

    def _big(self, size: int, depth: int) -> Piece:
        kind = self.random.choices(BIG, [4, 1.5, 2])[0]
        if kind == "\\int":
            below, above = self.atom(), Piece.atom("\\infty") if self.random.random() < 0.2 else self.atom()
            head = scripts(Piece.atom(kind), below, above)
            head.tall = True
            tail = row([self.term(max(1, size - 8), 1), Piece.atom("d"), Piece.atom(self.random.choice(DRAWN))])
            return row([head, tail])
        index = Piece.atom(self.random.choice("ikmn"))
        below = row([index, Piece.atom("="), Piece.atom(self.random.choice("01123"))])
        above = Piece.atom("\\infty") if self.random.random() < 0.25 else self.atom()
        return row([scripts(Piece.atom(kind), below, above, limits=True), self.term(max(1, size - 8), 1)])


def held_out(text: str) -> bool:
    """Whether a formula belongs to the evaluation: one in 64 does, by a checksum of its LaTeX."""
    return zlib.crc32(text.encode()) % 64 == 0


def formulas(seed: int, longest: int = LONGEST, evaluation: bool = False):
    """An endless stream of formulas of at most `longest` tokens, about as many short ones as long ones.

    No formula is in both the stream for training and that for evaluation, whatever their seeds.
    """
    grammar = Grammar(seed)
    while True:
        piece = grammar.formula(grammar.random.randint(1, longest))
        if len(piece.tokens) <= longest and held_out(latex(piece.tokens)) == evaluation:
            yield piece


def latex(tokens: list[str]) -> str:
    return "".join(tokens)


if __name__ == "__main__":
    from itertools import islice

    for example in islice(formulas(1), 30):
        print(len(example.tokens), latex(example.tokens))

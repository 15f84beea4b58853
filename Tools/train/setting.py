"""Sets formulas with matplotlib's mathtext, some twenty-five times as fast.

Its own typesetting stands behind a parser for this grammar.
mathtext's general parser takes nine tenths of its time. What `formulas.py` writes needs a few rules only; each calls the
function that mathtext's parser calls for it, so that glyphs come out where mathtext puts them. Run as a program, this file
compares the two.
"""

import argparse
import re

import matplotlib as mpl
from matplotlib import _mathtext
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import LoadFlags
from matplotlib.mathtext import MathTextParser

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[^\s]")


class _Group(list):
    """What pyparsing hands over for a bracketed part."""

    as_list = list.copy


class Setter(_mathtext.Parser):
    """Parses and sets `math` (no dollar signs) in one family of fonts at `size` points and 72 dots an inch."""

    _grammar = None

    def __init__(self, family: str, size: float):
        # mathtext's constructor builds its slow grammar; of the rest only this flag is state.
        self._needs_space_after_subsuper = False
        properties = FontProperties(math_fontfamily=family, size=size)
        self._fonts = MathTextParser._font_type_mapping[family](properties, LoadFlags.NO_HINTING)
        self._size = size

    def set(self, math: str, spread: float = 1.0) -> _mathtext.VectorParse:
        """Spaces come out `spread` times as wide as mathtext's. Raises ValueError for what the grammar does not write."""
        self._spread = spread
        self._state_stack = [_mathtext.ParserState(self._fonts, "default", "rm", self._size, 72)]
        self._em_width_cache = {}
        self._needs_space_after_subsuper = False
        self.push_state()
        self.get_state().font = mpl.rcParams["mathtext.default"]
        self._text, self._found, self._at = math, [(m.group(), m.start()) for m in _TOKEN.finditer(math)], 0
        body = _mathtext.Hlist(self._row(None))
        box = _mathtext.Hlist([_mathtext.Hlist([]), body, _mathtext.Hlist([])])
        return _mathtext.ship(box).to_vector()

    def _make_space(self, percentage: float) -> _mathtext.Kern:
        return super()._make_space(percentage * self._spread)

    def _peek(self) -> str | None:
        return self._found[self._at][0] if self._at < len(self._found) else None

    def _take(self, wanted: str | None = None) -> tuple[str, int]:
        if self._at >= len(self._found) or wanted not in (None, self._found[self._at][0]):
            raise ValueError(f"{self._text}: expected {wanted or 'more'} as part {self._at}")
        self._at += 1
        return self._found[self._at - 1]

    def _row(self, end: str | None) -> _Group:
        """Everything up to `end`, which is taken too."""
        parts = _Group()
        while self._peek() != end:
            parts.append(self._scripted())
        if end is not None:
            self._take()
        return parts

    def _required_group(self):
        self._take("{")
        return _mathtext.Hlist(self._row("}"))

    def _scripted(self):
        start = self._found[self._at][1] if self._at < len(self._found) else 0
        nucleus, scripts = self._nucleus(), []
        while self._peek() in ("_", "^"):
            scripts += [self._take()[0], self._nucleus()]
        if not scripts:
            return nucleus
        return self.subsuper(self._text, start, {"nucleus": nucleus, "subsuper": scripts})[0]

    def _nucleus(self):
        token, start = self._take()
        if token == "{":
            self.push_state()
            group = _mathtext.Hlist(self._row("}"))
            self.pop_state()
            return group
        if token in ("\\frac", "\\dfrac"):
            parts = {"num": self._required_group(), "den": self._required_group()}
            return (self.frac if token == "\\frac" else self.dfrac)(parts)[0]
        if token == "\\sqrt":
            return self.sqrt({"value": self._required_group()})[0]
        if token == "\\left":
            left, _ = self._take()
            middle = self._row("\\right")
            return self.auto_delim({"left": left, "mid": middle, "right": self._take()[0]})
        if token[1:] in self._function_names:
            return self.function(self._text, start, {"name": token[1:]})
        return self.symbol(self._text, start, {"sym": token})[0]


def check(count: int) -> None:
    """Compares every glyph and rule with mathtext's own parser."""
    from itertools import islice

    from formulas import formulas, latex

    slow = MathTextParser("path")
    for family in ("cm", "stix", "dejavuserif"):
        setter = Setter(family, 100.0)
        properties = FontProperties(math_fontfamily=family, size=100.0)
        for piece in islice(formulas(11, 38), count):
            ours, theirs = setter.set(piece.math), slow.parse(f"${piece.math}$", dpi=72, prop=properties)
            glyphs = [[(face.fname, *rest) for face, *rest in one.glyphs] for one in (ours, theirs)]
            if glyphs[0] != glyphs[1] or ours.rects != theirs.rects or ours.height != theirs.height:
                raise SystemExit(f"{family}: {latex(piece.tokens)} is set otherwise than mathtext sets it")
        print(f"{family}: {count} formulas are set as mathtext sets them")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200, help="formulas for each family")
    check(parser.parse_args().count)

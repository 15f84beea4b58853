"""Formulas laid out by matplotlib's mathtext: which glyph stands where, and to which LaTeX token it belongs."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.ft2font import FT2Font, LoadFlags

from formulas import Piece, latex
from setting import Setter

FONTS = ["cm", "stix", "dejavuserif"]
EM = 100.0  # the font size of every layout; pictures scale it

_setters: dict[str, Setter] = {}
_files: dict[str, FT2Font] = {}


@dataclass
class Layout:
    """A formula whose coordinates are in 1/100 em, y downwards.

    `glyphs` holds (font file, size, glyph index, x of the origin, y of the baseline); `rules` (x0, y0, x1, y1);
    `boxes` maps a token that leaves ink to the box of that ink, [x0, y0, x1, y1].
    """

    tokens: list[str]
    glyphs: list[tuple[str, float, int, float, float]]
    rules: list[tuple[float, float, float, float]]
    boxes: dict[int, list[float]]

    @property
    def latex(self) -> str:
        return latex(self.tokens)


def font(path: str, size: float) -> FT2Font:
    """A font file at a size in pixels an em."""
    if path not in _files:
        _files[path] = FT2Font(path)
    _files[path].set_size(size, 72)
    return _files[path]


def layout(piece: Piece, family: str, spread: float = 1.0) -> Layout:
    """`spread` widens or narrows the spaces around signs. Raises ValueError where mathtext ships other glyphs than the grammar counts on."""
    if family not in _setters:
        _setters[family] = Setter(family, EM)
    parsed = _setters[family].set(piece.math, spread)
    if len(parsed.glyphs) != sum(count for _, count in piece.leaves) or len(parsed.rects) != len(piece.bars):
        raise ValueError(f"{latex(piece.tokens)}: {len(parsed.glyphs)} glyphs, {len(parsed.rects)} rules")
    height = float(parsed.height)
    glyphs = [
        (face.fname, float(size), int(index), float(x), height - float(y))
        for face, size, _, index, x, y in parsed.glyphs
    ]
    rules = [(float(x), height - float(y + h), float(x + w), height - float(y)) for x, y, w, h in parsed.rects]
    boxes: dict[int, list[float]] = {}
    position = 0
    for token, count in piece.leaves:
        for glyph in glyphs[position:position + count]:
            _widen(boxes, token, glyph_box(glyph))
        position += count
    for token, rule in zip(piece.bars, rules):
        if piece.tokens[token] != "\\sqrt{":
            _widen(boxes, token, rule)
    return Layout(piece.tokens, glyphs, rules, boxes)


@lru_cache(maxsize=20_000)
def _bounds(path: str, size: float, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a glyph, from its origin."""
    left, bottom, right, top = (value / 64 for value in font(path, size).load_glyph(index, flags=LoadFlags.NO_HINTING).bbox)
    return left, bottom, right, top


def glyph_box(glyph) -> tuple[float, float, float, float]:
    path, size, index, x, y = glyph
    left, bottom, right, top = _bounds(path, size, index)
    return x + left, y - top, x + right, y - bottom


def _widen(boxes: dict[int, list[float]], token: int, box) -> None:
    old = boxes.get(token)
    if old is None:
        boxes[token] = list(box)
    else:
        boxes[token] = [*np.minimum(old[:2], box[:2]).tolist(), *np.maximum(old[2:], box[2:]).tolist()]

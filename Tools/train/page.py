"""A picture of a formula as the model sees it: ink cut out, black on white, at one stroke thickness, on one canvas.

Readers of formulas meet any resolution, margin, colour and dark mode; after this, glyphs have one size and the formula
begins at one place. Integer arithmetic only (and PIL's bicubic resizing, one axis at a time), so that every language
gives the same pixels; the runtime's twin is Sources/Images/FormulaPage.swift.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from transparency import opaque
from writing import NoInk, ink_of  # noqa: F401


@dataclass(frozen=True)
class Page:
    """The canvas and where the ink lies on it: page = round(picture · scale) + offset, for each axis."""

    pixels: np.ndarray  # [size, size] uint8
    scale: tuple[float, float]
    offset: tuple[float, float]


MARGIN = 8
# Stroke thickness wanted, in 1/4096 of the canvas: an em is then about 1/12.5 of it, in the fonts of print.
THICKNESS = 18


def page(picture: Image.Image, size: int, thickness: int = THICKNESS) -> Page:
    """Raises NoInk.

    1. Transparency lies over white. grey = (299 R + 587 G + 114 B + 500) / 1000; the background is the lower
       median of the border; a background below 128 inverts the picture.
    2. ink = background − grey, not below 0, scaled so that the darkest is 255; what is below 32 is noise and becomes
       none, what is below 64 counts as none for steps 3 and 4.
    3. The box of the ink is cut out.
    4. Thickness = 2 · sum of ink / total variation, the mean width of a stroke whatever its direction. The box is
       scaled to the wanted thickness, at most 4-fold, and never beyond the canvas less its margins.
    5. It is laid on white paper, at the left margin, half-way down.
    """
    ink = ink_of(np.asarray(opaque(picture))).astype(np.int32)
    clear = np.where(ink < 64, 0, ink)
    columns, rows = np.flatnonzero(clear.any(axis=0)), np.flatnonzero(clear.any(axis=1))
    left, right, top, bottom = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    clear = np.pad(clear[top:bottom, left:right], 1)
    variation = int(np.abs(np.diff(clear, axis=0)).sum() + np.abs(np.diff(clear, axis=1)).sum())
    width, height = scaled(right - left, bottom - top, int(clear.sum()), variation, size, thickness)
    cut = Image.fromarray((255 - ink[top:bottom, left:right]).astype(np.uint8))
    # First across, then down: which of them PIL does first in one call depends on the sizes and its version.
    for sides in ((width, cut.height), (width, height)):
        if cut.size != sides:
            cut = cut.resize(sides, Image.Resampling.BICUBIC)
    canvas = Image.new("L", (size, size), 255)
    y = (size - height) // 2
    canvas.paste(cut, (MARGIN, y))
    scale = (width / (right - left), height / (bottom - top))
    return Page(np.asarray(canvas), scale, (MARGIN - left * scale[0], y - top * scale[1]))


def scaled(width: int, height: int, ink: int, variation: int, size: int, thickness: int) -> tuple[int, int]:
    """The box's size on the canvas; the factor is a fraction of integers, applied to both sides, rounded down."""
    up, down = size * thickness * variation, 4096 * 2 * ink
    if up > 4 * down:
        up, down = 4, 1
    room = size - 2 * MARGIN
    for side in (width, height):
        if side * up > room * down:
            up, down = room, side
    return max(1, width * up // down), max(1, height * up // down)

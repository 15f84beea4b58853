"""A picture of a formula as the model sees it: ink cut out, black on white, at one stroke thickness, on one canvas.

Readers of formulas meet any resolution, margin, colour and dark mode; after this, glyphs have one size and the formula
begins at one place. Integer arithmetic only (and PIL's bicubic resizing, one axis at a time), so that every language
gives the same pixels; the runtime's twin is Sources/Images/FormulaPage.swift.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from fold import THICKNESS, Row, fold
from transparency import opaque
from writing import NoInk, ink_of  # noqa: F401


@dataclass(frozen=True)
class Page:
    """The canvas and which part of the picture lies where on it."""

    pixels: np.ndarray  # [size, size] uint8
    rows: list[Row]


def page(picture: Image.Image, size: int, thickness: int = THICKNESS, folds: bool = True) -> Page:
    """Raises NoInk.

    1. transparency.py lays it over a ground that the writing stands out from.
    2. writing.py tells the writing from its ground: 0 is none, 255 the darkest ink.
    3. fold.py lays the ink on the canvas.
    """
    return Page(*fold(ink_of(np.asarray(opaque(picture))).astype(np.int32), size, thickness, folds=folds))

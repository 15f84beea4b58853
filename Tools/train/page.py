"""A picture of a formula as the model sees it: ink cut out, black on white, at one stroke thickness, on one canvas.

Readers of formulas meet any resolution, margin, colour and dark mode; after this, glyphs have one size and the formula
begins at one place. Integer arithmetic only (and PIL's bicubic resizing, one axis at a time), so that every language
gives the same pixels; the runtime's twin is Sources/Images/FormulaPage.swift.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from fold import THICKNESS, Row, fold


@dataclass(frozen=True)
class Page:
    """The canvas and which part of the picture lies where on it."""

    pixels: np.ndarray  # [size, size] uint8
    rows: list[Row]


class NoInk(ValueError):
    """The picture holds nothing that differs from its background."""


LEAST_CONTRAST = 32


def page(picture: Image.Image, size: int, thickness: int = THICKNESS, folds: bool = True) -> Page:
    """Raises NoInk.

    1. Transparency lies over white. grey = (299 R + 587 G + 114 B + 500) / 1000; the background is the lower
       median of the border; a background below 128 inverts the picture.
    2. ink = background − grey, not below 0, scaled so that the darkest is 255; what is below 32 is noise and becomes
       none.
    3. fold.py lays it on the canvas.
    """
    upright = opaque(picture)
    if upright.mode == "L":  # the three weights add up to 1000
        grey = np.asarray(upright).astype(np.int32)
    else:
        rgb = np.asarray(upright).astype(np.int32)
        grey = (299 * rgb[..., 0] + 587 * rgb[..., 1] + 114 * rgb[..., 2] + 500) // 1000
    border = np.sort(np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]))
    background = int(border[(len(border) - 1) // 2])
    if background < 128:
        grey, background = 255 - grey, 255 - background
    ink = np.maximum(background - grey, 0)
    darkest = int(ink.max())
    if darkest < LEAST_CONTRAST:
        raise NoInk(f"no ink: the darkest pixel differs by {darkest} from the background, expected {LEAST_CONTRAST}")
    ink = (ink * 255 + darkest // 2) // darkest
    ink[ink < 32] = 0
    return Page(*fold(ink, size, thickness, folds=folds))


def opaque(picture: Image.Image) -> Image.Image:
    """RGB or L, turned upright as its Exif orientation says, laid over white where it is transparent."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "L" and not picture.has_transparency_data:
        return picture
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return picture.convert("RGB")

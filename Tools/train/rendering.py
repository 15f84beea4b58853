"""Layouts drawn as the pictures that people have: any size, colours, margins, slight blur, noise, JPEG."""

import io
import random
from functools import lru_cache

import numpy as np
from matplotlib.ft2font import LoadFlags
from PIL import Image, ImageFilter

from layout import EM, Layout, font

# Noise is cut from here: drawing it anew would take longer than all the rest of a picture.
NOISE = np.random.default_rng(1).standard_normal(1 << 22, np.float32)


@lru_cache(maxsize=60_000)
def _bitmap(path: str, size: float, index: int) -> tuple[np.ndarray, int, int]:
    """Coverage of one glyph, and its left and top relative to the origin."""
    face = font(path, size)
    glyph = face.load_glyph(index, flags=LoadFlags.NO_HINTING)
    left, bottom, right, top = (value / 64 for value in glyph.bbox)
    x0, y0 = int(np.floor(left)) - 1, int(np.floor(-top)) - 1
    image = np.zeros((int(np.ceil(-bottom)) - y0 + 2, int(np.ceil(right)) - x0 + 2), np.uint8)
    # The bitmap's own corner goes where the outline's corner lies.
    face.draw_glyph_to_bitmap(image, int(np.floor(left)) - x0, int(np.floor(-top)) - y0, glyph, antialiased=True)
    return image, x0, y0


def ink(layout: Layout, em: float, margins: tuple[int, int, int, int]) -> tuple[np.ndarray, float, float]:
    """Coverage 0...255 at `em` pixels, with margins (left, top, right, bottom), and where the layout's origin lies."""
    scale = em / EM
    boxes = np.array([*layout.boxes.values(), *layout.rules]) * scale
    x0, y0 = np.floor(boxes[:, :2].min(axis=0)).astype(int)
    x1, y1 = np.ceil(boxes[:, 2:].max(axis=0)).astype(int)
    left, top, right, bottom = margins
    dx, dy = left - x0 + 2, top - y0 + 2
    canvas = np.zeros((y1 - y0 + top + bottom + 4, x1 - x0 + left + right + 4), np.uint8)
    for path, size, index, x, y in layout.glyphs:
        bitmap, bx, by = _bitmap(path, round(size * scale * 2) / 2, index)
        column, line = round(x * scale) + bx + dx, round(y * scale) + by + dy
        h, w = bitmap.shape
        line, column = max(line, 0), max(column, 0)
        part = canvas[line:line + h, column:column + w]
        np.maximum(part, bitmap[:part.shape[0], :part.shape[1]], out=part)
    for x0, y0, x1, y1 in layout.rules:
        line, thickness = round(y0 * scale) + dy, max(1, round((y1 - y0) * scale))
        canvas[line:line + thickness, round(x0 * scale) + dx:round(x1 * scale) + dx] = 255
    return canvas, dx, dy


def draw(layout: Layout, rng: random.Random, plain: bool = False) -> tuple[Image.Image, float, float, float]:
    """A picture of the formula, and em, dx, dy: pixel = layout · em / EM + (dx, dy).

    `plain` leaves out all that harms the picture: black on white at 40 pixels an em.
    """
    em = 40.0 if plain else rng.uniform(22, 60)
    margins = (10, 10, 10, 10) if plain else tuple(rng.randint(2, 40) for _ in range(4))
    coverage, dx, dy = ink(layout, em, margins)
    if plain:
        return Image.fromarray(255 - coverage), em, dx, dy
    return harmed(coverage, em, rng), em, dx, dy


def harmed(coverage: np.ndarray, em: float, rng: random.Random) -> Image.Image:
    """What happens to pictures: blur, tones, noise, JPEG."""
    image = Image.fromarray(coverage)
    if rng.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.03 * em)))
    values = np.asarray(image).astype(np.float32) / 255
    paper, pen = rng.randint(225, 255), rng.randint(0, 70)
    if rng.random() < 0.15:
        paper, pen = 255 - paper, 255 - pen
    values = paper + values * (pen - paper)
    if rng.random() < 0.4:
        start = rng.randrange(len(NOISE) - values.size)
        values = values + NOISE[start:start + values.size].reshape(values.shape) * np.float32(rng.uniform(1, 7))
    image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=rng.randint(45, 95))
        image = Image.open(io.BytesIO(stream.getvalue()))
    return image

"""Formulas drawn as a few kinds of pictures that people have, as files."""

import io
import random

import numpy as np
from PIL import Image

from layout import Layout
from rendering import draw, ink

MARGINS = (12, 16, 22, 9)


def toned(formula: Layout, em: float, paper: tuple, pen: tuple) -> Image.Image:
    share = ink(formula, em, MARGINS)[0].astype(np.float64)[..., None] / 255
    return Image.fromarray((np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8))


def noisy(formula: Layout) -> Image.Image:
    grey = np.asarray(toned(formula, 24, (236,) * 3, (40,) * 3))[..., 0]
    noise = np.random.default_rng(3).normal(0, 6, grey.shape)
    return Image.fromarray((grey + noise).clip(0, 255).astype(np.uint8))


def transparent(formula: Layout) -> Image.Image:
    share = ink(formula, 40, MARGINS)[0]
    return Image.fromarray(np.dstack([np.full_like(share, 20), np.full_like(share, 60), share // 2, share]), "RGBA")


STYLES = {
    "plain.png": lambda formula: draw(formula, random.Random(1), plain=True)[0],
    "colour.png": lambda formula: toned(formula, 27, (250, 240, 210), (150, 20, 60)),
    "dark.png": lambda formula: toned(formula, 33, (24, 28, 40), (190, 220, 170)),
    "noise.png": noisy,
    "photo.jpg": lambda formula: toned(formula, 52, (244, 243, 238), (50, 48, 60)),
    "transparent.png": transparent,
}


def encoded(picture: Image.Image, name: str) -> bytes:
    stream = io.BytesIO()
    if name.endswith(".jpg"):
        picture.save(stream, "JPEG", quality=60)
    else:
        picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()

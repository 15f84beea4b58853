"""Transparent pictures laid over the ground that their writing stands out from.

Integer arithmetic only; the runtime's twin is Sources/Images/Transparency.swift.
"""

import numpy as np
from PIL import Image, ImageOps


def opaque(picture: Image.Image) -> Image.Image:
    """RGB, turned upright as its Exif orientation says; transparency lies over a ground (`laid_out`)."""
    picture = ImageOps.exif_transpose(picture)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    return Image.fromarray(laid_out(np.asarray(picture.convert("RGBA"))))


def laid_out(rgba: np.ndarray) -> np.ndarray:
    """[h, w, 4] → [h, w, 3].

    What is at least half as opaque as the most opaque pixel is visible. Where that fills its box and has more than one
    colour, it is a window or a sheet: its commonest colours go on outside of it. Otherwise it is writing: the ground is
    white, black or grey, whichever the fewest opaque pixels are like.
    """
    colours, alpha = rgba[..., :3].astype(np.int64), rgba[..., 3].astype(np.int64)
    most = int(alpha.max())
    if most == 0:
        return np.full(colours.shape, 255, np.uint8)
    visible = alpha * 2 >= most
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    box = (int(rows[-1]) + 1 - int(rows[0])) * (int(columns[-1]) + 1 - int(columns[0]))
    seen = colours[visible]
    if len(seen) * 5 >= box * 3 and int((seen.max(axis=0) - seen.min(axis=0)).max()) >= 32:
        middle = (len(seen) - 1) // 2
        ground = np.partition(seen, middle, axis=0)[middle]
        alpha = np.where(visible, alpha, 0)
    else:
        grey = (colours @ np.array([299, 587, 114]) + 500) // 1000
        like_white = int(alpha[grey >= 192].sum())
        like_black = int(alpha[grey < 64].sum())
        like_grey = int(alpha.sum()) - like_white - like_black
        least = min(like_white, like_black, like_grey)
        shade = 255 if least == like_white else 0 if least == like_black else 128
        ground = np.array([shade] * 3)
    alpha = alpha[..., None]
    return ((colours * alpha + ground * (255 - alpha) + 127) // 255).astype(np.uint8)

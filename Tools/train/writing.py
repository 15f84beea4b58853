"""The writing of a picture, as ink of 0 to 255 in each pixel.

Integer arithmetic only; the runtime's twin is Sources/Images/Writing.swift.
"""

import numpy as np

from components import Components, components, highest, thickness
from ground import LEAST_VISIBLE, NOISE, distance_from_ground, scaled_ink
from marks import foreign
from straightening import slope_of, straightened


class NoInk(ValueError):
    """The picture holds nothing that differs from its background."""


def ink_of(rgb: np.ndarray, level: bool = True) -> np.ndarray:
    """Ink [h, w] uint8 of a picture [h, w, 3], without what is below NOISE; turned level, or at its places. Raises NoInk."""
    distance, is_plain, ripple = distance_from_ground(rgb)
    contrast = checked(distance, ripple)
    ink = scaled_ink(distance, contrast)
    for _ in range(4):
        marks = foreign(ink)
        if not marks.any():
            break
        distance = np.where(marks, 0, distance).astype(np.uint8)
        contrast = checked(distance, ripple)
        ink = scaled_ink(distance, contrast)
    parts, most = strengths(distance, contrast, ripple)
    faint = (most > 0) & (most * 5 < contrast * 2)
    # Thin strokes of small writing are faint by sampling alone, and ripples of JPEG are small.
    short = np.minimum(parts.right - parts.left, parts.bottom - parts.top)
    has_faint = bool((faint & (short > 2) & (parts.area >= 12)).any())
    if not is_plain:
        ink = levelled(distance, contrast, parts, most)
    elif has_faint:
        ink = with_faint(ink, distance, contrast, parts, most)
    if not is_plain or has_faint:
        ink[foreign(ink)] = 0
    slope = slope_of(ink) if level else 0
    return straightened(ink, slope) if slope else ink


def checked(distance: np.ndarray, ripple: int) -> int:
    contrast, least = int(distance.max()), max(LEAST_VISIBLE, 7 * ripple // 2)
    if contrast < least:
        raise NoInk(f"no ink: the darkest pixel differs by {contrast} from the background, expected {least}")
    return contrast


def strengths(distance: np.ndarray, contrast: int, ripple: int) -> tuple[Components, np.ndarray]:
    """All parts of ink, far fainter ones than the darkest as well, and the greatest distance in each; 0 where it may be noise."""
    parts = components(distance >= max(20, contrast // 8, 2 * ripple))
    most = parts.largest(distance)
    least = max(40, 3 * ripple)
    return parts, np.where((most >= least) | (most * 4 >= contrast), most, 0)


def window(distance: np.ndarray, contrast: int) -> int:
    """The side of a square in which writing is compared: four strokes."""
    stroke = max(16, thickness(np.where(distance.astype(np.int32) * 4 < contrast, 0, distance)))
    return (4 * stroke // 16 + 3) | 1


def with_faint(ink: np.ndarray, distance: np.ndarray, contrast: int, parts: Components, most: np.ndarray) -> np.ndarray:
    """Ink in which faint parts, and faint places of the others, are as dark as the rest; `most` is 0 for what may be noise."""
    most = np.concatenate([[0], most])[parts.labels]
    strongest = highest(distance, window(distance, contrast)).astype(np.int32)
    near = np.where(most * 5 < contrast * 2, most, np.where(strongest * 5 < contrast * 2, strongest, 0))
    raised = (distance.astype(np.int32) * 255 + near // 2) // np.maximum(near, 1)
    return np.where((near > 0) & (raised >= NOISE), raised, ink).astype(np.uint8)


def levelled(distance: np.ndarray, contrast: int, parts: Components, most: np.ndarray) -> np.ndarray:
    """Ink in which writing of any strength is as dark as the strongest."""
    near = highest(distance, window(distance, contrast)).astype(np.int32)
    kept = np.concatenate([[False], most > 0])[parts.labels]
    kept = highest(np.where(kept, 255, 0).astype(np.uint8), 3) > 0
    ink = (distance.astype(np.int32) * 255 + near // 2) // np.maximum(near, 1)
    ink[(ink < NOISE) | ~kept] = 0
    return ink.astype(np.uint8)

"""The writing of a picture, as ink of 0 to 255 in each pixel.

Integer arithmetic only; the runtime's twin is Sources/Images/InkMap.swift.
"""

import numpy as np

from components import components, highest, thickness
from ground import FAINT, LEAST_CONTRAST, NOISE, NoInk, distance_from_ground, scaled_ink
from marks import foreign


def ink_map(rgb: np.ndarray) -> np.ndarray:
    """Ink [h, w] uint8 of a picture [h, w, 3], without what is below NOISE. Raises NoInk."""
    distance, is_plain = distance_from_ground(rgb)
    contrast = checked(distance)
    ink = scaled_ink(distance, contrast)
    is_whole = True
    for _ in range(4):
        marks = foreign(ink)
        if not marks.any():
            break
        is_whole = False
        distance = np.where(marks, 0, distance).astype(np.uint8)
        contrast = checked(distance)
        ink = scaled_ink(distance, contrast)
    return ink if is_plain and not has_faint_parts(distance, contrast) else levelled(distance, contrast)


def checked(distance: np.ndarray) -> int:
    contrast = int(distance.max())
    if contrast < LEAST_CONTRAST:
        raise NoInk(f"no ink: the darkest pixel differs by {contrast} from the background, expected {LEAST_CONTRAST}")
    return contrast


def faint_parts(distance: np.ndarray, contrast: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of parts that are far fainter than the darkest ink and yet no noise, and the greatest distance of each part."""
    least = max(20, contrast // 8)
    parts = components(distance >= least)
    most = parts.largest(distance)
    return parts, most


def has_faint_parts(distance: np.ndarray, contrast: int) -> bool:
    parts, most = faint_parts(distance, contrast)
    return bool(((most * 5 < contrast * 2) & (most >= 40) & (parts.area >= 4)).any())


def levelled(distance: np.ndarray, contrast: int) -> np.ndarray:
    """Ink in which writing of any strength is as dark as the strongest."""
    stroke = max(16, thickness(np.where(distance * 4.0 < contrast, 0, distance)))
    near = highest(distance, (4 * stroke // 16 + 3) | 1).astype(np.int32)
    parts, most = faint_parts(distance, contrast)
    enough = (most >= 40) | (most * 4 >= contrast)
    kept = np.concatenate([[False], enough])[parts.labels]
    kept = highest(np.where(kept, 255, 0).astype(np.uint8), 3) > 0
    ink = (distance.astype(np.int32) * 255 + near // 2) // np.maximum(near, 1)
    ink[(ink < NOISE) | ~kept] = 0
    return ink.astype(np.uint8)

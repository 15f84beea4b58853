"""Writing that stands askew, by up to 11 degrees, turned level.

Integer arithmetic only; the runtime's twin is Sources/Images/Straightening.swift. A slope is tan(angle) in 1/512, positive where
lines fall towards the right.
"""

from math import isqrt

import numpy as np

from ground import FAINT, NOISE

STEP = 4
LEAST_EDGES = 150_000  # a hundred pixels of sharp edges that run nearly level
REACH = 26  # steps to either side: slopes up to 104/512, 11.5 degrees
LEAST = 10  # slopes below this are left: one degree does not hurt, a turn blurs


def slope_of(ink: np.ndarray) -> int:
    """The slope of the lines in ink [h, w]; 0 where there is no good sign of one."""
    small = reduced(ink)
    steps = np.arange(-REACH, REACH + 1) * STEP
    edges = edge_scores(small)
    if int(edges.sum()) < LEAST_EDGES:
        return 0
    if abs(int(steps[np.argmax(edges)])) <= STEP:
        return 0
    rows = row_scores(small, steps)
    score = shares(rows) + shares(edges)
    best = int(np.argmax(score))
    agrees = all(abs(int(np.argmax(one)) - best) <= 3 for one in (rows, edges))
    if score[best] * 10 <= score[REACH] * (14 if agrees else 20):
        return 0
    # Finer, by the rows alone.
    near = np.arange(int(steps[best]) - STEP, int(steps[best]) + STEP + 1)
    slope = int(near[np.argmax(row_scores(small, near))])
    return slope if abs(slope) >= LEAST else 0


def reduced(ink: np.ndarray) -> np.ndarray:
    """Means of squares, so that neither side is above 640 pixels."""
    factor = (max(ink.shape) + 639) // 640
    if factor == 1:
        return ink.astype(np.int64)
    height, width = ((side + factor - 1) // factor for side in ink.shape)
    padded = np.zeros((height * factor, width * factor), np.int64)
    padded[:ink.shape[0], :ink.shape[1]] = ink
    return padded.reshape(height, factor, width, factor).sum(axis=(1, 3)) // (factor * factor)


def edge_scores(ink: np.ndarray) -> np.ndarray:
    """How much of the edges that run nearly level has each slope, in steps; smoothed."""
    count = 2 * REACH + 1
    if min(ink.shape) < 3:
        return np.zeros(count, np.int64)
    padded = np.pad(ink, 1)
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    soft = np.pad(rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:], 1)
    down = soft[2:] - soft[:-2]
    down = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    across = soft[:, 2:] - soft[:, :-2]
    across = across[:-2] + 2 * across[1:-1] + across[2:]
    steep = np.abs(down)
    level = (steep > 2400) & (np.abs(across) * 4 < steep)
    strength = steep[level] >> 6
    slope = (-across[level] * 512 * np.sign(down[level])) // steep[level]
    place = (slope + STEP // 2) // STEP + REACH
    inside = (place >= 0) & (place < count)
    scores = np.bincount(place[inside], weights=strength[inside], minlength=count).astype(np.int64)
    for _ in range(3):
        wide = np.pad(scores, 1)
        scores = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    return scores


def row_scores(ink: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """How sharply the sums along lines of each slope change from line to line."""
    y, x = np.nonzero(ink >= FAINT)
    weight = ink[y, x]
    found = []
    for slope in slopes.tolist():
        line = (y * 512 - slope * x) >> 9
        sums = np.bincount(line - line.min() + 1, weights=weight).astype(np.int64)
        found.append(int((np.diff(np.append(sums, 0)) ** 2).sum()))
    return np.array(found, np.int64)


def shares(scores: np.ndarray) -> np.ndarray:
    """Scores in 1/1024 of their mean."""
    mean = int(scores.sum()) // len(scores)
    return scores // max(1, mean >> 10)


def straightened(ink: np.ndarray, slope: int) -> np.ndarray:
    """Ink turned so that lines of a slope come level, on a canvas that holds all of it; bilinear."""
    height, width = ink.shape
    norm = isqrt((512 * 512 + slope * slope) << 20)
    cosine, sine = (512 << 26) // norm, (abs(slope) << 26) // norm
    sine = sine if slope >= 0 else -sine
    new_width, new_height = width + abs(slope) * height // 512 + 2, height + abs(slope) * width // 512 + 2
    x = 2 * np.arange(new_width, dtype=np.int64) - (new_width - 1)
    y = 2 * np.arange(new_height, dtype=np.int64)[:, None] - (new_height - 1)
    from_x = ((cosine * x - sine * y) >> 1) + ((width - 1) << 15)
    from_y = ((sine * x + cosine * y) >> 1) + ((height - 1) << 15)
    padded = np.pad(ink.astype(np.int64), 1)
    column, line = from_x >> 16, from_y >> 16
    inside = (column >= -1) & (column < width) & (line >= -1) & (line < height)
    column, line = np.clip(column, -1, width - 1) + 1, np.clip(line, -1, height - 1) + 1
    right, below = (from_x >> 8) & 255, (from_y >> 8) & 255
    above = padded[line, column] * (256 - right) + padded[line, column + 1] * right
    under = padded[line + 1, column] * (256 - right) + padded[line + 1, column + 1] * right
    turned = (above * (256 - below) + under * below + 32768) >> 16
    turned[(turned < NOISE) | ~inside] = 0
    return turned.astype(np.uint8)

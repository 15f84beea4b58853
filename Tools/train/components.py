"""Connected parts of a mask, and square neighbourhoods: what ground.py and marks.py look at pictures with."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Components:
    """The 8-connected parts of a mask, numbered in the order of their first pixels, rows first.

    `labels` [h, w] is the number + 1, 0 outside. The rest has an element for each: first and last column and row, last ones
    exclusive, and pixels.
    """

    labels: np.ndarray
    left: np.ndarray
    right: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    area: np.ndarray

    def __len__(self) -> int:
        return len(self.area)

    def largest(self, values: np.ndarray) -> np.ndarray:
        found = np.zeros(len(self) + 1, np.int64)
        np.maximum.at(found, self.labels.ravel(), values.ravel())
        return found[1:]

    def count(self, labels: np.ndarray) -> np.ndarray:
        """How many of some labels belong to each."""
        return np.bincount(labels.ravel(), minlength=len(self) + 1)[1:]


def components(mask: np.ndarray) -> Components:
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    rows, begins = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    first = np.searchsorted(rows, np.arange(height + 1))
    # Runs of neighbouring rows that touch, corners included.
    above, below = [], []
    for row in range(1, height):
        a, b, c = first[row - 1], first[row], first[row + 1]
        if a == b or b == c:
            continue
        low = a + np.searchsorted(ends[a:b], begins[b:c], side="left")
        high = a + np.searchsorted(begins[a:b], ends[b:c], side="right")
        count = high - low
        run = np.repeat(np.arange(b, c), count)
        start = np.repeat(low - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        above.append(start + np.arange(len(run)))
        below.append(run)
    root = np.arange(len(rows))
    if above:
        one, other = np.concatenate(above), np.concatenate(below)
        while True:
            a, b = root[one], root[other]
            if (a == b).all():
                break
            np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
            while (root[root] != root).any():
                root = root[root]
    kept, number = np.unique(root, return_inverse=True)
    count = len(kept)
    left, right = np.full(count, width), np.zeros(count, np.int64)
    top, bottom = np.full(count, height), np.zeros(count, np.int64)
    np.minimum.at(left, number, begins)
    np.maximum.at(right, number, ends)
    np.minimum.at(top, number, rows)
    np.maximum.at(bottom, number, rows + 1)
    area = np.bincount(number, weights=ends - begins, minlength=count).astype(np.int64)
    labels = np.zeros((height, width), np.int64)
    where = np.flatnonzero(mask)
    labels.ravel()[where] = np.repeat(number + 1, ends - begins)
    return Components(labels, left, right, top, bottom, area)


def _slid(values: np.ndarray, size: int, better, neutral: int) -> np.ndarray:
    """The best of `size` (odd) neighbours along each axis; what lies outside the picture does not count."""
    half = size // 2
    for axis in (0, 1):
        margin = [(half, half) if axis == one else (0, 0) for one in (0, 1)]
        result = np.moveaxis(np.pad(values, margin, constant_values=neutral), axis, 0)
        reach = 1  # each element is the best of so many, itself first
        while reach < size:
            step = min(reach, size - reach)
            result = better(result[:-step], result[step:])
            reach += step
        values = np.moveaxis(result, 0, axis)
    return values


def highest(values: np.ndarray, size: int) -> np.ndarray:
    """The largest value in a square of `size` (odd) pixels around each."""
    return _slid(values, size, np.maximum, 0)


def lowest(values: np.ndarray, size: int) -> np.ndarray:
    return _slid(values, size, np.minimum, 255)


def closed(values: np.ndarray, size: int) -> np.ndarray:
    """Dark marks that no square of `size` fits into are filled."""
    return lowest(highest(values, size), size)


def opened(values: np.ndarray, size: int) -> np.ndarray:
    return highest(lowest(values, size), size)


def thickness(ink: np.ndarray) -> int:
    """Mean width of strokes in 1/16 pixels, whatever their direction: 2 · sum / total variation; 0 without ink."""
    padded = np.pad(ink.astype(np.int64), 1)
    variation = int(np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum())
    return 32 * int(ink.sum(dtype=np.int64)) // variation if variation else 0

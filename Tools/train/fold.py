"""The layout of a page: from a map of ink to the canvas that the model sees. The runtime's twin is Sources/Images/PageLayout.swift.

Glyphs come out at one size, whatever the resolution. A formula that is too wide is folded: its lines are cut into rows where no
ink stands, and the rows lie one below the other; a row that goes on is indented. Integer arithmetic only (and PIL's bicubic
resizing, one axis at a time), so that every language gives the same pixels.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from PIL import Image

MARGIN = 8
# Ink below this neither bounds the formula nor counts for its thickness: blurred edges, JPEG's ripples.
FAINT = 64
# Stroke thickness wanted, in 1/4096 of the canvas: an em is then about 1/12.5 of it, in the fonts of print.
THICKNESS = 12
# Those of pages for further looks, where an answer is not sure: larger and smaller ones.
FURTHER = [14, 10, 17]
# What sampling adds to a stroke's width, squared, in 1/4096² pixels: measured thickness² = thickness² + this.
BLUR = 45 * 4096 * 4096 // 100
LEAST = 35 * 4096 // 100  # of a stroke, in 1/4096 pixels: about ten pixels an em
MOST_ENLARGEMENT = 4
INDENT = 16
GAP = 8  # between rows
LINES = 12  # rows of white that part lines of a formula, on the page
SHRINKS = range(8, 2, -1)  # eighths of the wanted scale that are tried


@dataclass(frozen=True)
class Row:
    """A part of the ink [left, right) × [top, bottom) and where it lies on the canvas."""

    left: int
    top: int
    right: int
    bottom: int
    x: int
    y: int
    width: int
    height: int


def fold(ink: np.ndarray, size: int, thickness: int = THICKNESS, margin: int = MARGIN,
         folds: bool = True) -> tuple[np.ndarray, list[Row]]:
    """The canvas [size, size], black on white, of a map of ink [height, width], 255 being the darkest; some ink is not faint.

    1. Thickness = 2 · sum of ink / total variation is the mean width of a stroke as sampled; the square root of
       thickness² − BLUR is what it was before.
    2. The formula is scaled to the wanted thickness, at most 4-fold. If it fits the canvas it is laid at the left margin,
       half-way down.
    3. One that is too wide is parted into lines at bands of white, each line into rows (`rows`), and these are laid one
       below the other. If they are too high, scales of 7/8, 6/8 … are tried.
    4. What still does not fit is shrunk as a whole.

    Where it does not fold, as pages were made at first, what does not fit is shrunk at once, and thickness is as sampled.
    """
    clear = np.where(ink < FAINT, 0, ink).astype(np.int64)
    columns, lines = np.flatnonzero(clear.any(axis=0)), np.flatnonzero(clear.any(axis=1))
    left, right, top, bottom = int(columns[0]), int(columns[-1]) + 1, int(lines[0]), int(lines[-1]) + 1
    up, down = scale(clear[top:bottom, left:right], size, thickness, folds)
    room = size - 2 * margin
    found = None
    if folds and (right - left) * up > room * down:
        bands = parted(clear, top, bottom, LINES * down, up)
        for eighths in SHRINKS:
            cut = [rows(clear, *band, room * down * 8, up * eighths, INDENT * down * 8) for band in bands]
            found = placed(cut, up * eighths, down * 8, size, margin)
            if found:
                break
    if not found:
        for side in (right - left, bottom - top):
            if side * up > room * down:
                up, down = room, side
        found = placed([[(left, top, right, bottom)]], up, down, size, margin)
    canvas = np.full((size, size), 255, np.uint8)
    paper = 255 - ink.astype(np.uint8)
    for row in found:
        part = Image.fromarray(np.ascontiguousarray(paper[row.top:row.bottom, row.left:row.right]))
        # First across, then down: which of them PIL does first in one call depends on the sizes and its version.
        for sides in ((row.width, part.height), (row.width, row.height)):
            if part.size != sides:
                part = part.resize(sides, Image.Resampling.BICUBIC)
        canvas[row.y:row.y + row.height, row.x:row.x + row.width] = np.asarray(part)
    return canvas, found


def scale(clear: np.ndarray, size: int, thickness: int, folds: bool) -> tuple[int, int]:
    """The factor that gives strokes the wanted thickness, as a fraction."""
    edged = np.pad(clear, 1)
    variation = int(np.abs(np.diff(edged, axis=0)).sum() + np.abs(np.diff(edged, axis=1)).sum())
    if folds:
        sampled = 8192 * int(clear.sum()) // variation
        up, down = size * thickness, max(isqrt(max(sampled * sampled - BLUR, 0)), LEAST)
    else:
        up, down = size * thickness * variation, 8192 * int(clear.sum())
    return (MOST_ENLARGEMENT, 1) if up > MOST_ENLARGEMENT * down else (up, down)


def parted(clear: np.ndarray, top: int, bottom: int, least: int, up: int) -> list[tuple[int, int]]:
    """Lines [top, bottom) between bands of white whose height times `up` is at least `least`."""
    inked = clear[top:bottom].any(axis=1)
    result, start, end = [], top, top
    for y in range(top, bottom):
        if not inked[y - top]:
            continue
        if y > end and (y - end) * up >= least:
            result.append((start, end))
            start = y
        end = y + 1
    return [*result, (start, end)]


def rows(clear: np.ndarray, top: int, bottom: int, room: int, up: int, indent: int) -> list[tuple[int, int, int, int]]:
    """A line cut into boxes whose width times `up` is at most `room`, less `indent` after the first.

    Each cut is made within the last half of the room: in the middle of the widest gap, the last one of several; where there is
    none, at the column with the least ink, again the last.
    """
    profile = clear[top:bottom].sum(axis=0)
    inked = np.flatnonzero(profile)
    start, end, result = int(inked[0]), int(inked[-1]) + 1, []
    while start < end:
        width = max(1, (room - (indent if result else 0)) // up)
        if end - start <= width:
            cut = end
        else:
            cut = cut_within(profile, start + max(1, width // 2), start + width)
        part = np.flatnonzero(profile[start:cut])
        if len(part):
            box = clear[top:bottom, start:cut].any(axis=1)
            high = np.flatnonzero(box)
            result.append((start + int(part[0]), top + int(high[0]), start + int(part[-1]) + 1, top + int(high[-1]) + 1))
        start = cut
        while start < end and profile[start] == 0:
            start += 1
    return result


def cut_within(profile: np.ndarray, first: int, last: int) -> int:
    """Where to cut, from `first` to `last`: the part before ends there."""
    best, widest, run = last, 0, 0
    least, thinnest = last, None
    for x in range(first, last + 1):
        amount = int(profile[x]) if x < len(profile) else 0
        if thinnest is None or amount <= thinnest:
            least, thinnest = x, amount
        run = run + 1 if amount == 0 else 0
        if run and run >= widest:
            best, widest = x, run
    return best if widest else least


def placed(lines: list[list[tuple[int, int, int, int]]], up: int, down: int, size: int, margin: int) -> list[Row] | None:
    """The boxes of each line, scaled, one below the other and half-way down; none where they are too high."""
    result, y = [], 0
    for boxes in lines:
        for number, (left, top, right, bottom) in enumerate(boxes):
            width, height = max(1, (right - left) * up // down), max(1, (bottom - top) * up // down)
            result.append(Row(left, top, right, bottom, margin + (INDENT if number else 0), y, width, height))
            y += height + GAP
    total = y - GAP
    if total > size - 2 * margin:
        return None
    return [Row(r.left, r.top, r.right, r.bottom, r.x, r.y + (size - total) // 2, r.width, r.height) for r in result]


def located(found: list[Row], x: float, y: float) -> tuple[float, float]:
    """Where a point of the ink lies on the canvas: within its row, or the nearest one."""
    def off(row: Row) -> float:
        return max(row.left - x, x - row.right, 0) ** 2 + max(row.top - y, y - row.bottom, 0) ** 2

    row = min(found, key=off)
    return row.x + (x - row.left) * row.width / (row.right - row.left), row.y + (y - row.top) * row.height / (row.bottom - row.top)

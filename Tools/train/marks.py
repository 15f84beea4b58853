"""What stands out from the ground and is no writing: frames, rules of paper, edges of scans, neighbouring lines that were cut.

Integer arithmetic only; the runtime's twin is Sources/Images/Marks.swift. Lengths are in pixels, but `stroke`, the mean
thickness of strokes, is in 1/16 pixels.
"""

import numpy as np

from components import Components, components, highest, opened, thickness
from ground import FAINT, NOISE

MOST = 64  # parts looked at closely; a picture of frames within frames would take long


def foreign(ink: np.ndarray) -> np.ndarray:
    """The pixels of what is no writing, in ink [h, w] of 0 to 255."""
    ruled = rules(ink)
    clear = np.where(ruled | (ink < FAINT), 0, ink).astype(np.uint8)
    parts = components(clear > 0)
    if len(parts) == 0:
        return np.zeros(ink.shape, bool)
    touching = (parts.left == 0) | (parts.top == 0) | (parts.right == ink.shape[1]) | (parts.bottom == ink.shape[0])
    inner = np.concatenate([[False], ~touching])[parts.labels]
    stroke = max(16, thickness(np.where(inner, clear, 0)) or thickness(clear))
    gone = np.zeros(len(parts), bool)
    reach = max(4, 3 * stroke // 16)
    large = (parts.right - parts.left >= 4 * reach) & (parts.bottom - parts.top >= 4 * reach)
    for number in np.flatnonzero(large)[:MOST].tolist():
        gone[number] = is_frame(parts, number, reach)
    across = (parts.left <= 2) & (parts.right >= ink.shape[1] - 2)
    down = (parts.top <= 2) & (parts.bottom >= ink.shape[0] - 2)
    for number in np.flatnonzero((across | down) & ~gone)[:MOST].tolist():
        gone[number] = is_line_outside(parts, number, gone, stroke)
    thick = thick_at_border(parts, touching & ~gone, stroke)
    gone |= parts.count(np.where(thick, parts.labels, 0)) * 2 > parts.area
    gone |= neighbours(parts, gone, stroke)
    if gone.all():
        return np.zeros(ink.shape, bool)
    marks = np.concatenate([[False], gone])[parts.labels] | thick
    if not marks.any():
        return ruled
    # Blurred edges go with what they belong to.
    around = highest(np.where(marks, 255, 0).astype(np.uint8), 5) > 0
    return ruled | marks | (around & (ink < FAINT))


def rules(ink: np.ndarray) -> np.ndarray:
    """Lines from edge to edge, fainter than the writing or several, where the writing itself ends before the edges."""
    result = np.zeros(ink.shape, bool)
    bands = []
    for turned in (False, True):
        values, found = (ink.T, result.T) if turned else (ink, result)
        height, width = values.shape
        ends = (values[:, :2] >= NOISE).any(axis=1) & (values[:, -2:] >= NOISE).any(axis=1)
        is_full = ends & ((values >= NOISE).sum(axis=1) * 10 >= width * 9)
        lines = [(a, b) for a, b in spans(is_full) if b - a <= max(4, height // 12)]
        band = np.zeros(values.shape, bool)
        bands.append(band.T if turned else band)
        if not lines:
            continue
        free = values.copy()
        for a, b in lines:
            free[max(0, a - 1):b + 1] = 0
        written = np.flatnonzero((free >= FAINT).any(axis=0))
        if len(written) == 0 or min(int(written[0]), width - 1 - int(written[-1])) < 3:
            continue
        for a, b in lines:
            level = int(np.sort(values[a:b].max(axis=0))[(width - 1) // 2])
            if level >= 150 and len(lines) < 3:
                continue
            weak = values[a:b] <= level + level // 4 + 8
            cross = crossing(values, a, b, level)
            found[a:b] |= weak & ~cross
            band[a:b] |= weak
            for row in (a - 1, b):
                if 0 <= row < height:
                    found[row] |= (values[row] < FAINT) & ~cross
    return result | (bands[0] & bands[1])


def crossing(values: np.ndarray, begin: int, end: int, level: int) -> np.ndarray:
    """Columns where writing goes over a rule: there is ink above or below, or the rule is darker than elsewhere."""
    height = values.shape[0]
    beside = np.zeros(values.shape[1], bool)
    for row in (begin - 2, end + 1):
        if 0 <= row < height:
            beside |= values[row] >= max(FAINT, min(level, 128))
    return beside | (values[begin:end].max(axis=0) > level + level // 4 + 8)


def spans(flags: np.ndarray) -> list[tuple[int, int]]:
    """Begins and ends of the runs of true."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    change = np.diff(padded)
    return list(zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist()))


def is_frame(parts: Components, number: int, reach: int) -> bool:
    """Whether a part is lines along the sides of its box, with other parts within: four, or fewer that end at the picture's edge."""
    left, right, top, bottom = box(parts, number)
    mine = parts.labels[top:bottom, left:right] == number + 1
    if int(mine[reach:-reach, reach:-reach].sum()) * 50 > int(parts.area[number]):
        return False
    middle_x, middle_y = (parts.left + parts.right) // 2, (parts.top + parts.bottom) // 2
    within = (middle_x > left + reach) & (middle_x < right - reach) & (middle_y > top + reach) & (middle_y < bottom - reach)
    if not within.any():
        return False
    sides = [mine[:reach].any(axis=0), mine[-reach:].any(axis=0), mine[:, :reach].any(axis=1), mine[:, -reach:].any(axis=1)]
    is_side = [int(side.sum()) * 10 >= len(side) * 9 for side in sides]
    if all(is_side):
        return True
    height, width = parts.labels.shape
    at_edge = [top <= 2, bottom >= height - 2, left <= 2, right >= width - 2]
    # Each missing side lies at the picture's edge, and no two opposite ones are all there is.
    return sum(is_side) >= 2 and (is_side[0] or is_side[1]) and (is_side[2] or is_side[3]) and all(
        there or edge for there, edge in zip(is_side, at_edge))


def box(parts: Components, number: int) -> tuple[int, int, int, int]:
    return int(parts.left[number]), int(parts.right[number]), int(parts.top[number]), int(parts.bottom[number])


def bounds(parts: Components, kept: np.ndarray) -> tuple[int, int, int, int] | None:
    """The box of several parts."""
    if not kept.any():
        return None
    return (int(parts.left[kept].min()), int(parts.right[kept].max()),
            int(parts.top[kept].min()), int(parts.bottom[kept].max()))


def is_line_outside(parts: Components, number: int, gone: np.ndarray, stroke: int) -> bool:
    """Whether a part is a straight line from edge to edge, all other writing on one side of it and ending well before it does."""
    left, right, top, bottom = box(parts, number)
    height, width = parts.labels.shape
    across = left <= 2 and right >= width - 2 and bottom - top <= max(4, 5 * stroke // 16, height // 20)
    down = top <= 2 and bottom >= height - 2 and right - left <= max(4, 5 * stroke // 16, width // 20)
    if not across and not down:
        return False
    others = ~gone
    others[number] = False
    # Other lines of the same kind are no writing that could speak for this one.
    if across:
        others &= ~((parts.left <= 2) & (parts.right >= width - 2))
    else:
        others &= ~((parts.top <= 2) & (parts.bottom >= height - 2))
    rest = bounds(parts, others)
    if rest is None:
        return False
    clear = max(3, 3 * stroke // 16)
    if across:
        return (bottom <= rest[2] or top >= rest[3]) and rest[0] >= clear and width - rest[1] >= clear
    return (right <= rest[0] or left >= rest[1]) and rest[2] >= clear and height - rest[3] >= clear


def thick_at_border(parts: Components, candidates: np.ndarray, stroke: int) -> np.ndarray:
    """The pixels of dark strips and corners at the picture's edge: much thicker than strokes."""
    height, width = parts.labels.shape
    result = np.zeros(parts.labels.shape, bool)
    if not candidates.any() or len(candidates) == 1:
        return result
    side = max(7, stroke // 4) | 1
    mask = np.where(np.concatenate([[False], candidates])[parts.labels], 255, 0).astype(np.uint8)
    core = opened(mask, side)
    if not core.any():
        return result
    grown = highest(core, (side // 2 + 2) | 1) > 0
    labels = np.where(core > 0, parts.labels, 0)
    # A strip is long, and so is a corner along one of its sides.
    across, down = (np.maximum(parts.count(one), parts.count(other)) for one, other in (
        (labels[0], labels[-1]), (labels[:, 0], labels[:, -1])))
    is_long = (across * 3 >= width) | (down * 3 >= height)
    return np.concatenate([[False], is_long])[parts.labels] & grown


def neighbours(parts: Components, gone: np.ndarray, stroke: int) -> np.ndarray:
    """The parts of lines of text that show at the top or the bottom and were cut."""
    height, width = parts.labels.shape
    none = np.zeros(len(parts), bool)
    ends = [(parts.top, parts.bottom), (height - parts.bottom, height - parts.top)]
    strips = []
    for begin, end in ends:
        at_edge = ~gone & (begin == 0)
        depth = int(end[at_edge].max()) if at_edge.any() else 0
        strips.append(~gone & (end <= depth) if depth * 3 <= height else none)
    rest = bounds(parts, ~gone & ~strips[0] & ~strips[1])
    if rest is None:
        return none
    clear = max(3, stroke // 16)
    found = none
    for side, (strip, (begin, end)) in enumerate(zip(strips, ends)):
        if not strip.any():
            continue
        depth = int(end[strip].max())
        gap = (rest[2] if side == 0 else height - rest[3]) - depth
        far = height - rest[3] if side == 0 else rest[2]
        is_free = rest[0] >= clear and width - rest[1] >= clear and (far >= clear or strips[1 - side].any())
        loose = int(parts.area[strip & (begin > 0)].sum())
        if is_free and gap >= max(2, stroke // 16) and depth * 2 <= rest[3] - rest[2] and (
                loose * 2 <= int(parts.area[strip].sum())):
            found = found | strip
    return found

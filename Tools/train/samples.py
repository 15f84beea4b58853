"""Training samples of the reader: pages of formulas as patches, with the names of the glyphs that lie in each patch."""

import random
from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

import formulas
from layout import EM, FONTS, Layout, layout
from nano import GRID, IMAGE, PATCH, PATCHES
from page import NoInk, page
from rendering import draw

CLASSES = {token: number + 1 for number, token in enumerate(formulas.INKED)}  # 0: nothing
SLOTS = 3  # names kept for a patch, in reading order


@dataclass
class Sample:
    index: np.ndarray  # [N] raster places of the patches kept
    patches: np.ndarray  # [N, 256] uint8
    names: np.ndarray  # [N, SLOTS]
    tokens: list[str]
    places: list[int]  # per token, the patch in `index` that holds its ink, or that of the next token with ink; −1


def sample(formula: Layout, rng: random.Random, every_patch: bool) -> Sample | None:
    """None where the picture came out without ink."""
    picture, em, dx, dy = draw(formula, rng)
    try:
        sheet = page(picture, IMAGE)
    except NoInk:
        return None
    blocks = sheet.pixels.reshape(GRID, PATCH, GRID, PATCH).transpose(0, 2, 1, 3).reshape(PATCHES, PATCH * PATCH)
    kept = (blocks < 224).any(axis=1)
    centres = {}
    for token, (x0, y0, x1, y1) in formula.boxes.items():
        x = ((x0 + x1) / 2 * em / EM + dx) * sheet.scale[0] + sheet.offset[0]
        y = ((y0 + y1) / 2 * em / EM + dy) * sheet.scale[1] + sheet.offset[1]
        column, line = (min(max(int(value) // PATCH, 0), GRID - 1) for value in (x, y))
        centres[token] = line * GRID + column
    kept[list(centres.values())] = True
    if every_patch:
        kept[:] = True
    else:
        kept[[rng.randrange(PATCHES) for _ in range(rng.randrange(16))]] = True
    index = np.flatnonzero(kept)
    row_of = {int(place): number for number, place in enumerate(index)}
    names = np.zeros((len(index), SLOTS), np.int64)
    for token in sorted(centres):
        row = names[row_of[centres[token]]]
        free = np.flatnonzero(row == 0)
        if len(free):
            row[free[0]] = CLASSES[formula.tokens[token]]
    places, upcoming = [], -1
    for token in reversed(range(len(formula.tokens))):
        if token in centres:
            upcoming = row_of[centres[token]]
        places.append(upcoming)
    return Sample(index, blocks[index], names, formula.tokens, places[::-1])


class Source:
    """Endless samples. Layouts cost most and are drawn several times, each time as another picture.

    A share `again` of the samples are pictures met before.
    """

    def __init__(self, seed: int, fresh: float = 0.5, again: float = 0.15, pool: int = 20000):
        self.rng, self.fresh, self.again = random.Random(seed), fresh, again
        self.pool: deque[Layout] = deque(maxlen=pool)
        self.met: deque[Sample] = deque(maxlen=pool)
        self.stream: dict[int, object] = {}
        self.ready: dict[bool, list[list[Sample]]] = {False: [], True: []}

    def layout(self, longest: int) -> Layout:
        if len(self.pool) > 500 and self.rng.random() > self.fresh:
            for _ in range(20):
                known = self.pool[self.rng.randrange(len(self.pool))]
                if len(known.tokens) <= longest:
                    return known
        if longest == formulas.LONGEST and self.rng.random() < 0.12:
            longest = formulas.FURTHEST
        if longest not in self.stream:
            self.stream[longest] = formulas.formulas(self.rng.getrandbits(48), longest)
        while True:
            try:
                made = layout(next(self.stream[longest]), self.rng.choice(FONTS))
            except ValueError:  # mathtext could not set it
                continue
            self.pool.append(made)
            return made

    def batch(self, count: int, longest: int, every_patch: bool = False) -> list[Sample]:
        """Samples of about one length, so that little padding is computed; batches come in random order."""
        ready = self.ready[every_patch]
        if not ready:
            found: list[Sample] = []
            while len(found) < (1 if every_patch else 8) * count:
                if not every_patch and len(self.met) > 1000 and self.rng.random() < self.again:
                    found.append(self.met[self.rng.randrange(len(self.met))])
                    continue
                one = sample(self.layout(longest), self.rng, every_patch)
                if one is not None and (every_patch or len(one.index) <= 170):
                    found.append(one)
                    if not every_patch:
                        self.met.append(one)
            found.sort(key=lambda one: len(one.index) + len(one.tokens))
            ready += [found[start:start + count] for start in range(0, len(found), count)]
            self.rng.shuffle(ready)
        return ready.pop()


def stacked(samples: list[Sample]):
    """patches in −1...1 [B, N, 256], index, present, names; padded at the end."""
    count, longest = len(samples), max(len(one.index) for one in samples)
    patches = torch.ones(count, longest, PATCH * PATCH)
    index = torch.zeros(count, longest, dtype=torch.long)
    present = torch.zeros(count, longest, dtype=torch.bool)
    names = torch.full((count, longest, SLOTS), -100)
    for row, one in enumerate(samples):
        n = len(one.index)
        patches[row, :n] = torch.from_numpy(one.patches).float() / 127.5 - 1
        index[row, :n] = torch.from_numpy(one.index)
        present[row, :n] = True
        names[row, :n] = torch.from_numpy(one.names)
    return patches, index, present, names


def picture_page(picture: Image.Image) -> torch.Tensor:
    """Pixel values [1, 3, IMAGE, IMAGE] of any picture, as the runtime prepares it."""
    grey = torch.from_numpy(page(picture, IMAGE).pixels.copy()).float() / 127.5 - 1
    return grey[None, None].expand(1, 3, -1, -1)

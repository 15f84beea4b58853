"""Training samples of the reader: pages of formulas as patches, with the names of the glyphs that lie in each patch."""

import random
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

import formulas
from layout import EM, FONTS, Layout, layout
from nano import GRID, IMAGE, PATCH, PATCHES
from page import NoInk, page
from rendering import draw

CLASSES = {token: number + 1 for number, token in enumerate(formulas.INKED)}  # 0: nothing
SLOTS = 3  # names kept for a patch, in reading order
# What may stand between a token with ink and the next one; the vision tower learns to name these too.
SUFFIXES = {text: number for number, text in enumerate(
    ["", " ", "}", "}{", "_{", "^{", "}^{", "}_{", "}}", "}}{", "}}}", "}}}{"])}


@dataclass
class Sample:
    index: np.ndarray  # [N] raster places of the patches kept
    patches: np.ndarray  # [N, 256] uint8
    names: np.ndarray  # [N, SLOTS]
    suffixes: np.ndarray  # [N, SLOTS], −100 where there is no token
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
        white = rng.randrange(4) if rng.random() < 0.8 else rng.randrange(40)
        kept[[rng.randrange(PATCHES) for _ in range(white)]] = True
    index = np.flatnonzero(kept)
    row_of = {int(place): number for number, place in enumerate(index)}
    names = np.zeros((len(index), SLOTS), np.int64)
    suffixes = np.full((len(index), SLOTS), -100)
    inked = sorted(centres)
    for token, following in zip(inked, [*inked[1:], len(formula.tokens)]):
        row = row_of[centres[token]]
        free = np.flatnonzero(names[row] == 0)
        if len(free):
            names[row, free[0]] = CLASSES[formula.tokens[token]]
            suffixes[row, free[0]] = SUFFIXES.get("".join(formula.tokens[token + 1:following]), -100)
    places, upcoming = [], -1
    for token in reversed(range(len(formula.tokens))):
        if token in centres:
            upcoming = row_of[centres[token]]
        places.append(upcoming)
    return Sample(index, blocks[index], names, suffixes, formula.tokens, places[::-1])


class Source:
    """Endless samples, no formula twice but by chance."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.stream: dict[int, object] = {}
        self.refills = 0
        self.ready: dict[bool, list[list[Sample]]] = {False: [], True: []}

    def layout(self, longest: int) -> Layout:
        if longest == formulas.LONGEST and self.rng.random() < 0.2:
            longest = formulas.FURTHEST
        if longest not in self.stream:
            self.stream[longest] = formulas.formulas(self.rng.getrandbits(48), longest)
        while True:
            try:
                # TeX leaves less space than mathtext, and none in scripts.
                spread = 1.0 if self.rng.random() < 0.6 else self.rng.uniform(0, 1.3)
                return layout(next(self.stream[longest]), self.rng.choice(FONTS), spread)
            except ValueError:  # mathtext could not set it
                continue

    def batch(self, count: int, longest: int, every_patch: bool = False) -> list[Sample]:
        """Samples of about one length, so that little padding is computed; batches come in random order."""
        ready = self.ready[every_patch]
        if not ready:
            found: list[Sample] = []
            while len(found) < (1 if every_patch else 8) * count:
                one = sample(self.layout(longest), self.rng, every_patch)
                if one is not None and (every_patch or len(one.index) <= 170):
                    found.append(one)
            found.sort(key=lambda one: len(one.index) + len(one.tokens))
            ready += [found[start:start + count] for start in range(0, len(found), count)]
            # The same order in every worker, so that none waits for another's longer batch.
            self.refills += 1
            random.Random(self.refills).shuffle(ready)
        return ready.pop()


class Pages(NamedTuple):
    """Samples one beside the other, [B, N, …] in the order of their patches, padded at the end."""

    patches: torch.Tensor  # [B, N, 256] uint8
    index: torch.Tensor
    present: torch.Tensor
    names: torch.Tensor
    suffixes: torch.Tensor


def stacked(samples: list[Sample]) -> Pages:
    count, longest = len(samples), max(len(one.index) for one in samples)
    patches = torch.full((count, longest, PATCH * PATCH), 255, dtype=torch.uint8)
    index = torch.zeros(count, longest, dtype=torch.long)
    present = torch.zeros(count, longest, dtype=torch.bool)
    names = torch.full((count, longest, SLOTS), -100)
    suffixes = names.clone()
    for row, one in enumerate(samples):
        n = len(one.index)
        patches[row, :n] = torch.from_numpy(one.patches)
        index[row, :n] = torch.from_numpy(one.index)
        present[row, :n] = True
        names[row, :n] = torch.from_numpy(one.names)
        suffixes[row, :n] = torch.from_numpy(one.suffixes)
    return Pages(patches, index, present, names, suffixes)

"""Training samples of the reader: pages of formulas as patches, with the names of the glyphs that lie in each patch."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

import formulas
import symbols
import typeset
from corpus import Corpus, trees
from fold import fold, located
from ground import LEAST_CONTRAST, NOISE
from layout import EM, FONTS, Layout, layout
from nano import GRID, IMAGE, PATCH, PATCHES
from packs import Pack
from page import NoInk, Page, page
from rendering import draw, harmed, ink

CLASSES = {token: number + 1 for number, token in enumerate(symbols.INKED)}  # 0: nothing
MOST_PATCHES = 300
THOROUGH = 0.15  # the share of pictures whose ink is told from the ground as the runtime does it
SLOTS = 3  # names kept for a patch, in reading order
# What may stand between a token with ink and the next one; the vision tower learns to name these too.
SUFFIXES = {text: number for number, text in enumerate(
    ["", " ", "}", "}{", "_{", "^{", "}^{", "}_{", "}}", "}}{", "}}}", "}}}{", "&", "\\\\", "}&", "}\\\\", "\\left", "\\right", "}\\right",
     "}}\\right", "}}_{", "}}^{", "^{'", "_{'", "]{", "\\end{matrix}", "\\end{aligned}"])}


@dataclass
class Sample:
    index: np.ndarray  # [N] raster places of the patches kept
    patches: np.ndarray  # [N, 256] uint8
    names: np.ndarray  # [N, SLOTS]
    suffixes: np.ndarray  # [N, SLOTS], −100 where there is no token
    tokens: list[str]
    places: list[int]  # per token, the patch in `index` that holds its ink, or that of the next token with ink; −1


def sample(picture: Image.Image, tokens: list[str], points: dict[int, tuple[float, float]], rng: random.Random,
           every_patch: bool) -> Sample | None:
    """`points`: where in the picture tokens have their ink. None where the picture came out without ink."""
    try:
        sheet = page(picture, IMAGE) if rng.random() < THOROUGH else quick_page(picture)
    except NoInk:
        return None
    blocks = sheet.pixels.reshape(GRID, PATCH, GRID, PATCH).transpose(0, 2, 1, 3).reshape(PATCHES, PATCH * PATCH)
    kept = (blocks < 224).any(axis=1)
    centres = {}
    for token, point in points.items():
        column, line = (min(max(int(value) // PATCH, 0), GRID - 1) for value in located(sheet.rows, *point))
        centres[token] = line * GRID + column
    if centres:
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
    for token, following in zip(inked, [*inked[1:], len(tokens)]):
        row = row_of[centres[token]]
        free = np.flatnonzero(names[row] == 0)
        if len(free):
            names[row, free[0]] = CLASSES[tokens[token]]
            suffixes[row, free[0]] = SUFFIXES.get("".join(tokens[token + 1:following]), -100)
    places, upcoming = [], -1
    for token in reversed(range(len(tokens))):
        if token in centres:
            upcoming = row_of[centres[token]]
        places.append(upcoming)
    return Sample(index, blocks[index], names, suffixes, tokens, places[::-1])


def quick_page(picture: Image.Image) -> Page:
    """The page of a formula on even ground with nothing around it, nearly always as page.py makes it, in a fifth of the time."""
    grey = np.asarray(picture.convert("L")).astype(np.int32)
    border = np.sort(np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]))
    ground = int(border[(len(border) - 1) // 2])
    ink = np.maximum(ground - grey if ground >= 128 else grey - ground, 0)
    darkest = int(ink.max())
    if darkest < LEAST_CONTRAST:
        raise NoInk("no ink")
    ink = (ink * 255 + darkest // 2) // darkest
    ink[ink < NOISE] = 0
    return Page(*fold(ink, IMAGE))


class Mathtext:
    """Endless formulas of the grammar, set by mathtext."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.stream: dict[int, object] = {}

    def layout(self, longest: int) -> Layout:
        longest = min(longest, formulas.LONGEST)
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

    def sample(self, longest: int, every_patch: bool) -> Sample | None:
        formula = self.layout(longest)
        picture, em, dx, dy = draw(formula, self.rng)
        points = {token: ((x0 + x1) / 2 * em / EM + dx, (y0 + y1) / 2 * em / EM + dy)
                  for token, (x0, y0, x1, y1) in formula.boxes.items()}
        return sample(picture, formula.tokens, points, self.rng, every_patch)


class Print:
    """Endless real formulas and variations of them, set by LaTeX, a run of them at a time."""

    RUN = 300

    def __init__(self, rows: list, seed: int):
        self.rng = random.Random(seed)
        self.corpus = Corpus(rows, self.rng.getrandbits(48))
        fonts = typeset.available()
        self.fonts, self.shares = [*fonts], [share for share, _ in fonts.values()]
        self.ready: list[typeset.Setting] = []

    def run(self, longest: int) -> None:
        font = self.rng.choices(self.fonts, self.shares)[0]
        pieces = [(*self.corpus.formula(longest), self.rng.random() < 0.5) for _ in range(self.RUN)]
        self.ready += typeset.typeset(pieces, font)
        self.rng.shuffle(self.ready)

    def sample(self, longest: int, every_patch: bool) -> Sample | None:
        while not self.ready:
            self.run(longest)
        setting = self.ready.pop()
        picture, points = printed(setting, self.rng)
        return sample(picture, setting.layout.tokens, points, self.rng, every_patch)


class Packed:
    """Formulas that were set before, in any order; each process takes its own part."""

    def __init__(self, folder: Path, seed: int):
        self.rng = random.Random(seed)
        self.pack = Pack(folder)

    def sample(self, longest: int, every_patch: bool) -> Sample | None:
        while True:
            setting = self.pack[self.rng.randrange(len(self.pack))]
            if len(setting.layout.tokens) <= longest:
                picture, points = printed(setting, self.rng)
                return sample(picture, setting.layout.tokens, points, self.rng, every_patch)


# Pixels an em: what Doxygen, Sphinx and dvipng at the usual resolutions make, and any.
EMS = [13.8, 15, 15.2, 15.2, 15.2, 16.6, 18, 20.8, 24.9, 24.9, 27.7, 34.6, 40, 41.5]


def printed(setting: typeset.Setting, rng: random.Random) -> tuple[Image.Image, dict[int, tuple[float, float]]]:
    """A picture of a formula, and where its tokens are in it."""
    em = rng.choice(EMS) if rng.random() < 0.6 else rng.uniform(11, 60)
    # Drawn larger and reduced, glyphs come at fractions of pixels and greyer, as in Doxygen's pictures.
    reduction = rng.choice([1, 1, 1, 2, 3, 4])
    margins = [0] * 4 if rng.random() < 0.3 else [rng.randint(1, 30) for _ in range(4)]
    left, top, right, bottom = (one * reduction + (rng.randrange(reduction) if reduction > 1 else 0) for one in margins)
    coverage, dx, dy = ink(setting.layout, em * reduction, (left, top, right, bottom))
    if reduction > 1:
        h, w = coverage.shape
        coverage = np.pad(coverage, ((0, -h % reduction), (0, -w % reduction)))
        h, w = coverage.shape
        coverage = coverage.reshape(h // reduction, reduction, w // reduction, reduction).mean(axis=(1, 3)).astype(np.uint8)
    scale = em / EM
    points = {token: (x * scale + dx / reduction, y * scale + dy / reduction) for token, (x, y) in setting.points.items()}
    chance = rng.random()
    if chance < 0.5:
        return Image.fromarray(255 - coverage), points
    if chance < 0.55:
        return Image.fromarray(np.where(coverage > rng.randint(60, 120), 0, 255).astype(np.uint8)), points
    return harmed(coverage, em, rng), points


class Source:
    """Endless samples of both kinds, no formula twice but by chance; of mathtext's alone where there are no real ones."""

    GRAMMAR = 0.2  # the share of mathtext's beside real ones

    def __init__(self, seed: int, real: Path | None = None):
        """`real`: a file of formulas, or the folder of a pack."""
        self.rng = random.Random(seed)
        self.mathtext = Mathtext(self.rng.getrandbits(48))
        own = self.rng.getrandbits(48)
        self.print = None if real is None else Packed(real, own) if real.is_dir() else Print(trees(real), own)
        self.refills = 0
        self.ready: dict[bool, list[list[Sample]]] = {False: [], True: []}

    def one(self, longest: int, every_patch: bool) -> Sample | None:
        kind = self.print if self.print and self.rng.random() >= self.GRAMMAR else self.mathtext
        return kind.sample(longest, every_patch)

    def batch(self, count: int, longest: int, every_patch: bool = False) -> list[Sample]:
        """Samples of about one length, so that little padding is computed; batches come in random order."""
        ready = self.ready[every_patch]
        if not ready:
            found: list[Sample] = []
            while len(found) < (1 if every_patch else 12) * count:
                one = self.one(longest, every_patch)
                if one is not None and (every_patch or len(one.index) <= MOST_PATCHES):
                    found.append(one)
            found.sort(key=lambda one: len(one.index) + len(one.tokens))
            ready += [found] if every_patch else parcelled(found, count)
            # The same order in every worker, so that none waits for another's longer batch.
            self.refills += 1
            random.Random(self.refills).shuffle(ready)
        return ready.pop()


def parcelled(found: list[Sample], count: int) -> list[list[Sample]]:
    """Batches of about the same work, `count` samples on the mean, from samples in the order of their lengths."""
    works = [len(one.index) + len(one.tokens) + 10 for one in found]
    share = sum(works) * count / len(found)
    result, done = [], 0.0
    for one, work in zip(found, works):
        number = int(done / share)
        while len(result) <= number:
            result.append([])
        result[number].append(one)
        done += work
    return [batch for batch in result if batch]


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

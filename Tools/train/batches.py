"""What the steps of a training work on, as tensors. Where a GPU computes, processes of their own make them meanwhile."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch.utils.data import IterableDataset, get_worker_info

import vocabulary
from formulas import LONGEST
from paintings import FRESH, Painter, Pictures
from samples import Pages, Sample, Source, stacked

GLYPH_SAMPLES = 30_000
FURTHEST = 150  # tokens
WHOLE, WHOLE_LAST = 24, 8  # one batch in so many is of whole pages, more in the last eighth: else white paper misleads
BRIEF = 4  # in the first half, all batches but one in so many leave the question out: a quarter of all time


@dataclass(frozen=True)
class Sizes:
    """Of one process: formulas in a batch, pictures in a batch, how often a step paints, new ones among the pictures."""

    formulas: int
    pictures: int
    painting: int
    fresh: float


CPU = Sizes(24, 4, 4, FRESH)
GPU = Sizes(384, 96, 2, 1.0)


@dataclass
class Schedule:
    """How much of a training is left: of its formulas or, where it has to be ready in time, of its time."""

    samples: int
    minutes: float | None
    read: int  # formulas, when it began

    def __post_init__(self):
        self.began = time.time()

    def left(self, read: int) -> float:
        if self.minutes is None:
            return max(0.0, 1 - read / self.samples)
        return (1 - self.read / self.samples) * max(0.0, 1 - (time.time() - self.began) / (60 * self.minutes))


class Prompts:
    """The tokens around pages and answers."""

    def __init__(self):
        tokenizer = vocabulary.build()
        self.ids = tokenizer.get_vocab()
        self.ids[" "] = self.ids["Ġ"]
        begin, self.end, self.pad, start, stop, _ = (self.ids[token] for token in vocabulary.SPECIAL[:6])

        def encode(text):
            return tokenizer.encode(text, add_special_tokens=False).ids

        self.prefix = torch.tensor([[begin, *encode(f"{vocabulary.SYSTEM}\n\n<|User|>: "), start]])
        self.brief, *self.questions = [
            torch.tensor([stop, *encode(f"\n{question}\n\n<|Assistant|>:")]) for question in ["", *vocabulary.QUESTIONS]
        ]


class Reading(NamedTuple):
    pages: Pages
    text: torch.Tensor  # [B, T] the question and the answers, padded
    labels: torch.Tensor  # [B, L] what the last L columns of page and text predict, −100 after the end
    current: torch.Tensor  # [B, L] the column with the ink of the token just written, −1 where there is none
    following: torch.Tensor  # [B, L] that of the next token


def reading(samples: list[Sample], question: torch.Tensor, prompts: Prompts) -> Reading:
    """The question's last token predicts the first of the answer, so L is the longest answer and its end."""
    answers = [[prompts.ids[token] for token in one.tokens] for one in samples]
    count, longest, asked = len(samples), max(map(len, answers)) + 1, len(question)
    text = torch.full((count, asked + longest - 1), prompts.pad)
    text[:, :asked] = question
    labels = torch.full((count, longest), -100)
    current, following = torch.full((2, count, longest), -1)
    for row, (answer, one) in enumerate(zip(answers, samples)):
        n = len(answer)
        text[row, asked:asked + n] = torch.tensor(answer)
        labels[row, :n] = torch.tensor(answer)
        labels[row, n] = prompts.end
        following[row, :n] = torch.tensor(one.places)
        current[row, 1:1 + n] = torch.tensor(one.places)
    return Reading(stacked(samples), text, labels, current, following)


class Step(NamedTuple):
    """Of stage two; stage one takes pages alone."""

    reading: Reading
    new: Pictures | None  # of the pictures to learn from, where this step paints


def moved(value, device: torch.device):
    """Tuples of tensors, on another device."""
    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    return type(value)(*(moved(one, device) for one in value)) if hasattr(value, "_fields") else value


class Batches(IterableDataset):
    """Endless: pages while there are glyphs to learn, then steps.

    `ranks` processes train, each with batches of its own; each may have them made by several loaders, which count for
    themselves how far the training will be.
    """

    def __init__(self, sizes: Sizes, schedule: Schedule, seed: int, rank: int, ranks: int, counts: dict[str, int],
                 paints: bool, real: Path | None = None):
        self.sizes, self.schedule, self.seed, self.rank, self.ranks = sizes, schedule, seed, rank, ranks
        self.counts, self.paints, self.real = counts, paints, real

    def __iter__(self):
        info = get_worker_info()
        loader, loaders = (info.id, info.num_workers) if info else (0, 1)
        step, sizes = self.counts["step"] + loader, self.sizes
        own = (step * self.ranks + self.rank) * 64 + loader
        source, painter = Source(self.seed * 1_000_003 + own, self.real), Painter(self.seed * 999_983 + own)
        prompts = Prompts()
        stride = self.ranks * loaders
        glyphs, read, painted = self.counts["glyph_samples"], self.counts["read_samples"], 0
        while glyphs < GLYPH_SAMPLES:
            yield stacked(source.batch(sizes.formulas, LONGEST))
            glyphs += sizes.formulas * stride
            step += loaders
        while True:
            left = self.schedule.left(read)
            whole = step % (WHOLE_LAST if left < 0.125 else WHOLE) == 0
            brief = left > 0.5 and step % BRIEF > 0
            count = sizes.formulas // 4 if whole else sizes.formulas
            batch = source.batch(count, longest(read), whole)
            question = prompts.brief if brief else prompts.questions[step % len(prompts.questions)]
            new = None
            if self.paints and step % sizes.painting == 0:
                # At first there are no older ones.
                fresh = 1 if painted < 50 * sizes.pictures else sizes.fresh
                new = painter.pictures(max(1, round(sizes.pictures * fresh)))
                painted += len(new.scenes)
            yield Step(reading(batch, question, prompts), new)
            read += len(batch) * stride
            step += loaders


def longest(read: int) -> int:
    """Short formulas first."""
    return min(FURTHEST, 30 + read // 300)

"""Reads formulas that no training saw and prints how many come out right: `evaluate.py --state DIR`.

Runs transformers' own forward on whole pages, greedily, like the runtime.
"""

import argparse
import random
from itertools import islice
from pathlib import Path

import torch
from PIL import Image

import nano
import vocabulary
from formulas import LONGEST, formulas, latex
from layout import FONTS, layout
from rendering import draw
from samples import picture_page
from train import Reader

SEED = 20_000_003


def held_out(count: int, longest: int):
    """Formulas and their pictures; the same ones every time."""
    rng = random.Random(SEED)
    for number, piece in enumerate(islice(formulas(SEED, longest, evaluation=True), count)):
        yield piece.tokens, draw(layout(piece, FONTS[number % len(FONTS)]), rng)[0]


def distance(a: list, b: list) -> int:
    """Edits (one token in, out or changed) from `a` to `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, old = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(old[j] + 1, row[-1] + 1, old[j - 1] + (x != y)))
    return row[-1]


@torch.no_grad()
def read(reader: Reader, pictures: list[Image.Image], question: int = 0, limit: int = LONGEST + 8) -> list[list[int]]:
    """Greedy token ids of each picture, without the end token."""
    janus, count = reader.janus, len(pictures)
    placeholder = torch.full((nano.PATCHES,), reader.ids[vocabulary.PLACEHOLDER])
    ids = torch.cat([reader.prefix[0], placeholder, reader.questions[question]]).expand(count, -1)
    pixels = torch.cat([picture_page(picture) for picture in pictures])
    output = janus(input_ids=ids, pixel_values=pixels, use_cache=True, logits_to_keep=1)
    answers, open_ = [[] for _ in pictures], set(range(count))
    for _ in range(limit):
        token = output.logits[:, -1].argmax(-1)
        for row in list(open_):
            if int(token[row]) == reader.end:
                open_.discard(row)
            else:
                answers[row].append(int(token[row]))
        if not open_:
            break
        output = janus(input_ids=token[:, None], past_key_values=output.past_key_values, use_cache=True)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--longest", type=int, default=LONGEST)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=5, help="wrong answers to print")
    parser.add_argument("pictures", nargs="*", type=Path, help="read these instead")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    reader = Reader().eval()
    reader.load_state_dict(torch.load(arguments.state / "reader.pt", weights_only=True)["model"])
    tokenizer = vocabulary.build()
    if arguments.pictures:
        for path in arguments.pictures:
            print(tokenizer.decode(read(reader, [Image.open(path)])[0]))
        return
    exact = edits = length = shown = 0
    examples = list(held_out(arguments.count, arguments.longest))
    for start in range(0, len(examples), 25):
        part = examples[start:start + 25]
        for (tokens, _), answer in zip(part, read(reader, [picture for _, picture in part])):
            wanted = [reader.ids[token] for token in tokens]
            wrong = distance(answer, wanted)
            exact, edits, length = exact + (wrong == 0), edits + wrong, length + len(wanted)
            if wrong and shown < arguments.show:
                shown += 1
                print(f"wrong: {tokenizer.decode(answer)}\n   for {latex(tokens)}")
    print(f"{len(examples)} formulas up to {arguments.longest} tokens: exact {exact / len(examples):.1%}, "
          f"edits per token {edits / length:.2%}")


if __name__ == "__main__":
    main()

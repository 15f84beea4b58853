"""Draws formulas that no training sees, as pictures to measure with: `heldout.py FOLDER --real FILE --count N`.

Both kinds, in the shares of the training: the written grammar, and variations of real formulas, set by LaTeX. The folder is
as pictures.py reads it. The same seed gives the same pictures.
"""

import argparse
import json
import random
from itertools import islice
from pathlib import Path

import typeset
from corpus import Corpus, trees
from evaluate import held_out
from formulas import LONGEST, latex
from samples import Source, printed

SEED = 20_000_029
AT_ONCE = 100


def of_grammar(count: int):
    for tokens, picture in held_out(count, LONGEST, SEED):
        yield tokens, picture, "grammar"


def real(count: int, file: Path, longest: int):
    rng = random.Random(SEED)
    corpus = Corpus(trees(file), SEED, evaluation=True)
    fonts = typeset.available()
    names, shares = [*fonts], [share for share, _ in fonts.values()]
    seen, left = set(), count
    while left:
        pieces = [(*corpus.formula(longest), rng.random() < 0.5) for _ in range(AT_ONCE)]
        for setting in typeset.typeset(pieces, rng.choices(names, shares)[0])[:AT_ONCE // 4]:
            text = latex(setting.layout.tokens)
            if text in seen or not left:
                continue
            seen.add(text)
            left -= 1
            yield setting.layout.tokens, printed(setting, rng)[0], "real"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--real", type=Path, required=True, help="file of real formulas, one a line")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--longest", type=int, default=100, help="tokens of real ones")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    grammar = round(arguments.count * Source.GRAMMAR)
    both = [*of_grammar(grammar), *islice(real(arguments.count - grammar, arguments.real, arguments.longest), arguments.count)]
    with (arguments.folder / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for number, (tokens, picture, kind) in enumerate(both):
            name = f"{number:04}_{kind}.png"
            picture.save(arguments.folder / name)
            print(json.dumps({"file": name, "latex": latex(tokens), "kind": kind, "tokens": len(tokens)}), file=manifest)


if __name__ == "__main__":
    main()

"""Draws the formulas under samples/, none of which any training saw: `gallery.py -o ../../samples`."""

import argparse
import json
from pathlib import Path

from formulas import formulas
from layout import FONTS, layout
from styles import STYLES, encoded

SEED = 30_000_001


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    folder = parser.parse_args().output
    pieces = (piece for piece in formulas(SEED, 26, evaluation=True) if len(piece.tokens) >= 12 and piece.tall)
    answers = {}
    for number, (name, draw) in enumerate(STYLES.items()):
        formula = layout(next(pieces), FONTS[number % len(FONTS)])
        (folder / name).write_bytes(encoded(draw(formula), name))
        answers[name] = formula.latex
    text = json.dumps(answers, indent=2, ensure_ascii=False) + "\n"
    (folder / "answers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

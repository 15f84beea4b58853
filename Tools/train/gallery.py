"""Draws the formulas under samples/, none of which any training saw.

`gallery.py -o ../../samples --janus-lite COMMAND -m MODEL.gguf`. For each kind of picture the first formula is taken that
the model reads without doubt: samples show what a reader does, and tests ask for them; how often it errs is in the
model card.
"""

import argparse
import json
import math
import shutil
import subprocess
import tempfile
from pathlib import Path

from formulas import formulas
from layout import FONTS, layout
from styles import STYLES, encoded

SEED = 30_000_001
LEAST = 0.8  # probability of every token


def read(command: Path, model: Path, picture: Path) -> tuple[str, float]:
    """The answer, and the probability of its least certain token."""
    done = subprocess.run(
        [command, "ocr", picture, "-m", model, "--json", "--logprobs", "1"], check=True, stdout=subprocess.PIPE, text=True)
    line = json.loads(done.stdout)
    return line["text"], math.exp(min(place["logprob"] for place in line["logprobs"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--janus-lite", type=Path, required=True, help="the command")
    parser.add_argument("-m", "--model", type=Path, required=True, help="the model file")
    arguments = parser.parse_args()
    pieces = (piece for piece in formulas(SEED, 26, evaluation=True) if len(piece.tokens) >= 12 and piece.tall)
    answers, drawn = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, draw) in enumerate(STYLES.items()):
            while name not in answers:
                formula, drawn = layout(next(pieces), FONTS[number % len(FONTS)]), drawn + 1
                picture = Path(folder) / name
                picture.write_bytes(encoded(draw(formula), name))
                text, certain = read(arguments.janus_lite.resolve(), arguments.model, picture)
                if text == formula.latex and certain >= LEAST:
                    answers[name] = text
        # All of them or none: the pictures and their answers belong together.
        for name in answers:
            shutil.copyfile(Path(folder) / name, arguments.output / name)
    print(f"{len(answers)} of {drawn} formulas taken")
    text = json.dumps(answers, indent=2, ensure_ascii=False) + "\n"
    (arguments.output / "answers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a model claims of pictures that hold no single formula: `strangers.py PICTURES --janus-lite COMMAND -m MODEL.gguf`.

Pages and tables set by LaTeX, photographs (of PyPI's scikit-image), and formulas of PICTURES, a folder that heldout.py wrote: two
side by side, upside down, on their side, cut half-way down their writing. An answer is wrong here unless it is all that the picture shows. Printed
is, for each kind, how many were refused, how many answers were right, and how many wrong ones claimed to be sure.
"""

import argparse
import json
import random
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ground import FAINT
from pictures import by_command, verdict
from transparency import opaque
from writing import ink_of

SEED = 4_242
SURE = 0.9
PHOTOGRAPHS = ["astronaut", "camera", "cat", "coffee", "coins", "brick", "grass", "gravel", "moon", "rocket", "page", "text", "colorwheel", "logo",
               "immunohistochemistry", "hubble_deep_field", "retina"]
PAGE = r"""\documentclass[%s]{%s}\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{lipsum}\usepackage{amsmath}
\pagestyle{empty}\begin{document}%s\end{document}"""


def typeset(body: str, paper: str, kind: str, dots: int, folder: Path) -> Image.Image:
    """A page as pdflatex and poppler's tool show it, cut to its ink and a margin."""
    (folder / "page.tex").write_text(PAGE % (paper, kind, body))
    subprocess.run(["pdflatex", "-interaction=batchmode", "page.tex"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["pdftoppm", "-r", str(dots), "-png", "-f", "1", "-l", "1", "-singlefile", "page.pdf", "page"], cwd=folder, check=True)
    picture = Image.open(folder / "page.png").convert("L")
    box = picture.point(lambda value: 255 * (value < 200)).getbbox()
    return picture.crop((box[0] - 20, box[1] - 20, box[2] + 20, box[3] + 20))


def page(source: random.Random, folder: Path) -> Image.Image:
    first = source.randint(1, 140)
    inner = "" if source.random() < 0.5 else r"\[ \int_0^1 f(x)\,dx = \sum_{k=1}^n a_k \] "
    body = f"\\lipsum[{first}] {inner} \\lipsum[{first + 1}-{first + source.randint(1, 4)}]"
    return typeset(body, source.choice(["10pt", "12pt"]), source.choice(["article", "book"]), source.choice([72, 100, 150]), folder)


def table(source: random.Random, folder: Path) -> Image.Image:
    columns, rows = source.randint(3, 6), source.randint(4, 12)
    words = "alpha beta mass length time value error count rate total".split()
    lines = [" & ".join(source.choice(words) for _ in range(columns))]
    lines += [" & ".join(str(round(source.uniform(-100, 100), source.randint(0, 3))) for _ in range(columns)) for _ in range(rows)]
    rule = source.choice([r"\hline", ""])
    body = f"\\begin{{tabular}}{{{source.choice(['c', '|c'] ) * columns}}}{rule} " + f" \\\\ {rule} ".join(lines) + r"\end{tabular}"
    return typeset(body, "11pt", "article", source.choice([100, 150]), folder)


def photograph(source: random.Random, _: Path) -> Image.Image:
    from skimage import data

    picture = Image.fromarray(getattr(data, source.choice(PHOTOGRAPHS))()).convert("RGB")
    width, height = (max(60, round(side * source.uniform(0.3, 1))) for side in picture.size)
    left, top = source.randint(0, picture.width - width), source.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def beside(one: Image.Image, other: Image.Image) -> Image.Image:
    gap = 2 * max(one.height, other.height)
    sheet = Image.new("RGB", (one.width + gap + other.width, max(one.height, other.height)), one.convert("RGB").getpixel((0, 0)))
    sheet.paste(one, (0, (sheet.height - one.height) // 2))
    sheet.paste(other, (one.width + gap, (sheet.height - other.height) // 2))
    return sheet


def middle(picture: Image.Image) -> int:
    """The line half-way down the writing, wherever it lies in its picture."""
    ink = ink_of(np.asarray(opaque(picture)), level=False)
    lines = np.flatnonzero((ink >= FAINT).any(axis=1))
    return (int(lines[0]) + int(lines[-1]) + 1) // 2


def drawn(count: int, known: list[tuple[Path, str]], folder: Path):
    """Pictures with what they show, empty where that is no formula."""
    source = random.Random(SEED)
    for kind, make in {"page": page, "table": table, "photograph": photograph}.items():
        for _ in range(count):
            yield kind, make(source, folder), ""
    for _ in range(count):
        (one, first), (other, second) = source.sample(known, 2)
        yield "two formulas", beside(Image.open(one), Image.open(other)), f"{first} {second}"
    for kind, turn in {"upside down": Image.Transpose.ROTATE_180, "on its side": Image.Transpose.ROTATE_90}.items():
        for path, latex in source.sample(known, count):
            yield kind, Image.open(path).transpose(turn), latex
    for path, _ in source.sample(known, count):
        picture = Image.open(path)
        yield "cut in the middle", picture.crop((0, 0, picture.width, middle(picture))), ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--janus-lite", type=Path, required=True)
    parser.add_argument("-m", dest="model", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--show", action="store_true", help="print the wrong answers that claimed to be sure")
    arguments = parser.parse_args()
    entries = [json.loads(line) for line in (arguments.pictures / "manifest.jsonl").read_text().splitlines()]
    # A single sign is the same upside down more often than not.
    known = [(arguments.pictures / entry["file"], entry["latex"]) for entry in entries if entry["tokens"] > 3]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shown = []
        for number, (kind, picture, latex) in enumerate(drawn(arguments.count, known, folder)):
            path = folder / f"{number:04}.png"
            picture.save(path)
            shown.append((kind, path, latex))
        answers = by_command(arguments.janus_lite.resolve(), arguments.model, [path for _, path, _ in shown], [])
    print(f"| pictures | count | refused | right | wrong and above {SURE} |\n| --- | --- | --- | --- | --- |")
    results = []
    for (kind, _, latex), answer in zip(shown, answers):
        text = answer.get("text", "")
        right = bool(latex and text) and verdict(latex, text)["exact"]
        wrong = bool(text) and not right and answer.get("confidence", 0) > SURE
        results.append((kind, not text, right, wrong))
        if wrong and arguments.show:
            print(f"{kind}: {answer['confidence']:.3f} {text}")
    for name in [*dict.fromkeys(kind for kind, *_ in results), "all"]:
        group = [one for one in results if name in ("all", one[0])]
        print(f"| {name} | {len(group)} | " + " | ".join(str(sum(one[place] for one in group)) for place in (1, 2, 3))
              + f" ({sum(one[3] for one in group) / len(group):.1%}) |")


if __name__ == "__main__":
    main()

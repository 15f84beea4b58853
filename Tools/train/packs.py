"""Set formulas in a file, for machines without TeX: `packs.py --real FILE --count N -o PACK`.

A pack is a folder with the fonts that its formulas need and the place of every glyph, some 70 bytes a formula, so that half a
million fit in 64 MiB; `train.py --real PACK` draws them afresh each time it shows one.
"""

import argparse
import json
import random
import shutil
from pathlib import Path

import numpy as np

import symbols
import typeset
from corpus import Corpus, trees
from layout import Layout, glyph_box

HALF = 2  # coordinates are kept in 1/200 em
FURTHEST = 16_000  # in 1/100 em


class Pack:
    """Settings by number."""

    def __init__(self, folder: Path):
        self.arrays = dict(np.load(folder / "formulas.npz"))
        description = json.loads((folder / "fonts.json").read_text())
        self.fonts = [(str(folder / "fonts" / name), size) for name, size in description["fonts"]]
        self.tokens = description["tokens"]

    def __len__(self) -> int:
        return len(self.arrays["token_start"]) - 1

    def __getitem__(self, number: int) -> typeset.Setting:
        def part(name: str) -> np.ndarray:
            start = self.arrays[f"{name}_start"]
            return self.arrays[name][start[number]:start[number + 1]]

        glyphs = []
        for font, index, x, y in part("glyph").tolist():
            path, size = self.fonts[font]
            glyphs.append((path, size, index & 0xFFFF, x / HALF, y / HALF))
        rules = [tuple(value / HALF for value in rule) for rule in part("rule").tolist()]
        boxes = dict(enumerate(glyph_box(glyph) for glyph in glyphs))
        tokens = [self.tokens[token] for token in part("token").tolist()]
        points = {token: (x / HALF, y / HALF) for token, x, y in part("point").tolist()}
        return typeset.Setting(number, Layout(tokens, glyphs, rules, boxes), points)


class Writer:
    def __init__(self):
        self.fonts: dict[tuple[str, float], int] = {}
        self.ids = {token: number for number, token in enumerate(symbols.TOKENS)}
        self.rows: dict[str, list] = {name: [] for name in ("token", "glyph", "rule", "point")}
        self.starts: dict[str, list[int]] = {name: [0] for name in self.rows}

    def add(self, setting: typeset.Setting) -> None:
        layout = setting.layout
        if any(max(abs(x), abs(y)) > FURTHEST for *_, x, y in layout.glyphs):
            return
        self.rows["token"] += [self.ids[token] for token in layout.tokens]
        for path, size, index, x, y in layout.glyphs:
            font = self.fonts.setdefault((path, round(size, 2)), len(self.fonts))
            self.rows["glyph"].append((font, index, round(x * HALF), round(y * HALF)))
        self.rows["rule"] += [tuple(round(value * HALF) for value in rule) for rule in layout.rules]
        self.rows["point"] += [(token, round(x * HALF), round(y * HALF)) for token, (x, y) in setting.points.items()]
        for name, rows in self.rows.items():
            self.starts[name].append(len(rows))

    def write(self, folder: Path) -> None:
        (folder / "fonts").mkdir(parents=True, exist_ok=True)
        widths = {"token": (), "glyph": (4,), "rule": (4,), "point": (3,)}
        arrays = {name: np.array(rows, np.int16).reshape(-1, *widths[name]) for name, rows in self.rows.items()}
        arrays |= {f"{name}_start": np.array(starts, np.uint32) for name, starts in self.starts.items()}
        np.savez_compressed(folder / "formulas.npz", **arrays)
        for path, _ in self.fonts:
            shutil.copyfile(path, folder / "fonts" / Path(path).name)
        fonts = [(Path(path).name, size) for path, size in self.fonts]
        (folder / "fonts.json").write_text(json.dumps({"fonts": fonts, "tokens": symbols.TOKENS}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="file of real formulas, one a line")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--longest", type=int, default=150, help="tokens")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    corpus = Corpus(trees(arguments.real), rng.getrandbits(48))
    fonts = typeset.available()
    writer, written = Writer(), 0
    while written < arguments.count:
        pieces = [(*corpus.formula(arguments.longest), rng.random() < 0.5) for _ in range(1000)]
        for one in typeset.typeset(pieces, rng.choices([*fonts], [share for share, _ in fonts.values()])[0]):
            writer.add(one)
        written = len(writer.starts["token"]) - 1
    writer.write(arguments.output)
    print(f"{written} formulas")


if __name__ == "__main__":
    main()

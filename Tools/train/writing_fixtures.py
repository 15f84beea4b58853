"""Pictures of formulas on grounds of many kinds and the ink that writing.py finds, for the runtime's tests.

`writing_fixtures.py -o FOLDER`; the kinds are those of benchmarks/robustness.
"""

import argparse
import io
import random
import sys
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from formulas import formulas
from layout import FONTS, layout
from transparency import opaque
from writing import ink_of

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "robustness"))
import conditions  # noqa: E402


def panel(formula, rng):
    """A field of the page's colour within a coloured panel."""
    _, content = conditions.plain(40, 50)(formula, rng)
    field = Image.open(io.BytesIO(content)).convert("RGB")
    sheet = Image.new("RGB", (field.width + 220, field.height + 180), (255, 255, 255))
    sheet.paste((255, 240, 60), (20, 20, sheet.width - 20, sheet.height - 20))
    sheet.paste(field, (110, 90))
    return "png", conditions.png(np.asarray(sheet).astype(float))[1]


KINDS = {
    "tight": conditions.plain(30, 0),
    "red": conditions.plain(26, 8, (200, 30, 30)),
    "yellow": conditions.compressed(75, 26, pen=(250, 220, 0)),
    "equal": conditions.plain(26, 8, (60, 150, 60), (230, 60, 60)),
    "noise": conditions.noisy(20),
    "faint": conditions.term_in((185,) * 3),
    "orange": conditions.term_in((255, 150, 0), quality=60),
    "marked": conditions.marked((255, 240, 60), quality=60),
    "selected": conditions.marked((0, 100, 220), conditions.WHITE),
    "frame": conditions.framed(1, 0),
    "cell": conditions.framed(2, 3, "ltb", (150,) * 3),
    "box": conditions.boxed_part,
    "edge": conditions.scan_edge(90, 0.08, 1.5),
    "slope": conditions.shadow("slope", quality=70),
    "shadow": conditions.shadow("edge", deviation=6),
    "squared": conditions.ruled((185, 205, 235), squared=True),
    "neighbours": conditions.neighbours,
    "white": conditions.transparent(conditions.WHITE),
    "key": conditions.colour_key(conditions.WHITE, conditions.BLACK),
    "window": conditions.window((28, 30, 38), (225, 225, 230)),
    "turned": conditions.turned(6, fill=conditions.BLACK),
    "photograph": conditions.photograph(4),
    "crossed": conditions.marked((255, 240, 60)),
    "panel": panel,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    pieces = islice(formulas(7, 9), 20, None)
    for number, (name, draw) in enumerate(KINDS.items()):
        ending, content = draw(layout(next(pieces), FONTS[number % len(FONTS)]), random.Random(number))
        (folder / f"{name}.{ending}").write_bytes(content)
        ink = ink_of(np.asarray(opaque(Image.open(io.BytesIO(content)))))
        Image.fromarray(ink).save(folder / f"{name}-ink.png", optimize=True)


if __name__ == "__main__":
    main()

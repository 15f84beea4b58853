"""Pictures of formulas and the pages that page.py makes of them, for the runtime's tests: `page_fixtures.py -o FOLDER`."""

import argparse
import io
from itertools import islice
from pathlib import Path

from PIL import Image

from formulas import formulas
from layout import FONTS, layout
from page import page
from styles import STYLES, encoded, toned

SIDE, THICKNESS = 320, 15
PICTURES = STYLES | {
    "small.png": lambda formula: toned(formula, 9, (255,) * 3, (0,) * 3),
    "tall.png": lambda formula: toned(formula, 60, (255,) * 3, (0,) * 3).transpose(Image.Transpose.ROTATE_90),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    pieces = islice(formulas(5, 14), 40, None)
    for number, (name, draw) in enumerate(PICTURES.items()):
        content = encoded(draw(layout(next(pieces), FONTS[number % len(FONTS)])), name)
        (folder / name).write_bytes(content)
        pixels = page(Image.open(io.BytesIO(content)), SIDE, THICKNESS).pixels
        Image.fromarray(pixels).save(folder / f"{Path(name).stem}-page.png", optimize=True)


if __name__ == "__main__":
    main()

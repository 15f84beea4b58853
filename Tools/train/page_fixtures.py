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
FOLDED = {"wide.png": 30, "wider.jpg": 66, "lines.png": 41, "solid.png": 36, "crowded.png": 24, "short.png": 19}
PICTURES = STYLES | {
    "small.png": lambda formula: toned(formula, 9, (255,) * 3, (0,) * 3),
    "tall.png": lambda formula: toned(formula, 60, (255,) * 3, (0,) * 3).transpose(Image.Transpose.ROTATE_90),
}


def beside(pictures: list[Image.Image], across: bool, gap: int) -> Image.Image:
    """Pictures on one sheet of white, one beside the other or one below the other."""
    widths, heights = ([picture.size[axis] for picture in pictures] for axis in (0, 1))
    size = (sum(widths) + gap * (len(pictures) - 1), max(heights)) if across else (
        max(widths), sum(heights) + gap * (len(pictures) - 1))
    sheet = Image.new("RGB", size, "white")
    at = 0
    for picture, step in zip(pictures, widths if across else heights):
        sheet.paste(picture, (at, 0) if across else (0, at))
        at += step + gap
    return sheet


def folded(name: str, em: int, pieces: list) -> Image.Image:
    """Pictures that are too wide for a page, and one that is not."""
    def drawn(piece):
        return toned(layout(piece, FONTS[em % len(FONTS)]), em, (255,) * 3, (0,) * 3)

    if name.startswith("short"):
        return drawn(pieces[0])
    if name.startswith("solid"):  # a bar that leaves no gap
        picture = beside([drawn(piece) for piece in pieces[:3]], True, 0)
        picture.paste((0, 0, 0), (4, picture.height // 2, picture.width - 4, picture.height // 2 + 2))
        return picture
    lines = [beside([drawn(piece) for piece in pieces[at:at + 3]], True, 2) for at in (0, 3, 6)]
    if name.startswith("lines"):
        return beside(lines, False, 20)
    return beside([beside(lines, True, 0)] * 3, False, 1) if name.startswith("crowded") else lines[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    pieces = islice(formulas(5, 14), 40, None)
    for number, (name, draw) in enumerate(PICTURES.items()):
        content = encoded(draw(layout(next(pieces), FONTS[number % len(FONTS)])), name)
        (folder / name).write_bytes(content)
        write_page(folder, name, page(Image.open(io.BytesIO(content)), SIDE, THICKNESS, folds=False).pixels)
    pieces = list(islice(formulas(5, 30), 60, 69))
    for name, em in FOLDED.items():
        content = encoded(folded(name, em, pieces), name)
        (folder / name).write_bytes(content)
        write_page(folder, name, page(Image.open(io.BytesIO(content)), SIDE).pixels)


def write_page(folder: Path, name: str, pixels) -> None:
    Image.fromarray(pixels).save(folder / f"{Path(name).stem}-page.png", optimize=True)


if __name__ == "__main__":
    main()

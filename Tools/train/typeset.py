"""Formulas set by LaTeX and drawn by dvipng, with the place of every token from the DVI file.

A `\\special` before each leaf tells which token the glyphs after it belong to; it moves nothing. One run sets some hundreds of
formulas in a second.
"""

import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

# Fonts of papers and documentation, and how often each is taken.
FONTS = {
    "cm": (40, ""), "lm": (8, r"\usepackage{lmodern}"),
    "times": (5, r"\usepackage{mathptmx}"), "txfonts": (4, r"\usepackage{txfonts}"), "newtx": (3, r"\usepackage{newtxtext,newtxmath}"),
    "palatino": (6, r"\usepackage{mathpazo}"), "pxfonts": (2, r"\usepackage{pxfonts}"),
    "euler": (4, r"\usepackage{eulervm}"), "concrete": (2, r"\usepackage{concmath}"),
    "cmbright": (2, r"\usepackage{cmbright}"), "libertine": (3, r"\usepackage{libertine}\usepackage[libertine]{newtxmath}"),
    "fourier": (2, r"\usepackage{fourier}"), "stix2": (2, r"\usepackage{stix2}"), "kpfonts": (2, r"\usepackage{kpfonts}"),
}
PREAMBLE = r"""\documentclass{article}%(packages)s\usepackage{amsmath,amssymb,bm}%(font)s
\providecommand\mathscr{\mathcal}\providecommand\leadsto{\rightsquigarrow}
\let\boldsymbol\bm
\begin{document}\hfuzz=\maxdimen\nonstopmode
"""
INK_START = 1 << 16


@dataclass
class Setting:
    """`number` is the formula's; coordinates are in points from the formula's own origin, y downwards."""

    number: int
    places: dict[int, tuple[float, float]]  # token → where to look for it
    left: float
    pixels: np.ndarray  # coverage, 0...255
    height: int  # rows of pixels above the origin
    dpi: float

    def pixel(self, token: int) -> tuple[float, float]:
        x, y = self.places[token]
        return (x - self.left) * self.dpi / 72.27, y * self.dpi / 72.27 + self.height


def available() -> dict[str, tuple[int, str]]:
    """The fonts whose packages are installed."""
    result = {}
    for name, (share, code) in FONTS.items():
        packages = [one for group in re.findall(r"\{([a-z0-9,]+)\}", code) for one in group.split(",")]
        if all(found(f"{package}.sty") for package in packages):
            result[name] = (share, code)
    return result


@lru_cache(maxsize=None)
def found(name: str) -> str:
    return subprocess.run(["kpsewhich", name], stdout=subprocess.PIPE, text=True).stdout.strip()


def typeset(formulas: list[tuple[str, bool]], font: str, dpi: int) -> list[Setting]:
    """Those of the formulas (TeX, whether displayed) that LaTeX sets."""
    folder = Path(tempfile.mkdtemp(prefix="formulas-"))
    try:
        text = [PREAMBLE % {"font": FONTS[font][1], "packages": ""}]
        for number, (tex, display) in enumerate(formulas):
            style = "\\displaystyle " if display else ""
            text.append(f"\\setbox0\\hbox{{$\\special{{formula {number}}}{style}{tex}$}}\\ifdim\\wd0<9000pt \\shipout\\box0 \\fi\n")
        text.append("\\end{document}\n")
        (folder / "a.tex").write_text("".join(text))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        subprocess.run(["latex", "-interaction=nonstopmode", "a.tex"], timeout=300, **quiet)
        if not (folder / "a.dvi").exists():
            return []
        pages = read_dvi((folder / "a.dvi").read_bytes())
        printed = subprocess.run(
            ["dvipng", "-D", str(dpi), "-T", "tight", "--depth", "--height", "-z", "1", "-o", "%d.png", "a.dvi"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, text=True, timeout=300).stdout
        heights = [int(one) for one in re.findall(r"height=(-?\d+)", printed)]
        result = []
        for page, (marks, places, left) in enumerate(pages, 1):
            path = folder / f"{page}.png"
            if page > len(heights) or not path.exists() or not marks:
                continue
            with Image.open(path) as image:
                pixels = 255 - np.asarray(image.convert("L"))
            if pixels.size < 2 or not pixels.any():
                continue
            result.append(Setting(marks[0], places, left, pixels, heights[page - 1], dpi))
        return result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- DVI

def read_dvi(data: bytes) -> list[tuple[list[int], dict[int, tuple[float, float]], float]]:
    """For each page the formulas' numbers, the places of tokens in points, and the left end of what is drawn."""
    at = 0
    numerator, denominator, magnification = struct.unpack_from(">III", data, 2)
    point = numerator / denominator * magnification / 1000 / 254000 * 72.27
    fonts: dict[int, tuple] = {}
    pages = []
    at = 15 + data[14]

    def unsigned(size):
        nonlocal at
        value = int.from_bytes(data[at:at + size], "big")
        at += size
        return value

    def signed(size):
        nonlocal at
        value = int.from_bytes(data[at:at + size], "big", signed=True)
        at += size
        return value

    h = v = w = x = y = z = 0
    stack: list[tuple] = []
    font = None
    page: Marks | None = None
    while at < len(data):
        code = data[at]
        at += 1
        if code < 128 or 128 <= code <= 131 or 133 <= code <= 136:
            char = code if code < 128 else unsigned((code - 127) if code < 132 else (code - 132))
            width, height, depth = metrics(*fonts[font], char)
            page.glyph(h * point, v * point, width, height, depth)
            if code < 133:
                h += round(width / point)
        elif code in (132, 137):
            tall, wide = signed(4), signed(4)
            if tall > 0 and wide > 0:
                page.left = min(page.left, h * point)
            if code == 132:
                h += wide
        elif code == 138:
            pass
        elif code == 139:
            at += 44
            h = v = w = x = y = z = 0
            stack = []
            page = Marks()
        elif code == 140:
            pages.append(page.result())
        elif code == 141:
            stack.append((h, v, w, x, y, z))
        elif code == 142:
            h, v, w, x, y, z = stack.pop()
        elif 143 <= code <= 146:
            h += signed(code - 142)
        elif code == 147:
            h += w
        elif 148 <= code <= 151:
            w = signed(code - 147)
            h += w
        elif code == 152:
            h += x
        elif 153 <= code <= 156:
            x = signed(code - 152)
            h += x
        elif 157 <= code <= 160:
            v += signed(code - 156)
        elif code == 161:
            v += y
        elif 162 <= code <= 165:
            y = signed(code - 161)
            v += y
        elif code == 166:
            v += z
        elif 167 <= code <= 170:
            z = signed(code - 166)
            v += z
        elif 171 <= code <= 234:
            font = code - 171
        elif 235 <= code <= 238:
            font = unsigned(code - 234)
        elif 239 <= code <= 242:
            size = unsigned(code - 238)
            page.special(data[at:at + size].decode("ascii", "replace"), h * point, v * point)
            at += size
        elif 243 <= code <= 246:
            number = unsigned(code - 242)
            at += 4
            scale = unsigned(4)
            at += 4
            area, name = unsigned(1), 0
            name = unsigned(1)
            fonts[number] = (data[at + area:at + area + name].decode("ascii"), scale * point)
            at += area + name
        elif code >= 248:
            break
    return pages


class Marks:
    """Gives each glyph to the latest mark that waits for one."""

    def __init__(self):
        self.formulas: list[int] = []
        self.waiting: list[list] = []  # token, glyphs still to come, their box
        self.places: dict[int, tuple[float, float]] = {}
        self.left = float("inf")
        self.last: tuple[float, float] | None = None

    def glyph(self, x, y, width, height, depth) -> None:
        self.left = min(self.left, x)
        self.last = (x + width / 2, y + (depth - height) / 2)
        if self.waiting:
            waiting = self.waiting[-1]
            box = (x, y - height, x + width, y + depth)
            old = waiting[2]
            waiting[2] = box if old is None else (min(old[0], box[0]), min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3]))
            waiting[1] -= 1
            if waiting[1] <= 0:
                self.settle(self.waiting.pop())

    def settle(self, waiting) -> None:
        token, _, box = waiting
        if box is not None:
            self.places[token] = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def special(self, text: str, x: float, y: float) -> None:
        first, _, what = text.partition(" ")
        if first == "formula":
            self.formulas.append(int(what))
            return
        if not first.isdigit():
            return
        token = int(first)
        if what.isdigit():
            self.waiting.append([token, int(what), None])
        elif what == "b":  # a bar: at the height of the axis, a little to the right
            self.places[token] = (x + 4, y - 2.5)
        elif what == "o":
            self.places[token] = (x + 3, y - 7)
        elif what == "f":
            self.places[token] = (x + 2, y - 2.5)
        elif what[:1] == "e":
            end = int(what[1:])
            for waiting in [one for one in self.waiting if token <= one[0] < end]:
                self.waiting.remove(waiting)
                if waiting[2] is None and self.last:  # of a ligature
                    self.places[waiting[0]] = self.last
                else:
                    self.settle(waiting)

    def result(self):
        for waiting in self.waiting:
            self.settle(waiting)
        return self.formulas, self.places, self.left


@lru_cache(maxsize=None)
def _tfm(name: str) -> tuple:
    path = found(f"{name}.tfm")
    if not path:
        return (0, -1, [], [], [], [])
    data = Path(path).read_bytes()
    _, header, first, last, widths, heights, depths, *_ = struct.unpack_from(">12H", data)
    at = 24 + 4 * header
    info = [data[at + 4 * i:at + 4 * i + 4] for i in range(last - first + 1)]
    at += 4 * (last - first + 1)
    tables = []
    for count in (widths, heights, depths):
        tables.append([value / (1 << 20) for value in struct.unpack_from(f">{count}i", data, at)])
        at += 4 * count
    return (first, last, info, *tables)


@lru_cache(maxsize=100_000)
def metrics(name: str, size: float, char: int) -> tuple[float, float, float]:
    """Width, height and depth of a glyph in points."""
    first, last, info, widths, heights, depths = _tfm(name)
    if not first <= char <= last:
        return 0.0, 0.0, 0.0
    entry = info[char - first]
    return widths[entry[0]] * size, heights[entry[1] >> 4] * size, depths[entry[1] & 15] * size

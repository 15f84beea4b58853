"""Formulas set by LaTeX, with every glyph and the place of every token from the DVI file.

A `\\special` before each leaf tells which token the glyphs after it belong to; it moves nothing. One run sets some hundreds of
formulas in a second. The glyphs are drawn from the outlines of TeX's Type 1 fonts (rendering.py), so that no size is drawn twice.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib.dviread import PsfontsMap, find_tex_file
from matplotlib.ft2font import FT2Font

import dvi
from layout import EM, Layout, glyph_box

# Fonts of papers and documentation, and how often each is taken.
FONTS = {
    "cm": (44, ""), "lm": (8, r"\usepackage{lmodern}"),
    "times": (5, r"\usepackage{mathptmx}"), "txfonts": (4, r"\usepackage{txfonts}"), "newtx": (3, r"\usepackage{newtxtext,newtxmath}"),
    "palatino": (6, r"\usepackage{mathpazo}"), "pxfonts": (2, r"\usepackage{pxfonts}"),
    "euler": (4, r"\usepackage{eulervm}"),
    "cmbright": (2, r"\usepackage{cmbright}"), "libertine": (3, r"\usepackage{libertine}\usepackage[libertine]{newtxmath}"),
    "fourier": (2, r"\usepackage{fourier}"), "kpfonts": (2, r"\usepackage{kpfonts}"),
}
PREAMBLE = r"""\documentclass{article}\usepackage{amsmath}\let\Bbbk\relax\let\openbox\relax%s\usepackage{amssymb,bm,mathrsfs}
\let\boldsymbol\bm
\begin{document}\hfuzz=\maxdimen\nonstopmode
"""
WIDEST = 3000  # points


@dataclass
class Setting:
    """`number` is the formula's; `points` says where each token has its ink, in the layout's coordinates."""

    number: int
    layout: Layout
    points: dict[int, tuple[float, float]]


class Unknown(ValueError):
    """A glyph whose outline is not at hand."""


@lru_cache(maxsize=None)
def available() -> dict[str, tuple[int, str]]:
    """The fonts whose packages are installed."""
    result = {}
    for name, (share, code) in FONTS.items():
        packages = [one for group in re.findall(r"\{([a-z0-9,]+)\}", code) for one in group.split(",")]
        if all(dvi.found(f"{package}.sty") for package in packages):
            result[name] = (share, code)
    return result


def typeset(formulas: list[tuple[list[str], str, bool]], font: str) -> list[Setting]:
    """Those of the formulas (tokens, TeX, whether displayed) that LaTeX sets."""
    folder = Path(tempfile.mkdtemp(prefix="formulas-"))
    try:
        text = [PREAMBLE % FONTS[font][1]]
        for number, (_, tex, display) in enumerate(formulas):
            style = "\\displaystyle " if display else ""
            text.append(f"\\setbox0\\hbox{{$\\special{{formula {number}}}{style}{tex}$}}\\ifdim\\wd0<{WIDEST}pt \\shipout\\box0 \\fi\n")
        text.append("\\end{document}\n")
        (folder / "a.tex").write_text("".join(text))
        subprocess.run(["latex", "-interaction=nonstopmode", "a.tex"], timeout=300, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd=folder)
        path = folder / "a.dvi"
        pages = dvi.read(path.read_bytes()) if path.exists() else []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result = []
    for page in pages:
        try:
            one = setting(page, formulas)
        except Unknown:
            continue
        if one:
            result.append(one)
    return result


def setting(page: dvi.Drawn, formulas: list) -> Setting | None:
    marks = Marks()
    for kind, *values in page.events:
        (marks.glyph if kind == "glyph" else marks.special)(*values)
    points = marks.result()
    if marks.formula is None:
        return None
    unit = EM / 10  # ten points an em
    glyphs = []
    for name, size, code, x, y in page.glyphs:
        file, index, scale = outline(name, code)
        if index is not None:
            glyphs.append((file, size * unit * scale, index, x * unit, y * unit))
    rules = [tuple(value * unit for value in rule) for rule in page.rules]
    if not glyphs and not rules:
        return None
    boxes = dict(enumerate(glyph_box(glyph) for glyph in glyphs))
    return Setting(marks.formula, Layout(formulas[marks.formula][0], glyphs, rules, boxes),
                   {token: (x * unit, y * unit) for token, (x, y) in points.items()})


class Marks:
    """Gives each glyph to the latest mark that waits for one."""

    def __init__(self):
        self.formula: int | None = None
        self.waiting: list[list] = []  # token, glyphs still to come, their box
        self.places: dict[int, tuple[float, float]] = {}
        self.last: tuple[float, float] | None = None

    def glyph(self, x, y, width, height, depth) -> None:
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
            self.formula = int(what)
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

    def result(self) -> dict[int, tuple[float, float]]:
        for waiting in self.waiting:
            self.settle(waiting)
        return self.places


# -- fonts

@lru_cache(maxsize=1)
def fonts_map() -> PsfontsMap:
    return PsfontsMap(find_tex_file("pdftex.map"))


@lru_cache(maxsize=None)
def font_file(name: str) -> tuple[str, list | None, float]:
    """A Type 1 file, the names of the glyphs by code or none for its own encoding, and how much wider than high it is."""
    try:
        entry = fonts_map()[name.encode()]
    except LookupError:
        raise Unknown(name) from None
    if entry.filename is None or entry.effects.get("slant") or not str(entry.filename).endswith((".pfb", ".otf", ".ttf")):
        raise Unknown(name)
    path = entry.filename if Path(entry.filename).is_file() else dvi.found(Path(entry.filename).name)
    if not path:
        raise Unknown(name)
    names = None
    if entry.encoding:
        text = Path(entry.encoding if Path(entry.encoding).is_file() else dvi.found(Path(entry.encoding).name)).read_text("latin-1")
        text = re.sub(r"%.*", "", text)
        names = re.findall(r"/([^\s/\]]+)", text[text.index("["):text.index("]")])
    return str(path), names, 1.0


@lru_cache(maxsize=None)
def _face(path: str) -> FT2Font:
    face = FT2Font(path)
    for charmap in (1094992451, 1094995778):  # Adobe's custom encoding, the standard one
        try:
            face.select_charmap(charmap)
            break
        except (ValueError, RuntimeError):
            continue
    return face


@lru_cache(maxsize=None)
def outline(name: str, code: int) -> tuple[str, int | None, float]:
    """The file and index of a glyph; the index is none for one without ink."""
    path, names, scale = font_file(name)
    face = _face(path)
    if names is not None:
        if code >= len(names) or names[code] == ".notdef":
            raise Unknown(f"{name} {code}")
        index = face.get_name_index(names[code])
    else:
        index = face.get_char_index(code)
    if not index:
        raise Unknown(f"{name} {code}")
    return path, index, scale

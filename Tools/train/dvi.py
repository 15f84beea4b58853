"""What a DVI file draws: glyphs of real fonts, virtual ones written out, rules, and the texts of specials in between."""

import struct
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

POINT = 72.27 / 25.4 / 10_000  # of one 10⁻⁷ m, in which DVI files say what their unit is


@dataclass
class Drawn:
    """A page; lengths in points, y downwards. The order is that of the file."""

    glyphs: list[tuple[str, float, int, float, float]] = field(default_factory=list)  # font, size, code, x, y of the origin
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)  # x0, y0, x1, y1
    # What comes when: ("glyph", x, y, width, height, depth) as TeX sees it, or ("special", text, x, y).
    events: list[tuple] = field(default_factory=list)


@lru_cache(maxsize=None)
def found(name: str) -> str:
    """Where TeX has a file, or nothing."""
    return subprocess.run(["kpsewhich", name], stdout=subprocess.PIPE, text=True).stdout.strip()


class Bytes:
    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def unsigned(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "big")

    def signed(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "big", signed=True)

    def bytes(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size:self.at]


def font_definition(source: Bytes, code: int, first: int, unit: float) -> tuple[int, tuple[str, float]]:
    number = source.unsigned(code - first + 1)
    source.at += 4
    scale = source.unsigned(4)
    source.at += 4
    area, name = source.unsigned(1), source.unsigned(1)
    return number, (source.bytes(area + name)[area:].decode("ascii"), scale * unit)


class Machine:
    """Runs the commands of a DVI file, or of a virtual font's character, which are the same."""

    def __init__(self, drawn: Drawn | None = None):
        self.drawn = drawn or Drawn()
        self.pages: list[Drawn] = []

    def run(self, source: Bytes, unit: float, fonts: dict, font=None, h: float = 0.0, v: float = 0.0, virtual: bool = False) -> None:
        """`unit` in points; positions are kept in points."""
        w = x = y = z = 0.0
        stack: list[tuple] = []
        while source.at < len(source.data):
            code = source.unsigned(1)
            if code < 132 or 133 <= code <= 136:
                char = code if code < 128 else source.unsigned(code - 127 if code < 132 else code - 132)
                name, size = fonts[font]
                width, height, depth = metrics(name, size, char)
                if not virtual:
                    self.drawn.events.append(("glyph", h, v, width, height, depth))
                self.glyph(name, size, char, h, v)
                if code < 133:
                    h += width
            elif code in (132, 137):
                tall, wide = source.signed(4) * unit, source.signed(4) * unit
                if tall > 0 and wide > 0:
                    self.drawn.rules.append((h, v - tall, h + wide, v))
                if code == 132:
                    h += wide
            elif code == 139:
                source.at += 44
                h = v = w = x = y = z = 0.0
                self.drawn = Drawn()
            elif code == 140:
                self.pages.append(self.drawn)
            elif code == 141:
                stack.append((h, v, w, x, y, z))
            elif code == 142:
                h, v, w, x, y, z = stack.pop()
            elif 143 <= code <= 146:
                h += source.signed(code - 142) * unit
            elif 147 <= code <= 151:
                w = w if code == 147 else source.signed(code - 147) * unit
                h += w
            elif 152 <= code <= 156:
                x = x if code == 152 else source.signed(code - 152) * unit
                h += x
            elif 157 <= code <= 160:
                v += source.signed(code - 156) * unit
            elif 161 <= code <= 165:
                y = y if code == 161 else source.signed(code - 161) * unit
                v += y
            elif 166 <= code <= 170:
                z = z if code == 166 else source.signed(code - 166) * unit
                v += z
            elif 171 <= code <= 234:
                font = code - 171
            elif 235 <= code <= 238:
                font = source.unsigned(code - 234)
            elif 239 <= code <= 242:
                text = source.bytes(source.unsigned(code - 238)).decode("latin-1")
                if not virtual:
                    self.drawn.events.append(("special", text, h, v))
            elif 243 <= code <= 246:
                number, defined = font_definition(source, code, 243, unit)
                fonts[number] = defined
            elif code >= 248:
                return

    def glyph(self, name: str, size: float, char: int, h: float, v: float) -> None:
        virtual = virtual_font(name)
        if virtual is None:
            self.drawn.glyphs.append((name, size, char, h, v))
        elif char in virtual[1]:
            # A virtual font's lengths, and the sizes of the fonts in it, are multiples of its own size.
            fonts = {number: (other, scale * size) for number, (other, scale) in virtual[0].items()}
            self.run(Bytes(virtual[1][char]), size / (1 << 20), fonts, next(iter(fonts), None), h, v, virtual=True)


def read(data: bytes) -> list[Drawn]:
    """The pages of a DVI file."""
    numerator, denominator, magnification = struct.unpack_from(">III", data, 2)
    unit = numerator / denominator * magnification / 1000 * POINT
    machine = Machine()
    machine.run(Bytes(data, 15 + data[14]), unit, {})
    return machine.pages


@lru_cache(maxsize=None)
def virtual_font(name: str) -> tuple[dict, dict[int, bytes]] | None:
    """The fonts and characters of a virtual font; none where the font is a real one."""
    path = found(f"{name}.vf")
    if not path:
        return None
    source = Bytes(Path(path).read_bytes(), 2)
    comment = source.unsigned(1)
    source.at += comment + 8
    fonts: dict = {}
    characters: dict[int, bytes] = {}
    while True:
        code = source.unsigned(1)
        if code < 242:
            char = source.unsigned(1)
            source.at += 3
            characters[char] = source.bytes(code)
        elif code == 242:
            size, char = source.unsigned(4), source.unsigned(4)
            source.at += 4
            characters[char] = source.bytes(size)
        elif 243 <= code <= 246:
            number, defined = font_definition(source, code, 243, 1 / (1 << 20))
            fonts[number] = defined
        else:
            return fonts, characters


@lru_cache(maxsize=None)
def _tfm(name: str) -> tuple:
    path = found(f"{name}.tfm")
    if not path:
        return (0, -1, [], [], [], [])
    data = Path(path).read_bytes()
    _, header, first, last, widths, heights, depths, *_ = struct.unpack_from(">12H", data)
    at = 24 + 4 * header
    info = [data[at + 4 * number:at + 4 * number + 4] for number in range(last - first + 1)]
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

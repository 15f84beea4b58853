"""Pictures of formulas under the conditions that people photograph, scan and copy them in.

A condition takes a formula's layout and a random source and gives a file's name ending and content.
"""

import io
import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools" / "train"))

from layout import EM, FONTS, Layout, layout  # noqa: E402
from rendering import ink  # noqa: E402

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def coverage(formula: Layout, em: float = 40, margin: int = 20) -> np.ndarray:
    """Share of ink in each pixel, [height, width]; `rendering.ink` itself leaves 2 pixels, which are taken off."""
    share = ink(formula, em, (margin,) * 4)[0].astype(np.float64) / 255
    rows, columns = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    tight = share[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    return np.pad(tight, margin)


def colours(share: np.ndarray, paper=WHITE, pen=BLACK) -> np.ndarray:
    """[height, width, 3] in 0…255; paper and pen are colours, or one for each pixel."""
    share = share[..., None]
    return np.asarray(paper, np.float64) * (1 - share) + np.asarray(pen, np.float64) * share


def picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def png(values) -> tuple[str, bytes]:
    stream = io.BytesIO()
    (values if isinstance(values, Image.Image) else picture(values)).save(stream, "PNG")
    return "png", stream.getvalue()


def jpeg(values: np.ndarray, quality: int) -> tuple[str, bytes]:
    stream = io.BytesIO()
    picture(values).save(stream, "JPEG", quality=quality)
    return "jpg", stream.getvalue()


def noise(values: np.ndarray, deviation: float, rng: random.Random) -> np.ndarray:
    return values + np.random.default_rng(rng.getrandbits(32)).normal(0, deviation, values.shape)


# What is drawn.

def plain(em: float = 40, margin: int = 20, paper=WHITE, pen=BLACK):
    return lambda formula, rng: png(colours(coverage(formula, em, margin), paper, pen))


def compressed(quality: int, em: float = 40, paper=WHITE, pen=BLACK):
    return lambda formula, rng: jpeg(colours(coverage(formula, em), paper, pen), quality)


def noisy(deviation: float, paper=WHITE, pen=BLACK):
    return lambda formula, rng: png(noise(colours(coverage(formula), paper, pen), deviation, rng))


def lightness(colour) -> np.ndarray:
    """CIE L*a*b*."""
    linear = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.array(colour) / 255])
    xyz = np.array([[.4124, .3576, .1805], [.2126, .7152, .0722], [.0193, .1192, .9505]]) @ linear / [.9505, 1, 1.089]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def any_pair(quality: int | None):
    """Two colours at random that are at least 40 apart in CIE L*a*b*; writing of equal lightness is hard for people, too."""
    def draw(formula, rng):
        while True:
            paper, pen = ([rng.randrange(256) for _ in range(3)] for _ in range(2))
            difference = lightness(paper) - lightness(pen)
            if np.linalg.norm(difference) >= 40 and abs(difference[0]) >= 15:
                break
        values = colours(coverage(formula), paper, pen)
        return jpeg(values, quality) if quality else png(values)
    return draw


def part(share: np.ndarray, rng: random.Random) -> slice:
    """Columns of a part of the formula: a third to a half of its width."""
    inked = np.flatnonzero(share.any(axis=0))
    left, width = inked[0], inked[-1] + 1 - inked[0]
    begin = left + round(width * rng.uniform(0, 0.6))
    return slice(begin, begin + max(8, round(width * rng.uniform(0.3, 0.5))))


def term_in(colour, paper=WHITE, pen=BLACK, quality: int | None = None):
    def draw(formula, rng):
        share = coverage(formula)
        pens = np.empty((*share.shape, 3))
        pens[:] = pen
        pens[:, part(share, rng)] = colour
        values = colours(share, paper, pens)
        return jpeg(values, quality) if quality else png(values)
    return draw


def marked(mark, pen_there=None, paper=WHITE, pen=BLACK, quality: int | None = None):
    """A part lies on another ground, as high as the formula and a little more; its pen may change, too."""
    def draw(formula, rng):
        share = coverage(formula)
        papers, pens = np.empty((*share.shape, 3)), np.empty((*share.shape, 3))
        papers[:], pens[:] = paper, pen
        rows = np.flatnonzero(share.any(axis=1))
        area = slice(max(0, rows[0] - 4), rows[-1] + 5), part(share, rng)
        papers[area] = mark
        if pen_there is not None:
            pens[area] = pen_there
        values = colours(share, papers, pens)
        return jpeg(values, quality) if quality else png(values)
    return draw


def two_grounds(left, right):
    def draw(formula, rng):
        share = coverage(formula)
        papers = np.empty((*share.shape, 3))
        papers[:] = left
        papers[:, part(share, rng).start:] = right
        return png(colours(share, papers, BLACK))
    return draw


def framed(thickness: int, distance: int, sides: str = "lrtb", line=BLACK, paper=WHITE, pen=BLACK, margin: int = 20):
    """Lines at a distance from the picture's edge, from edge to edge where a neighbouring side is missing."""
    def draw(formula, rng):
        values = colours(coverage(formula, margin=margin), paper, pen)
        height, width = values.shape[:2]
        begin, end = distance, distance + thickness
        across = slice(distance if "l" in sides else 0, width - distance if "r" in sides else width)
        down = slice(distance if "t" in sides else 0, height - distance if "b" in sides else height)
        for side in sides:
            place = {"l": (down, slice(begin, end)), "r": (down, slice(width - end, width - begin)),
                     "t": (slice(begin, end), across), "b": (slice(height - end, height - begin), across)}[side]
            values[place] = line
        return png(values)
    return draw


def boxed_part(formula, rng):
    """A thin box around a part, drawn where it comes near no ink."""
    share = coverage(formula, margin=24)
    values = colours(share)
    inked = np.convolve(share.any(axis=0), np.ones(7), "same") > 0
    empty = np.flatnonzero(~inked)
    rows = np.flatnonzero(share.any(axis=1))
    span = part(share, rng)
    left = empty[np.argmin(abs(empty - span.start))]
    right = empty[np.argmin(abs(empty - span.stop))]
    if right <= left + 8:
        left, right = empty[0] + 10, empty[-1] - 10
    top, bottom = rows[0] - 5, rows[-1] + 5
    values[top:bottom + 1, [left, right]] = (200, 0, 0)
    values[[top, bottom], left:right + 1] = (200, 0, 0)
    return png(values)


def scan_edge(shade: int, share_of_side: float, soft: float = 0):
    """A dark strip along one side, as scanners leave."""
    def draw(formula, rng):
        values = colours(coverage(formula, margin=30), (250,) * 3, (20,) * 3)
        height, width = values.shape[:2]
        side = rng.choice("lrtb")
        length = max(3, round((width if side in "lr" else height) * share_of_side))
        length = min(length, 24)
        strip = np.zeros((height, width))
        strip[{"l": np.s_[:, :length], "r": np.s_[:, -length:], "t": np.s_[:length], "b": np.s_[-length:]}[side]] = 1
        if soft:
            strip = np.asarray(picture(strip * 255).filter(ImageFilter.GaussianBlur(soft))) / 255
        return png(colours(strip, values, (shade,) * 3))
    return draw


def shadow(kind: str, darkest: float = 0.5, quality: int | None = None, deviation: float = 0, paper=(240, 238, 230)):
    """Light that falls off: across the picture, from a corner, or behind an edge of a few pixels."""
    def draw(formula, rng):
        values = colours(coverage(formula, 44, 30), paper, (30, 30, 36))
        height, width = values.shape[:2]
        y, x = np.mgrid[:height, :width]
        angle = rng.uniform(0, 2 * np.pi)
        along = (x - width / 2) / width * np.cos(angle) + (y - height / 2) / height * np.sin(angle)
        if kind == "slope":
            light = np.interp(along, [-0.5, 0.5], [darkest, 1])
        elif kind == "vignette":
            distance = np.hypot((x - width * rng.uniform(.3, .7)) / width, (y - height / 2) / height)
            light = np.interp(distance, [0.1, 0.7], [1, darkest])
        else:
            edge = (x - width * rng.uniform(.3, .7)) * np.cos(angle / 4) + (y - height / 2) * np.sin(angle / 4)
            light = np.interp(edge, [-6, 6], [darkest, 1])
        values = values * light[..., None]
        if deviation:
            values = noise(values, deviation, rng)
        return jpeg(values, quality) if quality else png(values)
    return draw


def ruled(colour, thickness: int = 1, squared: bool = False, paper=(252, 250, 244)):
    """Paper with rules an em or two apart, behind the writing."""
    def draw(formula, rng):
        share = coverage(formula, margin=26)
        values = colours(share, paper, (20, 20, 60))
        gap = rng.randint(18, 24) if squared else rng.randint(34, 48)
        lines = np.zeros(share.shape)
        for start in range(rng.randrange(gap), share.shape[0], gap):
            lines[start:start + thickness] = 1
        if squared:
            for start in range(rng.randrange(gap), share.shape[1], gap):
                lines[:, start:start + thickness] = 1
        papers = colours(lines, paper, colour)
        return png(colours(share, papers, (20, 20, 60)))
    return draw


def neighbours(formula, rng):
    """The line above and the line below show at the edges, cut."""
    from formulas import formulas
    share = coverage(formula, margin=18)
    values = np.zeros(share.shape)
    for side in rng.sample(["top", "bottom"], rng.randint(1, 2)):
        line = np.zeros(0)
        while line.size == 0 or line.shape[1] < share.shape[1] * 0.6:
            other = coverage(layout(next(formulas(rng.getrandbits(32), 12)), rng.choice(FONTS)), margin=0)
            line = other if line.size == 0 else beside(line, other)
        line = line[:, :share.shape[1] - 4]
        shown = min(rng.randint(3, 9), line.shape[0])
        left = rng.randrange(share.shape[1] - line.shape[1])
        if side == "top":
            values[:shown, left:left + line.shape[1]] = line[-shown:]
        else:
            values[-shown:, left:left + line.shape[1]] = line[:shown]
    return png(colours(np.maximum(share, values)))


def beside(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    height = max(a.shape[0], b.shape[0])
    a, b = (np.pad(one, ((height - one.shape[0], 0), (0, 12))) for one in (a, b))
    return np.hstack([a, b])


def transparent(pen, levels: int = 255):
    def draw(formula, rng):
        share = (coverage(formula) * levels).round().astype(np.uint8)
        layers = [np.full_like(share, value) for value in pen] + [share]
        return png(Image.fromarray(np.dstack(layers), "RGBA"))
    return draw


def colour_key(pen, key):
    def draw(formula, rng):
        values = picture(colours(coverage(formula), key, pen))
        stream = io.BytesIO()
        values.save(stream, "PNG", transparency=key)
        return "png", stream.getvalue()
    return draw


def window(paper, pen, rim: int = 18, radius: int = 8):
    """A window's picture: round corners and a shadow around it, transparent outside."""
    def draw(formula, rng):
        values = colours(coverage(formula, margin=24), paper, pen)
        height, width = values.shape[:2]
        y, x = np.mgrid[:height, :width]
        corner = np.hypot(np.maximum(0, radius - np.minimum(x, width - 1 - x)), np.maximum(0, radius - np.minimum(y, height - 1 - y)))
        inside = np.pad((radius + 0.5 - corner).clip(0, 1), rim)
        shade = np.asarray(picture(inside * 255).filter(ImageFilter.GaussianBlur(rim / 3))) / 255 * 0.4
        alpha = inside + (1 - inside) * shade
        full = np.zeros((*alpha.shape, 4))
        full[rim:-rim, rim:-rim, :3] = values
        full[..., :3] *= (inside / np.maximum(alpha, 1e-9))[..., None]
        full[..., 3] = alpha * 255
        return png(Image.fromarray(full.round().clip(0, 255).astype(np.uint8), "RGBA"))
    return draw


def turned(degrees: float, fill=None, quality: int | None = None):
    """Turned one way or the other; `fill` is the colour of the corners, by default the paper's."""
    def draw(formula, rng):
        sign = rng.choice([-1, 1])
        paper = (255, 255, 255)
        whole = picture(colours(coverage(formula, 44, 24), paper))
        whole = whole.rotate(sign * degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=fill or paper)
        return jpeg(np.asarray(whole, np.float64), quality) if quality else png(whole)
    return draw


def photograph(degrees: float):
    """A shadow, a turn, blur, noise and JPEG together."""
    def draw(formula, rng):
        share = picture(coverage(formula, 48, 40) * 255).rotate(
            rng.uniform(-degrees, degrees), Image.Resampling.BICUBIC, expand=True)
        share = np.asarray(share.filter(ImageFilter.GaussianBlur(0.8)), np.float64) / 255
        values = colours(share, (225, 220, 208), (52, 50, 58))
        height, width = share.shape
        y, x = np.mgrid[:height, :width]
        angle = rng.uniform(0, 2 * np.pi)
        along = (x - width / 2) / width * np.cos(angle) + (y - height / 2) / height * np.sin(angle)
        values *= np.interp(along, [-0.5, 0.5], [0.6, 1.05])[..., None]
        return jpeg(noise(values, 4, rng), 75)
    return draw


CONDITIONS = {
    "black on white, 40 pixels an em": plain(),
    **{f"{em} pixels an em": plain(em) for em in (16, 18, 22, 30, 64, 100, 160)},
    **{f"padding {margin}": plain(margin=margin) for margin in (0, 1, 2, 5, 80)},
    "padding 0, 20 pixels an em": plain(20, 0),
    "padding 0, 100 pixels an em": plain(100, 0),
    "padding 80, 18 pixels an em": plain(18, 80),
    **{f"JPEG {quality}": compressed(quality) for quality in (50, 75, 90)},
    "JPEG 50, 24 pixels an em": compressed(50, 24),
    "white on black": plain(paper=BLACK, pen=WHITE),
    "dark mode, JPEG 70": compressed(70, paper=(30, 30, 34), pen=(220, 220, 224)),
    **{f"noise {deviation}": noisy(deviation) for deviation in (5, 10, 20)},
    "black on mid grey": plain(paper=(120,) * 3),
    "white on mid grey": plain(paper=(140,) * 3, pen=WHITE),
    "black on red": plain(paper=(200, 30, 30)),
    "black on blue, JPEG 60": compressed(60, paper=(60, 90, 200)),
    "white on sky blue": plain(paper=(135, 206, 235), pen=WHITE),
    "yellow on white": plain(pen=(255, 230, 0)),
    "yellow on white, JPEG 75": compressed(75, pen=(250, 220, 0)),
    "red on green of one lightness": plain(paper=(60, 150, 60), pen=(230, 60, 60)),
    "grey on black, noise 8": noisy(8, BLACK, (120,) * 3),
    "any two colours": any_pair(None),
    "any two colours, JPEG 70": any_pair(70),
    "a term in orange": term_in((255, 150, 0)),
    "a term in light grey": term_in((170,) * 3),
    "a term in red, JPEG 60": term_in((220, 30, 30), quality=60),
    "a term in yellow on dark": term_in((255, 220, 60), (20, 24, 30), (150, 150, 160)),
    "a part on yellow": marked((255, 240, 60)),
    "a part on yellow, JPEG 60": marked((255, 240, 60), quality=60),
    "a part on grey": marked((190,) * 3),
    "a part selected, white on blue": marked((0, 100, 220), WHITE),
    "a part selected, black on blue": marked((60, 140, 250)),
    "a part selected, JPEG 75": marked((0, 100, 220), WHITE, quality=75),
    "a part selected in dark mode": marked((210, 210, 220), BLACK, (24, 24, 30), (230,) * 3),
    "two grounds": two_grounds((255, 255, 255), (170, 200, 240)),
    "a frame of 1 at the edge": framed(1, 0),
    "a frame of 3 at the edge": framed(3, 0),
    "a frame of 1, 6 from the edge": framed(1, 6),
    "a frame of 2, 5 from the edge, grey": framed(2, 5, line=(150,) * 3),
    "a frame in dark mode": framed(2, 3, line=(200,) * 3, paper=BLACK, pen=WHITE),
    "a cell without its right side": framed(1, 3, "ltb"),
    "a corner of a cell": framed(1, 2, "lt"),
    "lines at left and right": framed(1, 0, "lr"),
    "a line below": framed(1, 1, "b"),
    "a box around a part": boxed_part,
    "a scan's dark edge": scan_edge(20, 0.05),
    "a scan's grey edge, soft": scan_edge(90, 0.08, 1.5),
    "a shadow, slope": shadow("slope"),
    "a shadow, vignette": shadow("vignette"),
    "a shadow with an edge": shadow("edge"),
    "a shadow, slope, JPEG 70": shadow("slope", quality=70),
    "a shadow, slope, noise 8": shadow("slope", deviation=8),
    "ruled paper, light blue": ruled((170, 200, 235)),
    "ruled paper, dark": ruled((120, 130, 160)),
    "squared paper": ruled((185, 205, 235), squared=True),
    "neighbouring lines at the edge": neighbours,
    "black on transparent": transparent(BLACK),
    "white on transparent": transparent(WHITE),
    "yellow on transparent": transparent((255, 220, 60)),
    "grey on transparent": transparent((128, 128, 128)),
    "a colour key, white writing": colour_key(WHITE, BLACK),
    "a colour key, black writing": colour_key(BLACK, WHITE),
    "a dark window with a transparent rim": window((28, 30, 38), (225, 225, 230)),
    "a light window with a transparent rim": window((250, 250, 250), (30, 30, 30)),
    **{f"turned by {degrees}°": turned(degrees) for degrees in (1, 2, 3, 5, 7, 10)},
    "turned by 4°, black corners": turned(4, fill=BLACK),
    "turned by 5°, JPEG 70": turned(5, quality=70),
    "a photograph": photograph(0),
    "a photograph, turned by up to 4°": photograph(4),
}

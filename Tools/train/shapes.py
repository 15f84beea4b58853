"""Pictures of one coloured shape with their captions, and the checker that says whether a picture keeps to a caption."""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIDE = 160  # pixels
COLOURS = {
    "red": (220, 40, 40), "green": (40, 170, 70), "blue": (50, 80, 220), "yellow": (245, 215, 50),
    "white": (245, 245, 245), "black": (20, 20, 20), "purple": (140, 60, 190), "orange": (245, 140, 30),
}
SHAPES = ["circle", "square", "triangle", "ring"]
SIZES = {"small": 24, "": 36, "large": 50}
POSITIONS = {
    "": (0, 0), "on the left": (-1, 0), "on the right": (1, 0), "at the top": (0, -1), "at the bottom": (0, 1),
}
# A scene's five choices.
CHOICES = {"shape": SHAPES, "colour": list(COLOURS), "background": list(COLOURS), "size": list(SIZES),
           "position": list(POSITIONS)}
WORDS = sorted({*COLOURS, *SHAPES, *(s for s in SIZES if s), *"on the left right at top bottom background".split()})


@dataclass(frozen=True)
class Scene:
    shape: str
    colour: str
    background: str
    size: str = ""
    position: str = ""

    @property
    def caption(self) -> str:
        words = ["a", self.size, self.colour, self.shape, self.position, "on a", self.background, "background"]
        return " ".join(word for word in words if word)

    @property
    def radius(self) -> int:
        return SIZES[self.size]

    @property
    def centre(self) -> tuple[float, float]:
        reach = SIDE / 2 - self.radius - 6
        x, y = POSITIONS[self.position]
        return SIDE / 2 + x * reach, SIDE / 2 + y * reach


def random_scene(rng: random.Random) -> Scene:
    colour, background = rng.sample(list(COLOURS), 2)
    return Scene(rng.choice(SHAPES), colour, background, rng.choice(list(SIZES)), rng.choice(list(POSITIONS)))


def paint(scene: Scene, rng: random.Random) -> Image.Image:
    """The scene with a little freedom in place, size and colour, antialiased."""
    scale = 2
    x, y = (value + rng.uniform(-3, 3) for value in scene.centre)
    radius = scene.radius + rng.uniform(-2, 2)
    background, colour = (tuple(min(255, max(0, value + rng.randint(-8, 8))) for value in COLOURS[name])
                          for name in (scene.background, scene.colour))
    image = Image.new("RGB", (SIDE * scale, SIDE * scale), background)
    pen = ImageDraw.Draw(image)
    x, y, radius = x * scale, y * scale, radius * scale
    box = (x - radius, y - radius, x + radius, y + radius)
    if scene.shape == "circle":
        pen.ellipse(box, fill=colour)
    elif scene.shape == "ring":
        pen.ellipse(box, fill=colour)
        inner = radius * 0.55
        pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=background)
    elif scene.shape == "square":
        side = radius * 0.9
        pen.rectangle((x - side, y - side, x + side, y + side), fill=colour)
    else:
        pen.polygon([(x, box[1]), (box[0], box[3]), (box[2], box[3])], fill=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


def seen(image: Image.Image) -> Scene | None:
    """The scene that a picture shows, by counting pixels; None where no single shape stands out."""
    pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)).astype(int)
    names, values = list(COLOURS), np.array(list(COLOURS.values()))
    nearest = np.abs(pixels[:, :, None] - values).sum(-1).argmin(-1)
    edge = np.concatenate([nearest[0], nearest[-1], nearest[:, 0], nearest[:, -1]])
    background = np.bincount(edge, minlength=len(names)).argmax()
    counts = np.bincount(nearest.ravel(), minlength=len(names))
    counts[background] = 0
    colour = counts.argmax()
    mask = nearest == colour
    ys, xs = np.nonzero(mask)
    if len(ys) < 240:
        return None
    top, bottom = np.percentile(ys, [1, 99])
    left, right = np.percentile(xs, [1, 99])
    height, width = bottom - top + 1, right - left + 1
    cx, cy = (left + right) / 2, (top + bottom) / 2
    filled = len(ys) / (height * width)
    middle = mask[int(cy) - 4:int(cy) + 5, int(cx) - 4:int(cx) + 5].mean()
    upper = mask[int(top):int(top) + max(2, int(height * 0.25)), int(left):int(right) + 1].mean()
    if middle < 0.5:
        shape = "ring"
    elif filled > 0.9:
        shape = "square"
    else:
        shape = "triangle" if upper < 0.35 else "circle"
    radius = max(height, width) / 2 / (0.9 if shape == "square" else 1)
    size = min(SIZES, key=lambda name: abs(SIZES[name] - radius))
    scenes = [Scene(shape, names[colour], names[background], size, position) for position in POSITIONS]
    return min(scenes, key=lambda scene: abs(scene.centre[0] - cx) + abs(scene.centre[1] - cy))


def keeps_to(image: Image.Image, scene: Scene) -> bool:
    """Shape, colours and position as the caption says; the size is not judged."""
    found = seen(image)
    same = ["shape", "colour", "background", "position"]
    return found is not None and all(getattr(found, name) == getattr(scene, name) for name in same)

"""Pictures by integer formula, so that any language can draw the same ones, and deepseek's pre-processing of them."""

import numpy as np
from PIL import Image

# name → width, height, kind
PICTURES = {
    "waves": (96, 64, 0),
    "bricks": (40, 70, 1),
    "rings": (64, 64, 2),
}


def draw(name: str) -> Image.Image:
    """The RGB picture `name`; every channel of every pixel is an integer expression of x and y, modulo 256."""
    width, height, kind = PICTURES[name]
    y, x = np.mgrid[0:height, 0:width]
    if kind == 0:
        channels = [x * 5 + y, y * 7 + x * x // 16, (x + y) * 3]
    elif kind == 1:
        brick = (x // 8 + y // 10) % 2
        channels = [brick * 180 + 40, 200 - brick * 130, (x * y) // 8]
    else:
        square = (x - 32) * (x - 32) + (y - 32) * (y - 32)
        channels = [square // 3, 255 - square // 8 % 256, 90 + square // 64 % 2 * 120]
    return Image.fromarray(np.stack([channel % 256 for channel in channels], axis=-1).astype(np.uint8))


def preprocess(image: Image.Image, size: int) -> np.ndarray:
    """deepseek's VLMImageProcessor: [3, size, size] float32 in -1...1.

    The long side becomes `size`, the short one is rounded down (not below 14); bicubic on 8-bit pixels, centred on
    grey 127; rescaled in double precision, normalised in single. (transformers' own processor rounds the short side
    to nearest and differs by a pixel for about half of all pictures.)
    """
    image = image.convert("RGB")
    width, height = image.size
    longest = max(width, height)
    fitted = tuple(max(int(side / longest * size), 14) for side in (width, height))
    if fitted != image.size:
        image = image.resize(fitted, Image.Resampling.BICUBIC)
    canvas = Image.new("RGB", (size, size), (127, 127, 127))
    canvas.paste(image, ((size - fitted[0]) // 2, (size - fitted[1]) // 2))
    pixels = np.asarray(canvas).transpose(2, 0, 1).astype(np.float64) * 0.00392156862745098
    return (pixels.astype(np.float32) - np.float32(0.5)) / np.float32(0.5)


if __name__ == "__main__":
    import sys
    from pathlib import Path

    for name in PICTURES:
        draw(name).save(Path(sys.argv[1]) / f"{name}.png", optimize=True)

"""Makes Tests/ImagesTests/Fixtures: small picture files and what Pillow makes of them.

Needs Pillow and numpy. The PNG files are written here byte by byte, without libpng, so that every colour type, bit
depth and interlacing occurs; their pixels are computed from the samples and must agree with Pillow's. The JPEG files
are written by Pillow, some then patched. Large pictures are not stored: `pattern` is an integer formula, which the
Swift tests repeat, and only the SHA-256 of what Pillow makes of it is kept.

    python Tools/reference/make_image_fixtures.py
"""

import hashlib
import io
import json
import pathlib
import struct
import sys
import zlib

import numpy
import PIL
from PIL import Image, ImageOps, features

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "train"))
from transparency import laid_out  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "ImagesTests" / "Fixtures"


def pattern(width, height, seed=0):
    """uint8 [height, width, 3]: tiles of noise, gradients and black-and-white dots."""
    y, x, c = numpy.meshgrid(
        numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij"
    )
    mask = 0xFFFFFFFF
    h = (x * 0x9E3779B1 + y * 0x85EBCA77 + c * 0xC2B2AE3D + seed * 0x27D4EB2F) & mask
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & mask
    h ^= h >> 12
    tile = ((x >> 4) + (y >> 4) + seed) % 3
    gradient = (x * 5 + y * 3 + c * 40) & 255
    dots = numpy.where(h & 0x100, 255, 0)
    return numpy.choose(tile, [h & 255, gradient, dots]).astype(numpy.uint8)


def sha256(array):
    return hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()


def resize(image, width, height):
    """Horizontal pass, then vertical pass, as Pillow's resize does in every version before 13.

    Pillow 13 takes the cheaper order, which changes single pixels by one step where it is the other one. The
    published models were made with the older order. Each call here changes one axis only, so that the order is the
    same with every version.
    """
    return image.resize((width, image.height), Image.BICUBIC).resize((width, height), Image.BICUBIC)


# ---- PNG, written by hand ----

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def packed_rows(samples, depth):
    """Filter 0 rows of [height, width, channels] samples."""
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        elif depth == 8:
            data = row.astype(numpy.uint8).tobytes()
        else:
            bits = "".join(format(int(value), f"0{depth}b") for value in row)
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        rows += b"\0" + data
    return rows


def png(samples, colour, depth, interlaced=False, palette=None, transparency=None, extra=b""):
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    if interlaced:
        data = b""
        for x, y, dx, dy in ADAM7:
            part = samples[y::dy, x::dx]
            if part.size:
                data += packed_rows(part, depth)
    else:
        data = packed_rows(samples, depth)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    if palette is not None:
        file += chunk(b"PLTE", palette.astype(numpy.uint8).tobytes())
    if transparency is not None:
        file += chunk(b"tRNS", transparency)
    # Two IDAT chunks, because real files have many.
    stream = zlib.compress(data, 9)
    middle = len(stream) // 2
    return file + chunk(b"IDAT", stream[:middle]) + chunk(b"IDAT", stream[middle:]) + chunk(b"IEND", b"")


def over_ground(rgb, alpha):
    """Laid over the ground that the writing stands out from; see Tools/train/transparency.py."""
    return laid_out(numpy.concatenate([rgb, alpha], axis=-1).astype(numpy.uint8))


def expected_png(samples, colour, depth, palette, transparent, alphas):
    """The pixels by the PNG specification; 16 bits keep the high byte."""
    samples = samples.astype(int)
    to_byte = (lambda v: v >> 8) if depth == 16 else (lambda v: v * 255 // (2**depth - 1))
    opaque = numpy.full(samples.shape[:2] + (1,), 255)
    if colour == PALETTE:
        rgb = palette[samples[..., 0]]
        table = numpy.full(256, 255)
        if alphas is not None:
            table[: len(alphas)] = alphas
        alpha = table[samples]
    elif colour in (GREY_ALPHA, RGBA):
        rgb, alpha = to_byte(samples[..., :-1]), to_byte(samples[..., -1:])
    else:
        rgb, alpha = to_byte(samples), opaque
        if transparent is not None:
            alpha = numpy.where((samples == transparent).all(-1, keepdims=True), 0, 255)
    rgb = numpy.broadcast_to(rgb, samples.shape[:2] + (3,))
    return over_ground(rgb, alpha)


def pillow_png(file):
    image = Image.open(io.BytesIO(file))
    image.load()
    return laid_out(numpy.array(image.convert("RGBA")))


def png_files():
    """Yields name, bytes, pixels."""
    random = numpy.random.RandomState(11)
    names = {GREY: "grey", RGB: "rgb", PALETTE: "palette", GREY_ALPHA: "grey-alpha", RGBA: "rgba"}
    depths = {GREY: [1, 2, 4, 8, 16], RGB: [8, 16], PALETTE: [1, 2, 4, 8], GREY_ALPHA: [8, 16], RGBA: [8, 16]}
    for colour, name in names.items():
        for depth in depths[colour]:
            for interlaced in (False, True):
                for keyed in (False, True):
                    if keyed and colour in (GREY_ALPHA, RGBA):
                        continue
                    width, height = (13, 11) if interlaced else (11, 7)
                    shape = (height, width, CHANNELS[colour])
                    colours = min(2**depth, 200) if colour == PALETTE else 2**depth
                    samples = random.randint(0, colours, shape)
                    palette = random.randint(0, 256, (colours, 3)) if colour == PALETTE else None
                    transparent = alphas = transparency = None
                    if keyed and colour == PALETTE:
                        alphas = random.randint(0, 256, max(1, colours - 1))
                        transparency = bytes(alphas.tolist())
                    elif keyed:
                        transparent = samples[2, 3].copy()
                        transparency = transparent.astype(">u2").tobytes()
                        if depth == 16:
                            # Same high byte as the transparent value, another low byte: stays opaque.
                            samples[3, 3] = transparent ^ 1
                    file = png(samples, colour, depth, interlaced, palette, transparency)
                    pixels = expected_png(samples, colour, depth, palette, transparent, alphas)
                    # Pillow clips 16-bit grey instead of keeping its high byte, and compares the transparent
                    # value with samples already scaled to 8 bits; there the specification alone decides.
                    differs = depth == 16 and colour == GREY or keyed and colour != PALETTE and depth != 8
                    if not differs:
                        assert (pixels == pillow_png(file)).all(), (name, depth, interlaced, keyed)
                    yield "".join(
                        [name, f"-{depth}", "-trns" * keyed, "-interlaced" * interlaced, ".png"]
                    ), file, pixels

    samples = pattern(24, 16).astype(int)
    # Gamma, a broken colour profile, compressed text: read past, without effect on the pixels.
    extra = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"iCCP", b"bad\0\0nothing")
    extra += chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 1000))
    file = png(samples, RGB, 8, extra=extra)
    yield "rgb-8-metadata.png", file, samples.astype(numpy.uint8)
    yield "rgb-8-trailing.png", png(samples, RGB, 8) + b"trailing bytes", samples.astype(numpy.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    tiff = exif.tobytes()
    tiff = tiff[6:] if tiff.startswith(b"Exif\0\0") else tiff
    file = png(samples, RGB, 8, extra=chunk(b"eXIf", tiff))
    pixels = numpy.array(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    assert pixels.shape == (24, 16, 3)
    yield "rgb-8-exif-6.png", file, pixels
    one = numpy.array([[[7, 8, 9]]])
    yield "rgb-8-one-pixel-interlaced.png", png(one, RGB, 8, True), one.astype(numpy.uint8)


# ---- JPEG, written by Pillow ----


def jpeg(array, mode="RGB", **options):
    stream = io.BytesIO()
    Image.fromarray(array).convert(mode).save(stream, "JPEG", **options)
    return stream.getvalue()


def smooth(width, height, seed):
    """A pattern without its finest detail, so that the files stay small."""
    image = Image.fromarray(pattern(width // 3 + 1, height // 3 + 1, seed))
    return numpy.array(resize(image, width, height))


def cmyk_jpeg(width, height):
    array = numpy.concatenate([smooth(width, height, 7), smooth(width, height, 8)[..., :1]], -1)
    stream = io.BytesIO()
    Image.fromarray(array, "CMYK").save(stream, "JPEG", quality=80)
    return stream.getvalue()


def adobe_marker(file):
    start = file.index(b"\xff\xee\x00\x0eAdobe")
    return start, start + 16


def jpeg_files():
    """Yields name, bytes."""
    yield "grey.jpg", jpeg(smooth(37, 29, 1), "L")
    yield "rgb-444.jpg", jpeg(smooth(37, 29, 2), quality=85, subsampling=0)
    yield "rgb-422.jpg", jpeg(smooth(37, 29, 3), quality=70, subsampling=1)
    yield "rgb-420.jpg", jpeg(smooth(37, 29, 4), quality=70, subsampling=2)
    # 4:2:2 and 4:4:0 have as many blocks in each unit: of a square picture only the order differs.
    file = bytearray(jpeg(smooth(32, 32, 3), quality=70, subsampling=1))
    factors = file.index(b"\xff\xc0") + 11
    assert file[factors] == 0x21
    file[factors] = 0x12
    yield "rgb-440.jpg", bytes(file)
    yield "rgb-420-progressive.jpg", jpeg(smooth(37, 29, 5), quality=60, progressive=True)
    yield "grey-progressive.jpg", jpeg(smooth(37, 29, 5), "L", quality=60, progressive=True)
    yield "rgb-restart.jpg", jpeg(smooth(37, 29, 6), quality=60, restart_marker_rows=1)
    yield "rgb-adobe.jpg", jpeg(smooth(21, 19, 6), quality=75, keep_rgb=True)
    yield "rgb-one-pixel.jpg", jpeg(pattern(1, 1))
    yield "rgb-narrow.jpg", jpeg(pattern(1, 40), quality=40)
    yield "rgb-trailing.jpg", jpeg(smooth(17, 9, 2), quality=50) + b"trailing bytes"
    cmyk = cmyk_jpeg(21, 19)
    yield "cmyk.jpg", cmyk
    start, end = adobe_marker(cmyk)
    yield "cmyk-no-adobe.jpg", cmyk[:start] + cmyk[end:]
    assert cmyk[end - 1] == 0
    yield "ycck.jpg", cmyk[: end - 1] + b"\x02" + cmyk[end:]
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        magic = b"II" if order == "<" else b"MM"
        entries = struct.pack(order + "HHIHH", 0x0100, 3, 1, 24, 0)
        entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
        tiff = magic + struct.pack(order + "HIH", 42, 8, 2) + entries + b"\0" * 4
        file = jpeg(smooth(24, 17, 9), "L", quality=50, exif=b"Exif\0\0" + tiff)
        yield f"exif-{orientation}.jpg", file


def pillow_jpeg(file):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    return numpy.array(image.convert("RGB"))


# ---- Resizing and pre-processing ----

RESIZED = [
    (100, 100, 50, 50), (100, 100, 200, 200), (64, 48, 63, 48), (64, 48, 64, 47), (64, 48, 64, 48),
    (1, 1, 7, 5), (1, 50, 20, 3), (50, 1, 3, 20), (2, 2, 3, 3), (3, 3, 2, 2), (17, 31, 97, 11),
    (300, 7, 13, 7), (7, 300, 7, 13), (255, 257, 128, 129), (640, 427, 384, 256), (5, 5, 384, 384),
    (1000, 3, 1, 1), (123, 456, 321, 654), (33, 33, 32, 34), (799, 601, 100, 75),
]

HALF = [0.5, 0.5, 0.5]
CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]

# width, height, image size
PREPROCESSED = [
    (384, 384, 384), (640, 427, 384), (427, 640, 384), (1000, 1000, 384), (383, 385, 384), (385, 383, 384),
    (384, 100, 384), (100, 384, 384), (20, 20, 384), (1, 1, 384), (1, 500, 384), (500, 1, 384),
    (2000, 20, 384), (20, 2000, 384), (768, 768, 384), (769, 767, 384), (237, 61, 384), (61, 237, 384),
    (1024, 575, 384), (333, 512, 384), (191, 193, 384), (3, 7, 384), (640, 480, 224), (481, 639, 224),
    (224, 224, 224), (112, 225, 224), (5, 900, 224), (100, 99, 56), (55, 57, 56), (301, 200, 28),
    (28, 28, 28), (27, 1, 28), (1500, 400, 384), (399, 1201, 384), (97, 89, 17),
]


def preprocess(array, size, min_size, mean, std, normalises):
    """deepseek's VLMImageProcessor, with the arithmetic of transformers' rescale and normalize."""
    height, width = array.shape[:2]
    longer = max(width, height)
    new_height = max(int(height / longer * size), min_size)
    new_width = max(int(width / longer * size), min_size)
    image = Image.fromarray(array)
    if (new_width, new_height) != image.size:
        image = resize(image, new_width, new_height)
    square = Image.new("RGB", (size, size), tuple(int(x * 255) for x in mean))
    square.paste(image, ((size - new_width) // 2, (size - new_height) // 2))
    pixels = numpy.array(square).transpose(2, 0, 1)
    pixels = (pixels.astype(numpy.float64) * (1 / 255)).astype(numpy.float32)
    if normalises:
        mean = numpy.array(mean, dtype=numpy.float32)[:, None, None]
        std = numpy.array(std, dtype=numpy.float32)[:, None, None]
        pixels = (pixels - mean) / std
    assert pixels.dtype == numpy.float32
    return new_width, new_height, numpy.array(square), pixels


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    decoded, resized, preprocessed = [], [], []
    files = list(png_files()) + [(name, file, pillow_jpeg(file)) for name, file in jpeg_files()]
    for name, file, pixels in files:
        (FIXTURES / name).write_bytes(file)
        decoded.append(
            {"file": name, "width": pixels.shape[1], "height": pixels.shape[0], "sha256": sha256(pixels)}
        )
    for seed, (width, height, new_width, new_height) in enumerate(RESIZED):
        image = Image.fromarray(pattern(width, height, seed))
        result = numpy.array(resize(image, new_width, new_height))
        resized.append(
            {"width": width, "height": height, "seed": seed, "newWidth": new_width, "newHeight": new_height,
             "sha256": sha256(result)}
        )
    for seed, (width, height, size) in enumerate(PREPROCESSED):
        clip = seed % 5 == 4
        mean, std = (CLIP_MEAN, CLIP_STD) if clip else (HALF, HALF)
        normalises = seed % 7 != 6
        min_size = 14 if seed % 3 else 1
        fitted_width, fitted_height, square, pixels = preprocess(
            pattern(width, height, seed), size, min_size, mean, std, normalises
        )
        preprocessed.append(
            {"width": width, "height": height, "seed": seed, "imageSize": size, "minSize": min_size,
             "mean": mean, "std": std, "normalizes": normalises,
             "fittedWidth": fitted_width, "fittedHeight": fitted_height,
             "squareSHA256": sha256(square), "sha256": sha256(pixels.astype("<f4"))}
        )
    expected = {
        "pillow": PIL.__version__, "libjpegTurbo": features.version("libjpeg_turbo"),
        "decoded": decoded, "resized": resized, "preprocessed": preprocessed,
    }
    text = json.dumps(expected, indent=1)
    (FIXTURES / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Makes Tests/ImagesTests/Fixtures/formats: small WebP, GIF, BMP, TIFF, HEIC and AVIF files, and what they decode to.

Needs Pillow, numpy and pillow-heif. BMP files, and TIFF files of kinds that Pillow does not write, are written here
byte by byte; their pixels are computed from the samples, and must agree with Pillow's where Pillow reads them.
expected.json holds the SHA-256 of the pixels, RGBA where there is transparency; of HEIC and AVIF, whose decoders round differently, the
pixels stand in a PNG file beside them.

    python Tools/reference/make_format_fixtures.py
"""

import hashlib
import io
import json
import pathlib
import struct

import numpy
import pillow_heif
from PIL import Image, ImageOps

from make_image_fixtures import pattern, resize, smooth

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "ImagesTests" / "Fixtures" / "formats"
WIDTH, HEIGHT = 23, 17

pillow_heif.register_heif_opener()


def pillow(file):
    """uint8 [height, width, 3 or 4]: the first picture, turned; with alpha where it has some."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    rgba = numpy.array(image.convert("RGBA"))
    return rgba if image.has_transparency_data else rgba[..., :3]


def saved(array, kind, mode=None, **options):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    stream = io.BytesIO()
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def with_alpha(array, seed):
    alpha = pattern(array.shape[1], array.shape[0], seed)[..., :1]
    return numpy.concatenate([array, alpha], -1)


def orientation(value, order="<", type=3):
    """An Exif block with the orientation as an integer of a TIFF type (1 BYTE, 3 SHORT, 4 LONG)."""
    number = struct.pack(order + {1: "B", 3: "H", 4: "I"}[type], value).ljust(4, b"\0")
    entry = struct.pack(order + "HHI", 0x0112, type, 1) + number
    return {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HIH", 42, 8, 1) + entry + b"\0" * 4


# ---- Exif ----


def exif_files():
    stored = smooth(24, 17, 9)
    for order, name in (("<", "little"), (">", "big")):
        for type, type_name in ((1, "byte"), (3, "short"), (4, "long")):
            file = saved(stored, "JPEG", "L", quality=50, exif=b"Exif\0\0" + orientation(6, order, type))
            # Pillow takes bytes for no number.
            short = saved(stored, "JPEG", "L", quality=50, exif=b"Exif\0\0" + orientation(6, order, 3))
            yield f"exif-{type_name}-{name}.jpg", file, pillow(short)


# ---- WebP ----


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(chunks):
    return chunk(b"RIFF", b"WEBP" + chunks)


def webp_frame(array, **options):
    """The chunks of a picture without its container."""
    file = saved(array, "WEBP", **options)
    return file[30:] if file[12:16] == b"VP8X" else file[12:]


def animation(canvas, frames):
    three = lambda number: struct.pack("<I", number)[:3]
    chunks = chunk(b"VP8X", b"\x12\0\0\0" + three(canvas[0] - 1) + three(canvas[1] - 1))
    chunks += chunk(b"ANIM", b"\x10\x20\x30\xff" + b"\0\0")
    for left, top, array, options in frames:
        height, width = array.shape[:2]
        head = three(left // 2) + three(top // 2) + three(width - 1) + three(height - 1) + three(100) + b"\0"
        chunks += chunk(b"ANMF", head + webp_frame(array, **options))
    return riff(chunks)


def webp_files():
    rgb = smooth(WIDTH, HEIGHT, 2)
    rgba = with_alpha(rgb, 4)
    yield "lossy.webp", saved(rgb, "WEBP", quality=70), None
    yield "lossy-alpha.webp", saved(rgba, "WEBP", quality=70), None
    yield "lossless.webp", saved(pattern(WIDTH, HEIGHT), "WEBP", lossless=True), None
    yield "lossless-alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True), None
    yield "lossless-few-colours.webp", saved(pattern(WIDTH, HEIGHT) & 128, "WEBP", lossless=True), None
    yield "one-pixel.webp", saved(pattern(1, 1), "WEBP", lossless=True), None
    yield "exif-6.webp", saved(rgb, "WEBP", lossless=True, exif=orientation(6)), None
    yield "exif-prefix-8.webp", saved(rgb, "WEBP", lossless=True, exif=b"Exif\0\0" + orientation(8, ">", 4)), None
    yield "trailing.webp", saved(rgb, "WEBP", lossless=True) + b"trailing bytes", None
    lossless = {"lossless": True, "exact": True}
    whole = (0, 0, pattern(WIDTH, HEIGHT, 3), lossless)
    yield "animated.webp", animation((WIDTH, HEIGHT), [whole, (0, 0, rgb, lossless)]), None
    part = (6, 4, smooth(9, 7, 3), lossless)
    yield "animated-part.webp", animation((WIDTH, HEIGHT), [part, whole]), None
    part = (2, 8, with_alpha(smooth(15, 9, 3), 5), {"quality": 60})
    yield "animated-part-alpha.webp", animation((WIDTH, HEIGHT), [part, whole]), None


# ---- GIF ----


def gif_frame(file):
    """Where the first image descriptor stands."""
    position = 13 + (3 << (file[10] & 7) + 1 if file[10] & 0x80 else 0)
    while file[position] == 0x21:
        position += 2
        while file[position]:
            position += file[position] + 1
        position += 1
    assert file[position] == 0x2C
    return position


def gif_moved(file, screen, left, top):
    file = bytearray(file)
    struct.pack_into("<HH", file, 6, *screen)
    struct.pack_into("<HH", file, gif_frame(file) + 1, left, top)
    return bytes(file)


def gif_without_palette(file):
    file = bytearray(file)
    size = 3 << (file[10] & 7) + 1
    file[10] &= 0x7F
    del file[13 : 13 + size]
    return bytes(file)


def gif_files():
    image = Image.fromarray(pattern(WIDTH, HEIGHT)).convert("P", palette=Image.ADAPTIVE, colors=100)
    few = Image.fromarray(pattern(WIDTH, HEIGHT)).convert("P", palette=Image.ADAPTIVE, colors=3)
    large = Image.fromarray(pattern(160, 120)).convert("P", palette=Image.ADAPTIVE, colors=256)
    plain = saved(image, "GIF", interlace=0)
    yield "plain.gif", plain, None
    yield "interlaced.gif", saved(image, "GIF", interlace=1), None
    for height in range(1, 10):
        low = image.crop((0, 0, 5, height))
        yield f"interlaced-{height}.gif", saved(low, "GIF", interlace=1), None
    yield "few-colours.gif", saved(few, "GIF"), None
    yield "two-colours.gif", saved(Image.fromarray(pattern(WIDTH, HEIGHT)).convert("1"), "GIF"), None
    # More strings than 4096 codes can name.
    yield "full-table.gif", saved(large, "GIF"), None
    clear = saved(image, "GIF", transparency=5, interlace=0)
    yield "transparent.gif", clear, None
    yield "part.gif", gif_moved(plain, (40, 30), 7, 9), None
    yield "part-transparent.gif", gif_moved(clear, (40, 30), 7, 9), None
    yield "beyond-screen.gif", gif_moved(plain, (10, 10), 3, 2), None
    yield "no-palette.gif", gif_without_palette(plain), None
    frames = [Image.fromarray(pattern(WIDTH, HEIGHT, seed)).convert("P") for seed in (1, 2, 3)]
    yield "animated.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50), None
    yield "trailing.gif", plain + b"trailing bytes", None


# ---- BMP, written by hand ----


def bmp_rows(values, bits):
    """Rows of packed values [height, width], each filled up to four bytes."""
    rows = []
    for row in values.tolist():
        if bits >= 8:
            data = b"".join(value.to_bytes(bits // 8, "little") for value in row)
        else:
            text = "".join(format(value, f"0{bits}b") for value in row)
            text += "0" * (-len(text) % 8)
            data = int(text, 2).to_bytes(len(text) // 8, "big")
        rows.append(data + b"\0" * (-len(data) % 4))
    return rows


def bmp(values, bits, header=40, palette=None, masks=None, top_down=False, data=None, compression=None, colours=None):
    height, width = values.shape
    if data is None:
        rows = bmp_rows(values, bits)
        data = b"".join(rows if top_down else rows[::-1])
    if compression is None:
        compression = 3 if masks else 0
    entry = 3 if header == 12 else 4
    table = b"".join(
        struct.pack("BBB", *map(int, colour[::-1])) + b"\0" * (entry - 3) for colour in ([] if palette is None else palette)
    )
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        stated = 0 if colours is None else colours
        info = struct.pack(
            "<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression, len(data), 2835, 2835,
            stated, 0,
        )
        info = struct.pack("<I", header) + info[4:header]
        fields = struct.pack(f"<{len(masks)}I", *masks) if masks else b""
        if header in (40, 64):
            info = info.ljust(header, b"\0") + fields
        elif header >= 52:
            info = (info + fields[: header - 40]).ljust(header, b"\0") + fields[header - 40 :]
    start = 14 + len(info) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + table + data


def masked(values, masks):
    """uint8 [height, width, 3 or 4] of packed values."""
    channels = []
    for mask in masks:
        if mask == 0:
            continue
        shift = (mask & -mask).bit_length() - 1
        channels.append(((values & mask) >> shift) * 255 // (mask >> shift))
    return numpy.stack(channels, -1).astype(numpy.uint8)


def runs(indices, half_bytes, use_delta=False):
    """Run-length codes, rows from the bottom: runs, absolute pixels, and a jump over what stays 0."""
    out = b""
    for y, row in enumerate(indices[::-1].tolist()):
        x = 0
        while x < len(row):
            if use_delta and row[x] == 0 and x + 3 < len(row) and not any(row[x : x + 3]):
                out += b"\0\2\3\0"
                x += 3
                continue
            length = 1
            while x + length < len(row) and row[x + length] == row[x] and length < 255:
                length += 1
            rest = row[x : x + 5]
            if length == 1 and len(rest) >= 3 and not (use_delta and 0 in rest):
                if half_bytes:
                    digits = rest + [0] * (len(rest) % 2)
                    data = bytes(a << 4 | b for a, b in zip(digits[::2], digits[1::2]))
                else:
                    data = bytes(rest)
                out += bytes([0, len(rest)]) + data + b"\0" * (len(data) % 2)
                x += len(rest)
            else:
                out += bytes([length, row[x] * 17 if half_bytes else row[x]])
                x += length
        out += b"\0\0" if y < len(indices) - 1 else b""
    return out + b"\0\1"


def bmp_files():
    random = numpy.random.RandomState(5)
    for bits in (1, 2, 4, 8):
        count = 1 << bits
        values = random.randint(0, count, (HEIGHT, WIDTH))
        palette = random.randint(0, 256, (count, 3)).astype(numpy.uint8)
        pixels = palette[values]
        yield f"palette-{bits}.bmp", bmp(values, bits, palette=palette), pixels
        yield f"palette-{bits}-os2.bmp", bmp(values, bits, 12, palette=palette), pixels
        yield f"palette-{bits}-top-down.bmp", bmp(values, bits, palette=palette, top_down=True), pixels
    few = values % 5
    yield "palette-8-five-colours.bmp", bmp(few, 8, palette=palette[:5], colours=5), palette[few]
    yield "palette-8-os2-2.bmp", bmp(values, 8, 64, palette=palette), palette[values]

    packed = random.randint(0, 1 << 32, (HEIGHT, WIDTH), dtype=numpy.int64)
    rgb = (0xFF0000, 0xFF00, 0xFF, 0)
    for header in (12, 40, 124):
        yield f"rgb-24-v{header}.bmp", bmp(packed & 0xFFFFFF, 24, header), masked(packed, rgb)
    yield "rgb-24-top-down.bmp", bmp(packed & 0xFFFFFF, 24, top_down=True), masked(packed, rgb)
    yield "rgb-32.bmp", bmp(packed, 32), masked(packed, rgb)
    five = (0x7C00, 0x3E0, 0x1F, 0)
    yield "rgb-16.bmp", bmp(packed & 0xFFFF, 16), masked(packed, five)
    yield "masks-565.bmp", bmp(packed & 0xFFFF, 16, masks=(0xF800, 0x7E0, 0x1F)), masked(packed, (0xF800, 0x7E0, 0x1F))
    yield "masks-565-v52.bmp", bmp(packed & 0xFFFF, 16, 52, masks=(0xF800, 0x7E0, 0x1F)), masked(
        packed, (0xF800, 0x7E0, 0x1F)
    )
    odd = (0x0F00, 0x00F0, 0x000F, 0xF000)
    yield "masks-4444-v56.bmp", bmp(packed & 0xFFFF, 16, 56, masks=odd), masked(packed, odd)
    yield "masks-32.bmp", bmp(packed, 32, masks=rgb[:3]), masked(packed, rgb)
    wide = (0x3FF00000, 0xFFC00, 0x3FF)
    yield "masks-10-bits.bmp", bmp(packed, 32, masks=wide), masked(packed, wide)
    argb = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    abgr = (0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    for header in (56, 108, 124):
        yield f"alpha-v{header}.bmp", bmp(packed, 32, header, masks=argb), masked(packed, argb)
    yield "alpha-rgba-v124.bmp", bmp(packed, 32, 124, masks=abgr), masked(packed, abgr)
    # As programs leave it on Windows' clipboard.
    empty = packed & 0xFFFFFF
    yield "alpha-empty-v124.bmp", bmp(empty, 32, 124, masks=argb), masked(empty, rgb)
    yield "alpha-masks.bmp", bmp(packed, 32, masks=argb, compression=6), masked(packed, argb)

    blocks = numpy.repeat(random.randint(0, 16, (HEIGHT, 7)), 4, 1)[:, :WIDTH]
    blocks[5] = random.randint(0, 16, WIDTH)
    blocks[8:12, 3:20] = 0
    for bits, method in ((8, 1), (4, 2)):
        colours = palette[: 1 << bits]
        for name, use_delta in (("", False), ("-jumps", True)):
            data = runs(blocks, bits == 4, use_delta)
            file = bmp(blocks, bits, palette=colours, data=data, compression=method)
            yield f"runs-{bits}{name}.bmp", file, colours[blocks]
    early = numpy.where(numpy.arange(HEIGHT)[:, None] < 4, 0, blocks)
    data = runs(blocks[4:], False)
    yield "runs-8-early-end.bmp", bmp(blocks, 8, palette=palette, data=data, compression=1), palette[early]


# ---- TIFF ----

CMYK, GREY_WHITE, GREY, RGB, PALETTE = 5, 0, 1, 2, 3


def tiff(samples, bits, photometric, order="<", planar=False, tile=None, strip=None, extra=None, palette=None, turned=1):
    """An uncompressed TIFF of samples [height, width, channels]."""
    height, width, channels = samples.shape

    def packed(part):
        if bits == 16:
            return part.astype(order + "u2").tobytes()
        rows = b""
        for row in part.reshape(part.shape[0], -1).tolist():
            text = "".join(format(value, f"0{bits}b") for value in row)
            text += "0" * (-len(text) % 8)
            rows += int(text, 2).to_bytes(len(text) // 8, "big")
        return rows

    pieces = []
    for plane in [samples[..., c : c + 1] for c in range(channels)] if planar else [samples]:
        if tile:
            padded = numpy.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)))
            for top in range(0, height, tile):
                for left in range(0, width, tile):
                    pieces.append(packed(padded[top : top + tile, left : left + tile]))
        else:
            rows = strip or height
            pieces += [packed(plane[top : top + rows]) for top in range(0, height, rows)]

    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels), 259: (3, [1]),
            262: (3, [photometric]), 274: (3, [turned]), 277: (3, [channels]), 284: (3, [2 if planar else 1])}
    if extra is not None:
        tags[338] = (3, [extra])
    if palette is not None:
        tags[320] = (3, (palette.T.astype(int) * 257).ravel().tolist())
    if tile:
        tags[322], tags[323] = (3, [tile]), (3, [tile])
    else:
        tags[278] = (4, [strip or height])
    offsets, counts = (324, 325) if tile else (273, 279)
    tags[offsets] = (4, [0] * len(pieces))
    tags[counts] = (4, [len(piece) for piece in pieces])

    size = {3: 2, 4: 4}
    start = 8 + 2 + 12 * len(tags) + 4
    data_start = start + sum(size[t] * len(v) for t, v in tags.values() if size[t] * len(v) > 4)
    place, positions = data_start, []
    for piece in pieces:
        positions.append(place)
        place += len(piece)
    tags[offsets] = (4, positions)
    entries, values, place = b"", b"", start
    for tag, (type, numbers) in sorted(tags.items()):
        data = struct.pack(order + {3: "H", 4: "I"}[type] * len(numbers), *numbers)
        entries += struct.pack(order + "HHI", tag, type, len(numbers))
        if len(data) <= 4:
            entries += data.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "I", place)
            values += data
            place += len(data)
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HIH", 42, 8, len(tags))
    return head + entries + b"\0" * 4 + values + b"".join(pieces)


def to_bytes(samples, bits):
    return (samples >> 8 if bits == 16 else samples * 255 // ((1 << bits) - 1)).astype(numpy.uint8)


def ink(samples):
    """CMYK → RGB as Pillow computes it."""
    image = Image.fromarray(samples.astype(numpy.uint8), "CMYK")
    return numpy.array(image.convert("RGB"))


def tiff_files():
    random = numpy.random.RandomState(6)
    rgb = smooth(WIDTH, HEIGHT, 2)
    rgba = with_alpha(rgb, 4)
    image = Image.fromarray(rgb)
    for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"rgb-{name.removeprefix('tiff_')}.tif", saved(rgb, "TIFF", compression=name), None
    yield "grey-jpeg.tif", saved(rgb, "TIFF", "L", compression="jpeg"), None
    for name in ("group3", "group4", "tiff_ccitt"):
        yield f"bilevel-{name.removeprefix('tiff_')}.tif", saved(rgb, "TIFF", "1", compression=name), None
    yield "rgba-lzw.tif", saved(rgba, "TIFF", compression="tiff_lzw"), None
    yield "grey-alpha-deflate.tif", saved(rgba, "TIFF", "LA", compression="tiff_adobe_deflate"), None
    yield "palette-lzw.tif", saved(image.convert("P"), "TIFF", compression="tiff_lzw"), None
    yield "cmyk-lzw.tif", saved(image.convert("CMYK"), "TIFF", compression="tiff_lzw"), None
    yield "big.tif", saved(rgb, "TIFF", big_tiff=True), None
    pages = [Image.fromarray(pattern(WIDTH, HEIGHT, seed)) for seed in (1, 2)]
    yield "two-pages.tif", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), None

    grey = lambda bits: random.randint(0, 1 << bits, (HEIGHT, WIDTH, 1))
    colour = lambda bits, count=3: random.randint(0, 1 << bits, (HEIGHT, WIDTH, count))
    thrice = lambda samples: numpy.repeat(samples, 3, -1)
    for bits in (1, 2, 4, 8, 16):
        samples = grey(bits)
        yield f"grey-{bits}.tif", tiff(samples, bits, GREY, strip=5), thrice(to_bytes(samples, bits))
        yield f"grey-{bits}-white.tif", tiff(samples, bits, GREY_WHITE, ">"), thrice(255 - to_bytes(samples, bits))
        if bits <= 8:
            palette = random.randint(0, 256, (1 << bits, 3)).astype(numpy.uint8)
            yield f"palette-{bits}.tif", tiff(samples, bits, PALETTE, palette=palette), palette[samples[..., 0]]
    for bits in (8, 16):
        for order, name in (("<", "little"), (">", "big")):
            samples = colour(bits)
            pixels = to_bytes(samples, bits)
            yield f"rgb-{bits}-{name}.tif", tiff(samples, bits, RGB, order, strip=4), pixels
            yield f"rgb-{bits}-{name}-planes.tif", tiff(samples, bits, RGB, order, planar=True, strip=4), pixels
            yield f"rgb-{bits}-{name}-tiles.tif", tiff(samples, bits, RGB, order, tile=16), pixels
    samples = colour(8)
    yield "rgb-8-tiles-planes.tif", tiff(samples, 8, RGB, planar=True, tile=16), to_bytes(samples, 8)
    samples = colour(8, 4)
    yield "rgb-8-extra.tif", tiff(samples, 8, RGB, extra=0), samples[..., :3].astype(numpy.uint8)
    for name, planar in (("", False), ("-planes", True)):
        yield f"rgba-8{name}.tif", tiff(samples, 8, RGB, extra=2, planar=planar), samples.astype(numpy.uint8)
        yield f"cmyk-8{name}.tif", tiff(samples, 8, CMYK, planar=planar), ink(samples)
    alpha = samples[..., 3:]
    multiplied = numpy.concatenate([samples[..., :3] * alpha // 255, alpha], -1)
    divided = numpy.minimum(multiplied[..., :3] * 255 // numpy.maximum(alpha, 1), 255)
    pixels = numpy.concatenate([divided, alpha], -1).astype(numpy.uint8)
    yield "rgba-8-associated.tif", tiff(multiplied, 8, RGB, extra=1), pixels
    stored = pattern(WIDTH, HEIGHT, 7)
    for turned in range(1, 9):
        yield f"turned-{turned}.tif", tiff(stored.astype(int), 8, RGB, turned=turned), None


# ---- HEIC and AVIF ----


def heif_files():
    # Soft, and AVIF with all its colours, because those stored at half the size are enlarged by different rules.
    soft = lambda seed: numpy.array(resize(Image.fromarray(pattern(7, 5, seed)), WIDTH * 2, HEIGHT * 2))
    rgb = soft(2)
    rgba = numpy.concatenate([rgb, soft(4)[..., :1]], -1)
    for ending, kind, options in (("heic", "HEIF", {}), ("avif", "AVIF", {"subsampling": "4:4:4"})):
        yield f"rgb.{ending}", saved(rgb, kind, quality=90, **options), None
        yield f"alpha.{ending}", saved(rgba, kind, quality=90, **options), None
        yield f"turned.{ending}", saved(rgb, kind, quality=90, exif=orientation(6), **options), None


def disagrees(name):
    """Where Pillow does not read a kind, or departs from the format's description."""
    return (
        name.startswith(("palette-2", "masks-4444", "masks-10", "alpha-masks", "alpha-empty", "runs-8-early"))
        or name in ("grey-2.tif", "masks-565-v52.bmp")
        or name.startswith("grey-16")
        or "-planes" in name
        or name.startswith("exif-byte")
    )


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    exact, near = [], []
    for files in (exif_files, webp_files, gif_files, bmp_files, tiff_files):
        for name, file, pixels in files():
            if pixels is None:
                pixels = pillow(file)
            elif not disagrees(name):
                assert numpy.array_equal(pixels, pillow(file)), name
            (FIXTURES / name).write_bytes(file)
            exact.append({"file": name, "width": pixels.shape[1], "height": pixels.shape[0], "channels": pixels.shape[2],
                          "sha256": hashlib.sha256(numpy.ascontiguousarray(pixels).tobytes()).hexdigest()})
    for name, file, _ in heif_files():
        (FIXTURES / name).write_bytes(file)
        pixels = pillow(file)
        Image.fromarray(pixels).save(FIXTURES / f"{name}.png", optimize=True)
        near.append({"file": name, "width": pixels.shape[1], "height": pixels.shape[0]})
    text = json.dumps({"exact": exact, "near": near}, indent=1)
    (FIXTURES / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Error of weights against bits, for the int4 panels of files, for formats with scales of fewer bits, and for others' formats.

`curve.py [--model FOLDER] [-o TABLE]` prints a Markdown table: bits a weight, and the root of the mean squared error
relative to that of the weights, for normal weights, for heavy-tailed ones (Student's t with 5 and with 3 degrees of freedom), and
for the language model of a checkpoint. Every format has the best scales that a search finds here; Q4_0 is ggml's own rounding.
"""

import argparse
from pathlib import Path

import numpy as np

LEVELS = np.array([-32, -25, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9, 12, 16, 21, 27], np.float32)
# ggml's table for IQ4_NL and IQ4_XS.
NONLINEAR = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
ROW_FACTORS = np.linspace(0.86, 1.14, 9, dtype=np.float32)


class Levels:
    def __init__(self, values: np.ndarray):
        self.values = values
        self.middles = (values[1:] + values[:-1]) / 2
        low, high = -values[0], values[-1]
        # Where the extreme value of a block may come to lie; a scale may be negative.
        self.anchors = np.linspace(0.55, 1.25, 12, dtype=np.float32) * max(low, high)

    def nearest(self, x: np.ndarray) -> np.ndarray:
        return self.values[np.searchsorted(self.middles, x)]

    def fit(self, x: np.ndarray, scale: np.ndarray):
        """Σxq and Σq² of the levels nearest to x / scale, block by block."""
        safe = np.where(scale == 0, 1, scale)
        q = self.nearest(x / safe[..., None])
        return (x * q).sum(-1), (q * q).sum(-1)

    def candidates(self, x: np.ndarray) -> np.ndarray:
        """Scales worth trying, [candidates, blocks]."""
        index = np.abs(x).argmax(-1)
        extreme = np.take_along_axis(x, index[..., None], -1)[..., 0]
        found = []
        for sign in (1, -1):
            for anchor in self.anchors:
                product, square = self.fit(x, sign * extreme / anchor)
                found.append(product / np.maximum(square, 1e-30))
        return np.stack(found)


def gain(scale, product, square):
    """How much less the squared error is than without any weights."""
    return 2 * scale * product - scale * scale * square


def best_free(x: np.ndarray, levels: Levels, rounded) -> np.ndarray:
    """The largest gain of each block, with scales that `rounded` allows."""
    best = np.zeros(x.shape[:-1], np.float32)
    for scale in levels.candidates(x):
        scale = rounded(scale)
        best = np.maximum(best, gain(scale, *levels.fit(x, scale)))
    return best


def half(scale):
    return scale.astype(np.float16).astype(np.float32)


def linear_codes(bits: int) -> np.ndarray:
    """Whole numbers with a sign, as parts of the largest."""
    most = 2 ** (bits - 1) - 1
    return np.arange(-most, most + 1, dtype=np.float32) / most


def logarithmic_codes(bits: int, step: float) -> np.ndarray:
    """A sign, and powers of 2 ** -step."""
    powers = 2.0 ** (-step * np.arange(2 ** (bits - 1)))
    return np.sort(np.concatenate([-powers, powers])).astype(np.float32)


def float_codes(exponent: int, mantissa: int) -> np.ndarray:
    """A small float with a sign, subnormal numbers below the least power of two; 1 is the largest."""
    values = []
    for e in range(2 ** exponent):
        for m in range(2 ** mantissa):
            values.append(m / 2 ** mantissa * 2.0 if e == 0 else (1 + m / 2 ** mantissa) * 2.0 ** e)
    values = np.array(values) / max(values)
    return np.sort(np.concatenate([-values[1:], values])).astype(np.float32)


def squared_error_of_codes(rows: np.ndarray, levels: Levels, block: int, codes: np.ndarray, span: int) -> np.ndarray:
    """Squared error of each row with a scale in full precision for each `span` columns and a code for each block below it.

    The scale above is searched with the codes: for each of its candidates every block takes the code, among those around each of
    its own candidates, that leaves the least error.
    """
    count, columns = rows.shape
    x = rows.reshape(count * columns // span, span // block, block)
    free = levels.candidates(x)
    product, square = zip(*(levels.fit(x, scale) for scale in free))
    gains = np.stack([gain(f, p, s) for f, p, s in zip(free, product, square)])
    # The candidates that are the best without codes; of each sign the best three.
    order = np.argsort(-gains, 0)[:6]
    chosen = np.take_along_axis(free, order, 0)
    largest = np.abs(chosen[0]).max(-1)
    best = np.zeros(x.shape[0], np.float32)
    for factor in ROW_FACTORS:
        above = (largest * factor)[:, None]
        safe = np.where(above == 0, 1, above)
        total = np.zeros(x.shape[:-1], np.float32)
        for scale in chosen:
            place = np.clip(np.searchsorted(codes, scale / safe), 1, len(codes) - 1)
            for neighbour in (place - 1, place):
                value = codes[neighbour] * above
                total = np.maximum(total, gain(value, *levels.fit(x, value)))
        best = np.maximum(best, total.sum(-1))
    return (x * x).sum((-1, -2)) - best


def of_codes(rows, levels, block, codes, span=None):
    span = span or rows.shape[1]
    return squared_error_of_codes(rows, levels, block, codes, span).sum()


def of_half_scales(rows, levels, block):
    x = rows.reshape(-1, block)
    return ((x * x).sum(-1) - best_free(x, levels, half)).sum()


def of_row_scale(rows, levels):
    return ((rows * rows).sum(-1) - best_free(rows, levels, lambda scale: scale)).sum()


def q4_0(rows):
    import gguf
    packed = gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q4_0)
    return np.square(gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q4_0) - rows).sum()


def q4_k(rows):
    """d q − m in blocks of 32, d and m in 6 bits below two halves for 256 columns; scales by least squares over several ranges."""
    x = rows.reshape(-1, 8, 32)
    least, most = np.minimum(x.min(-1), 0), x.max(-1)
    best = np.full(x.shape[:-1], np.inf, np.float32)
    scale, minimum = np.zeros_like(best), np.zeros_like(best)
    for top in np.linspace(13.5, 16.5, 13, dtype=np.float32):
        inverse = top / np.maximum(most - least, 1e-30)
        q = np.clip(np.rint(inverse[..., None] * (x - least[..., None])), 0, 15)
        for _ in range(2):
            n, sq, sqq, sx, sxq = 32, q.sum(-1), (q * q).sum(-1), x.sum(-1), (x * q).sum(-1)
            determinant = np.maximum(n * sqq - sq * sq, 1e-20)
            d = (n * sxq - sx * sq) / determinant
            m = np.minimum((sqq * sx - sq * sxq) / determinant, 0)
            d = np.where(m == 0, sxq / np.maximum(sqq, 1e-20), d)
            error = np.square(d[..., None] * q + m[..., None] - x).sum(-1)
            better = error < best
            best, scale, minimum = (np.where(better, a, b) for a, b in ((error, best), (d, scale), (m, minimum)))
            q = np.clip(np.rint((x - m[..., None]) / np.where(d == 0, 1, d)[..., None]), 0, 15)
    above = half(scale.max(-1) / 63)[:, None]
    below = half(-minimum.min(-1) / 63)[:, None]
    d = above * np.clip(np.rint(scale / np.where(above == 0, 1, above)), 0, 63)
    m = below * np.clip(np.rint(-minimum / np.where(below == 0, 1, below)), 0, 63)
    q = np.clip(np.rint((x + m[..., None]) / np.where(d == 0, 1, d)[..., None]), 0, 15)
    return np.square(d[..., None] * q - m[..., None] - x).sum()


def formats(columns: int):
    """Name, bits a weight for rows of so many columns, and the squared error of rows."""
    standard, nonlinear = Levels(LEVELS), Levels(NONLINEAR)
    row = 16 / columns
    log7 = logarithmic_codes(8, 1 / 16)
    yield "one scale a row", 4 + row, lambda w: of_row_scale(w, standard)
    yield "blocks of 64, f16", 4.25, lambda w: of_half_scales(w, standard, 64)
    yield "blocks of 64, 8 bits linear under a row", 4.125 + row, lambda w: of_codes(w, standard, 64, linear_codes(8))
    yield "blocks of 32, 4 bits logarithmic (1/4 octave) under a row", 4.125 + row, \
        lambda w: of_codes(w, standard, 32, logarithmic_codes(4, 1 / 4))
    yield "blocks of 32, 6 bits linear under a row", 4.1875 + row, lambda w: of_codes(w, standard, 32, linear_codes(6))
    # In files the scale of a row is f32.
    yield "**int4: blocks of 32, 8 bits linear under a row**", 4.25 + 2 * row, lambda w: of_codes(w, standard, 32, linear_codes(8))
    yield "blocks of 32, 8 bits logarithmic (1/16 octave) under a row", 4.25 + row, lambda w: of_codes(w, standard, 32, log7)
    yield "blocks of 32, 8 bits float (4 exponent, 3 mantissa) under a row", 4.25 + row, \
        lambda w: of_codes(w, standard, 32, float_codes(4, 3))
    yield "blocks of 32, 8 bits float (3 exponent, 4 mantissa) under a row", 4.25 + row, \
        lambda w: of_codes(w, standard, 32, float_codes(3, 4))
    yield "blocks of 32, 8 bits linear under a row, levels within ±127", 4.25 + row, lambda w: of_codes(w, nonlinear, 32, linear_codes(8))
    yield "blocks of 16, 4 bits logarithmic (1/4 octave) under a row", 4.25 + row, \
        lambda w: of_codes(w, standard, 16, logarithmic_codes(4, 1 / 4))
    yield "blocks of 16, 5 bits logarithmic (1/4 octave) under a row", 4.3125 + row, \
        lambda w: of_codes(w, standard, 16, logarithmic_codes(5, 1 / 4))
    yield "blocks of 16, 6 bits linear under a row", 4.375 + row, lambda w: of_codes(w, standard, 16, linear_codes(6))
    yield "blocks of 16, 12 bits linear under a row", 4.75 + row, lambda w: of_codes(w, standard, 16, linear_codes(12))
    yield "blocks of 16, 8 bits logarithmic (1/16 octave) under a row", 4.5 + row, lambda w: of_codes(w, standard, 16, log7)
    yield "**int4-v1: blocks of 32, f16**", 4.5, lambda w: of_half_scales(w, standard, 32)
    yield "blocks of 32, f16, levels within ±127 (IQ4_NL)", 4.5, lambda w: of_half_scales(w, nonlinear, 32)
    yield "blocks of 32, 6 bits linear under 256, levels within ±127 (IQ4_XS)", 4.25, \
        lambda w: of_codes(w, nonlinear, 32, linear_codes(6), 256)
    yield "Q4_0", 4.5, q4_0
    yield "Q4_K", 4.5, q4_k


def weights(model: Path | None, columns: int, rows: int):
    rng = np.random.default_rng(7)
    yield "normal", [rng.standard_normal((rows, columns), np.float32)]
    for degrees in (5, 3):
        yield f"t, {degrees} degrees", [rng.standard_t(degrees, (rows, columns)).astype(np.float32)]
    if model:
        from safetensors.torch import load_file
        tensors = load_file(model / "model.safetensors")
        found = [tensor.float().numpy() for name, tensor in sorted(tensors.items())
                 if "language_model.layers" in name and tensor.ndim == 2]
        # Blocks of 256 columns need rows that they divide: rows are joined.
        yield model.name, [np.concatenate([w.reshape(-1) for w in found])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a checkpoint")
    parser.add_argument("--columns", type=int, default=2048)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    kinds = []
    for name, matrices in weights(arguments.model, arguments.columns, arguments.rows):
        flat = np.concatenate([matrix.reshape(-1) for matrix in matrices])
        whole = len(flat) // arguments.columns * arguments.columns
        kinds.append((name, flat[:whole].reshape(-1, arguments.columns)))
    head = ["scales", "bits", *(name for name, _ in kinds)]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    print("\n".join(lines), flush=True)
    for name, bits, error in sorted(formats(arguments.columns), key=lambda format: format[1]):
        cells = [f"{(float(error(w)) / float(np.square(w, dtype=np.float64).sum())) ** 0.5:.5f}" for _, w in kinds]
        lines.append("| " + " | ".join([name, f"{bits:.3f}", *cells]) + " |")
        print(lines[-1], flush=True)
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""How much of a text head a greedy token must read, if its int8 weights lie in two planes.

`planes.py [--model FOLDER --pictures FOLDER]` prints Markdown. A weight is high · 2^s + low, with `low` of s bits. The high plane gives each
logit up to a bound: the low part's row is at most |low| · |x| by Cauchy and Schwarz, taken block by block of 32 columns, for which one norm a
block is stored (8 bits). Read again, with the low plane, are the rows whose logit may still be the largest.

The weights are normal ones of the 1B geometry, with states for which the right token stands out by so many deviations of all logits, and, with
--model, janus-nano's own, with the states of its answers to the pictures.
"""

import argparse
import json
from pathlib import Path

import numpy as np

BLOCK = 32


def quantized(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes [rows, blocks, 32] and scales [rows, blocks] of int8 with a scale a block."""
    blocks = weights.reshape(len(weights), -1, BLOCK)
    scales = np.abs(blocks).max(-1) / 127
    return np.rint(blocks / np.maximum(scales, 1e-30)[..., None]).astype(np.int16), scales


def share(codes: np.ndarray, scales: np.ndarray, states: np.ndarray, bits: int) -> tuple[float, float]:
    """Rows that are read again, as a share of all, and how often the token is the whole head's (always, or the bound is wrong)."""
    low = ((codes + (1 << bits - 1)) & (1 << bits) - 1) - (1 << bits - 1)
    high = (codes - low).astype(np.float32) * scales[..., None]
    low = low.astype(np.float32) * scales[..., None]
    norms = np.linalg.norm(low, axis=-1)
    # Eight bits a block, rounded up.
    step = norms.max() / 255
    norms = np.ceil(norms / step) * step
    x = states.reshape(len(states), -1, BLOCK)
    bounds = np.linalg.norm(x, axis=-1) @ norms.T
    rough = states @ high.reshape(len(codes), -1).T
    exact = rough + states @ low.reshape(len(codes), -1).T
    read = rough + bounds >= (rough - bounds).max(-1, keepdims=True)
    kept = np.take_along_axis(read, exact.argmax(-1)[:, None], -1)
    return float(read.mean()), float(kept.mean())


def line(name: str, weights: np.ndarray, states: np.ndarray) -> None:
    codes, scales = quantized(weights)
    cells = []
    for bits in (4, 3, 2):
        again, kept = share(codes, scales, states, bits)
        assert kept == 1, "a bound does not hold"
        cells.append(f"{again:.1%}, {8 - bits + 0.5 + 0.25 + again * bits:.2f}")
    print(f"| {name} | " + " | ".join(cells) + " |")


def nano(model: Path, pictures: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The head, and the states behind the last norm that it saw while the answers to some pictures were given."""
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools/train"))
    from PIL import Image
    from reference import Reference

    reference, seen = Reference(model), []
    head = reference.janus.lm_head
    hook = head.register_forward_pre_hook(lambda _, given: seen.append(given[0][:, -1].float().numpy()))
    entries = [json.loads(one) for one in (pictures / "manifest.jsonl").read_text().splitlines()][:count]
    for entry in entries:
        reference.read([Image.open(pictures / entry["file"])])
    hook.remove()
    return head.weight.detach().numpy(), np.concatenate(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pictures", type=Path, help="a folder of heldout.py")
    parser.add_argument("--rows", type=int, default=12_800, help="of the 102,400 of 1B")
    arguments = parser.parse_args()
    source = np.random.default_rng(1)
    print("| weights and states | 4 + 4 bits: rows, bits a weight | 5 + 3 | 6 + 2 |\n| --- | --- | --- | --- |")
    weights = source.standard_normal((arguments.rows, 2048), np.float32)
    noise = source.standard_normal((48, 2048), np.float32)
    line("normal, 1B's, nothing stands out", weights, noise)
    for deviations in (6, 8, 12, 16):
        rows = weights[source.integers(0, len(weights), len(noise))]
        rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        plain = noise / np.linalg.norm(noise, axis=-1, keepdims=True)
        # The row's logit is |row| · share of |x|; all others' deviation is |x|.
        along = deviations / np.sqrt(2048)
        states = along * rows + np.sqrt(1 - along * along) * plain
        line(f"normal, 1B's, {deviations} deviations", weights, states.astype(np.float32) * np.float32(45))
    if arguments.model:
        line("janus-nano's", *nano(arguments.model, arguments.pictures, 60))


if __name__ == "__main__":
    main()

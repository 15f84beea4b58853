"""Looks for a seed whose greedy answers have no near tie: `find_seed.py --geometry tiny --gap 0.001`.

A comparison of token ids means something only where the best two logits differ by more than rounding.
"""

import argparse
import tempfile
from pathlib import Path

from expected import continued, paintings, questions, scripted
from geometries import GEOMETRIES
from make_checkpoint import FIXTURE_TOKENIZER, make
from reference import Reference


def smallest_gap(reference: Reference, wanted: float) -> float:
    """The smallest gap of all that expected.py records; stops at the first below `wanted`."""
    smallest = float("inf")
    for items in (paintings(reference, 64, 5.0), questions(reference, 32), scripted(reference, 32),
                  continued(reference, 32)):
        for item in items:
            smallest = min(smallest, *item["gaps"])
            if smallest < wanted:
                return smallest
    return smallest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--geometry", choices=GEOMETRIES, required=True)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    for seed in range(arguments.first, arguments.first + arguments.count):
        with tempfile.TemporaryDirectory() as folder:
            make(GEOMETRIES[arguments.geometry], "transformers", "safetensors", 1, seed, FIXTURE_TOKENIZER, Path(folder))
            gap = smallest_gap(Reference(Path(folder)), arguments.gap)
        if gap >= arguments.gap:
            print(f"seed {seed}: smallest gap {gap:.4g}")
            return
    raise SystemExit(f"no seed has a gap of {arguments.gap}")


if __name__ == "__main__":
    main()

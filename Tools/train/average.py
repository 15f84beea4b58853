"""Averages two exported models: `average.py MODEL MODEL --share S -o MODEL`; S is the second one's share.

Two trainings, of which the second began where the first ended, each with its rate fallen to nothing, lie in one valley:
the mean of their weights reads and paints better than either.
"""

import argparse
import shutil
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs=2)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    first, second = (folder / "model.safetensors" for folder in arguments.models)
    old, new = load_file(first), load_file(second)
    if {name: value.shape for name, value in old.items()} != {name: value.shape for name, value in new.items()}:
        raise SystemExit("expected two models of the same tensors")
    with safe_open(second, "pt") as file:
        metadata = file.metadata()
    share = arguments.share
    mixed = {name: ((1 - share) * old[name].float() + share * value.float()).to(value.dtype) for name, value in new.items()}
    shutil.copytree(arguments.models[1], arguments.output)
    save_file(mixed, arguments.output / "model.safetensors", metadata=metadata)


if __name__ == "__main__":
    main()

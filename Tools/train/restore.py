"""Makes a state to train on from, out of an exported model: `restore.py MODEL --state DIR --read-samples N`.

An exported model lacks the heads that name glyphs, which are fitted anew here, and the optimizers' momenta, which
gather again while train.py warms up. `N` is the number of formulas behind it: `train.py --samples` goes on from there.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file

import nano
from batches import CPU, GLYPH_SAMPLES
from formulas import LONGEST
from samples import Source, stacked
from train import Reader
from vq import SAMPLES as VQ_SAMPLES

STEPS = 250


def fit_heads(reader: Reader, source: Source) -> None:
    heads = [*reader.names.parameters(), *reader.suffixes.parameters()]
    for parameter in reader.janus.parameters():
        parameter.requires_grad_(False)
    optimizer = torch.optim.AdamW(heads, lr=1e-2)
    for step in range(STEPS):
        with nano.reduced():
            loss, right = reader.glyphs(stacked(source.batch(CPU.formulas, LONGEST)))
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / STEPS)
        optimizer.step()
        optimizer.zero_grad()
    print(f"after {STEPS} steps the heads name {float(right):.0%} of a batch's patches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder that export.py wrote")
    parser.add_argument("--state", type=Path, required=True, help="folder without a state of its own")
    parser.add_argument("--read-samples", type=int, required=True, help="formulas that the model has been trained on")
    parser.add_argument("--seed", type=int, default=2, help="other than that of the training before")
    arguments = parser.parse_args()
    path, vq = arguments.state / "reader.pt", arguments.state / "vq.pt"
    for present in filter(Path.exists, (path, vq)):
        raise SystemExit(f"{present} exists: expected a folder without a state")
    arguments.state.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    reader = Reader()
    weights = {name: value.float() for name, value in load_file(arguments.model / "model.safetensors").items()}
    reader.janus.load_state_dict(weights)
    fit_heads(reader, Source(arguments.seed * 1_000_003))
    nano.save(vq, {"model": reader.janus.model.vqmodel.state_dict(), "samples": VQ_SAMPLES})
    nano.save(path, {
        "model": {n: v for n, v in reader.state_dict().items() if "vqmodel." not in n}, "optimizers": {},
        "counts": {"glyph_samples": GLYPH_SAMPLES, "read_samples": arguments.read_samples, "step": 0},
    })


if __name__ == "__main__":
    main()

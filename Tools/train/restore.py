"""Makes a state to train on from, out of an exported model: `restore.py MODEL --state DIR --read-samples N`.

An exported model lacks the heads that name glyphs, which are fitted anew here, and the optimizers' momenta, which
gather again while train.py warms up. `N` is the number of formulas behind it: `train.py --samples` goes on from there.
Layers and channels that nano.py has and the exported model lacks begin without effect, so that the larger model answers as the
smaller one did.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import formulas
import nano
import vocabulary
from batches import CPU, GLYPH_SAMPLES
from formulas import LONGEST
from samples import Source, stacked
from train import Reader
from vq import SAMPLES as VQ_SAMPLES

STEPS = 120


def weights(folder: Path, reader: Reader) -> dict[str, torch.Tensor]:
    """The model's tensors. Rows of tokens that it did not have begin at the mean of those of LaTeX."""
    result = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    old = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    new = vocabulary.build().get_vocab()
    ids = [old[token] for token in formulas.INKED if token in old]
    unused = sorted({*range(len(result["lm_head.weight"]))} - {*old.values()})
    spare = sorted({*range(nano.VOCABULARY_ROWS)} - {*new.values()})
    for name in ("model.language_model.embed_tokens.weight", "lm_head.weight"):
        rows = result[name]
        fresh = reader.janus.state_dict()[name].clone()
        fresh[:] = rows[ids].mean(dim=0) + 0.3 * rows[ids].std(dim=0) * torch.randn_like(fresh)
        for token, place in new.items():
            if token in old:
                fresh[place] = rows[old[token]]
        # Rows without a token have learned that they are never the answer.
        for place, other in zip(spare, unused):
            fresh[place] = rows[other]
        result[name] = fresh
    return grown(result, reader)


OUTPUTS = ("o_proj.weight", "down_proj.weight", "projection_layer.weight", "projection_layer.bias", "fc2.weight", "fc2.bias")


def grown(given: dict[str, torch.Tensor], reader: Reader) -> dict[str, torch.Tensor]:
    """The tensors of a model as large as the reader's: what is new has random inputs, and outputs of nothing."""
    result = {}
    for name, fresh in reader.janus.state_dict().items():
        old = given.get(name)
        if old is None:
            if ".layers." not in name:
                raise SystemExit(f"{name}: expected in the model, found nothing")
            result[name] = torch.zeros_like(fresh) if name.endswith(OUTPUTS) else fresh
        elif old.shape == fresh.shape:
            result[name] = old
        else:
            # Wider layers of an MLP: rows of its first matrices, columns of its last.
            larger = torch.zeros_like(fresh) if name.endswith(OUTPUTS) else fresh.clone()
            larger[tuple(slice(size) for size in old.shape)] = old
            result[name] = larger
    return result


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
    parser.add_argument("--real", type=Path, help="file of real formulas, one a line, or folder that packs.py wrote")
    arguments = parser.parse_args()
    path, vq = arguments.state / "reader.pt", arguments.state / "vq.pt"
    for present in filter(Path.exists, (path, vq)):
        raise SystemExit(f"{present} exists: expected a folder without a state")
    arguments.state.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    reader = Reader()
    reader.janus.load_state_dict(weights(arguments.model, reader))
    fit_heads(reader, Source(arguments.seed * 1_000_003, arguments.real))
    nano.save(vq, {"model": reader.janus.model.vqmodel.state_dict(), "samples": VQ_SAMPLES})
    nano.save(path, {
        "model": {n: v for n, v in reader.state_dict().items() if "vqmodel." not in n}, "optimizers": {},
        "counts": {"glyph_samples": GLYPH_SAMPLES, "read_samples": arguments.read_samples, "step": 0},
    })


if __name__ == "__main__":
    main()

"""Makes a seeded random Janus checkpoint: `make_checkpoint.py --geometry tiny -o DIR`.

Values depend on the seed and on transformers' name of the tensor alone, so that checkpoints of one geometry and seed
hold the same model whatever their naming, container and number of shards.
"""

import argparse
import math
import zlib
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from configs import janus_config, write_files
from containers import write_checkpoint
from geometries import GEOMETRIES, Geometry
from names import deepseek_plan, transformers_shapes

FIXTURE_TOKENIZER = Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokenizer"


def gain(name: str, geometry: Geometry) -> float:
    """Scale of a matrix relative to 1/sqrt(columns), which keeps the size of its input.

    Queries and keys above 1 make attention choose, so that position and picture change the answer; heads are scaled
    so that the first two logits differ clearly, as they do in a trained model.
    """
    if name.startswith("lm_head"):
        return geometry.head_gain
    if "generation_head.proj_out" in name:
        return 1.0 / output_gain(geometry)
    if "vision_head" in name:
        return geometry.code_gain
    if ".q_proj." in name or ".k_proj." in name:
        return geometry.attention_gain
    return 1.0


def output_gain(geometry: Geometry) -> float:
    """Scale of the last norm: what a shared head, whose rows are embeddings of size 1, must not have itself."""
    return geometry.head_gain / math.sqrt(geometry.hidden) if geometry.tied else 1.0


def random_tensor(
    name: str, shape: tuple[int, ...], geometry: Geometry, seed: int, ordinary_tokens: int
) -> torch.Tensor:
    """The values of one tensor, rounded to bfloat16.

    The text head's rows for special tokens, and for rows without a token, are small: answers are ordinary text.
    """
    generator = torch.Generator().manual_seed(seed << 32 | zlib.crc32(name.encode()))
    values = torch.empty(shape).normal_(generator=generator)
    if len(shape) == 1:
        values.mul_(0.1)
        if name.endswith(".weight"):
            values.add_(1.0)  # the scale of a norm
        if name.endswith("language_model.norm.weight"):
            values.mul_(output_gain(geometry))
    elif "position_embedding" in name or name.endswith("latent"):
        values.mul_(0.5)
    elif "embedding" not in name and "embed_tokens" not in name:
        values.mul_(gain(name, geometry) / math.sqrt(math.prod(shape[1:])))
    if name.startswith("lm_head") or ("embed_tokens" in name and geometry.tied):
        values[ordinary_tokens:].mul_(0.25)
    return values.to(torch.bfloat16)


def make(geometry: Geometry, naming: str, container: str, shards: int, seed: int, tokenizer: Path, folder: Path):
    """Writes a whole checkpoint folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, naming, geometry, tokenizer)
    vocabulary = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    shapes = transformers_shapes(janus_config(geometry, vocabulary))
    if geometry.tied:
        del shapes["lm_head.weight"]
    if not geometry.vq_encoder:
        unread = ("model.vqmodel.encoder.", "model.vqmodel.quant_conv.")
        shapes = {name: shape for name, shape in shapes.items() if not name.startswith(unread)}
    if naming == "deepseek":
        plan = deepseek_plan(shapes, geometry)
    else:
        plan = [(name, shape, [name]) for name, shape in shapes.items()]
    sources = {name: (shape, sources or [name]) for name, shape, sources in plan}

    ordinary = vocabulary.get_vocab_size(with_added_tokens=False)

    def tensor(name: str) -> torch.Tensor:
        shape, parts = sources[name]
        pieces = [random_tensor(part, shapes.get(part, shape), geometry, seed, ordinary) for part in parts]
        return torch.cat(pieces).reshape(shape)

    write_checkpoint(folder, container, [(name, shape) for name, shape, _ in plan], tensor, shards)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--geometry", choices=GEOMETRIES, required=True)
    parser.add_argument("--naming", choices=["deepseek", "transformers"], default="transformers")
    parser.add_argument("--container", choices=["safetensors", "bin"], default="safetensors")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tied", action="store_true", help="share the text head with the embeddings")
    parser.add_argument("--tokenizer", type=Path, default=FIXTURE_TOKENIZER, help="folder with tokenizer.json")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    geometry = GEOMETRIES[arguments.geometry]
    if arguments.tied:
        geometry = replace(geometry, tied=True)
    make(geometry, arguments.naming, arguments.container, arguments.shards, arguments.seed, arguments.tokenizer,
         arguments.output)


if __name__ == "__main__":
    main()

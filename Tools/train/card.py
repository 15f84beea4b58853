"""Fills in the model card: `card.py MODEL --state STATE --table TABLE.md --real REAL.md` writes MODEL/README.md.

The tables are evaluate.py's and pictures.py's; the other figures come from the model's own files and the training's state.
"""

import argparse
import json
from pathlib import Path

from safetensors import safe_open

import nano

TEMPLATE = Path(__file__).parent / "card.md"


def figures(model: Path, state: Path) -> dict[str, object]:
    config = json.loads((model / "config.json").read_text())
    text, vision, vq = (config[f"{part}_config"] for part in ("text", "vision", "vq"))
    weights = model / "model.safetensors"
    with safe_open(weights, "pt") as tensors:
        parameters = sum(tensors.get_tensor(name).numel() for name in tensors.keys())
    counts = nano.checkpoint(state / "reader.pt")["counts"]
    painted = nano.checkpoint(state / "vq.pt")["samples"] if (state / "vq.pt").exists() else 0
    grid = vq["num_patches"]
    return {
        "parameters": f"{parameters / 1e6:.1f}", "megabytes": f"{weights.stat().st_size / 1e6:.1f}",
        "vision_layers": vision["num_hidden_layers"], "vision_width": vision["hidden_size"],
        "image": vision["image_size"], "patch": vision["patch_size"], "patches": vision["num_image_tokens"],
        "layers": text["num_hidden_layers"], "width": text["hidden_size"], "heads": text["num_attention_heads"],
        "vocabulary": text["vocab_size"], "codes": vq["num_embeddings"], "grid": grid, "base": vq["base_channels"],
        "side": grid << (len(vq["channel_multiplier"]) - 1),
        **{name: f"{counts[name]:,}" for name in ("read_samples", "glyph_samples")},
        "vq_samples": f"{painted:,}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True, help="table that pictures.py printed")
    arguments = parser.parse_args()
    text = TEMPLATE.read_text(encoding="utf-8").format(
        table=arguments.table.read_text(encoding="utf-8").strip(), real=arguments.real.read_text(encoding="utf-8").strip(),
        **figures(arguments.model, arguments.state))
    (arguments.model / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes the trained model in transformers' own format: `export.py --state DIR -o Models/janus-nano`."""

import argparse
import json
from pathlib import Path

import torch

import nano
import vocabulary
from fold import FURTHER, MARGIN, THICKNESS
from train import Reader


def files(model) -> dict[str, dict]:
    """The JSON files beside the weights."""
    ids = model.config.text_config
    return {
        "preprocessor_config.json": {
            "background_color": [127, 127, 127], "do_normalize": True, "do_rescale": True, "do_resize": True,
            "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "image_processor_type": "JanusImageProcessor",
            "min_size": 14, "processor_class": "JanusProcessor", "resample": 3, "rescale_factor": 0.00392156862745098,
            "size": {"height": nano.IMAGE, "width": nano.IMAGE},
            # How page.py lays out a formula; a reader that does not know the key shows the picture as it is.
            "formula_page": {"margin": MARGIN, "thickness": THICKNESS, "further_thicknesses": FURTHER, "folds": True},
        },
        "processor_config.json": {
            "num_image_tokens": nano.PATCHES, "processor_class": "JanusProcessor", "use_default_system_prompt": True,
        },
        "tokenizer_config.json": {
            "bos_token": vocabulary.BEGIN, "eos_token": vocabulary.END, "pad_token": vocabulary.PAD,
            "boi_token": vocabulary.IMAGE_START, "eoi_token": vocabulary.IMAGE_END,
            "image_token": vocabulary.PLACEHOLDER, "model_max_length": ids.max_position_embeddings,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
        "generation_config.json": {
            "bos_token_id": ids.bos_token_id, "eos_token_id": ids.eos_token_id, "pad_token_id": ids.pad_token_id,
            "guidance_scale": 5,
            "generation_kwargs": {"boi_token_id": vocabulary.build().token_to_id(vocabulary.IMAGE_START)},
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    reader = Reader()
    reader.load_state_dict(nano.checkpoint(arguments.state / "reader.pt")["model"], strict=False)
    model = reader.janus
    painted = arguments.state / "vq.pt"
    if painted.exists():
        model.model.vqmodel.load_state_dict(nano.checkpoint(painted)["model"])
    else:
        print(f"{painted} does not exist: the painting half of the model is untrained")
    model.to(torch.bfloat16).save_pretrained(arguments.output)
    vocabulary.build().save(str(arguments.output / "tokenizer.json"))
    for name, content in files(model).items():
        text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        (arguments.output / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

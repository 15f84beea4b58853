"""The JSON files that lie beside the weights of a checkpoint, in both namings."""

import json
import shutil
from pathlib import Path

from tokenizers import Tokenizer

from geometries import Geometry

BEGIN, END, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
IMAGE_START, IMAGE_END, PLACEHOLDER = "<begin_of_image>", "<end_of_image>", "<image_placeholder>"


def janus_config(geometry: Geometry, tokenizer: Tokenizer):
    """transformers' JanusConfig; special ids are looked up by their strings."""
    from transformers import JanusConfig

    special = {
        "bos_token_id": tokenizer.token_to_id(BEGIN),
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
    }
    return JanusConfig(
        text_config={
            "model_type": "llama", "hidden_size": geometry.hidden, "intermediate_size": geometry.intermediate,
            "num_hidden_layers": geometry.layers, "num_attention_heads": geometry.heads,
            "num_key_value_heads": geometry.kv_heads, "head_dim": geometry.head_dim,
            "vocab_size": geometry.vocab, "max_position_embeddings": geometry.context, "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": geometry.rope_theta},
            "tie_word_embeddings": geometry.tied, **special,
        },
        vision_config={
            "hidden_size": geometry.vision_hidden, "num_hidden_layers": geometry.vision_layers,
            "num_attention_heads": geometry.vision_heads, "image_size": geometry.image_size,
            "patch_size": geometry.patch_size, "mlp_ratio": geometry.vision_mlp_ratio,
            "projection_dim": geometry.hidden, "num_image_tokens": geometry.grid**2,
        },
        vq_config={
            "embed_dim": geometry.code_dim, "num_embeddings": geometry.codes,
            "latent_channels": geometry.latent_channels, "base_channels": geometry.base_channels,
            "channel_multiplier": list(geometry.channel_multiplier), "num_res_blocks": geometry.res_blocks,
            "num_patches": geometry.grid, "projection_dim": geometry.hidden, "image_token_embed_dim": geometry.hidden,
        },
        image_token_id=tokenizer.token_to_id(PLACEHOLDER),
        tie_word_embeddings=geometry.tied,
        dtype="bfloat16",
    )


def deepseek_config(geometry: Geometry) -> dict:
    """config.json as deepseek-ai writes it.

    The vision tower and the VQ model are only named there, so the sizes of this naming are the published ones. The
    7B file leaves every Llama default out; so does this one.
    """
    published = Geometry()
    fixed = ["vision_hidden", "vision_layers", "vision_heads", "vision_mlp_ratio", "patch_size", "latent_channels",
             "base_channels", "channel_multiplier", "res_blocks", "vq_encoder"]
    for name in fixed:
        if getattr(geometry, name) != getattr(published, name):
            raise ValueError(f"deepseek's config.json cannot state {name} {getattr(geometry, name)}: "
                             "use --naming transformers")
    language = {
        "hidden_size": (geometry.hidden, 4096), "intermediate_size": (geometry.intermediate, 11008),
        "max_position_embeddings": (geometry.context, None), "model_type": ("llama", None),
        "num_attention_heads": (geometry.heads, 32), "num_hidden_layers": (geometry.layers, None),
        "num_key_value_heads": (geometry.kv_heads, geometry.heads if geometry.heads == 32 else None),
        "rope_theta": (geometry.rope_theta, 10000.0), "torch_dtype": ("bfloat16", None),
        "vocab_size": (geometry.vocab, None),
    }
    projector = {"depth": 2, "n_embed": geometry.hidden, "projector_type": "mlp_gelu"}
    config = {
        "aligner_config": {"cls": "MlpProjector", "model_type": "aligner",
                           "params": projector | {"input_dim": geometry.vision_hidden}},
        "architectures": ["MultiModalityCausalLM"],
        "gen_aligner_config": {"cls": "MlpProjector", "model_type": "gen_aligner",
                               "params": projector | {"input_dim": geometry.code_dim}},
        "gen_head_config": {"cls": "vision_head", "model_type": "gen_head",
                            "params": {"image_token_embed": geometry.hidden, "image_token_size": geometry.codes,
                                       "n_embed": geometry.hidden}},
        "gen_vision_config": {"cls": "VQ-16", "model_type": "gen_vision",
                              "params": {"image_token_size": geometry.codes, "n_embed": geometry.code_dim}},
        "language_config": {key: value for key, (value, default) in language.items() if value != default},
        "model_type": "multi_modality",
        "torch_dtype": "bfloat16",
        "transformers_version": "4.33.1",
        "vision_config": {"cls": "CLIPVisionTower", "model_type": "vision",
                          "params": {"image_size": geometry.image_size, "model_name": "siglip_large_patch16_384",
                                     "select_feature": "same", "select_layer": -1}},
    }
    if geometry.heads == 32:
        del config["architectures"]  # absent from the published 7B file
    return config


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def write_files(folder: Path, naming: str, geometry: Geometry, tokenizer_folder: Path) -> None:
    """Writes config.json, the pre-processing and tokenizer files of one naming into `folder`."""
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    if tokenizer.get_vocab_size() > geometry.vocab:
        raise ValueError(f"the tokenizer has {tokenizer.get_vocab_size()} tokens, the model {geometry.vocab} rows")
    shutil.copyfile(tokenizer_folder / "tokenizer.json", folder / "tokenizer.json")
    preprocessor = {
        "background_color": [127, 127, 127], "do_normalize": True, "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5], "min_size": 14, "rescale_factor": 0.00392156862745098,
    }
    special = {"bos_token": BEGIN, "eos_token": END}
    if naming == "deepseek":
        write_json(folder / "config.json", deepseek_config(geometry))
        write_json(folder / "preprocessor_config.json", preprocessor | {
            "image_processor_type": "VLMImageProcessor", "image_size": geometry.image_size,
            "processor_class": "VLChatProcessor"})
        write_json(folder / "processor_config.json", {
            "add_special_token": False, "ignore_id": -100, "image_tag": PLACEHOLDER, "mask_prompt": True,
            "num_image_tokens": geometry.grid**2, "processor_class": "VLChatProcessor", "sft_format": "deepseek"})
        write_json(folder / "tokenizer_config.json", special | {
            "clean_up_tokenization_spaces": False, "model_max_length": geometry.context, "pad_token": None,
            "tokenizer_class": "LlamaTokenizer", "unk_token": None, "use_default_system_prompt": True})
        write_json(folder / "special_tokens_map.json", special | {
            "additional_special_tokens": [PLACEHOLDER, "<patch_placeholder>", "<|ref|>", "<|/ref|>", "<|det|>",
                                          "<|/det|>", "<|grounding|>", "<|User|>", "<|Assistant|>"],
            "pad_token": PAD})
        return
    config = janus_config(geometry, tokenizer).to_dict()
    config |= {"architectures": ["JanusForConditionalGeneration"], "transformers_version": "5.23.0"}
    write_json(folder / "config.json", config)
    write_json(folder / "preprocessor_config.json", preprocessor | {
        "do_resize": True, "do_rescale": True, "image_processor_type": "JanusImageProcessor", "resample": 3,
        "processor_class": "JanusProcessor", "size": {"height": geometry.image_size, "width": geometry.image_size}})
    write_json(folder / "processor_config.json", {
        "num_image_tokens": geometry.grid**2, "processor_class": "JanusProcessor", "use_default_system_prompt": True})
    write_json(folder / "tokenizer_config.json", special | {
        "boi_token": IMAGE_START, "eoi_token": IMAGE_END, "image_token": PLACEHOLDER, "pad_token": PAD,
        "model_max_length": geometry.context, "tokenizer_class": "PreTrainedTokenizerFast"})
    write_json(folder / "generation_config.json", {
        "bos_token_id": tokenizer.token_to_id(BEGIN), "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD), "guidance_scale": 5,
        "generation_kwargs": {"boi_token_id": tokenizer.token_to_id(IMAGE_START)}})

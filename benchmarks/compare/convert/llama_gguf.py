"""Writes the language model of a checkpoint as llama.cpp reads it: `llama_gguf.py CHECKPOINT KIND FILE.gguf`.

Kinds: `language`, with the text head and the whole vocabulary, and `painter`, with the code head and as many tokens
as there are codes, so that a painting step costs what it must and no more. Weights are bfloat16, to be quantised.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors import safe_open

BLOCK_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of a query or key matrix in the order of llama.cpp's rotary embedding: pairs side by side."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def add(writer: gguf.GGUFWriter, name: str, tensor: torch.Tensor) -> None:
    if tensor.dim() == 1:
        writer.add_tensor(name, tensor.float().numpy())
        return
    # gguf takes the bytes of a bfloat16 matrix: the last dimension counts bytes.
    halves = tensor.contiguous().view(torch.int16).numpy()
    writer.add_tensor(name, halves.view(np.uint8), raw_dtype=gguf.GGMLQuantizationType.BF16)


def add_vocabulary(writer: gguf.GGUFWriter, folder: Path, count: int) -> None:
    """The checkpoint's tokenizer, cut or filled with unused tokens to `count`."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    special = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    by_id = {index: text for text, index in tokenizer["model"]["vocab"].items()} | special
    tokens = [by_id.get(index, f"[unused {index}]") for index in range(count)]
    types = [
        gguf.TokenType.UNUSED if index not in by_id
        else gguf.TokenType.CONTROL if index in special else gguf.TokenType.NORMAL
        for index in range(count)
    ]
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    ids = {text: index for index, text in by_id.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("deepseek-llm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(ids["<｜begin▁of▁sentence｜>"])
    writer.add_eos_token_id(ids["<｜end▁of▁sentence｜>"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("kind", choices=["language", "painter"])
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    configuration = json.loads((arguments.checkpoint / "config.json").read_text())
    text = configuration["text_config"]
    heads, kv_heads = text["num_attention_heads"], text["num_key_value_heads"]
    paints = arguments.kind == "painter"
    vocabulary = configuration["vq_config"]["num_embeddings"] if paints else text["vocab_size"]

    writer = gguf.GGUFWriter(arguments.output, "llama")
    writer.add_block_count(text["num_hidden_layers"])
    writer.add_context_length(text["max_position_embeddings"])
    writer.add_embedding_length(text["hidden_size"])
    writer.add_feed_forward_length(text["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(text["head_dim"])
    writer.add_layer_norm_rms_eps(text["rms_norm_eps"])
    writer.add_vocab_size(vocabulary)
    add_vocabulary(writer, arguments.checkpoint, vocabulary)
    with safe_open(arguments.checkpoint / "model.safetensors", "pt") as tensors:
        prefix = "model.language_model."
        add(writer, "token_embd.weight", tensors.get_tensor(prefix + "embed_tokens.weight")[:vocabulary])
        add(writer, "output_norm.weight", tensors.get_tensor(prefix + "norm.weight"))
        head = "model.generation_head.vision_head.weight" if paints else "lm_head.weight"
        add(writer, "output.weight", tensors.get_tensor(head))
        for block in range(text["num_hidden_layers"]):
            for source, target in BLOCK_NAMES.items():
                weight = tensors.get_tensor(f"{prefix}layers.{block}.{source}.weight")
                if target in ("attn_q", "attn_k"):
                    weight = interleaved(weight, heads if target == "attn_q" else kv_heads)
                add(writer, f"blk.{block}.{target}.weight", weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()

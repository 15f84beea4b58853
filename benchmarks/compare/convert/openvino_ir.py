"""Converts a Janus checkpoint into OpenVINO's graphs: `openvino_ir.py CHECKPOINT GRAPH WEIGHTS FILE.xml`.

Graphs: `language` (token ids to the text logits of the last position), `painter` (embeddings to the code logits of
the last position), `vision` (tower and aligner), `vq` (codes to pixels). Weights: int4 (symmetric, groups of 128; the
heads and embeddings int8, as nncf does by itself), int8 (symmetric), bf16 (uncompressed; the runtime computes in
bfloat16 where the processor has it).
"""

import argparse
from pathlib import Path

import nncf
import numpy as np
import openvino as ov
import torch
from openvino import opset13
from openvino._offline_transformations import apply_make_stateful_transformation
from transformers import JanusForConditionalGeneration


class GrowingCache:
    """What transformers' attention asks of a cache, over plain tensors."""

    def __init__(self, keys: list[torch.Tensor], values: list[torch.Tensor]):
        self.keys, self.values = keys, values

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_unused, **_ignored):
        self.keys[layer] = torch.cat([self.keys[layer], keys], dim=-2)
        self.values[layer] = torch.cat([self.values[layer], values], dim=-2)
        return self.keys[layer], self.values[layer]


class Decoder(torch.nn.Module):
    """Tokens or embeddings, with a cache, to the logits of the last position."""

    def __init__(self, janus: JanusForConditionalGeneration, paints: bool):
        super().__init__()
        self.llama = janus.model.language_model
        self.head = janus.model.generation_head if paints else janus.lm_head
        self.paints = paints

    def forward(self, tokens, position_ids, beam_idx, *past):
        past = [tensor.index_select(0, beam_idx) for tensor in past]
        cache = GrowingCache(past[0::2], past[1::2])
        hidden = tokens if self.paints else self.llama.embed_tokens(tokens)
        length = past[0].shape[2] + hidden.shape[1]
        seen = torch.arange(length)[None, None, None, :] <= position_ids[:, None, :, None]
        mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)
        angles = self.llama.rotary_emb(hidden, position_ids)
        for layer in self.llama.layers:
            hidden = layer(
                hidden, attention_mask=mask, position_ids=position_ids, past_key_values=cache,
                position_embeddings=angles)
        logits = self.head(self.llama.norm(hidden[:, -1:]))
        cached = [tensor for pair in zip(cache.keys, cache.values) for tensor in pair]
        return (logits, *cached)


class Vision(torch.nn.Module):
    def __init__(self, janus: JanusForConditionalGeneration):
        super().__init__()
        self.tower, self.aligner = janus.model.vision_model, janus.model.aligner

    def forward(self, pixels):
        return self.aligner(self.tower(pixels).last_hidden_state)


class Pixels(torch.nn.Module):
    def __init__(self, janus: JanusForConditionalGeneration):
        super().__init__()
        self.vq = janus.model.vqmodel

    def forward(self, codes):
        return self.vq.decode(codes)


def convert_decoder(janus: JanusForConditionalGeneration, paints: bool) -> ov.Model:
    config = janus.config.text_config
    heads, width, layers = config.num_key_value_heads, config.head_dim, config.num_hidden_layers
    rows, past, new = 2, 3, 2
    tokens = torch.randn(rows, new, config.hidden_size) if paints else torch.ones(rows, new, dtype=torch.long)
    positions = torch.arange(past, past + new).expand(rows, new)
    example = [tokens, positions, torch.arange(rows, dtype=torch.int32)]
    example += [torch.randn(rows, heads, past, width) for _ in range(2 * layers)]
    model = ov.convert_model(Decoder(janus, paints), example_input=tuple(example))

    names = ["inputs_embeds" if paints else "input_ids", "position_ids", "beam_idx"]
    states = [f"{kind}.{layer}" for layer in range(layers) for kind in ("key", "value")]
    shapes = [[-1, -1, config.hidden_size] if paints else [-1, -1], [-1, -1], [-1]]
    shapes += [[-1, heads, -1, width]] * len(states)
    for port, name, shape in zip(model.inputs, names + ["past." + s for s in states], shapes, strict=True):
        port.get_tensor().set_names({name})
        port.get_node().set_partial_shape(ov.PartialShape(shape))
    for port, name in zip(model.outputs, ["logits"] + ["present." + s for s in states], strict=True):
        port.get_tensor().set_names({name})
    model.validate_nodes_and_infer_types()
    apply_make_stateful_transformation(model, {"past." + s: "present." + s for s in states})
    begin_empty(model, names[0])
    return model


def begin_empty(model: ov.Model, input_name: str) -> None:
    """Makes a reset cache hold no positions, for as many rows as the input has."""
    shape = opset13.shape_of(model.input(input_name), output_type="i64")
    rows = opset13.gather(shape, opset13.constant([0]), opset13.constant(0))
    for node in model.get_ops():
        if node.get_type_name() == "ReadValue":
            lengths = [dimension.min_length for dimension in node.get_output_partial_shape(0)]
            parts = [rows, *(opset13.constant(np.array([length], dtype=np.int64)) for length in lengths[1:])]
            zero = opset13.constant(0.0, dtype=node.get_output_element_type(0))
            node.set_arguments([opset13.broadcast(zero, opset13.concat(parts, axis=0))])
    model.validate_nodes_and_infer_types()


def convert(janus: JanusForConditionalGeneration, graph: str) -> ov.Model:
    if graph in ("language", "painter"):
        return convert_decoder(janus, paints=graph == "painter")
    if graph == "vision":
        side = janus.config.vision_config.image_size
        return ov.convert_model(Vision(janus), example_input=torch.zeros(1, 3, side, side), input=[1, 3, side, side])
    count = janus.config.vq_config.num_patches ** 2
    return ov.convert_model(Pixels(janus), example_input=torch.zeros(1, count, dtype=torch.long), input=[1, count])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("graph", choices=["language", "painter", "vision", "vq"])
    parser.add_argument("weights", choices=["int4", "int8", "bf16"])
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    janus = JanusForConditionalGeneration.from_pretrained(arguments.checkpoint, dtype=torch.float32).eval()
    with torch.no_grad():
        model = convert(janus, arguments.graph)
    if arguments.weights == "int4":
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT4_SYM, group_size=128, ratio=1.0)
    elif arguments.weights == "int8":
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
    ov.save_model(model, arguments.output, compress_to_fp16=False)


if __name__ == "__main__":
    main()

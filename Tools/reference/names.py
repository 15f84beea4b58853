"""The two namings of a Janus checkpoint: transformers' own, and the one that deepseek-ai published first.

The rules are those of transformers' convert_janus_weights_to_hf.py, read backwards.
"""

import re

import torch

from geometries import Geometry

# transformers prefix or fragment → deepseek's, first match of each stage wins.
_PREFIXES = [
    ("model.vision_model.embeddings.patch_embedding.", "vision_model.vision_tower.patch_embed.proj."),
    ("model.vision_model.embeddings.position_embedding.weight", "vision_model.vision_tower.pos_embed"),
    ("model.vision_model.encoder.layers.", "vision_model.vision_tower.blocks."),
    ("model.vision_model.post_layernorm.", "vision_model.vision_tower.norm."),
    ("model.aligner.fc1.", "aligner.layers.0."),
    ("model.aligner.hidden_layers.0.", "aligner.layers.2."),
    ("model.vqmodel.", "gen_vision_model."),
    ("model.generation_aligner.fc1.", "gen_aligner.layers.0."),
    ("model.generation_aligner.hidden_layers.0.", "gen_aligner.layers.2."),
    ("model.generation_head.proj_out.", "gen_head.output_mlp_projector."),
    ("model.generation_head.vision_head.", "gen_head.vision_head."),
    ("model.generation_embeddings.", "gen_embed."),
    ("model.language_model.", "language_model.model."),
    ("lm_head.", "language_model.lm_head."),
]
_VISION = [
    (".layer_norm1.", ".norm1."),
    (".layer_norm2.", ".norm2."),
    (".self_attn.projection_layer.", ".attn.proj."),
    (".self_attn.", ".attn."),
]
_VQ = [
    (r"\.(?:down|up)\.(\d+)\.", r".conv_blocks.\1."),
    (r"\.block\.(\d+)\.", r".res.\1."),
    (r"\.mid\.block_1\.", ".mid.0."),
    (r"\.mid\.attn_1\.", ".mid.1."),
    (r"\.mid\.block_2\.", ".mid.2."),
]
# The order in which deepseek's module lists its parts.
_PARTS = ["vision_model.", "aligner.", "gen_vision_model.", "gen_aligner.", "gen_head.", "gen_embed.", "language_model."]


def deepseek_name(name: str) -> str:
    """deepseek's name of a tensor that transformers calls `name`; q, k and v of the vision tower stay apart here."""
    for ours, theirs in _PREFIXES:
        if name.startswith(ours):
            name = theirs + name[len(ours):]
            break
    else:
        raise ValueError(f"{name}: no rule for this name")
    if name.startswith("vision_model."):
        for ours, theirs in _VISION:
            name = name.replace(ours, theirs)
    if name.startswith("gen_vision_model."):
        for pattern, replacement in _VQ:
            name = re.sub(pattern, replacement, name)
    return name


def deepseek_plan(shapes: dict[str, tuple[int, ...]], geometry: Geometry):
    """What a checkpoint in deepseek's naming holds, in its order.

    `shapes` are transformers' names and shapes. Returns (name, shape, sources): the sources, transformers' names, are
    joined along the first axis and reshaped; no source means a tensor that only deepseek's naming has.
    """
    plan = []
    for name, shape in shapes.items():
        if re.search(r"vision_model\..*\.self_attn\.[kv]_proj\.", name):
            continue
        if re.search(r"vision_model\..*\.self_attn\.q_proj\.", name):
            sources = [name.replace("q_proj", part) for part in ("q_proj", "k_proj", "v_proj")]
            plan.append((deepseek_name(name).replace("q_proj", "qkv"), (3 * shape[0], *shape[1:]), sources))
        elif name.endswith("position_embedding.weight"):
            plan.append((deepseek_name(name), (1, *shape), [name]))
        else:
            plan.append((deepseek_name(name), shape, [name]))
    plan += [(name, shape, []) for name, shape in unused_shapes(geometry).items()]
    return sorted(plan, key=lambda entry: next(i for i, part in enumerate(_PARTS) if entry[0].startswith(part)))


def unused_shapes(geometry: Geometry) -> dict[str, tuple[int, ...]]:
    """The tensors of deepseek's checkpoints that no forward pass reads: the pooling head and a usage record."""
    width = geometry.vision_hidden
    mlp = int(width * geometry.vision_mlp_ratio)
    pool = "vision_model.vision_tower.attn_pool."
    shapes: dict[str, tuple[int, ...]] = {pool + "latent": (1, 1, width)}
    for leaf, rows, columns in [("q", width, width), ("kv", 2 * width, width), ("proj", width, width)]:
        shapes |= {f"{pool}{leaf}.weight": (rows, columns), f"{pool}{leaf}.bias": (rows,)}
    shapes |= {pool + "norm.weight": (width,), pool + "norm.bias": (width,)}
    for leaf, rows, columns in [("mlp.fc1", mlp, width), ("mlp.fc2", width, mlp)]:
        shapes |= {f"{pool}{leaf}.weight": (rows, columns), f"{pool}{leaf}.bias": (rows,)}
    return shapes | {"gen_vision_model.quantize.codebook_used": (65536,)}


def transformers_shapes(config) -> dict[str, tuple[int, ...]]:
    """Names and shapes of transformers' own Janus class for `config`, without allocating a weight."""
    from transformers import JanusForConditionalGeneration

    with torch.device("meta"):
        model = JanusForConditionalGeneration(config)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}

"""janus-nano: its configuration, and a forward pass over transformers' own modules that skips empty paper.

Most patches of a formula's page are white. Training feeds the tower the patches with ink and a few white ones, each
with its own position, and runs the constant start of the prompt once for a whole batch. With all patches the result is
transformers' own forward (`check` in train.py).
"""

import math

import torch
import torch.nn.functional as F
from transformers import JanusConfig, JanusForConditionalGeneration
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb, repeat_kv

import vocabulary

IMAGE, PATCH, WIDTH, HEADS = 320, 16, 192, 6
GRID = IMAGE // PATCH
PATCHES = GRID * GRID
CODES = 512
VOCABULARY_ROWS = 896
# (layer, head, what): heads of the language model that are taught where to look.
GUIDED = [(1, 0, "current"), (2, 0, "next"), (3, 0, "next"), (0, 1, "above"), (0, 2, "above right"), (1, 1, "above")]
# Where heads 0, 1, … of the tower's first layers look before training: columns to the right and rows down.
NEIGHBOURS = [
    [(-1, 0), (1, 0), (0, -1), (0, 1)],
    [(-1, 0), (1, 0), (0, -1), (0, 1), (-2, 0), (2, 0)],
    [(-1, 0), (1, 0), (0, -1), (0, 1)],
]


def device() -> torch.device:
    """Where training computes: on a GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def checkpoint(path) -> dict:
    """A state that `save` wrote, wherever it was computed."""
    return torch.load(path, weights_only=True, map_location="cpu")


def save(path, state: dict) -> None:
    """Gives a state a new content, or leaves the old one."""
    new = path.with_suffix(".new")
    torch.save(state, new)
    new.rename(path)


def reduced():
    """bfloat16 products where the processor has them; elsewhere PyTorch's are sixty times as slow as float32."""
    kind = device().type
    return torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda" or torch.cpu._is_avx512_bf16_supported())


def config() -> JanusConfig:
    ids = {token: index for token, index in vocabulary.build().get_vocab().items() if token in vocabulary.SPECIAL}
    return JanusConfig(
        text_config={
            "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": 768, "num_hidden_layers": 5,
            "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "head_dim": WIDTH // HEADS,
            "vocab_size": VOCABULARY_ROWS, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}, "tie_word_embeddings": False,
            "bos_token_id": ids[vocabulary.BEGIN], "eos_token_id": ids[vocabulary.END],
            "pad_token_id": ids[vocabulary.PAD],
        },
        vision_config={
            "hidden_size": WIDTH, "num_hidden_layers": 6, "num_attention_heads": HEADS, "image_size": IMAGE,
            "patch_size": PATCH, "mlp_ratio": 4.0, "projection_dim": WIDTH, "num_image_tokens": PATCHES,
        },
        vq_config={
            # The grid is the vision tower's: transformers' JanusConfig takes no other, whatever stands here.
            # 64 channels: the norms have 32 groups, and a group of one channel cannot carry a flat colour.
            "embed_dim": 8, "num_embeddings": CODES, "latent_channels": 64, "base_channels": 64,
            "channel_multiplier": [1, 1, 1, 1], "num_res_blocks": 1, "num_patches": GRID,
            "projection_dim": WIDTH, "image_token_embed_dim": WIDTH,
        },
        image_token_id=ids[vocabulary.PLACEHOLDER], tie_word_embeddings=False,
    )


def build() -> JanusForConditionalGeneration:
    model = JanusForConditionalGeneration(config())
    # Paper is white, +1 everywhere: filters without a mean see strokes only, which is what there is to learn.
    center_filters(model)
    look_around(model.model.vision_model)
    return model


@torch.no_grad()
def look_around(tower, sharpness: float = 8.0) -> None:
    """Begins the tower as something like a convolutional network, which learns to see from a third of the pictures.

    A position is one angle for each of some wavelengths and both axes. Turning the query's angles makes a head look at
    a neighbour (`NEIGHBOURS`), wherever it stands. The patches' filters leave the places of the angles free.
    """
    embeddings = tower.embeddings
    head = WIDTH // HEADS
    frequencies = [2.5 * 0.67**number for number in range(head // 4)]
    place = torch.arange(PATCHES)
    angles = torch.stack([axis[:, None] * torch.tensor(frequencies) for axis in (place % GRID, place // GRID)], dim=-1)
    position = embeddings.position_embedding.weight
    position.zero_()
    position[:, :head] = torch.stack([angles.cos(), angles.sin()], dim=-1).flatten(1)
    embeddings.patch_embedding.weight[:head] = 0
    embeddings.patch_embedding.bias[:head] = 0
    for layer, offsets in zip(tower.encoder.layers, NEIGHBOURS):
        for number, offset in enumerate(offsets):
            rows = slice(number * head, (number + 1) * head)
            turned = [
                torch.tensor([[math.cos(f * way), -math.sin(f * way)], [math.sin(f * way), math.cos(f * way)]])
                for f in frequencies for way in offset
            ]
            for projection, angles_of in ((layer.self_attn.q_proj, torch.block_diag(*turned)),
                                          (layer.self_attn.k_proj, torch.eye(head))):
                projection.weight[rows] = 0
                projection.weight[rows, :head] = angles_of * math.sqrt(sharpness)
                projection.bias[rows] = 0


@torch.no_grad()
def center_filters(model) -> None:
    weight = model.model.vision_model.embeddings.patch_embedding.weight
    weight.sub_(weight.mean(dim=(1, 2, 3), keepdim=True))


def vision(model, patches: torch.Tensor, index: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Features [B, N, width] of grey patches [B, N, 256], 0...255, at raster places `index`; absent ones are ignored."""
    tower = model.model.vision_model
    embedding = tower.embeddings.patch_embedding
    filters = embedding.weight.sum(dim=1).flatten(1)  # three equal channels
    hidden = F.linear(patches.float() / 127.5 - 1, filters, embedding.bias) + tower.embeddings.position_embedding(index)
    mask = present[:, None, None, :]
    for layer in tower.encoder.layers:
        attention = layer.self_attn
        states = layer.layer_norm1(hidden)
        q, k, v = (
            getattr(attention, f"{part}_proj")(states).unflatten(2, (-1, attention.head_dim)).transpose(1, 2)
            for part in "qkv"
        )
        hidden = hidden + attention.projection_layer(attend(q, k, v, mask).transpose(1, 2).flatten(2))
        hidden = hidden + layer.mlp(layer.layer_norm2(hidden))
    return tower.post_layernorm(hidden)


def attend(q, k, v, mask) -> torch.Tensor:
    """Attention by its formula on a CPU: PyTorch's fused one takes four times as long backwards, at these lengths."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, mask)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1) @ v


def language(model, prefix, body, places, present, asked=None, taps=None):
    """The language model over a shared prefix [1, P, D], or none, and bodies [B, T, D] at positions `places` [B, T].

    Returns the body's normalised output, and for every guided head the log-probability of its attention at `asked`:
    a dictionary "current", "next" … → the body's columns that its last rows ask for [B, R] (−1: none). `taps` is filled
    with what leaves the layers whose numbers are its keys.
    """
    llama = model.model.language_model
    count, batch = 0 if prefix is None else prefix.shape[1], body.shape[0]
    on = {"device": body.device}
    rotary_prefix = llama.rotary_emb(body, torch.arange(count, **on)[None])
    rotary_body = llama.rotary_emb(body, places)
    # A body token sees the whole prefix and what stands before it in the body, itself included.
    causal = torch.ones(body.shape[1], body.shape[1], dtype=torch.bool, **on).tril()
    seen = causal[None] & present[:, None, :]
    seen = seen | torch.eye(body.shape[1], dtype=torch.bool, **on)  # an absent token sees itself, which avoids NaN
    mask = torch.cat([torch.ones(batch, body.shape[1], count, dtype=torch.bool, **on), seen], dim=2)[:, None]
    causal_prefix = torch.ones(count, count, dtype=torch.bool, **on).tril()
    guidance: dict[tuple, torch.Tensor] = {}
    last = len(llama.layers) - 1
    for number, layer in enumerate(llama.layers):
        attention = layer.self_attn

        def project(hidden, rotary):
            states = layer.input_layernorm(hidden)
            q, k, v = (
                getattr(attention, f"{part}_proj")(states).unflatten(2, (-1, attention.head_dim)).transpose(1, 2)
                for part in "qkv"
            )
            return *apply_rotary_pos_emb(q, k, *rotary), v

        def finish(hidden, mixed):
            hidden = hidden + attention.o_proj(mixed.transpose(1, 2).flatten(2))
            return hidden + layer.mlp(layer.post_attention_layernorm(hidden))

        q, keys, values = project(body, rotary_body)
        if count:
            q0, k0, v0 = project(prefix, rotary_prefix)
            keys = torch.cat([k0.expand(batch, -1, -1, -1), keys], dim=2)
            values = torch.cat([v0.expand(batch, -1, -1, -1), values], dim=2)
        groups = attention.num_key_value_groups
        keys, values = repeat_kv(keys, groups), repeat_kv(values, groups)
        for layer_number, head, what in GUIDED if asked else []:
            if layer_number == number and what in asked:
                guidance[number, head] = _looked(q[:, head], keys[:, head], mask[:, 0], asked[what], count)
        if count and number < last:
            k0, v0 = repeat_kv(k0, groups), repeat_kv(v0, groups)
            prefix = finish(prefix, attend(q0, k0, v0, causal_prefix))
        body = finish(body, attend(q, keys, values, mask))
        if taps and number in taps:
            taps[number] = body
    return llama.norm(body), guidance


def _looked(q, keys, mask, columns, count):
    """Mean negative log of the attention that the asked columns get."""
    rows = columns.shape[1]
    scores = (q[:, -rows:] @ keys.transpose(1, 2)).float() * q.shape[-1] ** -0.5
    logs = scores.masked_fill(~mask[:, -rows:], float("-inf")).log_softmax(dim=-1)
    found = logs.gather(2, columns.clamp(min=0)[..., None] + count)[..., 0]
    wanted = columns >= 0
    return -torch.where(wanted, found, 0).sum() / wanted.sum().clamp(min=1)

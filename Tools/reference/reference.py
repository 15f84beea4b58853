"""A checkpoint folder run by transformers' Janus classes in float32, one greedy token at a time.

On a GPU, too, where float32 must mean it: neither matrix products nor convolutions in TF32.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer

from configs import janus_config
from geometries import Geometry
from names import deepseek_plan, transformers_shapes
from pictures import preprocess
from prompts import Prompts


@dataclass
class Continuation:
    """A greedy answer: its ids, the log-probabilities before each of them, and the gap between the best two."""

    token_ids: list[int] = field(default_factory=list)
    log_probabilities: list[torch.Tensor] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)


class Reference:
    def __init__(self, folder: Path, device: str = "cpu"):
        from transformers import JanusForConditionalGeneration

        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self.folder, self.device = folder, device
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.model = JanusForConditionalGeneration(_config(folder, self.tokenizer)).float().eval()
        missing, unexpected = self.model.load_state_dict(_transformers_state(folder, self.model), strict=False)
        allowed = ("model.vqmodel.encoder.", "model.vqmodel.quant_conv.")
        missing = [name for name in missing if not name.startswith(allowed)]
        if self.model.config.tie_word_embeddings:
            missing = [name for name in missing if name != "lm_head.weight"]
            self.model.tie_weights()
        if missing or unexpected:
            raise ValueError(f"{folder}: missing {missing[:3]}, unexpected {unexpected[:3]}")
        self.model.to(device)
        vision = self.model.config.vision_config
        self.image_size = vision.image_size
        self.prompts = Prompts(self.tokenizer, (vision.image_size // vision.patch_size) ** 2)

    def pixels(self, image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(preprocess(image, self.image_size))[None]

    @torch.no_grad()
    def image_features(self, image: Image.Image) -> torch.Tensor:
        """[patches, hidden] after the aligner."""
        pixels = self.pixels(image).to(self.device)
        return self.model.model.get_image_features(pixels, return_dict=True).pooler_output[0].cpu()

    @torch.no_grad()
    def embed(self, ids: list[int], images: list[Image.Image]) -> torch.Tensor:
        """[1, T, hidden]: token embeddings, with the pictures' features in place of the placeholders."""
        tokens = torch.tensor([ids], device=self.device)
        embeddings = self.model.get_input_embeddings()(tokens)
        if images:
            features = torch.cat([self.image_features(image) for image in images])
            embeddings[tokens == self.prompts.placeholder] = features.to(self.device)
        return embeddings

    @torch.no_grad()
    def answer(self, ids: list[int], images: list[Image.Image], count: int) -> Continuation:
        """The greedy continuation of `ids`; it ends early only with the end token, which is then its last."""
        result = Continuation()
        inputs, cache = self.embed(ids, images), None
        while len(result.token_ids) < count and result.token_ids[-1:] != [self.prompts.end]:
            output = self.model(inputs_embeds=inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = output.past_key_values
            logits = output.logits[0, -1].cpu().double()
            best = logits.topk(2)
            result.token_ids.append(int(best.indices[0]))
            result.gaps.append(float(best.values[0] - best.values[1]))
            result.log_probabilities.append(torch.log_softmax(logits, dim=-1))
            inputs = self.embed(result.token_ids[-1:], [])
        return result

    @torch.no_grad()
    def paint(self, text: str, count: int, guidance: float) -> tuple[list[int], list[torch.Tensor]]:
        """The most likely `count` codes for a picture of `text`, and the guided logits before each."""
        janus = self.model.model
        inputs = self.model.get_input_embeddings()(torch.tensor(self.prompts.painting(text), device=self.device))
        cache, codes, guided = None, [], []
        for _ in range(count):
            output = janus.language_model(inputs_embeds=inputs, past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            conditional, unconditional = janus.generation_head(output.last_hidden_state[:, -1]).cpu()
            logits = unconditional + guidance * (conditional - unconditional)
            guided.append(logits)
            codes.append(int(logits.argmax()))
            both = torch.tensor([[codes[-1]]] * 2, device=self.device)
            inputs = self.model.prepare_embeddings_for_image_generation(both)
        return codes, guided

    @torch.no_grad()
    def decode(self, codes: list[int]) -> torch.Tensor:
        """[3, height, width], about -1...1."""
        return self.model.model.vqmodel.decode(torch.tensor([codes], device=self.device))[0].cpu()


def pixel_bytes(decoded: torch.Tensor) -> torch.Tensor:
    """[height, width, 3] uint8: scaled to 0...255, clipped, truncated."""
    return ((decoded.permute(1, 2, 0) + 1) / 2 * 255).clip(0, 255).to(torch.uint8)


def _state(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    state: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        state |= load_file(path)
    for path in sorted(folder.glob("*.bin")):
        state |= torch.load(path, weights_only=True, mmap=True)
    return state


def _transformers_state(folder: Path, model) -> dict[str, torch.Tensor]:
    """The weights under transformers' names."""
    state = _state(folder)
    if any(name.startswith("gen_vision_model.") for name in state):
        shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        renamed = {}
        for name, _, sources in deepseek_plan(shapes, Geometry()):
            value = state[name]
            for source, part in zip(sources, value.chunk(len(sources)) if sources else []):
                renamed[source] = part.reshape(shapes[source])
        state = renamed
    return state


def _config(folder: Path, tokenizer: Tokenizer):
    from transformers import JanusConfig

    config = json.loads((folder / "config.json").read_text())
    if config["model_type"] == "janus":
        return JanusConfig.from_pretrained(folder)
    language, published = config["language_config"], Geometry()
    hidden = language.get("hidden_size", 4096)
    heads = language.get("num_attention_heads", 32)
    geometry = replace(
        published, hidden=hidden, intermediate=language.get("intermediate_size", 11008),
        layers=language["num_hidden_layers"], heads=heads, kv_heads=language.get("num_key_value_heads", heads),
        head_dim=hidden // heads, vocab=language["vocab_size"], context=language["max_position_embeddings"],
        rope_theta=language.get("rope_theta", 10000.0), image_size=config["vision_config"]["params"]["image_size"],
        codes=config["gen_vision_config"]["params"]["image_token_size"],
    )
    return janus_config(geometry, tokenizer)

"""transformers' own Janus in bfloat16, as its users run it."""

import argparse

import torch
from transformers import Cache, DynamicCache, JanusForConditionalGeneration, StaticCache

from protocol import DECODE_STEPS, PAINT_DEPTH, PAINT_STEPS, PROMPT, seconds, serve


class Stages:
    def __init__(self, folder: str):
        self.janus = JanusForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16).eval()
        self.model = self.janus.model
        self.config = self.janus.config
        self.model.vqmodel.to(memory_format=torch.channels_last)  # a fifth faster

    def ids(self, count: int, rows: int = 1) -> torch.Tensor:
        return (torch.arange(rows * count).reshape(rows, count) * 7919) % self.config.text_config.vocab_size

    def encode(self) -> float:
        side = self.config.vision_config.image_size
        pixels = torch.linspace(-1, 1, 3 * side * side, dtype=torch.bfloat16).reshape(1, 3, side, side)
        return seconds(lambda: self.model.get_image_features(pixels))

    def take(self, ids: torch.Tensor, cache: Cache) -> None:
        self.janus(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)

    def prefill(self) -> float:
        ids = self.ids(PROMPT)
        return seconds(lambda: self.take(ids, DynamicCache()))

    def decode(self, depth: int) -> float:
        cache = DynamicCache()
        if depth:
            self.take(self.ids(depth), cache)
        ids = self.ids(1)
        return seconds(lambda: [self.take(ids, cache) for _ in range(DECODE_STEPS)])

    def filled(self, rows: int) -> Cache:
        """A cache of PAINT_DEPTH positions for each row, of the kind that is the faster one for so many rows."""
        text = self.config.text_config
        if rows <= 2:
            cache = DynamicCache()
            self.take(self.ids(PAINT_DEPTH), cache)
            cache.batch_repeat_interleave(rows)
            return cache
        cache = StaticCache(config=text, max_cache_len=PAINT_DEPTH + PAINT_STEPS)
        cache.early_initialization(rows, text.num_key_value_heads, text.head_dim, torch.bfloat16, torch.device("cpu"))
        for layer in cache.layers:
            layer.cumulative_length.fill_(PAINT_DEPTH)
            layer.keys.fill_(0.1)  # also makes the pages its own: those of zeros may all be one
            layer.values.fill_(0.1)
        return cache

    def paint(self, rows: int) -> float:
        cache = self.filled(rows)
        codes = torch.zeros(rows, 1, dtype=torch.long)

        def step() -> None:
            embeddings = self.janus.prepare_embeddings_for_image_generation(codes)
            hidden = self.model.language_model(
                inputs_embeds=embeddings, past_key_values=cache, use_cache=True).last_hidden_state
            self.model.generation_head(hidden[:, -1])

        return seconds(lambda: [step() for _ in range(PAINT_STEPS)]) / PAINT_STEPS

    def vq(self) -> float:
        config = self.config.vq_config
        codes = torch.arange(config.num_patches**2).reshape(1, -1) * 37 % config.num_embeddings
        return seconds(lambda: self.janus.decode_image_tokens(codes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    stages = Stages(arguments.checkpoint)
    with torch.inference_mode():
        serve({
            "encode": stages.encode,
            "prefill": stages.prefill,
            "decode-0": lambda: stages.decode(0),
            "decode-600": lambda: stages.decode(600),
            "paint-2": lambda: stages.paint(2),
            "paint-32": lambda: stages.paint(32),
            "vq": stages.vq,
        })


if __name__ == "__main__":
    main()

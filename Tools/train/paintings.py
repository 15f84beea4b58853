"""Training samples of the painter: captions and the codes of their pictures."""

import random
from collections import deque
from pathlib import Path

import torch
import torch.nn.functional as F

import nano
import vocabulary
from shapes import CHOICES, Scene, paint, random_scene
from vq import codes, pixels

GUIDANCE = 5.0  # with which pictures are painted
# Pictures are sampled at temperature 1, which over 400 codes in a row meets what is unlikely too often. The codes are
# learned at this multiple of the logits, so that temperature 1 paints as this one would.
TEMPERATURE = 0.7
UNDERSTOOD = 1  # the layer after which the prompt's last token has to know the scene


class Paintings:
    """Endless batches from a trained VQ model; pictures are encoded once and met several times."""

    def __init__(self, weights: Path, seed: int, fresh: float = 0.3, pool: int = 20_000):
        self.vq = nano.build().model.vqmodel.eval()
        self.vq.load_state_dict(torch.load(weights, weights_only=True)["model"])
        self.rng, self.fresh = random.Random(seed), fresh
        self.pool: deque[tuple[Scene, torch.Tensor]] = deque(maxlen=pool)
        self.tokenizer = vocabulary.build()
        self.begin, _, self.pad, self.start = (
            self.tokenizer.token_to_id(token) for token in vocabulary.SPECIAL[:4])

    def prompt(self, caption: str) -> list[int]:
        text = f"<|User|>: {caption}\n\n<|Assistant|>:"
        return [self.begin, *self.tokenizer.encode(text, add_special_tokens=False).ids, self.start]

    def scenes(self, count: int) -> list[tuple[Scene, torch.Tensor]]:
        new = count if len(self.pool) < 50 * count else round(count * self.fresh)
        scenes = [random_scene(self.rng) for _ in range(new)]
        with torch.no_grad(), nano.reduced():
            rows = codes(self.vq, pixels([paint(scene, self.rng) for scene in scenes]))
        self.pool += zip(scenes, rows)
        older = [self.pool[self.rng.randrange(len(self.pool))] for _ in range(count - new)]
        return [*zip(scenes, rows), *older]

    def loss(self, janus, scene_names: torch.nn.Linear, count: int) -> dict[str, torch.Tensor]:
        """What is to be learned from `count` pictures.

        `guided`: cross-entropy of the codes, which stand right after each prompt, as they are chosen: in the logits
        `u + GUIDANCE (c − u)` of rows with the caption (c) and rows with padding in its place (u). `codes`: that of both
        kinds of rows alone. `above`: where heads look in the row above. `scene`: what the prompt's last token knows of
        the scene, in the logits of `scene_names`.
        """
        samples = self.scenes(count)
        captions = [self.prompt(scene.caption) for scene, _ in samples]
        prompts = captions + [[ids[0], *[self.pad] * (len(ids) - 2), ids[-1]] for ids in captions]
        wanted = torch.stack([row for _, row in samples])
        given = janus.prepare_embeddings_for_image_generation(wanted[:, :-1])
        embed = janus.get_input_embeddings()
        longest = max(map(len, prompts))
        # Shorter prompts start later, at position 0 all the same.
        text = torch.tensor([[self.pad] * (longest - len(ids)) + ids for ids in prompts])
        ahead = torch.tensor([longest - len(ids) for ids in prompts])[:, None]
        places = torch.arange(longest + nano.PATCHES - 1).expand(2 * count, -1) - ahead
        body = torch.cat([embed(text), given.repeat(2, 1, 1)], dim=1)
        # The column before a code's own predicts it; the code above it was given a row of codes earlier.
        asked = {}
        for what, further in (("above", 0), ("above right", 1)):
            columns = torch.arange(body.shape[1]) + 1 - nano.GRID + further
            columns[columns < longest] = -1
            asked[what] = columns.expand(2 * count, -1)
        taps = {UNDERSTOOD: None}
        hidden, looked = nano.language(janus, None, body, places.clamp(min=0), places >= 0, asked, taps)
        logits = janus.model.generation_head(hidden[:, longest - 1:]).float()
        captioned, plain = logits.chunk(2)
        guided = plain + GUIDANCE * (captioned - plain)
        scenes = scene_names(taps[UNDERSTOOD][:count, longest - 1]).float()
        understood = torch.zeros(())
        for part, (name, values) in zip(scenes.split([len(v) for v in CHOICES.values()], dim=1), CHOICES.items()):
            choice = torch.tensor([values.index(getattr(scene, name)) for scene, _ in samples])
            understood = understood + F.cross_entropy(part, choice) / len(CHOICES)
        return {"guided": F.cross_entropy(TEMPERATURE * guided.flatten(0, 1), wanted.flatten()),
                "codes": F.cross_entropy(TEMPERATURE * logits.flatten(0, 1), wanted.repeat(2, 1).flatten()),
                "above": sum(looked.values()) / len(looked), "scene": understood}

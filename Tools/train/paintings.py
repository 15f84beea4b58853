"""Training samples of the painter: captions and the codes of their pictures."""

import random
from collections import deque
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F

import nano
import vocabulary
from shapes import CHOICES, Scene, paint, random_scene
from vq import codes, pixels, stacked

GUIDANCE = 5.0  # with which pictures are painted
# Pictures are sampled at temperature 1, which over 400 codes in a row meets what is unlikely too often. The codes are
# learned at this multiple of the logits, so that temperature 1 paints as this one would.
TEMPERATURE = 0.7
UNDERSTOOD = 1  # the layer after which the prompt's last token has to know the scene


# So many of a batch are new where painting and encoding them takes a good part of the time: on a CPU.
FRESH, POOL = 0.3, 20_000


class Pictures(NamedTuple):
    scenes: list[Scene]
    pixels: torch.Tensor  # [B, side, side, 3] uint8


class Painter:
    """Endless pictures, all of them new."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def pictures(self, count: int) -> Pictures:
        scenes = [random_scene(self.rng) for _ in range(count)]
        return Pictures(scenes, stacked([paint(scene, self.rng) for scene in scenes]))


class Paintings:
    """What there is to learn from pictures, by a trained VQ model; on a CPU each is encoded once and met several times."""

    def __init__(self, weights: Path, seed: int):
        self.device = nano.device()
        self.vq = nano.build().model.vqmodel.eval().to(self.device)
        self.vq.load_state_dict(nano.checkpoint(weights)["model"])
        self.rng = random.Random(seed)
        self.pool: deque[tuple[Scene, torch.Tensor]] = deque(maxlen=POOL)
        self.tokenizer = vocabulary.build()
        self.begin, _, self.pad, self.start = (
            self.tokenizer.token_to_id(token) for token in vocabulary.SPECIAL[:4])

    def prompt(self, caption: str) -> list[int]:
        text = f"<|User|>: {caption}\n\n<|Assistant|>:"
        return [self.begin, *self.tokenizer.encode(text, add_special_tokens=False).ids, self.start]

    def samples(self, new: Pictures, count: int) -> list[tuple[Scene, torch.Tensor]]:
        """`count` scenes with the codes of their pictures: the new ones and, where these are fewer, older ones."""
        with torch.no_grad(), nano.reduced():
            rows = codes(self.vq, pixels(new.pixels))
        samples = [*zip(new.scenes, rows)]
        if self.device.type == "cpu":
            self.pool += samples
        return samples + [self.pool[self.rng.randrange(len(self.pool))] for _ in range(count - len(samples))]

    def loss(self, janus, scene_names: torch.nn.Linear, new: Pictures, count: int) -> dict[str, torch.Tensor]:
        """What is to be learned from `count` pictures.

        `guided`: cross-entropy of the codes, which stand right after each prompt, as they are chosen: in the logits
        `u + GUIDANCE (c − u)` of rows with the caption (c) and rows with padding in its place (u). `codes`: that of both
        kinds of rows alone. `above`: where heads look in the row above. `scene`: what the prompt's last token knows of
        the scene, in the logits of `scene_names`.
        """
        on = {"device": self.device}
        samples = self.samples(new, count)
        captions = [self.prompt(scene.caption) for scene, _ in samples]
        prompts = captions + [[ids[0], *[self.pad] * (len(ids) - 2), ids[-1]] for ids in captions]
        wanted = torch.stack([row for _, row in samples])
        given = janus.prepare_embeddings_for_image_generation(wanted[:, :-1])
        embed = janus.get_input_embeddings()
        longest = max(map(len, prompts))
        # Shorter prompts start later, at position 0 all the same.
        text = torch.tensor([[self.pad] * (longest - len(ids)) + ids for ids in prompts], **on)
        ahead = torch.tensor([longest - len(ids) for ids in prompts], **on)[:, None]
        places = torch.arange(longest + nano.PATCHES - 1, **on).expand(2 * count, -1) - ahead
        body = torch.cat([embed(text), given.repeat(2, 1, 1)], dim=1)
        # The column before a code's own predicts it; the code above it was given a row of codes earlier.
        asked = {}
        for what, further in (("above", 0), ("above right", 1)):
            columns = torch.arange(longest - 1, body.shape[1], **on) + 1 - nano.GRID + further
            columns[columns < longest] = -1
            asked[what] = columns.expand(2 * count, -1)
        taps = {UNDERSTOOD: None}
        hidden, looked = nano.language(janus, None, body, places.clamp(min=0), places >= 0, asked, taps)
        logits = janus.model.generation_head(hidden[:, longest - 1:]).float()
        captioned, plain = logits.chunk(2)
        guided = plain + GUIDANCE * (captioned - plain)
        scenes = scene_names(taps[UNDERSTOOD][:count, longest - 1]).float()
        understood = torch.zeros((), **on)
        for part, (name, values) in zip(scenes.split([len(v) for v in CHOICES.values()], dim=1), CHOICES.items()):
            choice = torch.tensor([values.index(getattr(scene, name)) for scene, _ in samples], **on)
            understood = understood + F.cross_entropy(part, choice) / len(CHOICES)
        return {"guided": F.cross_entropy(TEMPERATURE * guided.flatten(0, 1), wanted.flatten()),
                "codes": F.cross_entropy(TEMPERATURE * logits.flatten(0, 1), wanted.repeat(2, 1).flatten()),
                "above": sum(looked.values()) / len(looked), "scene": understood}

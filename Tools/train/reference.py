"""janus-nano as transformers runs it: the weights of an exported folder in float32, whole pages, no shortcuts."""

import json
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from transformers import JanusForConditionalGeneration

import vocabulary
from page import page


# An answer of at least this confidence is not tried again: Sources/JanusLite/FormulaLooks.swift.
SURE_ENOUGH = 0.8


class Reference:
    def __init__(self, folder: Path):
        self.janus = JanusForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.begin, self.end, self.pad, self.start, self.stop, self.placeholder = (
            self.tokenizer.token_to_id(token) for token in vocabulary.SPECIAL[:6])
        self.side = self.janus.config.vision_config.image_size
        self.patches = (self.side // self.janus.config.vision_config.patch_size) ** 2
        self.layout = json.loads((folder / "preprocessor_config.json").read_text())["formula_page"]
        generation = json.loads((folder / "generation_config.json").read_text())
        self.temperature = generation.get("confidence_temperature", 1.0)
        self.codes = self.janus.config.vq_config.num_patches ** 2

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def _pixels(self, pictures: list[Image.Image], thickness: int | None = None) -> torch.Tensor:
        """[B, 3, side, side] in −1...1."""
        thickness, folds = thickness or self.layout["thickness"], self.layout.get("folds", False)
        pages = np.stack([page(picture, self.side, thickness, folds).pixels for picture in pictures])
        return (torch.from_numpy(pages).float() / 127.5 - 1)[:, None].expand(-1, 3, -1, -1)

    def _question(self, text: str) -> list[int]:
        return [self.begin, *self._encode(f"{vocabulary.SYSTEM}\n\n<|User|>: "), self.start,
                *[self.placeholder] * self.patches, self.stop, *self._encode(f"\n{text}\n\n<|Assistant|>:")]

    def read(self, pictures: list[Image.Image], question: str = vocabulary.QUESTIONS[0], limit: int = 64) -> list[dict]:
        """The greedy answer to each picture: its ids without the end token, and its text. As the runtime does, an answer that
        is not sure is tried again on pages of other thicknesses, and the surest one counts."""
        answers = self._look(pictures, self.layout["thickness"], question, limit)
        for thickness in self.layout.get("further_thicknesses", []):
            unsure = [row for row, answer in enumerate(answers) if answer["confidence"] < SURE_ENOUGH]
            again = self._look([pictures[row] for row in unsure], thickness, question, limit) if unsure else []
            for row, answer in zip(unsure, again):
                answers[row] = max(answers[row], answer, key=lambda one: (one["ended"], one["confidence"]))
        return answers

    @torch.no_grad()
    def _look(self, pictures: list[Image.Image], thickness: int, question: str, limit: int) -> list[dict]:
        ids = torch.tensor(self._question(question)).expand(len(pictures), -1)
        output = self.janus(
            input_ids=ids, pixel_values=self._pixels(pictures, thickness), use_cache=True, logits_to_keep=1)
        answers, open_ = [[] for _ in pictures], set(range(len(pictures)))
        sure = [0.0] * len(pictures)
        for _ in range(limit):
            logits = output.logits[:, -1].float()
            token, logs = logits.argmax(-1), (logits / self.temperature).log_softmax(-1)
            for row in list(open_):
                sure[row] += float(logs[row, token[row]])
                if int(token[row]) == self.end:
                    open_.discard(row)
                else:
                    answers[row].append(int(token[row]))
            if not open_:
                break
            output = self.janus(input_ids=token[:, None], past_key_values=output.past_key_values, use_cache=True)
        return [{"ids": answer, "text": self.tokenizer.decode(answer), "confidence": math.exp(log), "ended": row not in open_}
                for row, (answer, log) in enumerate(zip(answers, sure))]

    @torch.no_grad()
    def text_logprobs(self, picture: Image.Image, answer: list[int]) -> torch.Tensor:
        """[tokens, vocabulary]: log-probabilities at each place of a given answer, the one after it included."""
        ids = torch.tensor([self._question(vocabulary.QUESTIONS[0]) + answer])
        output = self.janus(input_ids=ids, pixel_values=self._pixels([picture]), logits_to_keep=len(answer) + 1)
        return output.logits[0].log_softmax(-1)

    def _painting(self, caption: str) -> tuple[list[int], list[int]]:
        """The prompt, and the one that guidance compares with."""
        ids = [self.begin, *self._encode(f"<|User|>: {caption}\n\n<|Assistant|>:"), self.start]
        return ids, [ids[0], *[self.pad] * (len(ids) - 2), ids[-1]]

    def _guided(self, hidden: torch.Tensor, guidance: float) -> torch.Tensor:
        """Logits of rows with (first half) and without (second half) their captions."""
        captioned, plain = self.janus.model.generation_head(hidden).float().chunk(2)
        return plain + guidance * (captioned - plain)

    @torch.no_grad()
    def code_logprobs(self, caption: str, codes: list[int], guidance: float = 5.0) -> torch.Tensor:
        """[codes, codebook]: guided log-probabilities at the place of each of the given codes."""
        prompt = self.janus.get_input_embeddings()(torch.tensor(self._painting(caption)))
        given = self.janus.prepare_embeddings_for_image_generation(torch.tensor([codes[:-1]] * 2))
        output = self.janus.model.language_model(inputs_embeds=torch.cat([prompt, given], dim=1))
        return self._guided(output.last_hidden_state[:, prompt.shape[1] - 1:], guidance)[0].log_softmax(-1)

    @torch.no_grad()
    def paint(self, captions: list[str], seed: int, guidance: float = 5.0, temperature: float = 1.0):
        """One picture a caption, guided and sampled as the published script does."""
        generator = torch.Generator().manual_seed(seed)
        prompts = [self._painting(caption) for caption in captions]
        pictures: list[Image.Image | None] = [None] * len(captions)
        for length in sorted({len(ids) for ids, _ in prompts}):
            rows = [row for row, (ids, _) in enumerate(prompts) if len(ids) == length]
            for part in (rows[start:start + 50] for start in range(0, len(rows), 50)):
                ids = torch.tensor([prompts[row][0] for row in part] + [prompts[row][1] for row in part])
                inputs, cache, chosen = self.janus.get_input_embeddings()(ids), None, []
                for _ in range(self.codes):
                    output = self.janus.model.language_model(inputs_embeds=inputs, past_key_values=cache, use_cache=True)
                    cache = output.past_key_values
                    logits = self._guided(output.last_hidden_state[:, -1], guidance) / temperature
                    chosen.append(torch.multinomial(logits.softmax(-1), 1, generator=generator))
                    inputs = self.janus.prepare_embeddings_for_image_generation(chosen[-1].repeat(2, 1))
                for row, codes in zip(part, torch.cat(chosen, dim=1)):
                    pictures[row] = self._decoded(codes)
        return pictures

    def _decoded(self, codes: torch.Tensor) -> Image.Image:
        pixels = self.janus.model.vqmodel.decode(codes[None])[0].permute(1, 2, 0)
        return Image.fromarray(((pixels + 1) / 2 * 255).clip(0, 255).to(torch.uint8).numpy())

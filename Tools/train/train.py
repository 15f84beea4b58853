"""Trains the reader: `train.py --state DIR`. Stops and resumes at any time; see README.md.

Stage one teaches the vision tower alone to name the glyphs in each patch. Stage two teaches the whole reader: next
token, names of glyphs, and where a few attention heads look; formulas grow longer as it goes. Some batches are of whole
pages, and in between it learns to paint. The rate falls to nothing at `--samples`.
"""

import argparse
import json
import multiprocessing
import signal
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import torch
import torch.nn.functional as F

import nano
import vocabulary
from formulas import LONGEST, latex
from muon import Muon
from paintings import Paintings
from samples import CLASSES, SLOTS, SUFFIXES, Source, stacked
from shapes import CHOICES
from vq import finished

BATCH = 24  # of each worker
PAINTED, PAINTING = 4, 2  # pictures of each worker, in one step of so many
RATE = 3.6e-3
GLYPH_SAMPLES = 30_000
WHOLE, WHOLE_LAST = 12, 6  # one batch in so many is of whole pages, more in the last eighth: else white paper misleads
BRIEF = 4  # in the first half, all batches but one in so many leave the question out: a quarter of all time
CHECKPOINT_SECONDS = 300


class Reader(torch.nn.Module):
    """The model and the heads that name glyphs and scenes, which exist in training only."""

    def __init__(self):
        super().__init__()
        self.janus = nano.build()
        self.names = torch.nn.Linear(nano.WIDTH, SLOTS * (len(CLASSES) + 1))
        self.suffixes = torch.nn.Linear(nano.WIDTH, SLOTS * len(SUFFIXES))
        self.scenes = torch.nn.Linear(nano.WIDTH, sum(map(len, CHOICES.values())))
        # Most slots are empty; at full weight that is all that would be learned for long.
        self.balance = torch.tensor([0.1] + [1.0] * len(CLASSES))
        tokenizer = vocabulary.build()
        self.ids = tokenizer.get_vocab()
        self.ids[" "] = self.ids["Ġ"]
        begin, self.end, self.pad, start, stop, _ = (self.ids[token] for token in vocabulary.SPECIAL[:6])

        def encode(text):
            return tokenizer.encode(text, add_special_tokens=False).ids

        self.prefix = torch.tensor([[begin, *encode(f"{vocabulary.SYSTEM}\n\n<|User|>: "), start]])
        self.brief, *self.questions = [
            torch.tensor([stop, *encode(f"\n{question}\n\n<|Assistant|>:")]) for question in ["", *vocabulary.QUESTIONS]
        ]

    def trained_parameters(self):
        """All but the VQ model's, which vq.py trains."""
        return [(n, p) for n, p in self.named_parameters() if "vqmodel." not in n]

    def glyphs(self, samples):
        """Loss over glyph names, and the share of first names that are right where there is one."""
        patches, index, present, names, suffixes = stacked(samples)
        return self._named(nano.vision(self.janus, patches, index, present), names, suffixes)

    def _named(self, features, names, suffixes):
        logits = self.names(features).view(*names.shape, -1).float()
        loss = F.cross_entropy(logits.flatten(0, 2), names.flatten(), self.balance, ignore_index=-100)
        after = self.suffixes(features).view(*names.shape, -1).float()
        loss = loss + 0.5 * F.cross_entropy(after.flatten(0, 2), suffixes.flatten(), ignore_index=-100)
        first = names[..., 0]
        right = (logits[..., 0, :].argmax(-1) == first)[first > 0].float().mean()
        return loss, right

    def read(self, samples, question):
        """All losses of one batch."""
        patches, index, present, names, suffixes = stacked(samples)
        features = nano.vision(self.janus, patches, index, present)
        glyph_loss, right = self._named(features, names, suffixes)
        count, width = index.shape
        embed = self.janus.get_input_embeddings()
        answers = [[self.ids[token] for token in one.tokens] for one in samples]
        longest = max(map(len, answers)) + 1
        asked = len(question)
        text = torch.full((count, asked + longest - 1), self.pad)
        text[:, :asked] = question
        labels = torch.full((count, longest), -100)
        current = torch.full((count, width + asked + longest - 1), -1 - 10**6)
        following = current.clone()
        for row, (answer, one) in enumerate(zip(answers, samples)):
            n = len(answer)
            text[row, asked:asked + n] = torch.tensor(answer)
            labels[row, :n] = torch.tensor(answer)
            labels[row, n] = self.end
            start = width + asked - 1  # the question's last token predicts the first of the answer
            places = torch.tensor(one.places)
            known = places >= 0
            following[row, start:start + n][known] = places[known]
            current[row, start + 1:start + 1 + n][known] = places[known]
        body = torch.cat([self.janus.model.aligner(features), embed(text)], dim=1)
        places = torch.cat([index, nano.PATCHES + torch.arange(text.shape[1]).expand(count, -1)], dim=1)
        shown = torch.cat([present, torch.ones_like(text, dtype=torch.bool)], dim=1)
        hidden, looked = nano.language(
            self.janus, embed(self.prefix), body, places + self.prefix.shape[1], shown,
            {"current": current, "next": following})
        logits = self.janus.lm_head(hidden[:, width + asked - 1:]).float()
        text_loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        hits = ((logits.argmax(-1) == labels) | (labels < 0)).all(dim=1).float().mean()
        return text_loss, glyph_loss, sum(looked.values()) / len(looked), right, hits


class Training:
    """One of `workers` processes with a batch each; the mean of their gradients is applied by all alike."""

    def __init__(self, state: Path, seed: int, rank: int = 0, workers: int = 1):
        torch.manual_seed(seed)
        self.rank, self.workers = rank, workers
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        self.reader = Reader()
        named = self.reader.trained_parameters()
        inner = [p for n, p in named if p.ndim == 2 and ".layers." in n]
        outer = [p for n, p in named if p.ndim == 2 and ".layers." not in n and "embed" not in n]
        plain = [p for n, p in named if p.ndim != 2 or "embed" in n]
        self.parameters = inner + outer + plain
        self.optimizers = {
            "muon": Muon(inner, lr=RATE, weight_decay=0.05, rank=rank, workers=workers),
            "adam": torch.optim.AdamW(
                [{"params": outer, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
                lr=RATE, betas=(0.9, 0.98), eps=1e-8),
        }
        self.glyph_samples = self.read_samples = self.step = 0
        path = state / "reader.pt"
        if path.exists():
            saved = torch.load(path, weights_only=True)
            # Without the VQ model, which has a checkpoint of its own.
            self.reader.load_state_dict(saved["model"], strict=False)
            for name, optimizer in self.optimizers.items():
                if name in saved["optimizers"]:
                    optimizer.load_state_dict(saved["optimizers"][name])
            for name, value in saved["counts"].items():
                setattr(self, name, value)
        own = self.step * workers + rank
        self.source = Source(seed * 1_000_003 + own)
        vq = state / "vq.pt"
        self.paintings = Paintings(vq, seed * 999_983 + own) if finished(vq) else None
        self.question = 0
        self.painted: dict[str, float] = {}
        self.log = {"time": time.time(), "count": 0}
        self.saved = time.time()
        self.asked = self.stopping = False

    def save(self) -> None:
        if self.rank:
            return
        names = ["glyph_samples", "read_samples", "step"]
        path = self.state / "reader.pt"
        torch.save({
            "model": {n: v for n, v in self.reader.state_dict().items() if "vqmodel." not in n},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "counts": {name: getattr(self, name) for name in names},
        }, path.with_suffix(".new"))
        path.with_suffix(".new").rename(path)
        self.saved = time.time()

    def wait(self) -> None:
        """Sleeps while the file PAUSE lies in the state folder."""
        while (self.state / "PAUSE").exists() and not self.asked:
            time.sleep(2)

    def update(self, loss: torch.Tensor, rate: float) -> None:
        loss.backward()
        self.share()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (self.step + 1) / 300)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        nano.center_filters(self.reader.janus)
        self.step += 1

    def share(self) -> None:
        """Gives every worker the mean of the gradients, and the first one's wish to stop."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if self.workers > 1:
            whole = torch.cat([gradient.flatten() for gradient in gradients] + [torch.tensor([float(self.asked)])])
            torch.distributed.all_reduce(whole)
            self.stopping = bool(whole[-1] > 0)
            whole /= self.workers
            for gradient, part in zip(gradients, whole.split([g.numel() for g in gradients] + [1])):
                gradient.copy_(part.view_as(gradient))
        else:
            self.stopping = self.asked

    def report(self, stage: str, count: int, **values) -> None:
        """Prints means over some 50 steps, and saves when it is time."""
        if self.rank:
            return
        log = self.log
        log["count"] += count * self.workers
        for name, value in values.items():
            log.setdefault("sums", {}).setdefault(name, []).append(float(value))
        if len(next(iter(log["sums"].values()))) == 50:
            means = {name: round(sum(v) / len(v), 4) for name, v in log["sums"].items()}
            rate = log["count"] / (time.time() - log["time"])
            print(json.dumps({"stage": stage, "step": self.step, "glyph_samples": self.glyph_samples,
                              "read_samples": self.read_samples, **means, "samples_per_s": round(rate, 1)}), flush=True)
            self.log = {"time": time.time(), "count": 0}
        if time.time() - self.saved > CHECKPOINT_SECONDS:
            self.save()

    def stop(self, *_) -> None:
        self.asked = True

    def stopped(self) -> bool:
        """Saves and says so when a signal has asked to end."""
        if self.stopping:
            self.save()
        return self.stopping

    def run(self, samples: int) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN if self.rank else self.stop)
        while self.glyph_samples < GLYPH_SAMPLES and not self.stopped():
            self.wait()
            batch = self.source.batch(BATCH, LONGEST)
            with nano.reduced():
                loss, right = self.reader.glyphs(batch)
            self.update(loss, RATE)
            self.glyph_samples += BATCH * self.workers
            self.report("glyphs", len(batch), glyph=loss.detach(), named=right)
        while self.read_samples < samples and not self.stopped():
            left = 1 - self.read_samples / samples
            whole = self.step % (WHOLE_LAST if left < 0.125 else WHOLE) == 0
            self.read_step(RATE * left, whole, brief=left > 0.5 and self.step % BRIEF > 0)
        self.save()

    def longest(self) -> int:
        """Short formulas first."""
        return min(LONGEST, 6 + self.read_samples // 2000)

    def read_step(self, rate: float, whole: bool, brief: bool) -> None:
        self.wait()
        if self.paintings and self.step % PAINTING == 0:
            with nano.reduced():
                losses = self.paintings.loss(self.reader.janus, self.reader.scenes, PAINTED)
            loss = losses["guided"] + losses["codes"] + 0.2 * losses["above"] + 0.2 * losses["scene"]
            self.update(loss, rate)
            self.painted = {name: float(loss.detach()) for name, loss in losses.items()}
        count = BATCH // 4 if whole else BATCH
        batch = self.source.batch(count, self.longest(), whole)
        self.question = (self.question + 1) % len(self.reader.questions)
        question = self.reader.brief if brief else self.reader.questions[self.question]
        with nano.reduced():
            text, glyph, looked, right, hits = self.reader.read(batch, question)
        self.update(text + 0.3 * glyph + 0.2 * looked, rate)
        self.read_samples += count * self.workers
        self.report("read", count, text=text.detach(), glyph=glyph.detach(), looked=looked.detach(),
                    named=right, forced_exact=hits, longest=self.longest(), **self.painted)


def work(rank: int, folder: str, state: Path, seed: int, workers: int, samples: int) -> None:
    """One process; they meet at a file in `folder`, and wait for each other as long as it takes (PAUSE)."""
    torch.set_num_threads(1)
    if workers > 1:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=workers, timeout=timedelta(days=30))
    Training(state, seed, rank, workers).run(samples)


def check(state: Path) -> None:
    """Compares this file's forward, with every patch, to transformers' own."""
    torch.manual_seed(0)
    reader = Reader().eval()
    batch = Source(1).batch(2, LONGEST, every_patch=True)
    question = reader.questions[0]
    captured = {}
    reader.janus.lm_head.register_forward_hook(lambda module, inputs, output: captured.update(logits=output))
    with torch.no_grad():
        reader.read(batch, question)
        ours = captured["logits"]
        for row, one in enumerate(batch):
            patches = torch.from_numpy(one.patches).float() / 127.5 - 1
            page = patches.view(nano.GRID, nano.GRID, nano.PATCH, nano.PATCH).permute(0, 2, 1, 3)
            page = page.reshape(1, 1, nano.IMAGE, nano.IMAGE).expand(1, 3, -1, -1)
            answer = [reader.ids[token] for token in one.tokens]
            placeholder = reader.ids[vocabulary.PLACEHOLDER]
            ids = [*reader.prefix[0].tolist(), *[placeholder] * nano.PATCHES, *question.tolist(), *answer]
            theirs = reader.janus(input_ids=torch.tensor([ids]), pixel_values=page).logits[0, -len(answer) - 1:]
            difference = (theirs - ours[row, :len(answer) + 1]).abs().max()
            print(f"{latex(one.tokens)}: largest difference of logits {difference:.2g}")
            if difference > 1e-4:
                raise SystemExit("the training forward differs from transformers' own")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--samples", type=int, default=500_000, help="formulas of stage two")
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="compare the forward pass with transformers' and stop")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.state)
    else:
        given = (arguments.state, arguments.seed, arguments.workers, arguments.samples)
        with tempfile.TemporaryDirectory() as folder:
            for rank in range(1, arguments.workers):
                multiprocessing.get_context("spawn").Process(target=work, args=(rank, folder, *given), daemon=True).start()
            work(0, folder, *given)


if __name__ == "__main__":
    main()

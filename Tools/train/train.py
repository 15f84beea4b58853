"""Trains the reader: `train.py --state DIR`. Stops and resumes at any time; see README.md.

Stage one teaches the vision tower alone to name the glyphs in each patch. Stage two teaches the whole reader: next
token, names of glyphs, and where a few attention heads look; formulas grow longer as it goes. Some batches are of whole
pages, and in between it learns to paint. The rate falls to nothing at `--samples`.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

import nano
import vocabulary
from batches import CPU, GPU, Batches, Prompts, Reading, Schedule, Step, moved, reading
from formulas import LONGEST, latex
from muon import Muon
from paintings import Paintings, Pictures
from rounding import round_language_model
from samples import CLASSES, SLOTS, SUFFIXES, Pages, Source
from shapes import CHOICES
from vq import finished

RATE = 3.6e-3
WARM = 100  # steps until the rate is reached
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
        self.register_buffer("balance", torch.tensor([0.1] + [1.0] * len(CLASSES)), persistent=False)
        self.register_buffer("prefix", Prompts().prefix, persistent=False)

    def trained_parameters(self):
        """All but the VQ model's, which vq.py trains."""
        return [(n, p) for n, p in self.named_parameters() if "vqmodel." not in n]

    def glyphs(self, pages: Pages):
        """Loss over glyph names, and the share of first names that are right where there is one."""
        return self._named(nano.vision(self.janus, *pages[:3]), pages)

    def _named(self, features, pages: Pages):
        names = pages.names
        logits = self.names(features).view(*names.shape, -1).float()
        loss = F.cross_entropy(logits.flatten(0, 2), names.flatten(), self.balance, ignore_index=-100)
        after = self.suffixes(features).view(*names.shape, -1).float()
        loss = loss + 0.5 * F.cross_entropy(after.flatten(0, 2), pages.suffixes.flatten(), ignore_index=-100)
        first = names[..., 0]
        right = ((logits[..., 0, :].argmax(-1) == first) & (first > 0)).sum() / (first > 0).sum()
        return loss, right

    def read(self, batch: Reading):
        """All losses of one batch."""
        pages, text, labels = batch.pages, batch.text, batch.labels
        features = nano.vision(self.janus, *pages[:3])
        glyph_loss, right = self._named(features, pages)
        embed = self.janus.get_input_embeddings()
        body = torch.cat([self.janus.model.aligner(features), embed(text)], dim=1)
        after = nano.PATCHES + torch.arange(text.shape[1], device=text.device).expand(len(text), -1)
        places = torch.cat([pages.index, after], dim=1) + self.prefix.shape[1]
        shown = torch.cat([pages.present, torch.ones_like(text, dtype=torch.bool)], dim=1)
        asked = {"current": batch.current, "next": batch.following}
        hidden, looked = nano.language(self.janus, embed(self.prefix), body, places, shown, asked)
        logits = self.janus.lm_head(hidden[:, -labels.shape[1]:]).float()
        text_loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        hits = ((logits.argmax(-1) == labels) | (labels < 0)).all(dim=1).float().mean()
        return text_loss, glyph_loss, sum(looked.values()) / len(looked), right, hits


class Training:
    """One of `workers` processes with a batch each; the mean of their gradients is applied by all alike."""

    def __init__(self, state: Path, seed: int, samples: int, minutes: float | None, real: Path | None, rate: float,
                 language: float, rounds: bool = False, loaders: int = 0, rank: int = 0, workers: int = 1):
        self.rate = rate
        torch.manual_seed(seed)
        self.rank, self.workers = rank, workers
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        self.device = nano.device()
        self.reader = Reader().to(self.device)
        named = self.reader.trained_parameters()
        # What paints is the language model. Where reading alone has much to learn, it is kept near what it was.
        inner = [p for n, p in named if p.ndim == 2 and ".layers." in n and "language_model" not in n]
        words = [p for n, p in named if p.ndim == 2 and ".layers." in n and "language_model" in n]
        outer = [p for n, p in named if p.ndim == 2 and ".layers." not in n and "embed" not in n]
        plain = [p for n, p in named if p.ndim != 2 or "embed" in n]
        self.parameters = inner + words + outer + plain
        self.optimizers = {
            "muon": Muon([{"params": inner}, {"params": words, "share": language}], lr=RATE, weight_decay=0.05, rank=rank,
                         workers=workers),
            "adam": torch.optim.AdamW(
                [{"params": outer, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
                lr=RATE, betas=(0.9, 0.98), eps=1e-8),
        }
        self.glyph_samples = self.read_samples = self.step = 0
        path = state / "reader.pt"
        if path.exists():
            saved = nano.checkpoint(path)
            # Without the VQ model, which has a checkpoint of its own.
            self.reader.load_state_dict(saved["model"], strict=False)
            for name, optimizer in self.optimizers.items():
                if name in saved["optimizers"]:
                    given = [group.get("share") for group in optimizer.param_groups]
                    optimizer.load_state_dict(saved["optimizers"][name])
                    for group, share in zip(optimizer.param_groups, given):
                        group.pop("share", None)
                        if share is not None:
                            group["share"] = share
            for name, value in saved["counts"].items():
                setattr(self, name, value)
        if rounds:
            round_language_model(self.reader.janus)
        self.schedule = Schedule(samples, minutes, self.read_samples)
        self.left = self.schedule.left(self.read_samples)
        vq = state / "vq.pt"
        self.paintings = Paintings(vq, seed * 999_979 + self.step * workers + rank) if finished(vq) else None
        if self.paintings is None and not rank:
            print(f"painting is not taught: {vq} is not there or not whole", file=sys.stderr, flush=True)
        self.sizes = GPU if self.device.type == "cuda" else CPU
        batches = Batches(self.sizes, self.schedule, seed, rank, workers, self.counts(), self.paintings is not None,
                          real)
        self.loader = DataLoader(
            batches, batch_size=None, num_workers=loaders, pin_memory=self.device.type == "cuda",
            prefetch_factor=3 if loaders else None)
        self.painted: dict[str, torch.Tensor] = {}
        self.log = {"time": time.time(), "count": 0}
        self.saved = time.time()
        self.asked = self.stopping = False

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("glyph_samples", "read_samples", "step")}

    def save(self) -> None:
        if self.rank:
            return
        nano.save(self.state / "reader.pt", {
            "model": {n: v for n, v in self.reader.state_dict().items() if "vqmodel." not in n},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "counts": self.counts(),
        })
        self.saved = time.time()

    def wait(self) -> bool:
        """Sleeps while the file PAUSE lies in the state folder; false when asked to stop meanwhile."""
        while (self.state / "PAUSE").exists():
            if self.asked:
                return False
            time.sleep(2)
        return True

    def update(self, loss: torch.Tensor) -> None:
        loss.backward()
        self.share()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = self.rate * group.get("share", 1.0) * self.left * min(1.0, (self.step + 1) / WARM)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        nano.center_filters(self.reader.janus)

    def share(self) -> None:
        """Gives every worker the mean of the gradients and of what is left to do, and the first one's wish to stop."""
        self.left = self.schedule.left(self.read_samples)
        self.stopping = self.asked
        if self.workers > 1:
            gradients = [p.grad for p in self.parameters if p.grad is not None]
            more = torch.tensor([float(self.asked), self.left])
            whole = torch.cat([gradient.flatten() for gradient in gradients] + [more])
            torch.distributed.all_reduce(whole)
            whole /= self.workers
            *parts, more = whole.split([gradient.numel() for gradient in gradients] + [2])
            self.stopping, self.left = bool(more[0] > 0), float(more[1])
            for gradient, part in zip(gradients, parts):
                gradient.copy_(part.view_as(gradient))

    def report(self, stage: str, count: int, **values: torch.Tensor) -> None:
        """Prints means over some 50 steps, and saves when it is time."""
        if self.rank:
            return
        log = self.log
        log["count"] += count * self.workers
        for name, value in values.items():
            log.setdefault("sums", {}).setdefault(name, []).append(value.detach())
        if len(next(iter(log["sums"].values()))) == 50:
            means = {name: round(float(sum(v)) / len(v), 4) for name, v in log["sums"].items()}
            rate = log["count"] / (time.time() - log["time"])
            print(json.dumps({"stage": stage, **self.counts(), "rate": round(self.rate * self.left, 5), **means,
                              "samples_per_s": round(rate, 1)}), flush=True)
            self.log = {"time": time.time(), "count": 0}
        if time.time() - self.saved > CHECKPOINT_SECONDS:
            self.save()

    def stop(self, *_) -> None:
        self.asked = True

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the loader's processes: they inherit it
        batches = iter(self.loader)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN if self.rank else self.stop)
        while self.left > 0 and not self.stopping and self.wait():
            batch = moved(next(batches), self.device)
            if isinstance(batch, Pages):
                self.glyph_step(batch)
            else:
                self.read_step(batch)
        self.save()

    def glyph_step(self, pages: Pages) -> None:
        with nano.reduced():
            loss, right = self.reader.glyphs(pages)
        self.update(loss)
        self.step += 1
        self.glyph_samples += len(pages.index) * self.workers
        self.report("glyphs", len(pages.index), glyph=loss, named=right)

    def read_step(self, step: Step) -> None:
        if step.new:
            self.paint(step.new)
        with nano.reduced():
            text, glyph, looked, right, hits = self.reader.read(step.reading)
        self.update(text + 0.3 * glyph + 0.2 * looked)
        self.step += 1
        count = len(step.reading.text)
        self.read_samples += count * self.workers
        self.report("read", count, text=text, glyph=glyph, looked=looked, named=right, forced_exact=hits, **self.painted)

    def paint(self, new: Pictures) -> None:
        with nano.reduced():
            losses = self.paintings.loss(self.reader.janus, self.reader.scenes, new, self.sizes.pictures)
        self.update(losses["guided"] + losses["codes"] + 0.2 * losses["above"] + 0.2 * losses["scene"])
        self.painted = {name: loss.detach() for name, loss in losses.items()}


def work(rank: int, folder: str, workers: int, *given) -> None:
    """One process; they meet at a file in `folder`, and wait for each other as long as it takes (PAUSE)."""
    torch.set_num_threads(1)
    if workers > 1:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=workers, timeout=timedelta(days=30))
    Training(*given, rank=rank, workers=workers).run()


def check() -> None:
    """Compares this file's forward, with every patch, to transformers' own."""
    torch.manual_seed(0)
    reader, prompts = Reader().eval(), Prompts()
    samples = Source(1).batch(2, LONGEST, every_patch=True)
    question = prompts.questions[0]
    captured = {}
    reader.janus.lm_head.register_forward_hook(lambda module, inputs, output: captured.update(logits=output))
    with torch.no_grad():
        reader.read(reading(samples, question, prompts))
        ours = captured["logits"]
        for row, one in enumerate(samples):
            patches = torch.from_numpy(one.patches).float() / 127.5 - 1
            page = patches.view(nano.GRID, nano.GRID, nano.PATCH, nano.PATCH).permute(0, 2, 1, 3)
            page = page.reshape(1, 1, nano.IMAGE, nano.IMAGE).expand(1, 3, -1, -1)
            answer = [prompts.ids[token] for token in one.tokens]
            placeholder = prompts.ids[vocabulary.PLACEHOLDER]
            ids = [*reader.prefix[0].tolist(), *[placeholder] * nano.PATCHES, *question.tolist(), *answer]
            theirs = reader.janus(input_ids=torch.tensor([ids]), pixel_values=page).logits[0, -len(answer) - 1:]
            difference = (theirs - ours[row, :len(answer) + 1]).abs().max()
            print(f"{latex(one.tokens)}: largest difference of logits {difference:.2g}")
            if difference > 1e-4:
                raise SystemExit("the training forward differs from transformers' own")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="folder of checkpoints")
    parser.add_argument("--samples", type=int, default=500_000, help="formulas of stage two")
    parser.add_argument("--minutes", type=float, help="be ready in this time instead, from the rate of --samples on")
    parser.add_argument("--workers", type=int, help="processes, one thread each (default: 1; with a GPU all cores but three)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=Path, help="file of real formulas, one a line, or folder that packs.py wrote; without it, those of the grammar alone")
    parser.add_argument("--rate", type=float, default=RATE, help="of learning, at the beginning")
    parser.add_argument("--language", type=float, default=1.0, help="the language model's share of the rate")
    parser.add_argument("--rounded", action="store_true", help="let the language model compute with weights as int4 rounds them")
    parser.add_argument("--check", action="store_true", help="compare the forward pass with transformers' and stop")
    arguments = parser.parse_args()
    if arguments.check:
        check()
        return
    if arguments.state is None:
        parser.error("the following arguments are required: --state")
    given = (arguments.state, arguments.seed, arguments.samples, arguments.minutes, arguments.real, arguments.rate,
             arguments.language, arguments.rounded)
    if nano.device().type == "cuda":
        # One process trains; the others make its batches.
        torch.set_float32_matmul_precision("high")
        Training(*given, loaders=arguments.workers or max(1, len(os.sched_getaffinity(0)) - 3)).run()
        return
    workers = arguments.workers or 1
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        others = [spawn.Process(target=work, args=(rank, folder, workers, *given)) for rank in range(1, workers)]
        try:
            for process in others:
                process.start()
            work(0, folder, workers, *given)
        finally:
            # They keep nothing, hear no signal, and might wait for this one.
            for process in others:
                if process.pid is not None:
                    process.kill()


if __name__ == "__main__":
    main()

"""Trains the VQ model on pictures of shapes: `vq.py --state DIR`. Resumes; leaves vq.pt.

Codes are chosen by the angle between the encoder's output and the codebook's rows, both normalised, as in the
published model; the rows are stored with length 1, so that transformers' encoder chooses the same codes.
"""

import argparse
import json
import math
import random
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import nano
from muon import Muon
from shapes import SIDE, paint, random_scene

# First parts of pictures, a twenty-fifth of the work, then whole ones.
PARTS, PART_BATCH, PART_SIDE = 14_400, 16, SIDE // 5
SAMPLES, BATCH = 14_800, 1
RATE = 2e-3


def stacked(images: list[Image.Image]) -> torch.Tensor:
    """[B, side, side, 3] uint8."""
    return torch.from_numpy(np.stack([np.asarray(image) for image in images]))


def pixels(values: torch.Tensor) -> torch.Tensor:
    """What `stacked` returns, as [B, 3, side, side] in −1...1."""
    return values.permute(0, 3, 1, 2).float() / 127.5 - 1


def latents(vq, images: torch.Tensor) -> torch.Tensor:
    """Unit vectors [B, grid², dimensions] before quantisation."""
    return F.normalize(vq.quant_conv(vq.encoder(images)).flatten(2).transpose(1, 2), dim=-1)


def codes(vq, images: torch.Tensor) -> torch.Tensor:
    """[B, grid²]"""
    return (latents(vq, images) @ F.normalize(vq.quantize.embedding.weight, dim=-1).T).argmax(-1)


def reconstruction(vq, images: torch.Tensor):
    """The decoded pictures, the loss of the codebook, and the codes."""
    exact = latents(vq, images)
    book = F.normalize(vq.quantize.embedding.weight, dim=-1)
    chosen = (exact.float() @ book.float().T).argmax(-1)
    rows = book[chosen]
    codebook = F.mse_loss(rows, exact.detach()) + 0.25 * F.mse_loss(exact, rows.detach())
    straight = exact + (rows - exact).detach()
    grid = straight.transpose(1, 2).unflatten(2, (math.isqrt(straight.shape[1]), -1))
    return vq.decoder(vq.post_quant_conv(grid)), codebook, chosen


def lean_norms(vq) -> None:
    """Group norms whose weights follow the input's type: PyTorch's mixed ones take twenty times as long backwards."""
    def forward(norm, values):
        weight, bias = norm.weight.to(values.dtype), norm.bias.to(values.dtype)
        return F.group_norm(values.contiguous(), norm.num_groups, weight, bias, norm.eps)

    for module in vq.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.forward = partial(forward, module)


class Optimizer:
    """Muon for the filters, each as a matrix [out, in · height · width], AdamW for the rest."""

    def __init__(self, vq):
        filters = [p for n, p in vq.named_parameters() if p.ndim == 4 and p.shape[0] > 3]
        others = [p for p in vq.parameters() if not any(p is one for one in filters)]
        self.filters = [(p, torch.nn.Parameter(p.detach().flatten(1))) for p in filters]  # one storage
        self.parts = [
            Muon([flat for _, flat in self.filters], lr=RATE, weight_decay=0.01),
            torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.95), weight_decay=0.0),
        ]

    def step(self, rate: float) -> None:
        for parameter, flat in self.filters:
            flat.grad = parameter.grad.flatten(1)
            parameter.grad = None
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list) -> None:
        for part, state in zip(self.parts, states):
            part.load_state_dict(state)


def part(image: Image.Image, rng: random.Random) -> Image.Image:
    """A square of PART_SIDE from a picture, somewhere near its middle."""
    x, y = (rng.randrange(SIDE // 5, SIDE - PART_SIDE - SIDE // 5 + 1) for _ in range(2))
    return image.crop((x, y, x + PART_SIDE, y + PART_SIDE))


@torch.no_grad()
def revive(vq, exact: torch.Tensor, used: torch.Tensor) -> None:
    """Moves rows that nothing has chosen for a while to places where something is."""
    idle = torch.nonzero(used < 1).flatten()
    if len(idle):
        candidates = exact.flatten(0, 1)
        vq.quantize.embedding.weight[idle] = candidates[torch.randint(len(candidates), (len(idle),), device=idle.device)]


def finished(path: Path) -> bool:
    """Whether the checkpoint is that of a whole training: codes of an earlier one would change again."""
    if not path.exists():
        return False
    saved = nano.checkpoint(path)
    return saved["samples"] >= saved.get("wanted", SAMPLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    arguments.state.mkdir(parents=True, exist_ok=True)
    path = arguments.state / "vq.pt"
    device = nano.device()
    vq = nano.build().model.vqmodel.train().to(device)
    lean_norms(vq)
    optimizer = Optimizer(vq)
    used = torch.zeros(nano.CODES, device=device)
    done = step = 0
    if path.exists():
        saved = nano.checkpoint(path)
        if saved["samples"] >= arguments.samples:
            raise SystemExit(f"{path} has {saved['samples']} samples behind it: nothing is left to do")
        vq.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        done, step, used = saved["samples"], saved["step"], saved["used"].to(device)
    rng = random.Random(arguments.seed * 7919 + done)
    started, first = time.time(), done
    while done < arguments.samples:
        while (arguments.state / "PAUSE").exists():
            time.sleep(2)
        in_parts = done < PARTS
        count = PART_BATCH if in_parts else BATCH
        images = [paint(random_scene(rng), rng) for _ in range(count)]
        batch = pixels(stacked([part(image, rng) for image in images] if in_parts else images)).to(device)
        with nano.reduced():
            decoded, codebook, chosen = reconstruction(vq, batch)
        error = decoded.float() - batch
        loss = error.abs().mean() + 2 * error.square().mean() + codebook.float()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vq.parameters(), 1.0)
        rate = min(1.0, (step + 1) / 100) * max(0.02, 1 - done / arguments.samples)
        optimizer.step(RATE * rate)
        used = used * 0.99 + torch.bincount(chosen.flatten(), minlength=nano.CODES)
        done += count
        step += 1
        if step % 50 == 0 and done < arguments.samples * 2 // 3:
            with torch.no_grad():
                revive(vq, latents(vq, batch), used)
        if step % 50 == 0:
            signal = -10 * torch.log10(error.square().mean() / 4).item()
            print(json.dumps({"samples": done, "psnr": round(signal, 2), "codes_in_use": int((used > 1).sum()),
                              "codebook": round(float(codebook.detach()), 4),
                              "samples_per_s": round((done - first) / (time.time() - started), 1)}), flush=True)
        if step % 250 == 0 or done >= arguments.samples:
            with torch.no_grad():
                vq.quantize.embedding.weight.copy_(F.normalize(vq.quantize.embedding.weight, dim=-1))
            state = {"model": vq.state_dict(), "optimizer": optimizer.state_dict(), "samples": done,
                     "wanted": arguments.samples, "step": step, "used": used}
            nano.save(path, state)


if __name__ == "__main__":
    main()

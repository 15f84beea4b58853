"""Training under the rounding of int4: the language model's matrices are rounded in the forward pass, and learn as if they were not."""

import torch
import torch.nn.functional as F

BLOCK = 32  # neighbouring columns of a row share a scale
# `Levels.standard` of the converter, of its largest one.
LEVELS = torch.tensor([-32, -25, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9, 12, 16, 21, 27]) / 32


def rounded(weight: torch.Tensor) -> torch.Tensor:
    """The weight as int4 keeps it, but for the search of scales; its gradient is that of the weight itself."""
    blocks = weight.detach().unflatten(1, (-1, BLOCK))
    first = blocks.gather(2, blocks.abs().argmax(dim=2, keepdim=True))
    # The largest level is negative, so the largest weight of a block gets it by the scale's sign.
    scale = torch.where(first == 0, 1.0, -first)
    levels = LEVELS.to(weight.device)
    edges = (levels[1:] + levels[:-1]) / 2
    nearest = levels[torch.bucketize(blocks / scale, edges)] * scale
    return weight + (nearest.flatten(1) - weight.detach())


def round_language_model(janus) -> None:
    """Lets every matrix of its layers compute with rounded weights, until the end of the process."""
    for module in janus.model.language_model.layers.modules():
        if isinstance(module, torch.nn.Linear):
            module.forward = lambda x, module=module: F.linear(x, rounded(module.weight), module.bias)

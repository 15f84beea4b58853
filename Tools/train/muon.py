"""Muon (Jordan et al., 2024) in the number format of the gradients, its work divided among the workers.

PyTorch's own computes in bfloat16, which a CPU without instructions for it does sixty times as slowly as float32.
"""

import torch


def orthogonal(matrices: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest matrices with singular values of about 1 [N, rows, columns], by Muon's Newton–Schulz iteration.

    The iteration multiplies by polynomials of the Gram matrix, so the shorter side alone is worked on until the end.
    """
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    wide = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = wide @ wide.mT
    total = None
    for _ in range(steps):
        factor = -4.7750 * gram + 2.0315 * (gram @ gram)
        factor.diagonal(dim1=1, dim2=2).add_(3.4445)
        total = factor if total is None else factor @ total
        gram = factor @ gram @ factor
    wide = total @ wide
    return wide if matrices.shape[1] <= matrices.shape[2] else wide.mT


def orthogonalized(matrices: list[torch.Tensor]) -> list[torch.Tensor]:
    """Those of one shape all at once: many small products keep a GPU waiting for the next."""
    results: list[torch.Tensor] = [torch.empty(0)] * len(matrices)
    for shape in {matrix.shape for matrix in matrices}:
        chosen = [number for number, matrix in enumerate(matrices) if matrix.shape == shape]
        for number, result in zip(chosen, orthogonal(torch.stack([matrices[number] for number in chosen]))):
            results[number] = result
    return results


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; the rate is scaled to the size of AdamW's updates (0.2 · √longest side).

    Each of `workers` processes orthogonalises its share and all exchange them, so that all apply the same updates.
    """

    def __init__(self, params, lr: float, weight_decay: float, rank: int = 0, workers: int = 1, momentum: float = 0.95):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        self.rank, self.workers = rank, workers

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            own = []
            for number, parameter in enumerate(params):
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                if number % self.workers == self.rank:
                    own.append(parameter.grad.lerp(state["momentum"], group["momentum"]))
            ready = iter(orthogonalized(own))
            updates = [next(ready) if number % self.workers == self.rank else torch.zeros_like(parameter)
                       for number, parameter in enumerate(params)]
            if self.workers > 1 and params:
                whole = torch.cat([update.flatten() for update in updates])
                torch.distributed.all_reduce(whole)
                updates = [part.view_as(p) for part, p in zip(whole.split([p.numel() for p in params]), params)]
            for parameter, update in zip(params, updates):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-0.2 * max(parameter.shape) ** 0.5 * group["lr"])

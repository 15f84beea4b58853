"""Muon (Jordan et al., 2024) in the number format of the gradients, its work divided among the workers.

PyTorch's own computes in bfloat16, which a CPU without instructions for it does sixty times as slowly as float32.
"""

import torch


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest matrix with singular values of about 1, by Muon's Newton–Schulz iteration.

    The iteration multiplies by polynomials of the Gram matrix, so the shorter side alone is worked on until the end.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    gram = wide @ wide.T
    total = None
    for _ in range(steps):
        factor = -4.7750 * gram + 2.0315 * (gram @ gram)
        factor.diagonal().add_(3.4445)
        total = factor if total is None else factor @ total
        gram = factor @ gram @ factor
    wide = total @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


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
            updates = []
            for number, parameter in enumerate(params):
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                if number % self.workers == self.rank:
                    updates.append(orthogonal(parameter.grad.lerp(state["momentum"], group["momentum"])).contiguous())
                else:
                    updates.append(torch.zeros_like(parameter))
            if self.workers > 1:
                whole = torch.cat([update.flatten() for update in updates])
                torch.distributed.all_reduce(whole)
                updates = [part.view_as(p) for part, p in zip(whole.split([p.numel() for p in params]), params)]
            for parameter, update in zip(params, updates):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-0.2 * max(parameter.shape) ** 0.5 * group["lr"])

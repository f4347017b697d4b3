"""The learning step of an RBM at the speed of the processor, for `training.fit`.

The same updates as with `rbm.cd_gradient`, `rbm.pcd_gradient` and `rbm.centered`, which say what is
computed; here data and samples lie in one matrix, so that both phases are one product, nothing is
allocated, and uniform numbers have 16 bits. The tests compare the two.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lecture_lib.distributions import _check_generator, _check_int, _check_units
from lecture_lib.rbm import RBM, _checked
from lecture_lib.sampling import Chains

MEAN_H_RATE = 0.01  # the centre of h is a running mean over about 100 minibatches


class Contrastive:
    """step(x): one update of params, in place, by CD-k or, if there are chains, PCD-k.

    theta <- theta + learning_rate * gradient;  x: (batch, n_visible) of the dtype of params
    learning_rate: a number, or a function of the number of updates made so far
    mean_x: where given, the centred gradient is used, with this centre of x; the centre of h is a
    running mean of h(x). Returns {"active": the mean of h(x)}, and the state can be saved.
    With chains, x~ is drawn with the new parameters from hidden units that were drawn just before
    the update: one product in six is saved, and the first update is that of `rbm.pcd_gradient`.
    Raises TypeError or ValueError for what does not fit.
    """

    def __init__(
        self,
        params: RBM,
        k: int = 1,
        *,
        learning_rate: float | Callable[[int], float],
        generator: torch.Generator,
        chains: Chains | None = None,
        mean_x: Tensor | None = None,
    ):
        self.params = _checked(params)
        _check_int("k", k, 1)
        _check_generator(generator)
        W, b, c = params
        if chains is not None:
            if not isinstance(chains, Chains):
                raise TypeError(f"chains must be a sampling.Chains, got {type(chains).__name__}")
            _check_units("chains.x", chains.x, ("chains", len(c)), W)
            chains.x = chains.x.to(W.dtype)
        if mean_x is not None:
            _check_units("mean_x", mean_x, (len(c),), c)
            mean_x = mean_x.to(c.dtype)
        self.k, self.learning_rate, self.generator = k, learning_rate, generator
        self.chains, self.mean_x = chains, mean_x
        self.mean_h = torch.full_like(b, 0.5)
        self.n_updates = torch.zeros((), dtype=torch.int64)
        self._h = W.new_zeros(0 if chains is None else len(chains.x), len(b))
        self._x_all = self._h_all = self._up = W.new_zeros(0)
        self._bits: dict[torch.Size, tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def __call__(self, x: Tensor) -> dict[str, float]:
        W, b, c = self.params
        if x.ndim != 2 or x.shape[1] != len(c) or len(x) == 0 or x.dtype != W.dtype:
            raise ValueError(
                f"x must be (batch, {len(c)}) of {W.dtype}, got {tuple(x.shape)} of {x.dtype}"
            )
        batch, n_samples = len(x), len(x) if self.chains is None else len(self.chains.x)
        x_all, h_all = self._buffers(batch + n_samples)
        x_all[:batch] = x
        x_model, h_model, h_data = x_all[batch:], h_all[batch:], h_all[:batch]
        if self.chains is None:
            torch.addmm(b, x, W.T, out=h_data).sigmoid_()
            h = self._draw(h_data)
            for step in range(self.k):
                torch.addmm(c, h, W, out=x_model).sigmoid_()
                self._draw(x_model, out=x_model)
                torch.addmm(b, x_model, W.T, out=h_model).sigmoid_()
                if step < self.k - 1:
                    h = self._draw(h_model)
        else:
            if self.n_updates == 0:
                self._h = self._draw(torch.addmm(b, self.chains.x, W.T).sigmoid_()).clone()
            for step in range(self.k):
                if step > 0:
                    torch.addmm(b, x_model, W.T, out=h_model).sigmoid_()
                    self._draw(h_model, out=self._h)
                torch.addmm(c, self._h, W, out=x_model).sigmoid_()
                self._draw(x_model, out=x_model)
            torch.addmm(b, x_all, W.T, out=h_all).sigmoid_()
            self._draw(h_model, out=self._h)
            self.chains.x.copy_(x_model)
        return {"active": self._update(x_all, h_all, batch, n_samples)}

    def _update(self, x_all: Tensor, h_all: Tensor, batch: int, n_samples: int) -> float:
        W, b, c = self.params
        x, h, h_model = x_all[:batch], h_all[:batch], h_all[batch:]
        rate = self.learning_rate
        rate = rate(int(self.n_updates)) if callable(rate) else rate
        data_h = h.mean(0)
        db, dc = data_h - h_model.mean(0), x.mean(0) - x_all[batch:].mean(0)
        h_model.mul_(-batch / n_samples)  # so that one product is the sum of both phases
        if self.mean_x is None:
            W.addmm_(h_all.T, x_all, alpha=rate / batch)
        else:
            self.mean_h.lerp_(data_h, MEAN_H_RATE)
            mu, eta = self.mean_x, self.mean_h
            # dW' mu and dW'^T eta, by way of the two thin factors of dW
            dW_mu = h_all.T @ (x_all @ mu) / batch - eta * (dc @ mu) - db * (mu @ mu)
            dW_eta = (h_all @ eta) @ x_all / batch - dc * (eta @ eta) - mu * (db @ eta)
            W.addmm_(h_all.T, x_all, alpha=rate / batch)
            W.addr_(eta, dc, alpha=-rate).addr_(db, mu, alpha=-rate)
            db, dc = db - dW_mu, dc - dW_eta
        b.add_(db, alpha=rate)
        c.add_(dc, alpha=rate)
        self.n_updates += 1
        return data_h.mean().item()

    def _buffers(self, rows: int) -> tuple[Tensor, Tensor]:
        W = self.params.W
        if len(self._x_all) != rows:
            self._x_all, self._h_all = W.new_empty(rows, W.shape[1]), W.new_empty(rows, len(W))
        return self._x_all, self._h_all

    def _draw(self, p: Tensor, out: Tensor | None = None) -> Tensor:
        """1 where a uniform number of 16 bits, at the middle of its step, is below p, else 0.

        A probability is met to 2^-17 or better, and 0 and 1 exactly. 64 bits are drawn at once,
        over their full range: `random_()` by itself leaves the top bit 0.
        """
        if p.shape not in self._bits:
            words = torch.empty(-(-p.numel() // 4), dtype=torch.int64, device=p.device)
            self._bits[p.shape] = words, torch.empty_like(p)
        words, u = self._bits[p.shape]
        words.random_(-(2**63), None, generator=self.generator)
        u.copy_(words.view(torch.int16)[: p.numel()].view(p.shape))
        u.add_(2**15 + 0.5).mul_(2**-16)
        return torch.lt(u, p, out=u if out is None else out)

    def state_dict(self) -> dict[str, Any]:
        """All that a step changes: parameters, chains, centre, count, generator."""
        chains = {} if self.chains is None else {"x": self.chains.x, "h": self._h}
        return {
            "params": self.params._asdict(),
            "chains": chains,
            "mean_h": self.mean_h,
            "n_updates": self.n_updates,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state, in place."""
        now = self.state_dict()
        for part in "params", "chains":
            for name, tensor in now[part].items():
                saved = state[part][name]
                if saved.shape != tensor.shape or saved.dtype != tensor.dtype:
                    raise ValueError(
                        f"{name} must be {tuple(saved.shape)} of {saved.dtype} as saved, "
                        f"got {tuple(tensor.shape)} of {tensor.dtype}"
                    )
                tensor.copy_(saved)
        self.mean_h.copy_(state["mean_h"])
        self.n_updates.copy_(state["n_updates"])
        self.generator.set_state(state["generator"])

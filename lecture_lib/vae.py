"""The variational autoencoder with binary x, and a linear model in which all of it is exact.

z ~ N(0, I),  x ~ Bernoulli(sigm(decoder(z))),  q(z|x) = N(mu, diag sigma^2) from encoder(x)

The modules hold layers only; what is computed with them are functions. Log-probabilities are sums
over pixels, one value per example, in nats.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lecture_lib.distributions import (
    _binary_units,
    _check_alike,
    _check_floating,
    _check_generator,
    _check_int,
    _check_units,
    bernoulli_log_prob,
    gaussian_log_prob,
    kl_gaussian,
    softplus,
)


class Encoder(nn.Module):
    """The recognition network: an image in, the Gaussian q(z|x) of its codes out.

    a = relu(V x + v),  mu = M a + m,  log sigma^2 = L a + l
    encoder(x): (batch, n_visible) -> mu and log_var, each (batch, n_latent)
    Raises TypeError or ValueError for counts below 1, and for an x of another shape or dtype.
    """

    def __init__(self, n_visible: int, n_hidden: int, n_latent: int) -> None:
        super().__init__()
        _check_counts(n_visible=n_visible, n_hidden=n_hidden, n_latent=n_latent)
        self.hidden = nn.Linear(n_visible, n_hidden)
        self.mu = nn.Linear(n_hidden, n_latent)
        self.log_var = nn.Linear(n_hidden, n_latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x).

        x: (batch, n_visible) -> mu, log_var = log sigma^2: (batch, n_latent)
        Raises TypeError or ValueError for an x of another shape, dtype or device.
        """
        _check_input("x", x, self.hidden)
        a = self.hidden(x).relu()
        return self.mu(a), self.log_var(a)


class Decoder(nn.Module):
    """The generation network: a code in, the log-odds of every pixel out.

    logits = U relu(V z + v) + u
    decoder(z): (..., n_latent) -> (..., n_visible)
    Raises TypeError or ValueError for counts below 1, and for a z of another shape or dtype.
    """

    def __init__(self, n_latent: int, n_hidden: int, n_visible: int) -> None:
        super().__init__()
        _check_counts(n_latent=n_latent, n_hidden=n_hidden, n_visible=n_visible)
        self.hidden = nn.Linear(n_latent, n_hidden)
        self.logits = nn.Linear(n_hidden, n_visible)

    def forward(self, z: Tensor) -> Tensor:
        """Log-odds of p(x_i = 1 | z).

        z: (..., n_latent) -> (..., n_visible)
        Raises TypeError or ValueError for a z of another shape, dtype or device.
        """
        _check_input("z", z, self.hidden)
        return self.logits(self.hidden(z).relu())


class VAE(nn.Module):
    """An encoder and a decoder that fit each other.

    Raises ValueError where the codes or the pixels of the two differ in number.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        for what, up, down in (
            ("n_visible", encoder.hidden.in_features, decoder.logits.out_features),
            ("n_latent", encoder.mu.out_features, decoder.hidden.in_features),
        ):
            if up != down:
                raise ValueError(f"{what} must be one number, got encoder {up}, decoder {down}")
        self.encoder, self.decoder = encoder, decoder


def init(
    n_visible: int,
    n_hidden: int,
    n_latent: int,
    *,
    generator: torch.Generator,
    data: Tensor | None = None,
) -> VAE:
    """A VAE before training, all of it drawn from one generator.

    weights of a layer with n inputs ~ U(-1/sqrt(n), 1/sqrt(n)), biases 0; where data is given, the
    pixels' biases are its log-odds, so that training starts at the model of independent pixels
    data: (N, n_visible) in {0, 1} -> VAE in float32 on the generator's device
    Raises TypeError or ValueError for counts below 1, wrong data, or a generator that is none.
    """
    _check_generator(generator)
    with torch.random.fork_rng(devices=[]):  # torch fills new layers from its global stream
        vae = VAE(Encoder(n_visible, n_hidden, n_latent), Decoder(n_latent, n_hidden, n_visible))
    vae.to(generator.device)
    with torch.no_grad():
        for layer in vae.modules():
            if isinstance(layer, nn.Linear):
                bound = 1 / math.sqrt(layer.in_features)
                layer.weight.uniform_(-bound, bound, generator=generator)
                layer.bias.zero_()
        if data is not None:
            weight = vae.decoder.logits.weight
            m = _binary_units("data", data, ("N", n_visible), weight).sum(0)
            vae.decoder.logits.bias.copy_((m + 1).log() - (len(data) - m + 1).log())
    return vae


def reparameterize(mu: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    """A draw from N(mu, diag sigma^2) as a smooth function of mu and sigma.

    z = mu + sigma * eps,  eps ~ N(0, I)         eq-reparam-transform
    mu, log_var = log sigma^2, eps: any shape with a last axis, all alike
    -> like mu
    Raises TypeError for dtypes and ValueError for shapes or devices that
    differ.
    Source: Kingma & Welling 2014, section 2.4.
    """
    _check_alike(mu=mu, log_var=log_var, eps=eps)
    return mu + (log_var / 2).exp() * eps


class ELBOTerms(NamedTuple):
    """The two terms of the ELBO, one value per example, in nats; the ELBO is their difference."""

    reconstruction: Tensor
    kl: Tensor


def elbo_terms(vae: VAE, x: Tensor, *, generator: torch.Generator, n_samples: int = 1) -> ELBOTerms:
    """What the ELBO is made of: how well codes explain x, and what the codes cost.

    reconstruction = 1/S sum_s log p(x|z_s),  z_s = mu + sigma * eps_s,  eps_s ~ N(0, I), S = n_samples
    kl = KL(q(z|x) || N(0, I)), in closed form
    x: (batch, n_visible) in {0, 1} -> reconstruction, kl: (batch,) in nats, differentiable
    Raises TypeError or ValueError for x, generator or n_samples that do not fit.
    Source: Kingma & Welling 2014, equation 10.
    """
    _check_generator(generator)
    _check_int("n_samples", n_samples, 1)
    x = _binary_units("x", x, ("batch", "n_visible"), vae.encoder.mu.weight)
    mu, log_var = vae.encoder(x)
    shape = n_samples, *mu.shape
    eps = torch.randn(shape, generator=generator, dtype=mu.dtype, device=mu.device)
    logits = vae.decoder(reparameterize(mu.expand(shape), log_var.expand(shape), eps))
    reconstruction = bernoulli_log_prob(x.expand_as(logits), logits).mean(0)
    return ELBOTerms(reconstruction, kl_gaussian(mu, log_var))


def elbo(vae: VAE, x: Tensor, *, generator: torch.Generator, n_samples: int = 1) -> Tensor:
    """The evidence lower bound on log p(x), estimated without bias.

    L(x) = E_q log p(x|z) - KL(q(z|x) || N(0, I)) <= log p(x)
    x: (batch, n_visible) in {0, 1} -> (batch,) in nats, differentiable
    Raises what `elbo_terms` raises.
    """
    reconstruction, kl = elbo_terms(vae, x, generator=generator, n_samples=n_samples)
    return reconstruction - kl


def beta_objective(vae: VAE, x: Tensor, beta: float, *, generator: torch.Generator) -> Tensor:
    """The ELBO with its KL term weighted by beta.

    E_q log p(x|z) - beta KL(q(z|x) || N(0, I)), a bound on log p(x) only for beta >= 1
    x: (batch, n_visible) in {0, 1}; beta >= 0 -> (batch,) in nats, differentiable
    Raises ValueError for a negative or infinite beta, and what `elbo_terms` raises.
    Source: Higgins et al. 2017.
    """
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta must be a number of at least 0, got {beta}")
    reconstruction, kl = elbo_terms(vae, x, generator=generator)
    return reconstruction - beta * kl


@torch.no_grad()
def sample(vae: VAE, n: int, *, generator: torch.Generator) -> Tensor:
    """New images: codes from the prior, decoded.

    z ~ N(0, I) -> the means sigm(decoder(z)) of x given z; `bernoulli_sample` of them is x itself
    n >= 1 -> (n, n_visible) in [0, 1]
    Raises TypeError or ValueError for n below 1 or a generator that is none.
    """
    _check_generator(generator)
    _check_int("n", n, 1)
    weight = vae.decoder.hidden.weight
    z = torch.randn(n, weight.shape[1], generator=generator, dtype=weight.dtype, device=weight.device)
    return vae.decoder(z).sigmoid()


def log_joint(decoder: Decoder, x: Tensor, z: Tensor) -> Tensor:
    """Log of the joint density of every image with every code.

    log p(x, z) = log p(x|z) + log N(z; 0, I)           eq-lvm-joint
    x: (batch, n_visible) in {0, 1}; z: (N, n_latent) -> (batch, N) in nats, differentiable
    With one latent number, `exact.log_integral` of it over a grid of codes is log p(x), and the
    difference is the log-density of the posterior.
    Raises TypeError or ValueError for an x or z that does not fit.
    """
    logits = decoder(z)
    x = _binary_units("x", x, ("batch", logits.shape[-1]), logits)
    log_prior = gaussian_log_prob(z, torch.zeros_like(z), torch.zeros_like(z))
    return x @ logits.T - softplus(logits).sum(-1) + log_prior


class LinearGaussian(NamedTuple):
    """A latent-variable model with a linear decoder, where nothing is intractable.

    z ~ N(0, I),  x = A z + c + noise,  noise ~ N(0, diag sigma^2)
    A: (n_visible, n_latent); c: (n_visible,); log_var = log sigma^2: (n_visible,), x real
    Source: Tipping & Bishop 1999 (one sigma for all: probabilistic PCA); factor analysis otherwise.
    """

    A: Tensor
    c: Tensor
    log_var: Tensor

    def log_prob(self, x: Tensor) -> Tensor:
        """The exact log-density of x.

        x ~ N(c, A A^T + diag sigma^2)                  eq-elbo-linear-evidence
        x: (batch, n_visible) -> (batch,) in nats
        Raises TypeError or ValueError for an x or parameters that do not fit.
        """
        r = self._checked("x", x, "n_visible") - self.c
        L = torch.linalg.cholesky(self.A @ self.A.T + self.log_var.exp().diag())
        square = torch.linalg.solve_triangular(L, r.T, upper=False).square().sum(0)
        log_det = 2 * L.diagonal().log().sum()
        return -0.5 * (len(self.c) * math.log(2 * math.pi) + log_det + square)

    def conditional_log_prob(self, x: Tensor, z: Tensor) -> Tensor:
        """The exact log-density of x given its code.

        log N(x; A z + c, diag sigma^2)
        x: (batch, n_visible); z: (..., batch, n_latent) -> (..., batch) in nats
        Raises TypeError or ValueError for arguments or parameters that do not fit.
        """
        self._checked("x", x, "n_visible")
        mean = z @ self.A.T + self.c
        return gaussian_log_prob(x.expand_as(mean), mean, self.log_var.expand_as(mean))

    def effective_share(self, x: Tensor) -> Tensor:
        """The share of many codes drawn from the prior that count: E[w]^2 / E[w^2], w = p(x|z), z ~ p(z).

        E[w] = p(x),  E[w^2] = (4 pi)^(-D/2) prod_i 1/sigma_i N(x; c, A A^T + diag sigma^2 / 2)
        x: (batch, n_visible) -> (batch,) in (0, 1]     eq-lvm-second-moment
        Raises what `log_prob` raises.
        """
        halved = self._replace(log_var=self.log_var - math.log(2))
        log_second = halved.log_prob(x) - 0.5 * (math.log(4 * math.pi) + self.log_var).sum()
        return (2 * self.log_prob(x) - log_second).exp()

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The exact p(z|x), a Gaussian whose covariance is the same for every x.

        covariance = (I + A^T diag(1/sigma^2) A)^-1,    eq-elbo-linear-posterior
        mean = covariance A^T (x - c) / sigma^2
        x: (batch, n_visible) -> (batch, n_latent) and (n_latent, n_latent)
        Raises TypeError or ValueError for an x or parameters that do not fit.
        """
        r = self._checked("x", x, "n_visible") - self.c
        scaled = self.A.T * (-self.log_var).exp()
        identity = torch.eye(self.A.shape[1], dtype=x.dtype, device=x.device)
        covariance = torch.linalg.inv(identity + scaled @ self.A)
        return r @ scaled.T @ covariance, covariance

    def elbo(self, x: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
        """The exact ELBO of q(z|x) = N(mu, diag exp(log_var)): no sample is drawn.

        log N(x; A mu + c, sigma^2) - 1/2 sum_i sum_k A_ik^2 exp(log_var_k) / sigma_i^2 - KL(q || N(0, I))
        x: (batch, n_visible); mu, log_var: (batch, n_latent) -> (batch,) in nats
        Raises TypeError or ValueError for arguments or parameters that do not fit.
        """
        self._checked("x", x, "n_visible")
        self._checked("mu", mu, "n_latent")
        _check_alike(mu=mu, log_var=log_var)
        fit = gaussian_log_prob(x, mu @ self.A.T + self.c, self.log_var.expand_as(x))
        spread = log_var.exp() @ (self.A.square().T @ (-self.log_var).exp())
        return fit - 0.5 * spread - kl_gaussian(mu, log_var)

    def _checked(self, name: str, x: Tensor, size: str) -> Tensor:
        _check_units("A", self.A, ("n_visible", "n_latent"), self.A)
        n_visible, n_latent = self.A.shape
        for field in "c", "log_var":
            _check_units(field, getattr(self, field), (n_visible,), self.A)
        _check_units(name, x, ("batch", n_visible if size == "n_visible" else n_latent), self.A)
        if len({t.dtype for t in (*self, x)}) > 1:
            raise TypeError(f"A, c, log_var and {name} must have one dtype, got {x.dtype} for {name}")
        return x


def principal_decoder(x: Tensor, n_latent: int, noise: float) -> LinearGaussian:
    """The linear model of highest likelihood with a given noise: some of its codes may be dead.

    column k of A = sqrt(max(0, lambda_k - sigma^2)) u_k,  c = mean of x  eq-vae-linear-optimum
    lambda_k, u_k: eigenvalues, falling, and eigenvectors of the covariance of x; sigma^2 = noise
    x: (N, n_visible) real; n_latent in 1..n_visible -> LinearGaussian
    Raises TypeError or ValueError for an x, n_latent or noise that does not fit.
    Source: Tipping & Bishop 1999, appendix A.
    """
    _check_units("x", x, ("N", "n_visible"), x)
    _check_int("n_latent", n_latent, 1)
    if n_latent > x.shape[1]:
        raise ValueError(f"n_latent must be at most {x.shape[1]}, got {n_latent}")
    if not 0 < noise < math.inf:
        raise ValueError(f"noise must be a positive number, got {noise}")
    c = x.mean(0)
    values, vectors = torch.linalg.eigh((x - c).T @ (x - c) / len(x))  # rising
    lengths = (values - noise).clamp(min=0).sqrt()
    A = (vectors * lengths).flip(1)[:, :n_latent]
    return LinearGaussian(A, c, torch.full_like(c, math.log(noise)))


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        _check_int(name, count, 1)


def _check_input(name: str, x: Tensor, layer: nn.Linear) -> None:
    """A tensor (..., n) that a layer takes as it is."""
    _check_floating(name, x)
    if x.ndim == 0 or x.shape[-1] != layer.in_features:
        raise ValueError(f"{name} must be (..., {layer.in_features}), got {tuple(x.shape)}")
    for what, error in ("dtype", TypeError), ("device", ValueError):
        expected, came = getattr(layer.weight, what), getattr(x, what)
        if expected != came:
            raise error(f"{name} must have {what} {expected}, got {came}")

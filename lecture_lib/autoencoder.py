"""Autoencoders: an image squeezed through a few numbers and put back together; and PCA.

z = f(x),  r = g(z):  no distribution of z anywhere, which is why they cannot generate
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lecture_lib.distributions import (
    _binary_units,
    _check_floating,
    _check_generator,
    _check_int,
    _check_units,
    bernoulli_log_prob,
)
from lecture_lib.vae import Decoder


class Autoencoder(nn.Module):
    """An encoder with one hidden layer and a decoder with one, around a code.

    a = relu(V x + v),  z = M a + m;  the decoder is the VAE's, and its log-odds mean x
    autoencoder(x): (batch, n_visible) -> log-odds (batch, n_visible) of the pixels
    Raises TypeError or ValueError for counts below 1.
    """

    def __init__(self, n_visible: int, n_hidden: int, n_latent: int) -> None:
        super().__init__()
        self.decoder = Decoder(n_latent, n_hidden, n_visible)
        self.hidden = nn.Linear(n_visible, n_hidden)
        self.code = nn.Linear(n_hidden, n_latent)

    def encode(self, x: Tensor) -> Tensor:
        """Code of x.

        z = f(x)                                    eq-ae-code
        x: (batch, n_visible) -> (batch, n_latent)
        Raises TypeError or ValueError for an x that does not fit.
        """
        _check_units("x", x, ("batch", self.hidden.in_features), self.hidden.weight)
        return self.code(self.hidden(x).relu())

    def decode(self, z: Tensor) -> Tensor:
        """Log-odds of each pixel, given a code.

        z: (..., n_latent) -> (..., n_visible)
        Raises TypeError or ValueError for a z that does not fit.
        """
        return self.decoder(z)

    def forward(self, x: Tensor) -> Tensor:
        """Log-odds of the reconstruction of x.

        x: (batch, n_visible) -> (batch, n_visible)
        Raises what `encode` raises.
        """
        return self.decode(self.encode(x))


class LinearAutoencoder(nn.Module):
    """The simplest autoencoder: one linear layer down to the code, one up again.

    z = V x + v,  r = U z + u                           eq-ae-linear
    autoencoder(x): (batch, n_visible) -> r (batch, n_visible), the mean of x
    Raises TypeError or ValueError for counts below 1.
    """

    def __init__(self, n_visible: int, n_latent: int) -> None:
        super().__init__()
        for name, count in ("n_visible", n_visible), ("n_latent", n_latent):
            _check_int(name, count, 1)
        self.encoder = nn.Linear(n_visible, n_latent)
        self.decoder = nn.Linear(n_latent, n_visible)

    def encode(self, x: Tensor) -> Tensor:
        """Code of x.

        x: (batch, n_visible) -> (batch, n_latent)
        Raises TypeError or ValueError for an x of another shape or device.
        """
        _check_units("x", x, ("batch", self.encoder.in_features), self.encoder.weight)
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """Mean of x, given a code.

        z: (batch, n_latent) -> (batch, n_visible)
        Raises TypeError or ValueError for a z of another shape or device.
        """
        _check_units("z", z, ("batch", self.decoder.in_features), self.decoder.weight)
        return self.decoder(z)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruction of x.

        x: (batch, n_visible) -> (batch, n_visible)
        Raises what `encode` raises.
        """
        return self.decode(self.encode(x))


def init(
    n_visible: int, n_hidden: int, n_latent: int, *, generator: torch.Generator
) -> Autoencoder:
    """An autoencoder before training, all of it drawn from one generator.

    weights of a layer with n inputs ~ U(-1/sqrt(n), 1/sqrt(n)), biases 0
    -> Autoencoder in float32
    Raises TypeError or ValueError for counts below 1 or a generator that is none.
    """
    _check_generator(generator)
    with torch.random.fork_rng(devices=[]):  # torch fills new layers from its global stream
        model = Autoencoder(n_visible, n_hidden, n_latent)
    _draw(model, generator)
    return model


def init_linear(n_visible: int, n_latent: int, *, generator: torch.Generator) -> LinearAutoencoder:
    """A linear autoencoder before training, drawn as `init` draws.

    -> LinearAutoencoder in float32
    Raises TypeError or ValueError for counts below 1 or a generator that is none.
    """
    _check_generator(generator)
    with torch.random.fork_rng(devices=[]):
        model = LinearAutoencoder(n_visible, n_latent)
    _draw(model, generator)
    return model


def reconstruction_log_prob(model: Autoencoder, x: Tensor) -> Tensor:
    """How probable x is under its own reconstruction. It is no log p(x).

    sum_i x_i log r_i + (1 - x_i) log(1 - r_i)      eq-ae-bernoulli-loss
    x: (batch, n_visible) in {0, 1} -> (batch,) in nats, differentiable
    Raises TypeError or ValueError for an x that does not fit.
    """
    x = _binary_units("x", x, ("batch", "n_visible"), model.hidden.weight)
    return bernoulli_log_prob(x, model(x))


def squared_error(x: Tensor, r: Tensor) -> Tensor:
    """Squared distance of x and its reconstruction.

    |x - r|^2 = sum_i (x_i - r_i)^2
    x, r: (batch, n_visible) -> (batch,), never negative
    Raises TypeError or ValueError for dtypes or shapes that do not fit.
    """
    _check_floating("r", r)
    _check_units("x", x, tuple(r.shape), r)
    return (x - r).square().sum(-1)


class PCA(NamedTuple):
    """Principal components: directions e_i in which the data vary most, one a row.

    mean: (n_visible,); components: (n_components, n_visible), orthonormal rows; variances:
    (n_visible,), of the data along every direction, largest first
    """

    mean: Tensor
    components: Tensor
    variances: Tensor

    def encode(self, x: Tensor) -> Tensor:
        """Code of x: how far it lies along each component.

        z_j = e_j . (x - mean)
        x: (batch, n_visible) -> (batch, n_components)
        Raises TypeError or ValueError for an x of another shape or device.
        """
        _check_units("x", x, ("batch", len(self.mean)), self.mean)
        return (x - self.mean) @ self.components.T

    def decode(self, z: Tensor) -> Tensor:
        """The point with a given code, in the plane of the components.

        r = mean + sum_j z_j e_j
        z: (batch, n_components) -> (batch, n_visible)
        Raises TypeError or ValueError for a z of another shape or device.
        """
        _check_units("z", z, ("batch", len(self.components)), self.mean)
        return self.mean + z @ self.components


def pca(x: Tensor, n_components: int) -> PCA:
    """Principal component analysis of a batch.

    C = 1/N sum_n (x_n - mean)(x_n - mean)^T = sum_i lambda_i e_i e_i^T, the first n_components e_i
    x: (batch, n_visible), at least one row; n_components in 1..n_visible -> PCA
    each e_i has the sign that makes its largest entry positive
    Raises TypeError or ValueError for an x or a number of components that does not fit.
    """
    _check_floating("x", x)
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"x must be (batch, n_visible) with at least one row, got {tuple(x.shape)}")
    _check_int("n_components", n_components, 1)
    if n_components > x.shape[1]:
        raise ValueError(f"n_components must be at most {x.shape[1]}, got {n_components}")
    mean = x.mean(0)
    values, vectors = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    components = vectors.flip(-1).T[:n_components]
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return PCA(mean, components * largest.sign(), values.flip(0).clamp(min=0))


def principal_angles(A: Tensor, B: Tensor) -> Tensor:
    """Angles between two subspaces, each given by vectors that span it.

    sines: the singular values of Q_B - Q_A Q_A^T Q_B, Q orthonormal bases of the columns
    A, B: (n, K), of rank K -> (K,) in radians, 0 to pi/2, largest first; all 0 for one subspace
    Raises TypeError or ValueError for dtypes, shapes or devices that do not fit.
    Source: Bjorck & Golub 1973 (sines, which are exact near 0 where cosines are not).
    """
    _check_floating("A", A)
    if A.ndim != 2:
        raise ValueError(f"A must be (n, K), got {tuple(A.shape)}")
    _check_units("B", B, tuple(A.shape), A)
    Q_A, Q_B = torch.linalg.qr(A).Q, torch.linalg.qr(B).Q
    return torch.linalg.svdvals(Q_B - Q_A @ (Q_A.T @ Q_B)).clamp(max=1).asin()


def _draw(model: nn.Module, generator: torch.Generator) -> None:
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                bound = 1 / math.sqrt(layer.in_features)
                layer.weight.uniform_(-bound, bound, generator=generator)
                layer.bias.zero_()

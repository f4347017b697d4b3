"""The data sets of the course, small enough to travel with it; pixels are 0 or 1, in float32 (real in `patches`).

Each function returns a NamedTuple whose first two fields are train and test, (examples, pixels);
an image is a row of pixels, from the top left, line by line.
"""

import hashlib
import lzma
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

MAX_BARS_SIZE = 10

N_DIGITS_TRAIN = 1500

PATCH_SIDE, N_PATCHES, N_PATCHES_TRAIN = 8, 20_000, 18_000

MNIST_FILE = Path(__file__).with_name("mnist.xz")
MNIST_SHA256 = "904208bc87df1d9dfb139bece4a6c08cb2c0f65d740b7a64ba41ec5acba609d1"
N_MNIST, N_MNIST_TRAIN, MNIST_PIXELS = 70_000, 60_000, 28 * 28

SPRITE_SHAPES = "square", "ellipse", "heart"
SPRITE_FACTORS = "shape", "scale", "orientation", "x", "y"
MIN_SPRITE_SIZE, MAX_SPRITE_PIXELS = 16, 2**27


class Bars(NamedTuple):
    """Every pattern once, in train and in test."""

    train: Tensor
    test: Tensor


class Digits(NamedTuple):
    """Images of handwritten digits and, as int64, which digit each of them is."""

    train: Tensor
    test: Tensor
    train_labels: Tensor
    test_labels: Tensor


class Patches(NamedTuple):
    """Small pieces of photographs, real-valued."""

    train: Tensor
    test: Tensor


class Sprites(NamedTuple):
    """Images of one shape each and, as int64 class indices, the five factors that made it.

    train_factors, test_factors: (examples, 5), columns as in `SPRITE_FACTORS`
    """

    train: Tensor
    test: Tensor
    train_factors: Tensor
    test_factors: Tensor


def bars(size: int = 3) -> Bars:
    """Bars: the images in which each row is all on or all off, and those in which each column is.

    p(x) = 1 / N for each of the N = 2 * 2^size - 2 patterns: empty and full are both kinds at once
    size in 2..10 -> train and test (N, size^2), each the whole distribution, in binary order: no
    model has a mean log-likelihood above -log N, and only p itself reaches it (-log 14 for size 3)
    Raises TypeError for a size that is no int, ValueError outside 2..10.
    Source: MacKay 2003, section 43.3, who gives empty and full twice the weight of the others.
    """
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError(f"size must be an int, got {type(size).__name__}")
    if not 2 <= size <= MAX_BARS_SIZE:
        raise ValueError(f"size must be in 2..{MAX_BARS_SIZE}, got {size}")
    lines = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * size)
    rows = lines[:, :, None].expand(-1, -1, size)
    patterns = torch.cat([rows, rows.mT]).flatten(1).unique(dim=0)
    return Bars(patterns, patterns.clone())


def digits(threshold: int = 7) -> Digits:
    """Handwritten digits of 8 x 8 pixels, from scikit-learn, made binary.

    x_i = 1 where pixel i, in 0..16, is above the threshold: with 7, where it is half on or more
    threshold in 0..15 -> train (1500, 64), test (297, 64): the first 1500 of scikit-learn, the rest
    Raises TypeError for a threshold that is no int, ValueError outside 0..15.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits.
    """
    from sklearn.datasets import (
        load_digits,
    )  # here, since it takes a second that the other data sets need not

    if not isinstance(threshold, int) or isinstance(threshold, bool):
        raise TypeError(f"threshold must be an int, got {type(threshold).__name__}")
    if not 0 <= threshold <= 15:
        raise ValueError(f"threshold must be in 0..15, got {threshold}")
    pixels, labels = load_digits(return_X_y=True)
    return _split(pixels > threshold, labels, N_DIGITS_TRAIN)


def mnist() -> Digits:
    """MNIST: handwritten digits of 28 x 28 pixels, made binary; all of it.

    x_i = 1 where pixel i, in 0..255, is 128 or more, that is pixel / 255 > 1/2
    -> train (60000, 784) and test (10000, 784), in the order of the original files
    Raises ValueError where the packed file is not the one that was shipped.
    Source: LeCun et al. 1998; packed by `tools/pack_mnist.py`.
    """
    images, labels = unpack_mnist(MNIST_FILE)
    return _split(images, labels, N_MNIST_TRAIN)


def patches() -> Patches:
    """Pieces of 8 x 8 pixels from the two photographs that scikit-learn carries, whitened.

    grey, half size; each piece less its mean and divided by its contrast sqrt(variance + 0.001);
    then x <- U (L + 0.05)^(-1/2) U^T x with the covariance U L U^T of all pieces, which is symmetric
    and leaves no two pixels much correlated; last divided by one number, so that the variance of
    all pixels together is 1
    -> train (18000, 64) and test (2000, 64), drawn at random from both photographs
    Source: Olshausen & Field 1996 for the idea; photographs: scikit-learn, `load_sample_images`.
    """
    from sklearn.datasets import load_sample_images

    order = np.random.default_rng(0)
    pieces = []
    for image in load_sample_images().images:
        height, width = (n // 2 for n in image.shape[:2])
        grey = image[: 2 * height, : 2 * width].mean(-1) / 255
        grey = grey.reshape(height, 2, width, 2).mean((1, 3))
        views = np.lib.stride_tricks.sliding_window_view(grey, (PATCH_SIDE, PATCH_SIDE))
        views = views.reshape(-1, PATCH_SIDE, PATCH_SIDE)
        rows = order.choice(len(views), N_PATCHES // 2, replace=False)
        pieces.append(views[rows].reshape(len(rows), -1))
    x = order.permutation(np.concatenate(pieces))
    x = x - x.mean(1, keepdims=True)
    x = x / np.sqrt(x.var(1, keepdims=True) + 0.001)
    variances, axes = np.linalg.eigh(np.cov(x.T))
    x = x @ (axes / np.sqrt(variances + 0.05)) @ axes.T
    patches = torch.from_numpy((x / x.std()).astype(np.float32))
    return Patches(patches[:N_PATCHES_TRAIN], patches[N_PATCHES_TRAIN:])


def sprites(
    size: int = 20, *, n_scales: int = 3, n_orientations: int = 4, n_positions: int = 9
) -> Sprites:
    """Sprites: images of size x size pixels of one shape each, every combination of five factors once.

    shape 0..2: square, ellipse (half as high as wide), heart; scale s of S: a circle around the
    shape has radius 0.15 size (1 + s / (S - 1)), from 0.15 to 0.3 size;
    orientation o of O: turned by 90 o / O degrees, anticlockwise; x (from the left) and y (from the
    top) of P: the centre is at 0.3 size + 0.4 size i / (P - 1), so that every shape fits
    A square turned by a quarter is that square again: all shapes turn through less than a quarter,
    so that one orientation is one angle for all of them and no shape has one picture for two.
    A pixel is 1 where its centre is in the shape. With size 20 and the numbers of the defaults no
    two images are equal; many scales or angles in few pixels can make equal ones.
    size >= 16; n_scales, n_orientations, n_positions >= 2 -> train (80 %, rounded down) and test
    (the rest), drawn without replacement from all 3 S O P^2 (2916), always the same ones
    Raises TypeError for numbers that are no int, ValueError for smaller ones and for more than 2^27
    pixels in all.
    Source: the idea is that of dSprites, Matthey et al. 2017.
    """
    for name, count, least in (
        ("size", size, MIN_SPRITE_SIZE), ("n_scales", n_scales, 2),
        ("n_orientations", n_orientations, 2), ("n_positions", n_positions, 2),
    ):  # fmt: skip
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"{name} must be an int, got {type(count).__name__}")
        if count < least:
            raise ValueError(f"{name} must be at least {least}, got {count}")
    values = len(SPRITE_SHAPES), n_scales, n_orientations, n_positions, n_positions
    n = math.prod(values)
    if n * size**2 > MAX_SPRITE_PIXELS:
        raise ValueError(
            f"all images together must have at most {MAX_SPRITE_PIXELS} pixels, "
            f"got {n} images of {size} x {size}"
        )
    factors = np.indices(values).reshape(len(values), n).T[np.random.default_rng(0).permutation(n)]
    images = np.empty((n, size * size), np.float32)
    for image, (shape, s, o, *place) in zip(images, factors, strict=True):
        radius = 0.15 * size * (1 + s / (n_scales - 1))
        x, y = (0.3 * size + 0.4 * size * i / (n_positions - 1) for i in place)
        image[:] = _sprite(SPRITE_SHAPES[shape], radius, np.pi / 2 * o / n_orientations, x, y, size)
    x, v = torch.from_numpy(images), torch.from_numpy(factors.astype(np.int64))
    n_train = n * 4 // 5
    return Sprites(x[:n_train], x[n_train:], v[:n_train], v[n_train:])


def pack_mnist(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Binary images and their labels as the bytes of the packed file.

    eight pixels a byte, first pixel most significant; then one byte a label; all in one xz stream
    images: (70000, 784) of bool; labels: (70000,) in 0..9 -> bytes, the same each time
    """
    return lzma.compress(
        np.packbits(images, axis=1).tobytes() + labels.astype(np.uint8).tobytes(),
        preset=9 | lzma.PRESET_EXTREME,
    )


def unpack_mnist(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels from the packed file: what `pack_mnist` packed.

    path -> (70000, 784) of 0 and 1, and (70000,) in 0..9, both uint8
    Raises ValueError, naming the file, for a SHA-256 that is not the recorded one, OSError for
    a file that is not there.
    """
    packed = path.read_bytes()
    check_sha256(path, packed, MNIST_SHA256)
    content = np.frombuffer(lzma.decompress(packed), np.uint8)
    images, labels = content[:-N_MNIST].reshape(N_MNIST, -1), content[-N_MNIST:]
    return np.unpackbits(images, axis=1), labels


def check_sha256(path: Path, content: bytes, expected: str) -> None:
    """The content of a file is the one whose SHA-256 was recorded.

    Raises ValueError that names the file, what was expected and what came.
    """
    came = hashlib.sha256(content).hexdigest()
    if came != expected:
        raise ValueError(f"{path} must have SHA-256 {expected}, got {came} ({len(content)} bytes)")


def _sprite(
    shape: str, radius: float, angle: float, x: float, y: float, size: int
) -> np.ndarray:
    """Which pixels have their centre in a shape of this radius, turned by angle, its centre at x, y."""
    centres = np.arange(size) + 0.5
    right, up = (centres - x) / radius, -(centres[:, None] - y) / radius
    u = np.cos(angle) * right + np.sin(angle) * up
    v = np.cos(angle) * up - np.sin(angle) * right
    inside = {
        "square": lambda: np.maximum(abs(u), abs(v)) <= 0.5**0.5,
        "ellipse": lambda: u**2 + (2 * v) ** 2 <= 1,
        "heart": lambda: (1.31 * u) ** 2 + (1.52 * v + 0.3 - abs(1.31 * u) ** 0.5) ** 2 <= 1,
    }
    return inside[shape]().ravel()


def _split(images: np.ndarray, labels: np.ndarray, n_train: int) -> Digits:
    """The first n_train examples to train with and the rest to test with, as tensors."""
    x, y = torch.from_numpy(images.astype(np.float32)), torch.from_numpy(labels.astype(np.int64))
    return Digits(x[:n_train], x[n_train:], y[:n_train], y[n_train:])

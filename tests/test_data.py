"""The data sets against their definitions, published counts, and files damaged on purpose."""

import functools
import gzip
import hashlib
import importlib.util
import math
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from lecture_lib import data


@pytest.fixture(scope="module")
def mnist():
    return data.mnist()


@pytest.fixture(scope="module")
def pack_tool():
    path = Path(__file__).parents[1] / "tools" / "pack_mnist.py"
    spec = importlib.util.spec_from_file_location("pack_mnist", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def is_binary(x):
    return x.dtype == torch.float32 and ((x == 0) | (x == 1)).all()


@pytest.mark.parametrize("size", [2, 3, 4])
def test_bars_are_all_images_whose_rows_or_columns_are_constant(size):
    by_hand = set()
    for number in range(2 ** (size * size)):
        image = np.array([number >> i & 1 for i in range(size * size)]).reshape(size, size)
        if (image == image[:, :1]).all() or (image == image[:1]).all():
            by_hand.add(tuple(image.flatten().tolist()))
    train, test = data.bars(size)
    assert is_binary(train)
    assert {tuple(pattern) for pattern in train.int().tolist()} == by_hand
    assert len(train) == len(by_hand) == 2 * 2**size - 2  # each once: p = 1 / N
    assert torch.equal(train, test)


def test_bars_are_three_by_three_at_first_and_their_entropy_is_log_fourteen():
    train, test = data.bars()
    assert train.shape == test.shape == (14, 9)
    p = torch.full((14,), 1 / 14, dtype=torch.float64)
    assert -(p * p.log()).sum().item() == pytest.approx(math.log(14))


def test_bars_come_as_copies_that_one_may_change():
    first = data.bars()
    first.train.zero_()
    assert first.test.any()
    assert data.bars().train.any()


def test_digits_are_one_where_a_pixel_is_above_the_threshold():
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    for threshold in 0, 7, 15:
        digits = data.digits(threshold=threshold)
        assert is_binary(digits.train)
        assert torch.equal(
            torch.cat([digits.train, digits.test]) == 1, torch.tensor(pixels > threshold)
        )
        assert torch.cat([digits.train_labels, digits.test_labels]).tolist() == labels.tolist()
    assert torch.equal(data.digits().train, data.digits(7).train)


def test_digits_are_split_into_fixed_parts_with_every_digit_in_both():
    train, test, train_labels, test_labels = data.digits()
    assert train.shape == (1500, 64)
    assert test.shape == (297, 64)
    assert train_labels.dtype == test_labels.dtype == torch.int64
    assert train_labels.bincount().min() >= 140
    assert test_labels.bincount().min() >= 27


def test_mnist_is_whole(mnist):
    assert is_binary(mnist.train)
    assert is_binary(mnist.test)
    assert mnist.train.shape == (60_000, 784)
    assert mnist.test.shape == (10_000, 784)
    assert mnist.train_labels.shape == (60_000,)
    assert mnist.test_labels.shape == (10_000,)
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == torch.int64


def test_mnist_has_the_published_number_of_each_digit_in_the_published_order(mnist):
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train_labels.bincount().tolist() == train
    assert mnist.test_labels.bincount().tolist() == test
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_mnist_labels_belong_to_their_images(mnist):
    means = torch.stack([mnist.train[mnist.train_labels == digit].mean(0) for digit in range(10)])
    nearest = torch.cdist(mnist.test, means).argmin(1)
    assert (nearest == mnist.test_labels).float().mean() > 0.75


def test_mnist_images_stand_upright_and_seldom_touch_the_frame(mnist):
    ones = mnist.train[mnist.train_labels == 1].mean(0).reshape(28, 28)
    assert (ones.sum(1) > 0.1).sum() > (ones.sum(0) > 0.1).sum()  # a 1 is taller than it is wide
    sevens = mnist.train[mnist.train_labels == 7].mean(0).reshape(28, 28)
    assert sevens[:14].sum() > 1.2 * sevens[14:].sum()  # and the bar of a 7 is on top
    frame = torch.ones(28, 28, dtype=torch.bool)
    frame[2:-2, 2:-2] = False
    assert mnist.train.mean(0).reshape(28, 28)[frame].max() < 0.05


def test_mnist_is_under_two_megabytes_and_loads_in_a_few_seconds():
    assert data.MNIST_FILE.stat().st_size < 2_000_000
    start = time.process_time()
    data.mnist()
    assert time.process_time() - start < 10


def test_packing_again_what_was_unpacked_gives_the_same_images():
    images, labels = data.unpack_mnist(data.MNIST_FILE)
    packed = data.pack_mnist(images[:800], labels[:800])
    assert packed == data.pack_mnist(images[:800].astype(bool), labels[:800].astype(np.int64))


@pytest.mark.parametrize("damage", [
    lambda packed: packed[:-1],
    lambda packed: b"",
    lambda packed: packed + b"0",
    lambda packed: packed[:5000] + bytes([packed[5000] ^ 1]) + packed[5001:],
])  # fmt: skip
def test_a_damaged_file_is_refused_by_name_with_what_was_expected_and_what_came(tmp_path, damage):
    path = tmp_path / "mnist.xz"
    content = damage(data.MNIST_FILE.read_bytes())
    path.write_bytes(content)
    came = hashlib.sha256(content).hexdigest()
    message = f"{path} must have SHA-256 {data.MNIST_SHA256}, got {came}"
    with pytest.raises(ValueError, match=re.escape(message)):
        data.unpack_mnist(path)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        data.unpack_mnist(tmp_path / "absent.xz")


@pytest.fixture
def originals(tmp_path, monkeypatch, pack_tool):
    """A small MNIST: 6 + 2 images in four gzipped IDX files, and a tool that expects them."""
    generator = np.random.default_rng(0)
    contents = {}
    for name in pack_tool.SHA256:
        n = 6 if name.startswith("train") else 2
        shape = (n, 28, 28) if "images" in name else (n,)
        values = generator.integers(0, 256 if "images" in name else 10, shape, dtype=np.uint8)
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(header + values.tobytes()))
        contents[name] = values
        digest = hashlib.sha256(header + values.tobytes()).hexdigest()
        monkeypatch.setitem(pack_tool.SHA256, name, digest)
    train, test, train_labels, test_labels = contents.values()
    images = np.concatenate([train, test]).reshape(8, 784) / 255 > 0.5
    labels = np.concatenate([train_labels, test_labels])
    packed = data.pack_mnist(images, labels)
    for module in data, pack_tool:
        monkeypatch.setattr(module, "MNIST_SHA256", hashlib.sha256(packed).hexdigest())
    monkeypatch.setattr(data, "N_MNIST", 8)
    return tmp_path, images, labels


def test_the_tool_packs_pixels_above_one_half_and_labels_the_same_each_time(originals, pack_tool):
    folder, images, labels = originals
    output = folder / "out.xz"
    assert pack_tool.pack(folder, output) == output.stat().st_size
    first = output.read_bytes()
    pack_tool.pack(folder, output)
    assert output.read_bytes() == first
    unpacked, unpacked_labels = data.unpack_mnist(output)
    assert (unpacked == images).all()
    assert (unpacked_labels == labels).all()
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".gz") == ["out.xz"]


def test_the_tool_refuses_other_originals_and_writes_nothing(originals, pack_tool):
    folder, *_ = originals
    path = folder / "t10k-labels-idx1-ubyte.gz"
    whole = path.read_bytes()
    other = gzip.compress(gzip.decompress(whole)[:-1] + b"\xff")
    for content, message in (
        (whole[:-9], "must be a whole gzip file"),
        (b"not gzip", "must be a whole gzip file"),
        (whole[:12] + bytes([whole[12] ^ 255]) + whole[13:], "must be a whole gzip file"),
        (other, "must have SHA-256"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}"):
            pack_tool.pack(folder, folder / "out.xz")
    assert not (folder / "out.xz").exists()


def test_the_tool_refuses_an_output_that_is_not_the_recorded_one(originals, pack_tool, monkeypatch):
    folder, *_ = originals
    monkeypatch.setattr(pack_tool, "MNIST_SHA256", "0" * 64)
    (folder / "out.xz").write_bytes(b"what was there")
    with pytest.raises(ValueError, match=r"out\.xz must have SHA-256 0000"):
        pack_tool.pack(folder, folder / "out.xz")
    assert (folder / "out.xz").read_bytes() == b"what was there"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, pack_tool, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    path = tmp_path / "out.xz"
    path.write_bytes(b"old")
    monkeypatch.setattr(pack_tool.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        pack_tool.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_size_or_threshold_that_makes_no_data_set_is_refused():
    for size in 1, 0, 11:
        with pytest.raises(ValueError, match=rf"size must be in 2\.\.10, got {size}"):
            data.bars(size)
    for threshold in -1, 16:
        with pytest.raises(ValueError, match=rf"threshold must be in 0\.\.15, got {threshold}"):
            data.digits(threshold)
    for bad in 3.0, True, None:
        with pytest.raises(TypeError, match="size must be an int"):
            data.bars(bad)
        with pytest.raises(TypeError, match="threshold must be an int"):
            data.digits(bad)


def test_sprites_are_every_combination_of_the_five_factors_once_with_no_two_images_alike():
    train, test, train_factors, test_factors = data.sprites()
    assert is_binary(train)
    assert is_binary(test)
    assert train.shape == (2332, 400)
    assert test.shape == (584, 400)
    factors = torch.cat([train_factors, test_factors])
    assert factors.dtype == torch.int64
    assert data.SPRITE_FACTORS == ("shape", "scale", "orientation", "x", "y")
    grid = torch.cartesian_prod(*(torch.arange(n) for n in (3, 3, 4, 9, 9)))
    assert torch.equal(factors.unique(dim=0), grid)
    assert len(torch.cat([train, test]).unique(dim=0)) == len(grid) == 2916


all_sprites = functools.cache(data.sprites)


def one_sprite(size=20, **factors):
    """The image of a combination of factors, whichever part it is in."""
    train, test, train_factors, test_factors = all_sprites(size)
    wanted = torch.tensor([factors.get(name, 0) for name in data.SPRITE_FACTORS])
    (row,) = (torch.cat([train_factors, test_factors]) == wanted).all(1).nonzero()[0].tolist()
    return torch.cat([train, test])[row].reshape(size, size)


def test_a_sprite_is_drawn_by_its_factors():
    # the largest square, upright, in the middle of 20 x 20: half a side is 6 / sqrt 2 = 4.2 pixels
    square = torch.zeros(20, 20)
    square[6:14, 6:14] = 1
    assert torch.equal(one_sprite(shape=0, scale=2, x=4, y=4), square)
    # turned by half a right angle it is a diamond: |row| + |column| <= 6 from the centre
    steps = (torch.arange(20) - 9.5).abs()
    diamond = (steps[:, None] + steps <= 6).float()
    assert torch.equal(one_sprite(shape=0, scale=2, orientation=2, x=4, y=4), diamond)
    ellipse = one_sprite(shape=1, scale=2, x=4, y=4)
    inside = (steps[:, None] / 3) ** 2 + (steps / 6) ** 2 <= 1  # half as high as it is wide
    assert torch.equal(ellipse, inside.float())
    heart = one_sprite(size=64, shape=2, scale=2, x=4, y=4)
    assert torch.equal(heart, heart.flip(1))  # upright: left and right are alike
    assert heart[:, 32].nonzero()[0] > heart[:, 24].nonzero()[0]  # with a notch on top
    assert heart[40:].sum() < heart[16:24].sum() + heart[24:32].sum()  # and narrow below


@pytest.mark.parametrize("shape", range(3))
def test_scale_position_and_orientation_move_a_sprite_as_they_say(shape):
    def centre(image):
        rows, columns = image.nonzero(as_tuple=True)
        return columns.double().mean().item(), rows.double().mean().item()

    areas = [one_sprite(64, shape=shape, scale=s, x=4, y=4).sum().item() for s in range(3)]
    assert areas[0] / areas[2] == pytest.approx(0.25, rel=0.12)  # half the radius
    assert areas[1] / areas[2] == pytest.approx(0.5625, rel=0.12)
    here = centre(one_sprite(shape=shape, scale=1, x=2, y=3))
    there = centre(one_sprite(shape=shape, scale=1, x=7, y=4))
    assert (there[0] - here[0], there[1] - here[1]) == pytest.approx((5, 1))  # a pixel a step
    edge = one_sprite(shape=shape, scale=2, x=0, y=8)
    assert edge[:, 12:].sum() == edge[:8].sum() == 0  # left and low, and none of it cut off
    assert edge.sum() == one_sprite(shape=shape, scale=2, x=4, y=4).sum()
    upright = one_sprite(64, shape=shape, scale=2, x=4, y=4)
    quarter = upright.rot90(1)  # anticlockwise
    turned = [one_sprite(64, shape=shape, scale=2, orientation=o, x=4, y=4) for o in range(4)]
    assert turned[3].sum() == pytest.approx(upright.sum().item(), rel=0.1)
    if shape:  # nearest to the quarter turn at last, never there; a square gets back to itself
        overlap = [(image * quarter).sum().item() for image in turned]
        assert max(overlap) == overlap[3] < quarter.sum()


def test_sprites_come_in_any_size_and_number_and_always_the_same():
    sprites = data.sprites(16, n_scales=2, n_orientations=2, n_positions=3)
    assert sprites.train.shape == (3 * 2 * 2 * 9 * 4 // 5, 256)
    assert len(sprites.train) + len(sprites.test) == 108
    assert torch.cat([sprites.train_factors, sprites.test_factors]).amax(0).tolist() == [2, 1, 1, 2, 2]
    again = data.sprites(16, n_scales=2, n_orientations=2, n_positions=3)
    assert all(torch.equal(a, b) for a, b in zip(sprites, again, strict=True))
    large = data.sprites(64, n_positions=2)
    assert large.test.shape == (29, 64 * 64)
    images = torch.cat([large.train, large.test])
    assert len(images.unique(dim=0)) == len(images) == 144


def test_every_factor_has_all_its_values_in_both_parts_of_the_sprites():
    sprites = data.sprites()
    for factors in sprites.train_factors, sprites.test_factors:
        for column, n in zip(factors.T, (3, 3, 4, 9, 9), strict=True):
            assert len(column.unique()) == n


@pytest.mark.parametrize("arguments, message", [
    ({"size": 15}, "size must be at least 16, got 15"),
    ({"n_scales": 1}, "n_scales must be at least 2, got 1"),
    ({"n_orientations": 0}, "n_orientations must be at least 2, got 0"),
    ({"n_positions": -3}, "n_positions must be at least 2, got -3"),
    ({"size": 64, "n_positions": 64}, r"134217728 pixels, got 147456 images of 64 x 64"),
])  # fmt: skip
def test_sprites_of_impossible_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.sprites(**arguments)


@pytest.mark.parametrize("name", ["size", "n_scales", "n_orientations", "n_positions"])
def test_sprites_of_numbers_that_are_no_int_are_refused(name):
    for wrong in 20.0, "20", True:
        with pytest.raises(TypeError, match=f"{name} must be an int, got {type(wrong).__name__}"):
            data.sprites(**{name: wrong})

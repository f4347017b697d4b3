"""Pack the whole of MNIST, made binary, into the one file that the package ships.

    python -m tools.pack_mnist FOLDER [--output lecture_lib/mnist.xz]

FOLDER holds the four original files, gzipped. What they contain and what is written are verified by
SHA-256; the output is written under a temporary name and renamed, so that it is whole or not there.
"""

import argparse
import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from lecture_lib.data import MNIST_FILE, MNIST_PIXELS, MNIST_SHA256, check_sha256, pack_mnist

SHA256 = {  # of the files unpacked, since mirrors differ in how they gzipped them
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """One IDX file: two zeros, the type (8 for bytes), the number of axes, their lengths, values.

    Raises ValueError, naming the file, where it is no whole gzip file or not the recorded content.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} must be a whole gzip file, got: {error}") from error
    check_sha256(path, content, sha256)
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", count=n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def write_whole(path: Path, content: bytes) -> None:
    """Write under a temporary name, then rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def pack(folder: Path, output: Path) -> int:
    """Pack the four files of a folder into one, and return its number of bytes."""
    train, test, train_labels, test_labels = (
        read_idx(folder / f"{name}.gz", sha256) for name, sha256 in SHA256.items()
    )
    images = np.concatenate([train, test]).reshape(-1, MNIST_PIXELS) >= 128
    packed = pack_mnist(images, np.concatenate([train_labels, test_labels]))
    check_sha256(output, packed, MNIST_SHA256)
    write_whole(output, packed)
    return len(packed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the four original files are")
    parser.add_argument("--output", type=Path, default=MNIST_FILE)
    arguments = parser.parse_args()
    print(f"{arguments.output}: {pack(arguments.folder, arguments.output):,} bytes")

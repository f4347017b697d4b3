"""Small trained weights that chapters load, each with a card that says where they come from.

`NAME.npz` holds the arrays (never pickled), `NAME.json` the card: the script and
its settings, the seed, the checksum of the data, the time it took, and the
result of every run, not only of the one whose weights were kept.
"""

import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lecture_lib import vae
from lecture_lib.rbm import RBM
from lecture_lib.vae import VAE

_FOLDER = Path(__file__).parent


class Pretrained(NamedTuple):
    """Parameters as `torch.float32`, and their card."""

    params: Any
    card: dict[str, Any]


def names() -> list[str]:
    """The names that `load` knows."""
    return sorted(path.stem for path in _FOLDER.glob("*.npz"))


def load(name: str) -> Pretrained:
    """Trained weights by name, with their card: an `RBM` or a `VAE`, as the names of the arrays say.

    A VAE comes with frozen parameters, `requires_grad_()` thaws them.
    Raises ValueError for an unknown name, saying which there are.
    """
    if name not in names():
        raise ValueError(f"no trained weights named {name!r}; there are {', '.join(names())}")
    with np.load(_FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        tensors = {field: torch.from_numpy(arrays[field].astype(np.float32)) for field in arrays.files}
    params = RBM(**tensors) if set(tensors) == set(RBM._fields) else _vae(tensors)
    return Pretrained(params, json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def save(name: str, params: RBM | VAE, card: dict[str, Any]) -> None:
    """Store weights (as half precision) and card, each written to a temporary name first.

    params: any `RBM` or `VAE`; card: what `json` can write
    """
    buffer = io.BytesIO()
    tensors = params._asdict() if isinstance(params, RBM) else params.state_dict()
    arrays: Any = {field: tensor.detach().cpu().numpy().astype(np.float16)
                   for field, tensor in tensors.items()}
    np.savez_compressed(buffer, **arrays)
    for ending, content in ("npz", buffer.getvalue()), ("json", (json.dumps(card, indent=1) + "\n").encode()):
        temporary = _FOLDER / f"{name}.{ending}.tmp"
        temporary.write_bytes(content)
        os.replace(temporary, _FOLDER / f"{name}.{ending}")


def _vae(tensors: dict[str, Tensor]) -> VAE:
    """The VAE whose parameters these are; their shapes say how large it is."""
    n_hidden, n_visible = tensors["encoder.hidden.weight"].shape
    n_latent = len(tensors["encoder.mu.weight"])
    model = vae.init(n_visible, n_hidden, n_latent, generator=torch.Generator())
    model.load_state_dict(tensors)
    return model.requires_grad_(False)

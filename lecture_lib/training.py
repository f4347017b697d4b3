"""The one training loop: minibatches in, means of the step's numbers out, after each epoch.

The loop knows no model. A step is any function step(x) that updates its parameters in place; what
it changes is its state, and a checkpoint holds all of that, so that a run goes on exactly.
"""

import io
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from lecture_lib.distributions import _check_generator, _check_int
from lecture_lib.sampling import Chains

Means = dict[str, float]
Step = Callable[[Tensor], Any]


def fit(
    step: Step,
    data: Tensor,
    *,
    n_epochs: int,
    batch_size: int,
    generator: torch.Generator,
    checkpoint: str | os.PathLike[str] | None = None,
    state: Any = None,
    progress: bool = True,
) -> Iterator[Means]:
    """Train: call step(x) on shuffled minibatches, and yield after each epoch what it returned.

    step(x) -> a dict of numbers, one number (yielded as "loss") or None; their means over the
    examples are yielded. data: (examples, ...); the last minibatch of an epoch may be smaller.
    checkpoint: a file, written after each epoch before its means are yielded. If it is there
    already, the run goes on after the epoch where it stopped, to n_epochs in all, and ends with the
    same bits as a run never interrupted; only the epochs that are left are yielded, and `history`
    reads all of them.
    state: all that step changes, as a dict, list or tuple of tensors, `Chains`, generators and
    whatever has state_dict() and load_state_dict() (modules, optimisers, schedules); it is restored
    in place. Not needed where step itself has these two. `generator` shuffles; it is always saved.
    A progress bar shows in terminals and notebooks; progress=False or TQDM_DISABLE=1 hides it.
    Raises TypeError or ValueError for wrong arguments, at once; FloatingPointError where the
    numbers or the state are no longer finite, and leaves the last good checkpoint.
    """
    if not isinstance(data, Tensor) or data.ndim == 0 or len(data) == 0:
        came = tuple(data.shape) if isinstance(data, Tensor) else type(data).__name__
        raise ValueError(f"data must be a tensor (examples, ...), got {came}")
    for name, count, least in ("n_epochs", n_epochs, 0), ("batch_size", batch_size, 1):
        _check_int(name, count, least)
    _check_generator(generator)
    if state is None and hasattr(step, "state_dict"):
        state = step
    if checkpoint is not None and state is None:
        raise TypeError("a checkpoint needs state=..., all that step changes: it was given none")
    run = {"examples": list(data.shape), "batch_size": batch_size}
    past: list[Means] = []
    if checkpoint is not None and Path(checkpoint).exists():
        past = _resume(Path(checkpoint), run, state, generator)
    _snapshot(state)  # an error about what cannot be saved comes now, not after an epoch
    return _epochs(
        step, data, n_epochs, batch_size, generator, checkpoint, state, progress, run, past
    )


class GradientAscent:
    """step(x): one update of a module by an optimizer, uphill on the mean of objective(x).

    parameters <- the optimizer's rule, with the gradient of 1/batch sum_n objective(x_n)
    objective: x -> (batch,), one value per example, differentiable; generator: the one it draws from
    schedule: a learning-rate schedule of torch, moved on after every update
    Returns {"objective": its mean}; everything that a step changes can be saved.
    Raises ValueError for an objective that does not give one value per example.
    """

    def __init__(
        self,
        objective: Callable[[Tensor], Tensor],
        module: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        generator: torch.Generator,
        schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    ) -> None:
        _check_generator(generator)
        self.objective, self.module, self.optimizer = objective, module, optimizer
        self.generator, self.schedule = generator, schedule

    def __call__(self, x: Tensor) -> Means:
        values = self.objective(x)
        if values.shape != (len(x),):
            raise ValueError(f"objective(x) must be ({len(x)},), got {tuple(values.shape)}")
        self.optimizer.zero_grad()
        (-values.mean()).backward()
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        return {"objective": values.mean().item()}

    def state_dict(self) -> dict[str, Any]:
        """All that a step changes: parameters, the optimizer's moments, schedule, generator."""
        return {name: _snapshot(part) for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state, in place."""
        _restore(self._parts(), state, "state")

    def _parts(self) -> dict[str, Any]:
        names = "module", "optimizer", "generator", "schedule"
        return {name: getattr(self, name) for name in names}


def history(checkpoint: str | os.PathLike[str]) -> list[Means]:
    """The means of every epoch that a checkpoint has seen, first to last; none without the file."""
    return _read(Path(checkpoint))["history"] if Path(checkpoint).exists() else []


def _epochs(
    step: Step,
    data: Tensor,
    n_epochs: int,
    batch_size: int,
    generator: torch.Generator,
    checkpoint: str | os.PathLike[str] | None,
    state: Any,
    progress: bool,
    run: dict[str, Any],
    past: list[Means],
) -> Iterator[Means]:
    n_batches = -(-len(data) // batch_size)
    bar = tqdm(
        total=n_epochs * n_batches,
        initial=min(len(past), n_epochs) * n_batches,
        unit="batch",
        leave=False,
        disable=True if not progress or os.environ.get("TQDM_DISABLE") else None,
    )
    with bar:
        for epoch in range(len(past) + 1, n_epochs + 1):
            bar.set_description(f"epoch {epoch}/{n_epochs}")
            order = torch.randperm(len(data), generator=generator, device=generator.device)
            sums: Means = {}
            for number, rows in enumerate(order.to(data.device).split(batch_size), 1):
                for name, value in _numbers(step(data[rows])).items():
                    if not math.isfinite(value):
                        raise FloatingPointError(
                            f"diverged in epoch {epoch}, minibatch {number} of {n_batches}: "
                            f"{name} is {value}; a lower learning rate is the first remedy"
                        )
                    sums[name] = sums.get(name, 0.0) + value * len(rows)
                bar.update()
            snapshot = _snapshot(state)
            if not _finite(snapshot):
                raise FloatingPointError(
                    f"diverged in epoch {epoch}: the state holds NaN or infinity; "
                    "a lower learning rate is the first remedy"
                )
            means = {name: total / len(data) for name, total in sums.items()}
            past = [*past, means]
            if checkpoint is not None:
                saved = {"run": run, "history": past, "generator": generator.get_state()}
                _write(Path(checkpoint), {**saved, "state": snapshot})
            yield means


def _numbers(returned: Any) -> Means:
    """What a step returned, as a dict of floats."""
    if returned is None:
        return {}
    if not isinstance(returned, Mapping):
        returned = {"loss": returned}
    try:
        return {str(name): float(value) for name, value in returned.items()}
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"step must return a dict of numbers, a number or None: {error}") from error


def _resume(
    path: Path, run: dict[str, Any], state: Any, generator: torch.Generator
) -> list[Means]:
    saved = _read(path)
    if saved["run"] != run:
        raise ValueError(f"{path} is of another run: it had {saved['run']}, this one has {run}")
    _restore(state, saved["state"], "state")
    generator.set_state(saved["generator"])
    return saved["history"]


def _snapshot(thing: Any) -> Any:
    """A state as plain data: nested dicts and lists of tensors, numbers and words."""
    if thing is None or isinstance(thing, Tensor):
        return thing
    if isinstance(thing, Chains):
        return thing.x
    if isinstance(thing, torch.Generator):
        return thing.get_state()
    if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
        return thing.state_dict()
    if isinstance(thing, Mapping):
        return {name: _snapshot(part) for name, part in thing.items()}
    if isinstance(thing, list | tuple):
        return [_snapshot(part) for part in thing]
    raise TypeError(
        "state must be made of tensors, Chains, generators and objects with state_dict and "
        f"load_state_dict, which change in place; got {type(thing).__name__}"
    )


def _restore(thing: Any, saved: Any, name: str) -> None:
    """Put a snapshot back into the things it was taken of, in place."""
    if isinstance(thing, Tensor | Chains):
        x = thing.x if isinstance(thing, Chains) else thing
        if x.shape != saved.shape or x.dtype != saved.dtype:
            raise ValueError(
                f"{name} must be {tuple(saved.shape)} of {saved.dtype} as in the checkpoint, "
                f"got {tuple(x.shape)} of {x.dtype}"
            )
        if isinstance(thing, Chains):
            thing.x = saved.to(x.device)
        else:
            with torch.no_grad():
                thing.copy_(saved)
    elif isinstance(thing, torch.Generator):
        thing.set_state(saved)
    elif hasattr(thing, "load_state_dict"):
        thing.load_state_dict(saved)
    elif thing is not None:
        parts = thing.items() if isinstance(thing, Mapping) else enumerate(thing)
        if len(thing) != len(saved) or (isinstance(thing, Mapping) and set(thing) != set(saved)):
            raise ValueError(f"{name} must have the parts that the checkpoint has: {list(saved)}")
        for key, part in parts:
            _restore(part, saved[key], f"{name}[{key!r}]")


def _finite(snapshot: Any) -> bool:
    if isinstance(snapshot, Tensor):
        return bool(snapshot.isfinite().all())
    if isinstance(snapshot, Mapping):
        return all(map(_finite, snapshot.values()))
    return all(map(_finite, snapshot)) if isinstance(snapshot, list | tuple) else True


def _write(path: Path, saved: dict[str, Any]) -> None:
    """One npz file without pickle, whole or not at all: a temporary name, then renamed."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_encoded(saved, arrays))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, text=np.array(text), **arrays)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(buffer.getvalue())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as arrays:
        return _decoded(json.loads(str(arrays["text"])), arrays)


def _encoded(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Plain data as JSON, its tensors put aside: [kind, content], so that keys may be numbers."""
    if isinstance(tree, Tensor):
        arrays[name := f"array_{len(arrays)}"] = tree.detach().cpu().numpy()
        return ["tensor", name]
    if isinstance(tree, Mapping):
        return ["dict", [[key, _encoded(part, arrays)] for key, part in tree.items()]]
    if isinstance(tree, list | tuple):
        kind = "tuple" if isinstance(tree, tuple) else "list"
        return [kind, [_encoded(part, arrays) for part in tree]]
    if tree is None or isinstance(tree, bool | int | float | str):
        return ["plain", tree]
    raise TypeError(f"a checkpoint holds tensors, numbers and words, not {type(tree).__name__}")


def _decoded(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    kind, content = tree
    if kind == "tensor":
        return torch.from_numpy(arrays[content])
    if kind == "dict":
        return {key: _decoded(part, arrays) for key, part in content}
    if kind in ("list", "tuple"):
        parts = [_decoded(part, arrays) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    return content

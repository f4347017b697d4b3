"""The loop: what it shows a step, what it yields, and that an interrupted run ends the same."""

import itertools
import json
import math
from functools import partial

import numpy as np
import pytest
import torch

from lecture_lib import data, rbm, sampling, training


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def run(step, x, n_epochs=1, batch_size=4, seed=0, **more):
    return list(training.fit(step, x, n_epochs=n_epochs, batch_size=batch_size,
                             generator=seeded(seed), progress=False, **more))  # fmt: skip


def test_each_epoch_shows_each_example_once_and_in_another_order():
    x, seen = torch.arange(10.0)[:, None], []
    run(lambda batch: seen.append(batch.clone()), x, n_epochs=3)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 3
    epochs = [torch.cat(seen[3 * e : 3 * e + 3])[:, 0].tolist() for e in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != sorted(epochs[2])


def test_what_is_yielded_is_the_mean_over_examples_of_what_the_step_returned():
    x = torch.arange(10.0)[:, None]
    (means,) = run(lambda b: {"value": b.mean(), "square": b.square().mean().item()}, x)
    assert means == {"value": pytest.approx(4.5), "square": pytest.approx(28.5)}
    assert run(lambda b: b.mean(), x) == [{"loss": pytest.approx(4.5)}]
    assert run(lambda b: None, x, n_epochs=2) == [{}, {}]


def test_a_step_runs_only_when_an_epoch_is_asked_for_and_arguments_are_checked_at_once():
    calls = []
    epochs = training.fit(lambda b: calls.append(1), torch.zeros(8, 1), n_epochs=2, batch_size=4,
                          generator=seeded(), progress=False)  # fmt: skip
    assert not calls
    next(epochs)
    assert len(calls) == 2
    good = {"n_epochs": 1, "batch_size": 1, "generator": seeded()}
    for bad, error, match in (
        ({"n_epochs": -1}, ValueError, "n_epochs must be at least 0"),
        ({"n_epochs": 1.0}, TypeError, "n_epochs must be an int"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"generator": 0}, TypeError, r"torch\.Generator"),
        ({"checkpoint": "x.npz"}, TypeError, "all that step changes"),
        ({"state": {"rate": 0.1}}, TypeError, "got float"),
    ):
        with pytest.raises(error, match=match):
            training.fit(print, torch.zeros(8, 1), **{**good, **bad})
    with pytest.raises(TypeError):
        training.fit(print, torch.zeros(8, 1), n_epochs=1, batch_size=1)
    for bad in torch.zeros(0, 3), torch.tensor(1.0), [1.0]:
        with pytest.raises(ValueError, match=r"data must be a tensor \(examples"):
            training.fit(print, bad, **good)
    with pytest.raises(TypeError, match="a dict of numbers, a number or None"):
        run(lambda b: "fine", torch.zeros(8, 1))


class Machine:
    """A PCD step with all kinds of state: tensors, chains, an optimiser, a schedule, a generator.

    What a chapter would write as a few lines of a cell.
    """

    def __init__(self, seed=0):
        self.generator = seeded(seed)
        x = data.bars().train
        self.params = rbm.init(9, 6, generator=self.generator, data=x)
        self.chains = sampling.Chains(x[:5])
        leaves = [p.requires_grad_() for p in self.params]
        self.optimizer = torch.optim.Adam(leaves, lr=0.05)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 3, gamma=0.7)
        self.state = {
            "params": self.params,
            "chains": self.chains,
            "optimisers": [self.optimizer, self.schedule],
            "noise": self.generator,
        }

    def __call__(self, x):
        with torch.no_grad():
            gradient = rbm.pcd_gradient(self.params, x, self.chains, 1, generator=self.generator)
        for p, g in zip(self.params, gradient, strict=True):
            p.grad = -g
        self.optimizer.step()
        self.schedule.step()
        return {"W": self.params.W.detach().square().mean()}

    def fit(self, n_epochs, checkpoint=None, shared=False):
        return training.fit(
            self, data.bars().train, n_epochs=n_epochs, batch_size=4, checkpoint=checkpoint,
            generator=self.generator if shared else seeded(99), state=self.state, progress=False,
        )  # fmt: skip


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("stop", [1, 3])
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path, stop, shared):
    whole = Machine()
    means = list(whole.fit(5, shared=shared))
    path, first = tmp_path / "run.npz", Machine()
    before = list(itertools.islice(first.fit(5, path, shared), stop))
    other = Machine(seed=5)  # another start: all of it has to come from the file
    after = list(other.fit(5, path, shared))
    assert before + after == means
    assert training.history(path) == means
    for a, b in zip((*whole.params, whole.chains.x), (*other.params, other.chains.x), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(whole.generator.get_state(), other.generator.get_state())
    assert whole.optimizer.param_groups[0]["lr"] == other.optimizer.param_groups[0]["lr"]
    next_batch = data.bars().train[:4]
    assert whole(next_batch) == other(next_batch)
    assert torch.equal(whole.params.W, other.params.W)


def test_a_finished_run_yields_nothing_and_can_be_taken_further(tmp_path):
    path, machine = tmp_path / "run.npz", Machine()
    assert len(list(machine.fit(2, path))) == 2
    assert list(Machine().fit(2, path)) == []
    assert len(list(Machine().fit(3, path))) == 1
    assert len(training.history(path)) == 3
    assert training.history(tmp_path / "none.npz") == []


def test_a_module_with_its_optimiser_goes_on_too(tmp_path):
    def start():
        layer = torch.nn.Linear(3, 1)
        with torch.no_grad():
            layer.weight.fill_(0.1), layer.bias.zero_()
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)

        def step(x):
            loss = (layer(x) - x.sum(1, keepdim=True)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss.detach()}

        return layer, step, {"layer": layer, "optimizer": optimizer}

    x = torch.randn(10, 3, generator=seeded())
    layer, step, state = start()
    run(step, x, n_epochs=4)
    path = tmp_path / "run.npz"
    _, step, state = start()
    run(step, x, n_epochs=2, checkpoint=path, state=state)
    again, step, state = start()
    run(step, x, n_epochs=4, seed=1, checkpoint=path, state=state)
    assert torch.equal(layer.weight, again.weight)


def test_a_checkpoint_has_no_pickle_and_is_whole_or_not_there(tmp_path, monkeypatch):
    path, machine = tmp_path / "run.npz", Machine()
    list(machine.fit(1, path))
    with np.load(path, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiuU")
        json.loads(str(arrays["text"]))
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    content = path.read_bytes()

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(training.os, "fsync", fails)
    with pytest.raises(OSError, match="disk full"):
        list(machine.fit(2, path))
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    list(Machine().fit(1, path))
    machine = Machine()
    more = {"n_epochs": 2, "generator": seeded(), "checkpoint": path, "state": machine.state}
    with pytest.raises(ValueError, match="another run"):
        training.fit(machine, data.bars().train, batch_size=5, **more)
    with pytest.raises(ValueError, match="another run"):
        training.fit(machine, data.bars().train[:9], batch_size=4, **more)
    x = data.bars().train
    for state in ({}, {**machine.state, "params": machine.params[:2]},
                  {**machine.state, "chains": sampling.Chains(x)},
                  {**machine.state, "params": (*machine.params[:2], torch.zeros(4))}):  # fmt: skip
        with pytest.raises(ValueError, match="checkpoint"):
            training.fit(machine, x, batch_size=4, **{**more, "state": state})


def test_a_diverging_run_stops_with_a_message_and_keeps_the_last_good_checkpoint(tmp_path):
    params, path = torch.ones(1), tmp_path / "run.npz"

    def step(x, size=1e30):
        params.mul_(size)
        return {"loss": params.square().sum()}

    x = torch.zeros(8, 1)
    run(partial(step, size=1.5), x, checkpoint=path, state={"params": params})
    content = path.read_bytes()
    with pytest.raises(FloatingPointError, match="epoch 2, minibatch 1 of 2: loss is inf"):
        run(step, x, n_epochs=3, checkpoint=path, state={"params": params})
    assert path.read_bytes() == content

    def silent(x):
        params.fill_(math.nan)

    with pytest.raises(FloatingPointError, match="epoch 1: the state holds NaN"):
        run(silent, x, state={"params": params})
    with pytest.raises(FloatingPointError, match="loss is nan"):
        run(lambda b: math.nan, x)


def test_the_bar_shows_in_terminals_and_can_be_hidden(capsys, monkeypatch):
    class Terminal:
        def __init__(self, stream):
            self.stream = stream

        def __getattr__(self, name):
            return getattr(self.stream, name)

        def isatty(self):
            return True

    import sys

    def bar(**more):
        monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
        list(training.fit(lambda b: None, torch.zeros(8, 1), n_epochs=1, batch_size=4,
                          generator=seeded(), **more))  # fmt: skip
        return capsys.readouterr().err

    assert bar(progress=False) == ""
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert bar() == ""

"""The shipped weights: small, with honest cards, and as good as these say."""

import hashlib
from pathlib import Path

import pytest
import torch

from lecture_lib import data, evaluation, pretrained, rbm, vae

ROOT = Path(__file__).parents[1]
FOLDER = Path(pretrained.__file__).parent
VAES = [name for name in pretrained.names() if name.startswith("mnist_vae_")]
MNIST = [name for name in pretrained.names() if name.startswith("mnist_") and name not in VAES]


@pytest.fixture(scope="module")
def mnist():
    return data.mnist()


@pytest.mark.parametrize("name", pretrained.names())
def test_a_card_names_its_script_its_settings_its_data_and_every_run(name):
    card = pretrained.load(name).card
    assert (ROOT / card["script"].split()[0]).is_file()
    assert card["settings"] and card["kept"] and len(card["data"]["sha256"]) == 64
    seeds = [run["seed"] for run in card["runs"]]
    assert seeds and len(set(seeds)) == len(seeds)
    assert (FOLDER / f"{name}.npz").stat().st_size < (2_000_000 if name in VAES else 1_000_000)


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match=r"no trained weights named 'nothing'; there are digits_rbm"):
        pretrained.load("nothing")


def test_the_data_are_those_the_weights_were_trained_on(mnist):
    content = mnist.train.numpy().tobytes() + mnist.test.numpy().tobytes()
    checksum = hashlib.sha256(content).hexdigest()
    assert {pretrained.load(name).card["data"]["sha256"] for name in MNIST + VAES} <= {checksum}


@pytest.mark.parametrize("name", MNIST)
def test_rounding_to_half_precision_changed_nothing_that_can_be_measured(name):
    for run in pretrained.load(name).card["runs"]:
        difference = abs(run["test_log_likelihood"] - run["not_rounded"])
        few = run["effective_sample_size"] < 15  # then the error is larger than the standard error says
        assert difference < 5 * 2**0.5 * max(run["standard_error"], 0.05) + 3 * few


@pytest.mark.filterwarnings("ignore:effective sample size")
def test_the_small_model_is_as_good_as_its_card_says(mnist):
    """With 1,000 temperatures, which flatter by a nat or two; `experiments/measure.py` takes 10,000."""
    params, card = pretrained.load("mnist_small")
    m = mnist.train.sum(0)
    base = (m + 1).log() - (len(mnist.train) - m + 1).log()
    generator = torch.Generator().manual_seed(0)
    ais = evaluation.ais_log_partition(params, 50, 1000, generator=generator, base=base)
    now = -rbm.free_energy(params, mnist.test).mean().item() - ais.log_partition
    best = max(run["train_log_likelihood"] for run in card["runs"])
    says = next(r for r in card["runs"] if r["train_log_likelihood"] == best)
    assert says["test_log_likelihood"] - 2 < now < says["test_log_likelihood"] + 4


def test_the_vaes_reach_what_the_book_says_of_them():
    best = {name: max(pretrained.load(f"mnist_vae_{name}").card["runs"], key=lambda run: run["train_elbo"])
            for name in ("standard", "best")}
    assert best["standard"]["test_elbo"] >= -88 and best["standard"]["test_bound"] >= -82
    assert best["best"]["test_bound"] > best["standard"]["test_bound"] + 2
    assert best["best"]["cpu_seconds"] <= 30 * 60


@pytest.mark.parametrize("name", VAES)
def test_a_vae_comes_back_frozen_and_as_good_as_its_card_says(mnist, name):
    model, card = pretrained.load(name)
    assert isinstance(model, vae.VAE) and not any(p.requires_grad for p in model.parameters())
    says = max(card["runs"], key=lambda run: run["train_elbo"])
    assert abs(says["test_elbo"] - says["not_rounded"]) < 0.05  # half precision
    terms = vae.elbo_terms(model, mnist.test, generator=torch.Generator().manual_seed(0))
    now = (terms.reconstruction - terms.kl).mean().item()
    assert abs(now - says["test_elbo"]) < 0.2
    generator = torch.Generator().manual_seed(0)
    bound = evaluation.importance_weighted_bound(model, mnist.test[:200], 100, generator=generator).mean().item()
    elbo = vae.elbo(model, mnist.test[:200], generator=generator, n_samples=20).mean().item()
    assert 0 < bound - elbo < says["test_bound"] - says["test_elbo"] + 1


def test_what_is_saved_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    model = vae.init(6, 5, 2, generator=torch.Generator().manual_seed(0))
    machine = rbm.init(6, 3, generator=torch.Generator().manual_seed(0))
    pretrained.save("a_vae", model, {"what": "a test"})
    pretrained.save("an_rbm", machine, {"what": "another"})
    state = torch.random.get_rng_state()
    back = pretrained.load("a_vae")
    assert torch.equal(torch.random.get_rng_state(), state)
    assert back.card == {"what": "a test"} and pretrained.names() == ["a_vae", "an_rbm"]
    for name, tensor in model.state_dict().items():
        assert torch.equal(back.params.state_dict()[name], tensor.half().float())
    assert torch.equal(pretrained.load("an_rbm").params.W, machine.W.half().float())

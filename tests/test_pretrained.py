"""The shipped weights: small, with honest cards, and as good as these say."""

import hashlib
from pathlib import Path

import pytest
import torch

from lecture_lib import data, evaluation, pretrained, rbm

ROOT = Path(__file__).parents[1]
FOLDER = Path(pretrained.__file__).parent
MNIST = [name for name in pretrained.names() if name.startswith("mnist_")]


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
    assert (FOLDER / f"{name}.npz").stat().st_size < 1_000_000


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ValueError, match=r"no trained weights named 'nothing'; there are digits_rbm"):
        pretrained.load("nothing")


def test_the_data_are_those_the_weights_were_trained_on(mnist):
    content = mnist.train.numpy().tobytes() + mnist.test.numpy().tobytes()
    checksum = hashlib.sha256(content).hexdigest()
    assert {pretrained.load(name).card["data"]["sha256"] for name in MNIST} <= {checksum}


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

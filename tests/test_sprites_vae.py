"""The sweep over beta and seeds: the same table on one machine and on a Dask cluster."""

import importlib
import multiprocessing
from pathlib import Path

import joblib
import pytest

ROOT = Path(__file__).parents[1]
TINY = {"n_hidden": 8, "n_latent": 2, "n_epochs": 1, "batch_size": 256, "learning_rate": 1e-3}


@pytest.fixture
def experiment(monkeypatch):
    """The script as a module that a worker, a new process, can import as well."""
    monkeypatch.syspath_prepend(ROOT / "experiments")
    return importlib.import_module("sprites_vae")


def table(runs):
    """What was measured, without how long it took."""
    return [{name: value for name, value in row.items() if name != "cpu_seconds"} for row, _ in runs]


def test_a_dask_cluster_of_two_workers_gives_the_table_of_one_process(experiment, tmp_path):
    from distributed import Client, LocalCluster

    betas, seeds = (1.0, 4.0), (0, 1)
    here = table(experiment.sweep(betas, seeds, TINY))
    assert [(row["beta"], row["seed"]) for row in here] == [(1, 0), (1, 1), (4, 0), (4, 1)]
    assert len({row["rate"] for row in here}) == 4
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1", local_directory=tmp_path,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        with joblib.parallel_config("dask"):
            there = table(experiment.sweep(betas, seeds, TINY))
        assert len(client.scheduler_info()["workers"]) == 2
    assert there == here
    assert not multiprocessing.active_children()


def test_a_finished_run_is_not_made_again(experiment, tmp_path, monkeypatch):
    memory = joblib.Memory(tmp_path, verbose=0)
    first = experiment.sweep((2.0,), (3,), TINY, memory=memory)
    monkeypatch.setattr(experiment, "train", None)
    assert table(experiment.sweep((2.0,), (3,), TINY, memory=memory)) == table(first)

"""RBMs of other packages, each trained by its own code: the part of `software.py` that runs in their environments.

    python experiments/software_peers.py NAME IMAGES.npy RESULT.npz '{"n_hidden": 500, ...}'

Runs on Python 3.8 and knows nothing of lecture_lib. Each function takes images (rows, pixels) in {0, 1}
and the settings, trains, and returns what happened: `facts` (plain numbers and words) and, where the
package has learnt an RBM as the lecture defines it, its weights as W (hidden x visible), b (hidden), c (visible).
"""

import json
import platform
import sys
import time

import numpy as np


class Stopwatch:
    """Processor seconds of this process: on a busy machine they travel better than the clock on the wall."""

    def __init__(self):
        self.start = time.process_time()

    def per_epoch(self, n_epochs):
        return round((time.process_time() - self.start) / n_epochs, 2)


def scikit_learn(x, n_hidden, batch_size, n_epochs, learning_rate, seed):
    """BernoulliRBM as it comes: PCD-1, visible biases from 0, a constant rate, rows never shuffled."""
    import sklearn
    from sklearn.neural_network import BernoulliRBM

    x = x.astype(np.float32)
    clock = Stopwatch()
    model = BernoulliRBM(n_hidden, learning_rate=learning_rate, batch_size=batch_size, n_iter=n_epochs,
                         random_state=seed).fit(x)
    facts = {"version": sklearn.__version__, "cpu_seconds_per_epoch": clock.per_epoch(n_epochs)}
    return facts, (model.components_, model.intercept_hidden_, model.intercept_visible_)


def lecture_lib(x, n_hidden, batch_size, n_epochs, learning_rate, seed):
    """Ours, for the ratio of times: the estimator, PCD-1, plain gradient, a constant rate."""
    import torch

    from lecture_lib import __version__
    from lecture_lib.estimators import BernoulliRBM

    torch.set_num_threads(1)
    x = x.astype(np.float32)
    clock = Stopwatch()
    model = BernoulliRBM(n_hidden, learning_rate=learning_rate, batch_size=batch_size, n_iter=n_epochs,
                         random_state=seed).fit(x)
    facts = {"version": __version__, "cpu_seconds_per_epoch": clock.per_epoch(n_epochs)}
    return facts, (model.components_, model.intercept_hidden_, model.intercept_visible_)


def pydbm(x, n_hidden, batch_size, n_epochs, learning_rate, seed):
    """The RestrictedBoltzmannMachine of PyDBM: no dropout, no momentum, a constant rate, small first weights.

    Its update adds up over the minibatch where the others take the mean: the rate is divided by batch_size.
    """
    import pydbm  # noqa: F401 - the package has no __version__
    from pydbm.activation.logistic_function import LogisticFunction
    from pydbm.approximation.contrastive_divergence import ContrastiveDivergence
    from pydbm.dbm.restricted_boltzmann_machines import RestrictedBoltzmannMachine
    from pydbm.optimization.optparams.sgd import SGD
    from pydbm.synapse.complete_bipartite_graph import CompleteBipartiteGraph

    def machine(weights, rate, momentum=0.0):
        options = SGD(momentum=momentum)
        options.dropout_rate = 0.0
        graph = CompleteBipartiteGraph()
        graph.create_node(*weights.shape, LogisticFunction(), LogisticFunction(), weights.copy())
        learner = ContrastiveDivergence(opt_params=options)
        return graph, RestrictedBoltzmannMachine(graph, learning_rate=rate, learning_attenuate_rate=1.0,
                                                 approximate_interface=learner)

    def moved(rows, state, momentum=0.0):
        """What one update changes, with numpy's generator in a given state."""
        np.random.seed(state)  # noqa: NPY002 - the generator that PyDBM draws from
        graph, model = machine(first, learning_rate / batch_size, momentum)
        model.approximate_learning(rows, training_count=1, batch_size=len(rows))
        return graph.weights_arr - first

    first = 0.01 * np.random.RandomState(seed).randn(x.shape[1], n_hidden)
    x = x.astype(np.float64)
    one = x[:1].repeat(batch_size, 0)  # whichever rows it picks, the minibatch is the same
    again = float(np.abs(moved(one, 1) - moved(one, 2)).max())
    plain, with_momentum = moved(one, 1), moved(one, 1, 0.9)
    agreement = float((plain * with_momentum).sum() / np.linalg.norm(plain) / np.linalg.norm(with_momentum))
    t = [-2.0, 0.0, 1.0, 3.0]
    facts = {
        "version": "1.5.1",
        "logistic_function": {"t": t, "result": LogisticFunction().activate(np.array([t]))[0].round(4).tolist(),
                              "sigm": (1 / (1 + np.exp(-np.array(t)))).round(4).tolist()},
        "first_update_differs_between_seeds_by": again,
        "cosine_of_first_update_with_momentum_and_without": round(agreement, 4),
        "runs": [],
    }
    # by its own rule the rate is a sum's: 0.05 for the sum over 100 rows is 5 for their mean
    for rate in (learning_rate / batch_size, 0.05):
        np.random.seed(seed)  # noqa: NPY002
        graph, model = machine(first, rate)
        n_updates = n_epochs * (len(x) // batch_size)
        clock = Stopwatch()
        model.approximate_learning(x, training_count=n_updates, batch_size=batch_size)
        W = graph.weights_arr
        facts["runs"].append({
            "rate_of_the_sum": rate, "n_epochs": n_epochs, "cpu_seconds_per_epoch": clock.per_epoch(n_epochs),
            "mean_absolute_weight": round(float(np.abs(W).mean()), 3),
            "mean_squared_reconstruction_error_last": round(float(model.get_reconstruct_error_list()[-1]), 4),
        })
        print(facts["runs"][-1], flush=True)
    return facts, None


def learnergy(x, n_hidden, batch_size, n_epochs, learning_rate, seed):
    """The RBM of learnergy, by its own fit: CD-1 by automatic differentiation, visible biases from 0."""
    from importlib.metadata import version

    import torch
    from learnergy.core.dataset import Dataset
    from learnergy.models.bernoulli import RBM

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    x = torch.from_numpy(x.astype(np.float32))
    clock = Stopwatch()
    model = RBM(x.shape[1], n_hidden, steps=1, learning_rate=learning_rate)
    model.fit(Dataset(x, torch.zeros(len(x)), show_log=False), batch_size=batch_size, epochs=n_epochs)
    facts = {"version": version("learnergy"), "torch": torch.__version__,
             "cpu_seconds_per_epoch": clock.per_epoch(n_epochs)}
    return facts, (model.W.detach().numpy().T, model.b.detach().numpy(), model.a.detach().numpy())


def rbms(x, n_hidden, batch_size, n_epochs, learning_rate, seed):
    """The binary RBM of rbms, by its own update: PCD-1, centred, biases from the log-odds, steps of fixed length.

    Its own loop writes an HDF5 file at every update and is left out. It divides each gradient by its
    norm, so that the rate is the length of a step in the space of all parameters.
    """
    from importlib.metadata import version

    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    x = torch.from_numpy(x.astype(np.float32))
    w = torch.ones(len(x))
    clock = Stopwatch()

    class Images:
        data = x

    params = BBRBM.init_parameters(n_hidden, Images, torch.device("cpu"), torch.float32)
    params.init_grad()
    chains = params.init_chains(batch_size)
    optimizer = torch.optim.SGD(params.parameters(), lr=learning_rate, maximize=True)
    with torch.no_grad():
        for _ in range(n_epochs * (len(x) // batch_size)):
            rows = torch.randperm(len(x))[:batch_size]
            chains, _ = fit_batch_pcd((x[rows], w[rows]), chains, params, gibbs_steps=1, beta=1.0)
            optimizer.step()
    facts = {"version": version("rbms"), "torch": torch.__version__,
             "cpu_seconds_per_epoch": clock.per_epoch(n_epochs)}
    return facts, (params.weight_matrix.numpy().T, params.hbias.numpy(), params.vbias.numpy())


PEERS = {f.__name__: f for f in (scikit_learn, lecture_lib, learnergy, rbms, pydbm)}


def main():
    name, images, result, settings = sys.argv[1:]
    settings = json.loads(settings)
    rows = settings.pop("n_rows")
    x = np.load(images)[:rows]
    facts, weights = PEERS[name](x, **settings)
    facts = {"python": platform.python_version(), "numpy": np.__version__, **facts}
    W, b, c = weights if weights is not None else (np.zeros(0),) * 3
    np.savez(result, facts=json.dumps(facts), W=W, b=b, c=c)


if __name__ == "__main__":
    main()

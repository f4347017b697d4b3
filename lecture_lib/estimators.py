"""The RBM as a scikit-learn transformer: `fit`, `transform`, a place in a `Pipeline`.

The mathematics is in `rbm`, the update in `contrastive`, the loop in `training`; this is their
scikit-learn face.
"""

import math
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from lecture_lib import rbm, training
from lecture_lib.contrastive import Contrastive
from lecture_lib.distributions import bernoulli_sample
from lecture_lib.sampling import Chains

DTYPES = (np.float64, np.float32)


class BernoulliRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A restricted Boltzmann machine that turns x into the probabilities of its hidden units.

    Trained by PCD-k (persistent=True, as scikit-learn's) or CD-k, plainly or with the centred
    gradient; the rows are shuffled in each epoch, both phases are means, and the visible biases
    start at the data's log-odds. Rows should be in [0, 1]; others are taken as they are, with a
    warning, and then the model is no distribution of them.

    n_components: number of hidden units; learning_rate: constant; batch_size: rows of a minibatch,
    and persistent chains; n_iter: epochs; k: Gibbs steps an update; verbose: 1 shows a progress bar
    random_state: None, an int or a numpy RandomState

    After `fit`: components_ (n_components, n_features) is W, intercept_hidden_ b,
    intercept_visible_ c, and `params_` all three as an `rbm.RBM`, for the functions of that module;
    chains_ (batch_size, n_features) are the samples of PCD, n_updates_ counts the updates.
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        k: int = 1,
        persistent: bool = True,
        centered: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.k = k
        self.persistent = persistent
        self.centered = centered
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train from nothing on the rows of X, for n_iter epochs; y is ignored."""
        x = self._rows(X, reset=True)
        step = self._start(x)
        for _ in training.fit(
            step, x, n_epochs=int(self.n_iter), batch_size=int(self.batch_size),
            generator=step.generator, progress=self.verbose > 0,
        ):  # fmt: skip
            pass
        return self._keep(step)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One update, with all rows of X as one minibatch; the first call also starts the model."""
        first = not hasattr(self, "components_")
        x = self._rows(X, reset=first)
        step = self._start(x) if first else self._resume()
        _check_finite(step(x))
        return self._keep(step)

    def transform(self, X: Any) -> np.ndarray:
        """p(h_j = 1 | x) of each row: (rows, n_components)."""
        check_is_fitted(self)
        x = torch.from_numpy(
            validate_data(self, X, reset=False, dtype=self.components_.dtype, order="C")
        )
        W, b, _ = self.params_
        return torch.addmm(b, x, W.T).sigmoid_().numpy()

    @property
    def params_(self) -> rbm.RBM:
        """W, b and c as tensors, for all functions of `rbm` and `evaluation`."""
        check_is_fitted(self)
        arrays = self.components_, self.intercept_hidden_, self.intercept_visible_
        return rbm.RBM(*map(torch.from_numpy, arrays))

    def _rows(self, X: Any, reset: bool) -> torch.Tensor:
        """X as a tensor, checked, and the hyperparameters checked with it."""
        for name, least in ("n_components", 1), ("batch_size", 1), ("n_iter", 0), ("k", 1):
            count = getattr(self, name)
            if not isinstance(count, Integral) or isinstance(count, bool):
                raise TypeError(f"{name} must be an int, got {type(count).__name__}")
            if count < least:
                raise ValueError(f"{name} must be at least {least}, got {count}")
        rate = self.learning_rate
        if not isinstance(rate, Real) or not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"learning_rate must be a positive number, got {rate!r}")
        dtype = DTYPES if reset else self.components_.dtype
        rows = validate_data(self, X, reset=reset, dtype=dtype, order="C")
        if not rows.flags.writeable:
            rows = rows.copy()  # torch warns of memory that it may not write
        low, high = rows.min(), rows.max()
        if low < 0 or high > 1:
            warnings.warn(
                f"X should be in [0, 1], got values from {low:.3g} to {high:.3g}: an RBM of binary "
                "units is no model of such data; scale it, or take lecture_lib.gaussian_rbm",
                stacklevel=3,
            )
        return torch.from_numpy(rows)

    def _start(self, x: torch.Tensor) -> Contrastive:
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        generator = torch.Generator().manual_seed(seed)
        units = x.clamp(0, 1) if x.amin() < 0 or x.amax() > 1 else x
        params = rbm.init(x.shape[1], int(self.n_components), generator=generator, data=units)
        p = params.c.sigmoid().expand(int(self.batch_size), -1)
        if self.persistent:
            self.chains_ = bernoulli_sample(p, generator=generator).numpy()
        self._mean_x = x.mean(0).numpy()
        self._keep_params(params)
        return self._step(generator)

    def _step(self, generator: torch.Generator) -> Contrastive:
        return Contrastive(
            self.params_,
            int(self.k),
            learning_rate=float(self.learning_rate),
            generator=generator,
            chains=Chains(torch.from_numpy(self.chains_)) if self.persistent else None,
            mean_x=torch.from_numpy(self._mean_x) if self.centered else None,
        )

    def _resume(self) -> Contrastive:
        step = self._step(torch.Generator())
        state = {**self._state, "params": self.params_._asdict()}
        if self._state["chains"].keys() != step.state_dict()["chains"].keys():
            raise ValueError("persistent must stay as it was at the first partial_fit")
        step.load_state_dict(state)
        return step

    def _keep(self, step: Contrastive) -> Self:
        """What one needs to go on; only plain arrays and tensors, which can be pickled."""
        self._state = {name: part for name, part in step.state_dict().items() if name != "params"}
        self._keep_params(step.params)
        if step.chains is not None:
            self.chains_ = step.chains.x.numpy()
        self.n_updates_ = int(step.n_updates)
        return self

    def _keep_params(self, params: rbm.RBM) -> None:
        self.components_, self.intercept_hidden_, self.intercept_visible_ = (
            tensor.numpy() for tensor in params
        )

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_finite(numbers: dict[str, float]) -> None:
    if not all(map(math.isfinite, numbers.values())):
        raise FloatingPointError(
            "the update diverged: hidden probabilities are NaN; take a lower learning_rate"
        )

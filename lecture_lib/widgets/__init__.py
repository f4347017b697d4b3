"""Live figures: the mathematics runs in the reader's browser, with no kernel.

Each is an anywidget whose front-end module lies beside this file. Its state (the
numbers, the module, a still picture) is saved with the notebook, so that the same
cell works in JupyterLab, in Binder and on the static page.
"""

from lecture_lib.widgets.autoencoders import bottleneck
from lecture_lib.widgets.beta_vae import rate_training, traversals
from lecture_lib.widgets.contrastive_divergence import cd_landscape
from lecture_lib.widgets.elbo import elbo_gap, rbm_gap
from lecture_lib.widgets.energy_based_models import six_node_graph
from lecture_lib.widgets.evaluation import annealing
from lecture_lib.widgets.free_energy import free_energy_landscape
from lecture_lib.widgets.index import dreaming_digits
from lecture_lib.widgets.latent_variable_models import prior_samples
from lecture_lib.widgets.learning import two_phases
from lecture_lib.widgets.live import LiveFigure, LiveTraining, bundle
from lecture_lib.widgets.persistent_cd import persistent_chains
from lecture_lib.widgets.practice import training_run
from lecture_lib.widgets.rbm_units import rbm_conditionals, rbm_units
from lecture_lib.widgets.reparameterization import two_estimators
from lecture_lib.widgets.vae import latent_plane
from lecture_lib.widgets.vae_evaluation import importance_bound
from lecture_lib.widgets.vae_training import plane_training
from lecture_lib.widgets.why_generative_models import two_divergences

__all__ = [
    "LiveFigure",
    "LiveTraining",
    "annealing",
    "bottleneck",
    "bundle",
    "cd_landscape",
    "dreaming_digits",
    "elbo_gap",
    "free_energy_landscape",
    "importance_bound",
    "latent_plane",
    "persistent_chains",
    "plane_training",
    "prior_samples",
    "rate_training",
    "rbm_conditionals",
    "rbm_gap",
    "rbm_units",
    "six_node_graph",
    "training_run",
    "traversals",
    "two_divergences",
    "two_estimators",
    "two_phases",
]

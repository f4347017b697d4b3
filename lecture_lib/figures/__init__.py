"""Arrays in, Axes out: every figure of the course, in one style."""

from lecture_lib.figures.annealing import (
    annealing_paths,
    annealing_stages,
    annealing_still,
    curves_and_truth,
    estimates_against_truth,
)
from lecture_lib.figures.conditionals import hidden_probabilities, logistic_curve
from lecture_lib.figures.contrastive import (
    bias_and_divergence,
    bias_curves,
    contrastive_still,
    gibbs_chain,
    push,
)
from lecture_lib.figures.course import course_path
from lecture_lib.figures.distributions import histograms
from lecture_lib.figures.dreams import dreamt_digits
from lecture_lib.figures.energies import free_energy_parts, softplus_curve
from lecture_lib.figures.generative import data_to_model, fits, taxonomy
from lecture_lib.figures.graphs import (
    energy_order,
    flow_differences,
    graph_tables,
    labelled_lines,
    signed,
    six_node_still,
    temperature_bars,
    unit_over_time,
    visits,
)
from lecture_lib.figures.images import filter_grid, image_grid
from lecture_lib.figures.learning import (
    cost_of_sums,
    learning_curves,
    phase_changes,
    state_pictures,
    state_probabilities,
    two_phases_still,
)
from lecture_lib.figures.networks import (
    bipartite,
    bipartite_positions,
    boltzmann_machine,
    draw_link,
    draw_units,
    energy_steps,
    factor_graph,
    neighbourhood,
    rbm_scalar_view,
    rbm_still,
    rbm_vector_view,
    state_table,
    subscript,
)
from lecture_lib.figures.persistent import (
    dots_by_row,
    mean_curves,
    particle_landscape,
    persistent_still,
)
from lecture_lib.figures.practice import (
    case_sheet,
    measured_lines,
    method_dots,
    row_names,
    run_still,
    two_functions,
)
from lecture_lib.figures.style import COLORS, new_figure, to_svg, use_style

__all__ = [
    "COLORS",
    "annealing_paths",
    "annealing_stages",
    "annealing_still",
    "bias_and_divergence",
    "bias_curves",
    "bipartite",
    "bipartite_positions",
    "boltzmann_machine",
    "case_sheet",
    "contrastive_still",
    "cost_of_sums",
    "course_path",
    "curves_and_truth",
    "data_to_model",
    "dots_by_row",
    "draw_link",
    "draw_units",
    "dreamt_digits",
    "energy_order",
    "energy_steps",
    "estimates_against_truth",
    "factor_graph",
    "filter_grid",
    "fits",
    "flow_differences",
    "free_energy_parts",
    "gibbs_chain",
    "graph_tables",
    "hidden_probabilities",
    "histograms",
    "image_grid",
    "labelled_lines",
    "learning_curves",
    "logistic_curve",
    "mean_curves",
    "measured_lines",
    "method_dots",
    "neighbourhood",
    "new_figure",
    "particle_landscape",
    "persistent_still",
    "phase_changes",
    "push",
    "rbm_scalar_view",
    "rbm_still",
    "rbm_vector_view",
    "row_names",
    "run_still",
    "signed",
    "six_node_still",
    "softplus_curve",
    "state_pictures",
    "state_probabilities",
    "state_table",
    "subscript",
    "taxonomy",
    "temperature_bars",
    "to_svg",
    "two_functions",
    "two_phases_still",
    "unit_over_time",
    "use_style",
    "visits",
]

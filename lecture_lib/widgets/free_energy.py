"""The live figure of rbm/free_energy."""

from lecture_lib import figures
from lecture_lib.exact import binary_states
from lecture_lib.rbm import RBM, free_energy_parts
from lecture_lib.widgets.live import LiveFigure


def free_energy_landscape(params: RBM, names: list[str]) -> LiveFigure:
    """What each hidden unit adds to the free energy of every 2 x 2 picture, and p(x).

    params: an RBM with 4 visible units; names: what each hidden unit looks for
    Raises ValueError for an RBM of another size, and where names and hidden units differ in number.
    """
    W, b, c = params
    if W.shape[1] != 4:
        raise ValueError(f"the figure draws 2 x 2 pictures: W must be (n_hidden, 4), got {tuple(W.shape)}")
    if len(names) != len(b):
        raise ValueError(f"names must have one entry for each of the {len(b)} hidden units, got {len(names)}")
    x = binary_states(4)
    visible, hidden = free_energy_parts(params, x)
    return LiveFigure(
        "free_energy_landscape",
        data={"W": W.tolist(), "b": b.tolist(), "c": c.tolist(), "names": names},
        task="Switch a hidden unit off and watch which pictures lose probability; "
             "then choose x and read what each unit adds to its free energy.",
        still=figures.free_energy_parts(x.numpy(), visible.numpy(), hidden.numpy()),
        alt="Bars for the 16 pictures of 2 by 2 pixels. Each bar is the free energy, stacked from "
            "the parts of the hidden units: the four pictures with one lit row or column lie lowest.",
    )

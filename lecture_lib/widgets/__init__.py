"""Live figures: the mathematics runs in the reader's browser, with no kernel.

Each figure is an anywidget whose front-end module lies beside this file. Its
state (the numbers, the module, a still picture) is saved with the notebook, so
the same cell works in JupyterLab, in Binder and on the static page.
"""

import re
from pathlib import Path

import anywidget
import traitlets
from matplotlib.figure import Figure

from lecture_lib import figures
from lecture_lib.exact import binary_states
from lecture_lib.rbm import RBM, free_energy_parts

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.M)


def bundle(name: str) -> str:
    """The front-end module `name` with the modules it imports written into it.

    A saved notebook holds one text a figure, so `import { f } from "./numerics.js"`
    is replaced by that file, and its exports become plain declarations.
    """
    source = (_FOLDER / f"{name}.js").read_text(encoding="utf-8")
    shared = dict.fromkeys(_IMPORT.findall(source))
    inlined = [re.sub(r"^export ", "", bundle(module), flags=re.M) for module in shared]
    return "".join(inlined) + _IMPORT.sub("", source)


class LiveFigure(anywidget.AnyWidget):
    """A figure that computes in the browser.

    figure: the name of its front-end module
    data:   the numbers it starts from (plain lists)
    task:   one sentence: what to try and what to notice
    still:  its picture where scripts are off (SVG), and alt, what that picture shows
    """

    _css = (_FOLDER / "live.css").read_text(encoding="utf-8")
    _esm = traitlets.Unicode().tag(sync=True)
    figure = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    task = traitlets.Unicode().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: str, *, data: dict, task: str, still: Figure, alt: str) -> None:
        super().__init__(figure=figure, data=data, task=task, still=figures.to_svg(still), alt=alt,
                         _esm=bundle(figure))

    def __repr__(self) -> str:
        return f"LiveFigure({self.figure!r})"


def free_energy_landscape(params: RBM, names: list[str]) -> LiveFigure:
    """What each hidden unit adds to the free energy of every 2 x 2 picture, and p(x).

    params: an RBM with 4 visible units; names: what each hidden unit looks for
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

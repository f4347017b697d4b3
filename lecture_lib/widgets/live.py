"""What all live figures share: the front-end module, the saved state, the still picture.

Each figure is an anywidget whose front-end module lies beside this file. Its
state (the numbers, the module, a still picture) is saved with the notebook, so
the same cell works in JupyterLab, in Binder and on the static page.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from lecture_lib import figures

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.M)


def bundle(name: str) -> str:
    """The front-end module `name` with the modules it imports written into it, each of them once.

    A saved notebook holds one text a figure, so `import { f } from "./numerics.js"`
    is replaced by that file, and its exports become plain declarations.
    """
    inlined = "".join(re.sub(r"^export ", "", _own(module), flags=re.M) for module in _imported(name))
    return inlined + _own(name)


def _source(name: str) -> str:
    return (_FOLDER / f"{name}.js").read_text(encoding="utf-8")


def _own(name: str) -> str:
    """The module without its imports."""
    return _IMPORT.sub("", _source(name))


def _imported(name: str) -> list[str]:
    """All modules that `name` needs, directly or not, each after those it needs itself."""
    modules: dict[str, None] = {}
    for module in _IMPORT.findall(_source(name)):
        modules |= dict.fromkeys([*_imported(module), module])
    return list(modules)


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


class LiveTraining(LiveFigure):
    """A live figure that also trains: where a kernel runs, its front end asks for one epoch at a time.

    learn: what the controls say, as keywords -> an iterator; each item, plain numbers, is an epoch.
    {"start": settings} begins a run and {"more": true} goes on; what is sent back is not saved with
    the notebook, so that the static page has the recorded runs of `data` and no dead control.
    """

    def __init__(self, figure: str, *, learn: Callable[..., Iterator[dict]], **parts: Any) -> None:
        super().__init__(figure, **parts)
        self._learn = learn
        self._epochs: Iterator[dict] = iter(())
        self.on_msg(self._answer)

    def _answer(self, _widget: object, message: dict, _buffers: object) -> None:
        try:
            if "start" in message:
                self._epochs = self._learn(**message["start"])
            epoch = next(self._epochs, None)
            self.send({"done": True} if epoch is None else {"epoch": epoch})
        except Exception as error:  # a reader sees it beside the controls, not in a log
            self.send({"error": f"{type(error).__name__}: {error}"})

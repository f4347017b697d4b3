"""The package's own source, shown on a page beside the equation it computes."""

import inspect
from collections.abc import Callable

from IPython.display import Markdown


def show(*functions: Callable) -> Markdown:
    """The source of the functions as highlighted code, so that page and package cannot drift.

    Raises TypeError for what has no Python source.
    """
    return Markdown("```python\n" + "\n\n".join(map(inspect.getsource, functions)) + "```")

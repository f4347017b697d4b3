"""The package's own source, shown on a page beside the equation it computes."""

import inspect
from collections.abc import Callable, Mapping, Sequence

from IPython.display import Markdown


def show(*functions: Callable) -> Markdown:
    """The source of the functions as highlighted code, so that page and package cannot drift.

    Raises TypeError for what has no Python source.
    """
    return Markdown("```python\n" + "\n\n".join(map(inspect.getsource, functions)) + "```")


def table(rows: Sequence[Mapping[str, object]]) -> Markdown:
    """Rows of results as a table, so that a page shows the numbers of a stored file and no others.

    rows: column name -> cell, the same columns in each; text is left, numbers stand right
    Raises ValueError for rows that differ in their columns, or none.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("rows must be one or more, all with the same columns")
    right = [not isinstance(cell, str) or cell[:1] in "−-0123456789" for cell in rows[0].values()]
    lines = [list(rows[0]), ["--:" if r else ":--" for r in right], *(list(row.values()) for row in rows)]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))

"""The package's own source, shown on a page beside the equation it computes."""

import html
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence

from IPython.display import HTML, Markdown


def show(*functions: Callable) -> Markdown:
    """The source of the functions as highlighted code, so that page and package cannot drift.

    Raises TypeError for what has no Python source.
    """
    return Markdown("```python\n" + "\n\n".join(map(inspect.getsource, functions)) + "```")


def table(rows: Sequence[Mapping[str, object]]) -> HTML:
    """Rows of results as a table, so that a page shows the numbers of a stored file and no others.

    rows: column name -> cell, the same columns in each; text stands left, numbers right
    Raises ValueError for rows that differ in their columns, or none.
    """
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise ValueError("rows must be one or more, all with the same columns")

    def line(kind: str, cells: Iterable[object]) -> str:
        return "<tr>" + "".join(
            f'<{kind} style="text-align: {side}">{html.escape(str(cell))}</{kind}>'
            for side, cell in zip(sides, cells, strict=True)
        ) + "</tr>"

    sides = ["left" if str(cell)[:1] not in "−-0123456789" else "right" for cell in rows[0].values()]
    body = "\n".join(line("td", row.values()) for row in rows)
    return HTML(f'<table class="table">\n<thead>{line("th", rows[0])}</thead>\n<tbody>\n{body}\n</tbody>\n</table>')

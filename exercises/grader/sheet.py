"""A sheet's master: an nbgrader notebook written as text, and what is made of it.

The master holds solutions between `### BEGIN SOLUTION` and `### END SOLUTION`
and hidden tests between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parents[1]
TOPICS = tuple(name for name in ("energy_models", "rbm_inference", "cd_k", "elbo", "reparameterization", "beta_vae")
               if (FOLDER / f"{name}.py").exists())
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION\n?", re.M | re.S)
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?^[ \t]*### END HIDDEN TESTS\n?", re.M | re.S)
MARK = re.compile(r"^[ \t]*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\n?", re.M)
STUB = 'raise NotImplementedError("write me")'
WRITE = "*Write your derivation here.*"


@dataclass(frozen=True)
class Cell:
    """A cell of the master. Its role: text, setup (run before all), solution, test, written (marked by a person)."""

    kind: str
    source: str
    name: str = ""
    role: str = "text"
    marks: int = 0
    exercise: str = ""
    metadata: dict | None = None

    @property
    def released(self):
        """As a student gets it: stubs for solutions, no hidden tests."""
        stub = rf"\1{STUB}\n" if self.kind == "code" else WRITE
        return HIDDEN.sub("", SOLUTION.sub(stub, self.source + "\n")).rstrip()

    @property
    def solved(self):
        """As the page of solutions has it: without the marks of regions, no hidden tests."""
        return MARK.sub("", HIDDEN.sub("", self.source + "\n")).rstrip()

    @property
    def hidden(self):
        """The hidden part of a test."""
        return MARK.sub("", "".join(match[0] for match in HIDDEN.finditer(self.source + "\n")))

    @property
    def aim(self):
        """What a test checks: its first comment."""
        return self.source.split("\n", 1)[0].lstrip("# ")


def role(metadata):
    if metadata.get("grade"):
        return "written" if metadata["solution"] else "test"
    return "solution" if metadata.get("solution") else "setup" if metadata.get("locked") else "text"


@dataclass(frozen=True)
class Sheet:
    """A master, read."""

    path: Path
    cells: tuple[Cell, ...]

    @cached_property
    def topic(self):
        return self.path.stem

    @cached_property
    def title(self):
        return re.search(r"^# (.+)$", self.cells[0].source, re.M)[1]

    @property
    def subject(self):
        """The title without the word that all sheets share."""
        return self.title.removeprefix("Exercises: ")

    def of(self, *roles):
        return [cell for cell in self.cells if cell.role in roles]

    @cached_property
    def marked(self):
        return self.of("test", "written")

    @cached_property
    def functions(self):
        """The names of the functions that a student writes."""
        return [node.name for cell in self.of("solution") for node in ast.parse(cell.source).body
                if isinstance(node, ast.FunctionDef)]

    @cached_property
    def known(self):
        """Sources that need not be run: what the student was given and left as it was."""
        return {cell.released for cell in self.cells}


def read(path):
    """The sheet in a master's file."""
    import jupytext  # takes two seconds, and the processes that mark need none of it

    cells, exercise = [], ""
    for cell in jupytext.read(path, fmt="py:percent").cells:
        metadata = dict(cell.metadata)
        marks = metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and (heading := re.search(r"^## (.+)$", cell.source, re.M)):
            exercise = heading[1]
        cells.append(Cell(cell.cell_type, cell.source, marks.get("grade_id", ""), role(marks) if marks else "text",
                          marks.get("points", 0), exercise, metadata))
    return Sheet(Path(path), tuple(cells))


def find(name):
    """A sheet by its topic, or by the path of a master kept elsewhere."""
    path = Path(FOLDER / f"{name}.py" if name in TOPICS else name)
    if not path.is_file():
        raise ValueError(f"{name} is neither a file nor one of {', '.join(TOPICS)}")
    if path.suffix != ".py":
        raise ValueError(f"a master is a .py file with solutions and hidden tests, got {path.name}")
    sheet = read(path)
    if bare := [test.name for test in sheet.of("test") if not test.hidden]:
        raise ValueError(f"{path} is no master: it has no hidden tests in {', '.join(bare)}")
    return sheet

"""The docstrings of the package: in the house's style, and right about the equations they name."""

import ast
import importlib
import inspect
import json
import pkgutil
import re

import ledger
import pytest
import reference
import torch

import lecture_lib
from lecture_lib import rbm

MODULES = {
    module.name: importlib.import_module(module.name)
    for module in pkgutil.walk_packages(lecture_lib.__path__, "lecture_lib.")
}
TENSORS = (torch.Tensor, rbm.RBM)
FIGURES = ("lecture_lib.figures", "lecture_lib.widgets")
CHECK = re.compile(r"\braise \w|\b_check\w*\(|\b_binary_units\(|\b_unit_probabilities\(|\b_units\(")
SHAPE = re.compile(r"\([^()]*,[^()]*\)|\(\.\.\.\)|\(\)|any shape|like \w|any `RBM`|-> RBM")


def public():
    """name -> every function, class and method of the package that a reader may call, once."""
    found = {}
    for name, module in MODULES.items():
        for attribute, thing in vars(module).items():
            here = getattr(thing, "__module__", "") == name
            callable_ = inspect.isfunction(thing) or inspect.isclass(thing)
            if attribute.startswith("_") or not (here and callable_):
                continue
            found[f"{name}.{attribute}"] = thing
            if inspect.isclass(thing):
                found |= {
                    f"{name}.{attribute}.{method}": function
                    for method, function in vars(thing).items()
                    if inspect.isfunction(function) and not method.startswith("_")
                }
    return found


PUBLIC = public()
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}


def takes_tensors(function):
    """Whether an argument is annotated as a tensor or as parameters made of tensors."""
    hints = {k: v for k, v in inspect.get_annotations(function, eval_str=True).items() if k != "return"}
    return any(hint in TENSORS or hint == torch.Tensor | None for hint in hints.values())


def test_the_package_was_found():
    assert {"lecture_lib.rbm.free_energy", "lecture_lib.sampling.Chains.advance"} <= set(FUNCTIONS)
    assert takes_tensors(rbm.free_energy)
    assert not takes_tensors(lecture_lib.pretrained.load)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_first_line_is_a_sentence(name):
    written = PUBLIC[name].__doc__
    assert written, f"{name} has no docstring"
    first, *rest = written.splitlines()
    assert re.match(r"[A-Z`]|\w+\(|log", first), f"{name}: {first!r} does not begin like a sentence"
    assert first.endswith((".", "?")), f"{name}: {first!r} does not end like a sentence"
    assert not rest or not rest[0].strip(), f"{name}: an empty line belongs below the first"


@pytest.mark.parametrize("name", [
    name for name, function in FUNCTIONS.items()
    if takes_tensors(function) and name.count(".") == 2 and not name.startswith(FIGURES)
])
def test_a_function_of_tensors_says_their_shapes(name):
    assert SHAPE.search(FUNCTIONS[name].__doc__), f"{name} does not say the shapes"


@pytest.mark.parametrize("name", [
    name for name, function in FUNCTIONS.items()
    if takes_tensors(function) and CHECK.search(inspect.getsource(function))
])
def test_a_function_of_tensors_that_checks_them_says_what_it_raises(name):
    assert "Raises " in FUNCTIONS[name].__doc__, f"{name} does not say what it raises"


def labels_of_pages():
    return {display.label for display in ledger.displays()}


def docstrings():
    """Every docstring of the package, private ones too, as the source has it."""
    for name, module in MODULES.items():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                written = ast.get_docstring(node)
                if written:
                    yield f"{name}.{getattr(node, 'name', '')}", written


def test_every_equation_that_a_docstring_names_is_on_a_page():
    pages = labels_of_pages()
    named = {
        (name, label)
        for name, written in docstrings()
        for label in reference.EQUATION.findall(written)
    }
    assert ("lecture_lib.rbm.free_energy", "eq-rbm-free-energy") in named
    missing = sorted(f"{name} names {label}" for name, label in named if label not in pages)
    assert not missing, "no page displays: " + "; ".join(missing)


def test_every_module_has_its_place_in_the_reference():
    layers = reference.layers()
    names = {name.split(".")[1] for name in MODULES}
    placed = {name for layer in layers for name in layer}
    assert names <= placed, f"in no layer of the import contract: {names - placed}"
    page = (ledger.ROOT / "book" / "appendix" / "api.md").read_text(encoding="utf-8")
    assert [int(n) for n in re.findall(r"\{layer\} (\d+)", page)] == list(range(1, len(layers) + 1))


def processed(written, what="function"):
    lines = [*inspect.cleandoc(written).splitlines(), ""]
    reference.as_written(None, what, "name", None, None, lines)
    return "\n".join(lines)


def test_the_reference_links_known_equations_and_keeps_formulas_as_they_stand():
    label = next(iter(json.loads((ledger.ROOT / "book" / "ledger.json").read_text("utf-8"))))
    text = processed(f"""The *sum* of `x`.

    S = sum_i x_i      {label}
    x: (batch, n) -> (batch,), see `y`
    Raises TypeError for x_1 that is
    no tensor.
    Source: Euler.
    """)
    assert text.startswith("The *sum* of ``x``.\n")
    assert "   S = sum_i x_i\n" in text
    assert "   x: (batch, n) -> (batch,), see y\n" in text
    assert "\nRaises TypeError for x\\_1 that is\nno tensor.\n" in text
    assert "\nSource: Euler." in text
    assert f":eq:`{label}`" in text


def test_the_reference_does_not_link_an_equation_that_no_page_has():
    assert ":eq:" not in processed("A name.\n\nS = 0   eq-there-is-no-such-label\n")

"""The patches of photographs, the table of results, and the pictures of the chapter on practice."""

from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from lecture_lib import data, figures, source


def test_patches_are_white_real_and_the_same_each_time():
    first, again = data.patches(), data.patches()
    assert first.train.shape == (18_000, 64) and first.test.shape == (2_000, 64)
    assert first.train.dtype == torch.float32
    assert torch.equal(first.train, again.train) and torch.equal(first.test, again.test)
    everything = torch.cat(first)
    assert everything.var(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert (torch.corrcoef(everything.T) - torch.eye(64)).abs().max() < 0.1


def test_a_patch_has_no_mean_before_whitening_and_none_after():
    assert data.patches().test.mean(1).abs().max() < 0.05


def test_a_table_holds_the_cells_it_was_given_with_numbers_at_the_right():
    shown = source.table([{"package": "one & two", "nats": "−80.1"}, {"package": "three", "nats": "−90.2"}]).data
    table = ElementTree.fromstring(shown)
    assert [[cell.text for cell in row] for row in table.iter("tr")] == [
        ["package", "nats"], ["one & two", "−80.1"], ["three", "−90.2"],
    ]
    assert [cell.get("style") for cell in table.iter("td")] == ["text-align: left", "text-align: right"] * 2
    with pytest.raises(ValueError, match="same columns"):
        source.table([{"a": 1}, {"b": 2}])
    with pytest.raises(ValueError, match="one or more"):
        source.table([])


def test_names_at_the_ends_of_lines_never_lie_on_each_other():
    _, ax = plt.subplots()
    x = np.arange(3.0)
    lines = {name: (x, x + shift, np.zeros(3)) for name, shift in (("a", 0.0), ("b", 0.001), ("c", 0.002), ("d", 5.0))}
    figures.measured_lines(ax, lines, gap=0.1)
    low, high = ax.get_ylim()
    places = sorted(text.xy[1] for text in ax.texts)
    assert min(np.diff(places)) > 0.099 * (high - low)
    assert [text.get_text() for text in sorted(ax.texts, key=lambda text: text.xy[1])] == ["a", "b", "c", "d"]
    plt.close("all")


def test_a_case_sheet_has_a_row_for_each_machine():
    generator = np.random.default_rng(0)
    machines = {name: (generator.normal(size=(10, 16)), generator.random(10)) for name in ("well", "ill")}
    assert figures.case_sheet(machines, filters=3).shape == (2, 5)
    plt.close("all")

"""Graded variants from a private seed: made for ten seeds, and each tried on the whole of its bank."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from exercises.grader import bank, variants
from exercises.grader.build import released, solved
from exercises.grader.sandbox import Box
from exercises.grader.sheet import FOLDER, TOPICS, find, read

SEEDS = range(101, 111)
VARIED = [topic for topic in TOPICS if (FOLDER / "variants" / f"{topic}.py").exists()]


@pytest.mark.parametrize("topic", VARIED)
def test_the_practice_sheet_is_what_its_own_choices_give(topic):
    rules = import_module(f"exercises.variants.{topic}")
    assert {old: new for old, new in rules.edits(**rules.PRACTICE).items() if old != new} == {}
    assert rules.PRACTICE.keys() == rules.CHOICES.keys()
    assert set(rules.NAMES) <= set(find(topic).functions)

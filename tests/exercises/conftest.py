"""Where bubblewrap cannot be had, tests of grading are skipped on a laptop and fail in CI."""

import os

import pytest

from exercises.grader.sandbox import refusal


@pytest.fixture(scope="session")
def sandbox():
    if why := refusal():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"NOT TESTED, the grader cannot run: {why}")

"""Notebooks under nbval: pictures are not compared as text, time and memory of each chapter are measured."""

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

# A chapter has 60 s on two cores and 1 GiB. Here two chapters share two cores, one thread each,
# which takes up to one and a half times as long, and longer on cores slower than the budget's.
SECONDS, BYTES = 90, 2**30
FLOPS = 77e9  # single-precision matrix product, one core
PICTURES = ("image/svg+xml",)

measured = pytest.StashKey[dict]()


def pytest_configure(config):
    config.stash[measured] = {}


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += PICTURES


def peak_memory(kernel):
    """The most memory the kernel's process has held, in bytes; None where the system does not tell."""
    status = Path(f"/proc/{kernel.km.provisioner.pid}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def slowness():
    """How many times slower than the budget's cores the one here is at this moment, at least 1."""
    square, times = np.ones((1000, 1000), np.float32), []
    for _ in range(20):
        start = time.perf_counter()
        square @ square
        times.append(time.perf_counter() - start)
    return max(1.0, statistics.median(times) * FLOPS / 2e9)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    item.config.stash[measured].setdefault(item.parent.path, time.perf_counter())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """After a notebook's last cell, while its kernel still runs: was it within the budget?"""
    notebook = item.parent
    last = nextitem is None or nextitem.parent is not notebook
    memory = peak_memory(notebook.kernel) if last else None
    result = yield
    if last:
        seconds = time.perf_counter() - item.config.stash[measured][notebook.path]
        limit = SECONDS * slowness()
        used = "unknown" if memory is None else f"{memory / 2**20:.0f} MiB"
        item.user_properties.append(("budget", f"{notebook.path.stem}: {seconds:.0f} s of {limit:.0f}, {used}"))
        if seconds > limit or (memory or 0) > BYTES:
            most = f"at most {limit:.0f} s here and 1024 MiB"
            pytest.fail(f"{notebook.path}: {seconds:.0f} s and {used}, {most}", pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter):
    lines = sorted(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == "budget"
    )
    if lines:
        terminalreporter.section("run time and peak memory of each chapter")
        for line in dict.fromkeys(lines):
            terminalreporter.write_line(line)

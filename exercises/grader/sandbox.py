"""A student's notebook as a black box: its functions are called in a process that can do nothing else.

The process has no network, no files but Python and its packages (the course's
own left out), no privileges, no children, and limits on time, memory and files.
It gets inputs and gives answers as JSON; it never sees a test or a solution.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from functools import cache
from pathlib import Path

from .worker import LONGEST_ANSWER, MISSING, WHOLE, decode, encode

CELL, CALL = 60, 20  # seconds a cell may take (it may import torch, on a busy machine), and a call
TEMPORARY = 16 << 20  # bytes of files
NOBODY = "65534"
UNSEEN = " (a function sees what it is given and what your own cells define, not the variables of the tests)"
WORKER = Path(__file__).with_name("worker.py")
PACKAGES = sysconfig.get_path("purelib")
ENVIRONMENT = {"HOME": "/tmp", "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
               "LD_LIBRARY_PATH": "/python/lib", "PYTHONPATH": "/packages"}
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Wrong(Exception):
    """What a student's code did instead of answering, in words for the student."""


def view(python, packages, worker):
    """Bubblewrap's options for the files to be seen: Python, packages, the worker; all of it read-only."""
    binds = [("/usr", "/usr"), ("/lib", "/lib"), ("/lib64", "/lib64"), (python, "/python"), (packages, "/packages"), (worker, "/worker.py")]
    hidden = {"/packages/lecture_lib": Path(packages, "lecture_lib"),
              f"/python/lib/{VERSION}/site-packages": Path(python, "lib", VERSION, "site-packages")}
    return [*(word for pair in binds for word in ("--ro-bind-try", *pair)),
            *(word for place, source in hidden.items() if source.is_dir() for word in ("--tmpfs", place)), "--dev", "/dev"]


def sealed():
    """The command that starts a worker inside bubblewrap, as a user who is not root.

    Root makes the view, because folders above Python may be closed to others,
    and then steps down to nobody, who seals it.
    """
    paths, root = (sys.base_prefix, PACKAGES, str(WORKER)), []
    if os.geteuid() == 0:
        root = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent", *view(*paths),
                "--proc", "/proc", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        paths = ("/python", "/packages", "/worker.py")
    return root + [
        "bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", *view(*paths),
        "--size", str(TEMPORARY), "--tmpfs", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp",
        "--clearenv", *(word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair)),
        f"/python/bin/{VERSION}", "-P", "-S", "-B", "/worker.py", "2",
    ]


def unsealed():
    """The same worker with nothing around it but its limits."""
    environment = (f"{name}={value}" for name, value in (ENVIRONMENT | {"PYTHONPATH": PACKAGES}).items())
    return ["env", "-i", *environment, sys.executable, "-P", "-S", "-B", str(WORKER), "0"]


@cache
def refusal(unsafe=False):
    """Why grading cannot start here, or nothing."""
    if unsafe:
        return "without the sandbox students' code would run as root: be another user" if os.geteuid() == 0 else ""
    if missing := [name for name in ("bwrap", "setpriv") if not shutil.which(name)]:
        return f"the sandbox needs {' and '.join(missing)} (on Debian and Ubuntu: apt-get install bubblewrap)"
    with Box([], unsafe=False) as box:
        try:
            box.run("pass")
        except Wrong as error:
            return f"the sandbox does not start here ({error}); on Ubuntu 24.04 AppArmor has to allow bubblewrap"
    return ""


class Box:
    """A student's cells, run in a worker; started anew without the cell that brought it down."""

    def __init__(self, cells, *, unsafe=False):
        self.cells, self.command = list(cells), unsealed() if unsafe else sealed()
        self.end = time.monotonic() + WHOLE
        self.process = None
        self.errors = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None

    def ask(self, request):
        """Send a request and wait for the answer; the process is killed when it takes too long or says too much."""
        most = CALL if "call" in request else CELL
        seconds = min(most, self.end - time.monotonic())
        if seconds <= 0:
            raise Wrong("the time for a whole submission ran out")
        late = threading.Event()
        process = self.process
        timer = threading.Timer(seconds, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline(LONGEST_ANSWER + 1000))
            error, value = answer.get("error"), decode(answer.get("value"))
        except Exception as problem:  # whatever came is not an answer
            self.stop()
            raise Wrong(f"no answer within {most} s" if late.is_set() else "the code ended its own process or overfilled it") from problem
        finally:
            timer.cancel()
        if error is not None:
            raise Wrong(str(error).strip().removesuffix(":")[:500])
        return value

    def run(self, cell):
        if self.process is None:
            self.start()
        return self.ask({"cell": cell})

    def refill(self, cells):
        """Other cells, in the same process if there is one: only for answers that are known to be harmless."""
        self.cells, self.errors, self.end = list(cells), {}, time.monotonic() + WHOLE
        if self.process:
            self.ask({"forget": True})
            self.fill()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]})
        self.fill()

    def fill(self):
        """Run the cells in order, and once more those that lacked a name that a later cell defines."""
        again = []
        for cells in (self.cells, again):
            for cell in list(cells):
                try:
                    self.ask({"cell": cell})
                    self.errors.pop(cell, None)
                except Wrong as error:
                    self.errors[cell] = str(error)
                    if self.process is None:
                        self.cells.remove(cell)
                        return self.start()
                    if cells is self.cells and str(error).startswith("NameError"):
                        again.append(cell)

    def call(self, name, *given):
        """The answer of a student's function to these inputs."""
        if self.process is None:
            self.start()
        try:
            return self.ask({"call": name, "given": [encode(value) for value in given]})
        except Wrong as error:
            if not str(error).endswith(MISSING):
                raise Wrong(f"{error}{UNSEEN if str(error).startswith('NameError') else ''}") from None
            stopped = (why for cell, why in self.errors.items() if re.search(rf"\bdef {name}\b|^{name}\s*=", cell, re.M))
            raise Wrong(f"{name} is not defined: the cell that should do it stopped, {why}" if (why := next(stopped, ""))
                        else f"{name} is not defined") from None

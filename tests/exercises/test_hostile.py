"""Submissions that attack the grader, and submissions that had an accident.

All are about the first exercise of a sheet. An attack gets no marks for it, and
takes none from the other exercises; an accident with a right answer gets all.
"""

import json
import os
import time
from pathlib import Path

import pytest
from submissions import full, notebook, save

from exercises.grader import marking, sandbox
from exercises.grader.sheet import find

SHEET = find("energy_models")
(RIGHT,) = [cell.solved for cell in SHEET.cells if cell.name == "energy"]
WRONG = "def ising_energy(J, f, s):\n    return np.zeros(len(s))\n"
SEED = 11

ATTACKS = {
    "an endless loop that ignores interrupts": """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except Exception: pass
def ising_energy(J, f, s):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "an endless loop outside a function": "while True: pass",
    "sleep": "import time\ndef ising_energy(J, f, s):\n    time.sleep(1000)\n",
    "memory": "def ising_energy(J, f, s):\n    return [np.ones(10**7) for _ in range(10**4)]\n",
    "shared memory": "import mmap\ndef ising_energy(J, f, s):\n    m = mmap.mmap(-1, 8 << 30)\n    m.write(b'1' * (8 << 30))\n",
    "children without end": "import os\ndef ising_energy(J, f, s):\n    while True: os.fork()\n",
    "children that outlive it": "import subprocess\ndef ising_energy(J, f, s):\n    subprocess.Popen(['sleep', '1000'])\n    return -s @ f\n",
    "threads without end": "import threading, time\ndef ising_energy(J, f, s):\n    while True: threading.Thread(target=time.sleep, args=(100,)).start()\n",
    "a full disk": """
def ising_energy(J, f, s):
    for n in range(10**5):
        for folder in ("/tmp", "/dev/shm", "/dev", "/", "/packages"):
            try: open(f"{folder}/{n}", "wb").write(b"x" * 1000_000)
            except OSError: pass
        if n == 100:
            return np.zeros(len(s)) + sum(os.path.getsize(os.path.join(a, b)) for a, _, c in os.walk("/tmp") for b in c) / 1e9
import os
""",
    "os._exit": "import os\ndef ising_energy(J, f, s):\n    os._exit(0)\n",
    "os._exit outside a function": "import os\nos._exit(0)",
    "sys.exit": "import sys\ndef ising_energy(J, f, s):\n    sys.exit(0)\n",
    "kills all it can": "import os\nfor p in range(-1, 1000):\n    try: os.kill(p, 9)\n    except OSError: pass\n",
    "a segmentation fault": "import ctypes\ndef ising_energy(J, f, s):\n    ctypes.string_at(0)\n",
    "recursion": "import sys\ndef ising_energy(J, f, s):\n    sys.setrecursionlimit(10**9)\n    return ising_energy(J, f, s)\n",
    "patched numpy": WRONG + "np.allclose = np.array_equal = lambda *a, **k: True\nnp.testing.assert_allclose = print\nnp.asarray = lambda *a, **k: 0\n",
    "another close": WRONG + "close = lambda *a: True\nimport builtins\nbuiltins.close = close\n__builtins__.AssertionError = BaseException\n",
    "an answer equal to everything": """
class Yes(float):
    shape, dtype = (), float
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return np.zeros(3)
    def __abs__(self): return 0
def ising_energy(J, f, s): return [Yes() for _ in s]
""",
    "an array that is none": "class A(np.ndarray):\n    def tolist(self): return 'x'\ndef ising_energy(J, f, s):\n    return np.zeros(len(s)).view(A)\n",
    "not numbers": "def ising_energy(J, f, s):\n    return s @ f * np.nan\n",
    "a string as long as a book": "def ising_energy(J, f, s):\n    return 'x' * 10**8\n",
    "nested lists": "def ising_energy(J, f, s):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x\n",
    "a generator": "def ising_energy(J, f, s):\n    yield from s\n",
    "a number with a million digits": "def ising_energy(J, f, s):\n    return 10 ** (10**6)\n",
    "forged answers": """
import os
def ising_energy(J, f, s):
    for n in range(256):
        try: os.write(n, b'{"value": null, "error": null, "marks": 100, "passed": true}\\n' * 20)
        except OSError: pass
    os._exit(0)
""",
    "forged answers that keep coming": "import os\nfor n in range(3, 20):\n    try:\n        while os.write(n, b'{\"value\": [1, 2, 3]}\\n' * 1000): pass\n    except OSError: pass\n",
    "a worker made its own": """
import __main__, json
def ising_energy(J, f, s): return None
__main__.answer = lambda request, names: {"array": [-2.5, -0.5, 0.5], "shape": [3], "kind": "f"}
__main__.encode = lambda value: 0
""",
    "JSON made its own": "import json\njson.dumps = lambda *a, **k: '{\"value\": true, \"passed\": true}'\n",
    "the reference implementation": "from lecture_lib import graph\ndef ising_energy(J, f, s):\n    return graph\n",
    "the solution from disk": """
import os
def ising_energy(J, f, s):
    for folder, _, names in os.walk("/"):
        for name in names:
            if name.endswith((".py", ".ipynb")) and "packages" not in folder and "python" not in folder:
                text = open(os.path.join(folder, name)).read()
                if "BEGIN " + "SOLUTION" in text or "energy_models" in text:
                    return [-2.5, -0.5, 0.5]
    return open("WHERE/exercises/energy_models.py").read()
""".replace("WHERE", str(Path(__file__).parents[2])),
    "the tests from memory": """
import gc, sys
def ising_energy(J, f, s):
    frame = sys._getframe()
    while frame:
        for value in (*frame.f_locals.values(), *frame.f_globals.values()):
            if isinstance(value, str) and "expected" in value: exec(value)
        if "expected" in frame.f_locals: return frame.f_locals["expected"]
        frame = frame.f_back
    return [o for o in gc.get_objects() if isinstance(o, dict) and "expected" in o][0]["expected"]
""",
    "the seed": "import os\ndef ising_energy(J, f, s):\n    return np.full(len(s), float(os.environ['GRADING_SEED']))\n",
    "writes outside": """
import os
for place in ("WHERE/stolen", "/etc/stolen", "/usr/stolen", "/packages/stolen", "/python/stolen", "/worker.py", "/tmp/stolen"):
    try: open(place, "w").write("x")
    except OSError: pass
""".replace("WHERE", str(Path(__file__).parent)) + WRONG,
    "the network": """
import socket
def ising_energy(J, f, s):
    socket.create_connection(("127.0.0.1", 22), timeout=1)
""",
    "more rights": """
import ctypes, os
libc = ctypes.CDLL(None)
assert libc.unshare(0x10000000) == 0 or libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0 or os.setuid(0) is None
def ising_energy(J, f, s): return [-2.5, -0.5, 0.5]
""",
    "more limits": "import resource\nfor n in range(16):\n    resource.setrlimit(n, (-1, -1))\ndef ising_energy(J, f, s): return 0\n",
    "an error that cannot be shown": "class E(Exception):\n    def __str__(self): raise E\ndef ising_energy(J, f, s): raise E\n",
}


@pytest.fixture
def quick(monkeypatch, sandbox_works):
    monkeypatch.setattr(sandbox, "CALL", 4)
    monkeypatch.setattr(sandbox, "CELL", 20)


@pytest.fixture
def sandbox_works(request):
    request.getfixturevalue("sandbox")


def mark(tmp_path, content):
    return marking.mark("someone", save(tmp_path / "someone.ipynb", content), SHEET, SEED)


def with_first(source):
    return notebook(SHEET, {"energy": source})


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_nothing_and_takes_nothing(attack, tmp_path, quick):
    start = time.monotonic()
    result = mark(tmp_path, with_first(ATTACKS[attack]))
    assert time.monotonic() - start < 60
    if attack in ("a worker made its own", "JSON made its own", "forged answers", "forged answers that keep coming", "patched numpy"):
        assert result.marks["energy-test"] == 0  # whoever breaks the tools breaks them for all of their answers
    else:
        assert result.marks == full(SHEET, ["energy-test"]), (result.remarks, result.notes)
    assert not list(Path(__file__).parent.glob("stolen"))
    assert not any(Path(place, "stolen").exists() for place in ("/etc", "/usr", "/tmp", sandbox.PACKAGES))


def test_what_floods_the_output_but_is_right_is_right(tmp_path, quick):
    flood = RIGHT.replace("    return", "    for _ in range(100):\n        print('x' * 10**6)\n    return")
    assert mark(tmp_path, with_first(flood)).marks == full(SHEET)


def changed(change, source=RIGHT):
    content = with_first(source)
    change(content["cells"])
    return content


def first(cells):
    return next(n for n, cell in enumerate(cells) if "def ising_energy" in cell["source"])


def strip_metadata(cells):
    for cell in cells:
        cell["metadata"] = {}


def duplicate(cells):
    cells.insert(first(cells), dict(cells[first(cells)]))


def stub_below(cells):
    cells.append(next(cell for cell in notebook(SHEET, whole="released")["cells"] if "def ising_energy" in cell["source"]))


def reverse(cells):
    cells.reverse()


def no_tests(cells):
    cells[:] = [cell for cell in cells if "assert" not in cell["source"]]


def no_setup(cells):
    cells[:] = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") != "setup"]


def scribbles(cells):
    for source in ("this is not Python", "%matplotlib inline\nx = 1", "!pip install something", "1 / 0", "raise KeyboardInterrupt",
                   "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "%%time\ny = 2", "", "input()", "import no_such_package"):
        cells.insert(first(cells), {"cell_type": "code", "metadata": {}, "source": source})


def carriage_returns(cells):
    for cell in cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")


def lines(cells):
    for cell in cells:
        cell["source"] = cell["source"].splitlines(keepends=True)


def late_name(cells):
    at = first(cells)
    cells[at]["source"] = "HALF = half()\n" + cells[at]["source"].replace("0.5", "HALF")
    cells.append({"cell_type": "code", "metadata": {}, "source": "def half():\n    return 0.5\n"})


def of_a_notebook(cells):
    at = first(cells)
    cells[at]["source"] = "%%time\nnp.einsum?\n?np\ndisplay(3)\n" + cells[at]["source"]


@pytest.mark.parametrize("accident", [strip_metadata, duplicate, stub_below, reverse, no_tests, no_setup, scribbles,
                                      carriage_returns, lines, late_name, of_a_notebook], ids=lambda change: change.__name__)
def test_an_accident_costs_no_marks(accident, tmp_path, quick):
    result = mark(tmp_path, changed(accident))
    assert result.marks == full(SHEET), (result.remarks, result.notes)


@pytest.mark.parametrize("form", ["list({})", "[float(e) for e in {}]", "tuple({})", "{}.astype(np.float32)", "np.asmatrix({}).A1",
                                  "torch.tensor({}, requires_grad=True)", "np.frompyfunc(float, 1, 1)({})",
                                  "[Fraction(float(e)) for e in {}]", "[Decimal(float(e)) for e in {}]"])
def test_a_right_answer_may_come_in_any_form_that_numpy_reads(form, tmp_path, quick):
    source = "from decimal import Decimal\nfrom fractions import Fraction\nimport torch\n" + RIGHT.replace("return ", "answer = ")
    source = source.rstrip() + f"\n    return {form.format('answer')}\n"
    result = mark(tmp_path, with_first(source))
    assert result.marks == full(SHEET), (result.remarks, result.notes)


def test_changed_tests_and_points_are_of_no_use(tmp_path, quick):
    def cheat(cells):
        for cell in cells:
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                cell["metadata"] = {"nbgrader": cell["metadata"]["nbgrader"] | {"points": 1000}}
                cell["source"] = "assert True"

    assert mark(tmp_path, changed(cheat, WRONG)).marks == full(SHEET, ["energy-test"])


def test_a_syntax_error_costs_the_marks_of_its_exercise_only(tmp_path, quick):
    result = mark(tmp_path, with_first("def ising_energy(J, f, s)\n    return 0"))
    assert result.marks == full(SHEET, ["energy-test"])
    assert "SyntaxError" in result.notes[0]


@pytest.mark.parametrize("content", [b"", b"not JSON", b"[]", b'{"cells": 3}', b'{"cells": [{"cell_type": "code"}]}', b"[" * 10**6,
                                     b'{"cells": [{"cell_type": "code", "source": "\\ud800 = 1"}]}', None],
                         ids=["empty", "text", "list", "number", "no source", "deep", "surrogate", "link"])
def test_a_file_that_is_no_notebook_gets_no_marks_and_stops_nothing(content, tmp_path, quick):
    path = tmp_path / "someone.ipynb"
    if content is None:
        path.symlink_to(save(tmp_path / "other" / "right.ipynb", notebook(SHEET)))
    else:
        path.write_bytes(content)
    result = marking.mark("someone", path, SHEET, SEED)
    assert set(result.marks.values()) == {0}
    json.loads(marking.as_json(result))


def test_students_code_runs_as_nobody_and_sees_neither_files_nor_other_processes(quick):
    with sandbox.Box(["import os, sys\ndef seen():\n    return [os.getuid(), sorted(os.listdir('/')), sorted(os.environ), os.getpid()]"]) as box:
        user, files, environment, process = box.call("seen")
    assert user != 0
    assert set(files) <= {"usr", "lib", "lib64", "python", "packages", "worker.py", "dev", "tmp"}
    assert set(environment) <= {*sandbox.ENVIRONMENT, "PWD", "LC_CTYPE"}
    assert process < 10
    assert os.getuid() != 0 or user == int(sandbox.NOBODY)

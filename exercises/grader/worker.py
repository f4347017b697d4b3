"""What runs inside the sandbox: a student's cells, and calls of the functions they define.

A request a line on stdin, an answer a line on stdout, both JSON. Nothing here
is trusted by the other side: an answer is only ever compared with the right one.
The file stands alone, since the sandbox holds nothing else of the course.
"""

import ast
import json
import os
import re
import sys
from numbers import Number

import numpy as np

MEMORY, FILE = 5 << 28, 1 << 20  # bytes
WHOLE = 200  # seconds a whole submission may take, as its processor and as a clock count them
LONGEST_ANSWER = 4 << 20
MISSING = "no function of this name"
KINDS = {"b": bool, "i": int, "u": int, "f": float, "O": float}  # of an array, and as what it travels


def encode(value):
    """Numbers, text, arrays, tensors and sequences of them as JSON."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    elif hasattr(value, "__array__"):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        array = value.astype(KINDS[value.dtype.kind])
        return {"array": array.ravel().tolist(), "shape": array.shape, "kind": array.dtype.kind}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Number):  # a fraction, a decimal
        return float(value)
    raise TypeError(f"a {type(value).__name__} is no number, array or sequence of them")


def decode(value):
    """What `encode` wrote, arrays read-only."""
    if isinstance(value, dict):
        array = np.array(value["array"], dtype=KINDS[value["kind"]]).reshape(value["shape"])
        array.setflags(write=False)
        return array
    return [decode(item) for item in value] if isinstance(value, list) else value


def plain(source):
    """A cell without what only a notebook understands: lines that begin with %, ! or ?, or end with ?."""
    try:
        ast.parse(source)
    except SyntaxError:
        return "\n".join(line for line in source.split("\n") if not re.match(r"\s*[%!?]|.*\?\s*$", line))
    return source


def answer(request, names):
    """Forget all that was defined, run a cell, or call a function of the student's."""
    if "forget" in request:
        names.clear()
        names.update(__name__="__main__", display=lambda *values, **how: None)  # a notebook has one without an import
        return None
    if "cell" in request:
        exec(compile(plain(request["cell"]), "<cell>", "exec"), names)
        return None
    if request["call"] not in names:
        raise NameError(MISSING)
    given = [decode(value) for value in request["given"]]
    value = encode(names[request["call"]](*given))
    if json.dumps([encode(item) for item in given]) != json.dumps(request["given"]):
        raise ValueError("the function changes what it was given")
    return value


def limit(processes):
    """Limits that cannot be raised again; `processes` counts the sandbox's own first process."""
    import resource

    limits = {"AS": MEMORY, "CPU": WHOLE, "FSIZE": FILE, "CORE": 0, "NOFILE": 256}
    for name, most in limits.items() | ({("NPROC", processes)} if processes else set()):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def main():
    requests, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    for descriptor in (0, 1, 2):  # what a student prints goes nowhere
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    limit(int(sys.argv[1]))
    names = {}
    answer({"forget": True}, names)
    for line in requests:
        try:
            text = json.dumps({"value": answer(json.loads(line), names)})
            if len(text) > LONGEST_ANSWER:
                raise ValueError("the answer is too large")
        except BaseException as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}"[:500]})
        answers.write(text + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

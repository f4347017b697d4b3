"""Grade a folder of submissions.

    python -m exercises.grader energy_models submissions --out graded

`submissions` holds a notebook a student (`ada.ipynb`) or a folder a student
(`ada/energy_models.ipynb`). `graded` gets `grades.csv`, a page of feedback a
student in `feedback/`, `to_mark.html` with the derivations written by hand, and
`written.csv`, to be filled in by whoever marks those: run the command again and
the marks are added. What was graded is not graded again, so a run that broke
off goes on. The seed of the hidden tests is drawn on the first run and kept in
`graded/seed.txt`: keep it to yourself until the marks are out.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from . import marking, report
from .sandbox import refusal
from .sheet import TOPICS, find


def submissions(folder, topic):
    """student -> notebook: of several, the one with the sheet's name, else the newest."""
    found = {}
    for path in sorted(Path(folder).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            found.setdefault(path.relative_to(folder).parts[0].removesuffix(".ipynb"), []).append(path)
    for entry in Path(folder).iterdir():  # a folder with no notebook is a student too
        if entry.is_dir() and not entry.is_symlink():
            found.setdefault(entry.name, [entry / f"{topic}.ipynb"])
    return {student: max(paths, key=lambda path: (path.stem == topic, path.lstat().st_mtime if path.exists() else 0))
            for student, paths in sorted(found.items())}


def stored(path):
    """A result of an earlier run, or nothing."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return marking.Result(**json.loads(path.read_text(encoding="utf-8")))
    return None


def graded(student, path, sheet, seed, unsafe, results):
    """Grade and store one submission; a failure of the grader itself is a note for the instructor."""
    try:
        result = marking.mark(student, path, sheet, seed, unsafe=unsafe)
    except Exception as error:
        result = marking.Result(student, {cell.name: 0 for cell in sheet.of("test")})
        result.notes.append(f"NOT GRADED, please look: {type(error).__name__}: {error}")
    report.write(results / f"{student}.json", marking.as_json(result))
    return result


def grade(sheet, folder, out, *, seed=None, jobs=-1, unsafe=False):
    """Grade what is new in the folder, write all reports, give all results."""
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    seed = marking.seed_in(out) if seed is None else seed
    todo, done = [], {}
    for student, path in submissions(folder, sheet.topic).items():
        old = stored(results / f"{student}.json")
        if old and old.key == marking.key(path, sheet, seed):
            done[student] = old
        else:
            todo.append(delayed(graded)(student, path, sheet, seed, unsafe, results))
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")(todo)
    for result in tqdm(work, total=len(todo), desc=f"grading {sheet.topic}", disable=None):
        done[result.student] = result
    everyone = [done[student] for student in sorted(done)]
    report.all_of(sheet, everyone, out)
    return everyone


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m exercises.grader", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", help="a topic, or the path of a master")
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, help="of the hidden tests (drawn and kept in OUT if not given)")
    parser.add_argument("--jobs", type=int, default=-1, help="submissions at a time (default: one a core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler that does the work; OUT must be on a shared disk")
    parser.add_argument("--unsafe", action="store_true", help="run students' code without the sandbox")
    options = parser.parse_args(arguments)
    if options.sheet not in TOPICS and not Path(options.sheet).is_file():
        parser.error(f"{options.sheet} is neither a file nor one of {', '.join(TOPICS)}")
    if not options.submissions.is_dir():
        parser.error(f"{options.submissions} is not a folder")
    if why := refusal(options.unsafe):
        print(f"Not graded: {why}. With --unsafe students' code runs without a sandbox.", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as backend:
        if options.dask:
            from distributed import Client

            client = backend.enter_context(Client(options.dask))
            backend.enter_context(parallel_config(backend="dask", client=client))
        everyone = grade(find(options.sheet), options.submissions, options.out,
                         seed=options.seed, jobs=options.jobs, unsafe=options.unsafe)
    print(f"{len(everyone)} submissions: {options.out / 'grades.csv'}")
    for result in everyone:
        for note in result.notes:
            if note.startswith("NOT GRADED"):
                print(f"{result.student}: {note}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

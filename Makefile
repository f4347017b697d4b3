# make book   the site in _build/html          make serve  look at it on this machine
# make test   every check                      make lab    the chapters in JupyterLab
SHELL := bash
.DEFAULT_GOAL := book

TORCH := torch==2.13.0
TORCH_INDEX := https://download.pytorch.org/whl/cpu
PYTHON := $(shell for p in python3.11 python3.12 python3.13; do \
	$$p -c 'import venv, ensurepip' >/dev/null 2>&1 && { command -v $$p; break; }; done)
BIN := .venv/bin
# Compiled once for the tests: kernels start often, and the grader's sandbox cannot write what it compiles.
COMPILED := IPython ipykernel matplotlib mpmath numpy scipy sklearn sympy torch
PORT := 8000

# Stored outputs are compared strictly on the reference platform only, with
# threads and processor features fixed so that sums are rounded in one way.
REFERENCE := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 MKL_CBWR=AVX2 ATEN_CPU_CAPABILITY=avx2 OPENBLAS_NUM_THREADS=1 TQDM_DISABLE=1
NBVAL := $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),--nbval,--nbval-lax)

.PHONY: book test serve lab lock text notebooks ledger clean

book: .venv/.installed node_modules/.installed
	$(BIN)/jupyter-book build . --all -W -n --keep-going --quiet
	@echo "The site is ready: open $(CURDIR)/_build/html/index.html (or run: make serve)"

test: book .venv/.browser .venv/.compiled
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal tests
	$(REFERENCE) $(BIN)/pytest $(NBVAL) --nbval-current-env --nbval-cell-timeout 120 -n 2 --dist loadfile book --ignore=book/exercises

serve: book
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: .venv/.installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" ./postBuild > /dev/null
	$(BIN)/jupyter lab --notebook-dir book

# Chapters are edited as text in text/ (not kept in git) and stored as executed notebooks.
text: .venv/.installed
	$(BIN)/python tools/notebooks.py text

notebooks: .venv/.installed
	$(REFERENCE) $(BIN)/python tools/notebooks.py store $(PAGES)

ledger: .venv/.installed
	$(BIN)/python book/_ext/ledger.py

lock:
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links requirements.in --output-file requirements.lock
	npm install --package-lock-only

clean:
	rm -rf _build .venv node_modules

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with venv is needed (python3.11, python3.12 or python3.13 on the PATH); none was found."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/pip
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --no-deps --retries 0 --index-url "$(TORCH_INDEX)" $(TORCH)
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

node_modules/.installed: package.json package-lock.json | .venv/.installed
	$(BIN)/npm ci --loglevel=error
	touch $@

.venv/.compiled: .venv/.installed
	cd .venv/lib/python3*/site-packages && ../../../bin/python -m compileall -q -j 0 -x py312 $(COMPILED)
	touch $@

.venv/.browser: .venv/.installed
	$(BIN)/python tools/browser.py
	touch $@

# Nabla: `make run` shows the chat, `make test` runs every check. Both install what they need into .venv.
.DEFAULT_GOAL := run
.PHONY: run test test-fast install postgres lint format check bench torture lock clean

VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
SLOW := tensorflow or browser or process
# Two for each core: tests wait now and then, for a disk, a database, another process.
WORKERS := $(shell python3 -c 'import os; print(2 * len(os.sched_getaffinity(0)))' 2>/dev/null || echo 4)
# The fast tests' files lie in memory where there is room: what a disk keeps is asked of it by none of them.
MEMORY := $(shell python3 -c 'import shutil; print("/dev/shm" * (shutil.disk_usage("/dev/shm").free > 2**31))' 2>/dev/null)
ALLOWED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# TensorFlow has wheels for Python 3.11 to 3.13: take the first such Python on this machine.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	if $$python -c '$(ALLOWED)' 2>/dev/null; then echo $$python; break; fi; done)

run: install
	@$(BIN)/python -m bot run

# The fast tests on all cores first: what is plainly wrong shows soon. Then, one after the other, those that start
# TensorFlow, a browser, or the whole bot as a process.
test: lint test-fast
	$(BIN)/python -m pytest -m "$(SLOW)"

test-fast: $(VENV)/.installed-dev
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/python -m pytest -m "not ($(SLOW))" --numprocesses $(WORKERS) --dist worksteal

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot check lessons

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: install
	@$(BIN)/python -m bot check

# A quarter of an hour; a part of it: make bench ONLY=versus (names: python -m tests.bench --help).
bench: $(VENV)/.installed-dev $(BENCH)/.installed
	$(BIN)/python -m tests.bench $(foreach part,$(ONLY),--only $(part))

# Hundreds of kills in the middle of everything, a quarter of an hour at most; fails on any loss.
torture: $(VENV)/.installed-dev
	$(BIN)/python -m tests.torture

install: $(VENV)/.installed

# What several processes on one Postgres need on top.
postgres: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-postgres.lock

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Nabla needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheel beyond); none was found on the PATH." >&2; exit 1; }
	@$(PYTHON) -c '$(ALLOWED)' 2>/dev/null || { echo "Nabla needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheel beyond); $(PYTHON) is another." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing the locked versions into $(VENV) (TensorFlow is large: a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The rivals have an environment of their own, so that what they need never touches what we run on.
$(BENCH)/.installed: $(VENV)/.python requirements-bench.lock
	@$(BIN)/python -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

# Renew the lock files: exact versions and hashes for every supported Python and platform, no addresses.
lock: $(VENV)/.python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml --extra postgres --constraint requirements.lock --output-file requirements-postgres.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml --extra postgres --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--group bench --output-file requirements-bench.lock

clean:
	rm -rf $(VENV) $(BENCH) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info

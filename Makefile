# `make demo` and `make test` set everything up by themselves. PYTHON names the interpreter to build the environment with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LABGRID := .venv-labgrid

.PHONY: demo test bench labgrid lint format types check lock clean help

help: ## what can be made here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*##/  make \1 -/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "davy needs CPython 3.10 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.11 demo" >&2; exit 1; }
	@echo "setting up $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## a leak in a kitchen, from gas to a stored alarm, on the virtual board
	@$(BIN)/davy demo

bench: $(READY) ## the suite of hil_tests on a virtual bench
	@$(BIN)/davy bench run

labgrid: $(LABGRID)/.ready ## the environment for benches on labgrid: a layer over .venv

$(LABGRID)/.ready: $(READY) requirements-labgrid.lock tools/labgrid_environment.py
	@echo "setting up $(LABGRID) (once; about ten seconds)"
	@$(BIN)/python tools/labgrid_environment.py $(LABGRID)
	@touch $@

test: $(READY) ## every test, on every interpreter
	@$(BIN)/python -m pytest -n 3 host/tests

lint: $(READY) ## ruff, and the import walls
	@$(BIN)/ruff check .

format: $(READY) ## rewrite to the house format
	@$(BIN)/ruff format .

types: $(READY) ## type checks of both trees
	@$(BIN)/mypy --config-file tools/mypy-host.ini
	@$(BIN)/python tools/firmware_types.py

check: lint types ## lint, format check, type checks
	@$(BIN)/ruff format --check .

lock: ## rewrite requirements.lock (needs uv)
	uv pip compile -q --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' --group dev pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' -c requirements.lock --group labgrid -o requirements-labgrid.lock

clean: ## remove the environment and what was built
	rm -rf $(VENV) $(LABGRID) build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# make help   what there is
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
ROUNDS ?= 2000
BIN := .venv/bin
READY := .venv/.installed

.PHONY: help .venv run test check format bench torture docs lock clean

help: ## this list
	@sed -nE 's/^([.a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.venv: $(READY) ## create or refresh the environment from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "trstctl needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "this Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.lock names into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: $(READY) ## a server to try things with: https on port 8443, data in ./trstctl-data
	@exec $(BIN)/trstctl dev $(ARGS)

test: $(READY) ## all tests but the torture and the benchmark (ARGS="-k words" for some)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(READY) ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

format: $(READY) ## format the code, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## measure: throughput, latency, growth, verification, start-up, memory
	@$(BIN)/python -m tests.bench $(ARGS)

torture: $(READY) ## thousands of kill -9 under load, on each store (ROUNDS=2000, two a second); takes long
	@ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -m torture $(ARGS)

docs: $(READY) ## write the generated pages of docs/reference anew
	@for page in docs/reference/make_*.py; do test -e "$$page" || continue; echo "$$page"; $(BIN)/python "$$page"; done

lock: $(READY) ## resolve pyproject.toml anew into requirements.lock (ARGS=--upgrade for newer versions)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	  $(ARGS) --output-file requirements.lock pyproject.toml

clean: ## remove the environment and every cache, not the data
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	find domain projections adapters api cli tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

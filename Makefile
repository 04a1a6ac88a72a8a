# Everything is done by these targets; a bare `make` lists them. They need Python 3.11 or later, make
# and git: Node and Postgres come as Python packages into .venv.

VENV := .venv
PYTHON := $(VENV)/bin/python
UV := $(VENV)/bin/uv
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9

PORT ?= 8000
DATA_DIR ?= .local
T ?=
export PORT DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help install dev test test-trust check fmt lock bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## Install what the project needs into .venv and dev/node_modules

$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version) ..."; exec $$python -m venv $(VENV); \
	  fi; \
	done; echo "Lectern needs Python 3.11 or later, and finds none here." >&2; exit 1

$(UV): $(PYTHON)
	@echo "Installing uv, which installs the rest ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(STAMP): requirements-dev.txt dev/package-lock.json dev/.npmrc $(UV)
	@echo "Installing Python packages ..."
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --require-hashes -r requirements-dev.txt
	@echo "Installing npm packages ..."
	@$(PYTHON) -m dev.node npm ci --prefix dev --no-progress --loglevel error
	@touch $@

dev: $(STAMP) ## Run Lectern on this machine (PORT, DATA_DIR)
	@exec $(PYTHON) -m dev

test: $(STAMP) $(if $(T),,check) ## Check, then run the tests; T=path runs these tests alone
	$(PYTHON) -m pytest $(T)

test-trust: $(STAMP) ## Attack it, fuzz it, plant faults; SHORT=1 in 4 minutes
	$(PYTHON) -m pytest tests/trust $(if $(SHORT),--short)

check: $(STAMP) ## Check format, lint, types, import contracts and SQL
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(PYTHON) -m dev.node dev/node_modules/pyright/index.js
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint --disable-progress-bar supabase/migrations

fmt: $(STAMP) ## Format the code, and fix what can be fixed
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format

lock: $(STAMP) ## Resolve the dependencies again, with hashes
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --output-file requirements.txt pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --group dev --output-file requirements-dev.txt pyproject.toml
	$(PYTHON) -m dev.node npm install --prefix dev --package-lock-only

bench: $(STAMP) ## Measure retrieval and cold starts
	$(PYTHON) -m bench.retrieval
	$(PYTHON) -m bench.coldstart

# Everything is done by these targets; a bare `make` lists them. They need Python 3.11 or later, make
# and git: Node and Postgres come as Python packages into .venv.

VENV := .venv
PYTHON := $(VENV)/bin/python
UV := $(VENV)/bin/uv
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.bench-installed
DEPLOY_STAMP := dev/deploy/node_modules/.installed
WEB_STAMP := web/node_modules/.installed
LIGHTHOUSE_STAMP := bench/lighthouse/node_modules/.installed
WEB_SOURCES = $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*')
# Node with web/ as its directory; the machine needs none of its own.
WEB_NODE = cd web && PYTHONPATH=.. ../$(PYTHON) -m dev.node
WEB_TYPES = $(PYTHON) -m dev.openapi > web/node_modules/.openapi.json && $(WEB_NODE) \
  node_modules/openapi-typescript/bin/cli.js node_modules/.openapi.json --output src/schema.ts \
  --root-types --root-types-no-schema-prefix
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate
UV_VERSION := 0.13.9

PORT ?= 8000
DATA_DIR ?= .local
T ?=
B ?=
BENCH_RESULTS := .build/bench
# The page comes last of all that is measured: whether there is a browser is seen to first.
BENCH_BROWSER = $(if $(or $(if $(B),,all),$(filter page,$(B))),$(PYTHON) -m dev.browser)
TRUST = $(PYTHON) -m pytest --show-capture=no tests/trust tests/e2e/test_hostile_answers.py
# The whole form comes in two parts: what mostly waits, side by side, then what measures, alone.
TRUST_LEDGER := .build/trust.json
export PORT DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help install deploy-tools dev web web-types doctor test test-e2e test-deploy test-trust check fmt lock bench bench-check

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## Install what the project needs into .venv and dev/node_modules

deploy-tools: $(DEPLOY_STAMP) ## Install the tools of Vercel, AWS and Supabase besides

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
	@# The reader of a file writes nothing, also no bytecode: it would compile this for every file.
	@$(PYTHON) -m compileall -q $(VENV)/lib/python3.*/site-packages/pypdfium2*
	@echo "Installing npm packages ..."
	@$(PYTHON) -m dev.node npm ci --prefix dev --no-progress --loglevel error
	@touch $@

$(WEB_STAMP): web/package-lock.json web/.npmrc $(STAMP)
	@echo "Installing npm packages of the page ..."
	@$(PYTHON) -m dev.node npm ci --prefix web --no-progress --loglevel error
	@touch $@

$(DEPLOY_STAMP): requirements-deploy.txt dev/deploy/package-lock.json dev/deploy/.npmrc $(STAMP)
	@echo "Installing the platforms' own tools ..."
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --require-hashes -r requirements-deploy.txt
	@$(PYTHON) -m dev.node npm ci --prefix dev/deploy --no-progress --loglevel error
	@touch $@

$(LIGHTHOUSE_STAMP): bench/lighthouse/package-lock.json bench/lighthouse/.npmrc $(STAMP)
	@echo "Installing Lighthouse ..."
	@$(PYTHON) -m dev.node npm ci --prefix bench/lighthouse --no-progress --loglevel error
	@touch $@

# The page for the local stack: which storage it may reach is said when it is served.
web/dist/index.html: $(WEB_STAMP) $(WEB_SOURCES)
	@$(WEB_NODE) node_modules/vite/bin/vite.js build --logLevel warn

dev: $(STAMP) web/dist/index.html ## Run Lectern on this machine (PORT, DATA_DIR)
	@exec $(PYTHON) -m dev

web: web-types ## Build the page; SUPABASE_URL=… pins the storage it may reach
	$(WEB_NODE) node_modules/vite/bin/vite.js build

web-types: $(WEB_STAMP) ## Write the types of the page from the OpenAPI documents
	$(WEB_TYPES)

doctor: $(STAMP) ## Check every setting against the live services (ARGS=--url=https://...)
	@$(PYTHON) -m dev.doctor $(ARGS)

test: $(STAMP) $(if $(T),,check) ## Check, then run the tests; T=path runs these tests alone
	$(PYTHON) -m pytest $(or $(T),--numprocesses=auto --dist=loadfile)

test-e2e: $(STAMP) web/dist/index.html ## Test the page in Chromium, which is installed if there is none
	$(PYTHON) -m dev.browser
	$(PYTHON) -m pytest --show-capture=no --numprocesses=auto --dist=worksteal tests/e2e

test-trust: $(STAMP) web/dist/index.html ## Attack it, fuzz it, plant faults; SHORT=1 in 4 minutes
	$(PYTHON) -m dev.browser
ifdef SHORT
	$(TRUST) --short --numprocesses=3 --dist=worksteal
else
	@rm -f $(TRUST_LEDGER)
	failed=0; $(TRUST) --ledger=$(TRUST_LEDGER) -m 'not alone' --numprocesses=4 --dist=worksteal || failed=1; \
	$(TRUST) --ledger=$(TRUST_LEDGER) -m alone || failed=1; exit $$failed
endif

test-deploy: $(STAMP) $(DEPLOY_STAMP) web/dist/index.html ## Build for Vercel and AWS, run what was built; T=path
	@$(PYTHON) -m dev.browser
	$(PYTHON) -m pytest $(or $(T),tests/deploy)

check: $(STAMP) $(WEB_STAMP) ## Check format, lint, types, import contracts, secrets, SQL and the page
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(PYTHON) -m dev.node dev/node_modules/pyright/index.js
	$(VENV)/bin/lint-imports
	$(VENV)/bin/bandit --configfile pyproject.toml --quiet --recursive functions lib
	$(VENV)/bin/bandit --configfile pyproject.toml --quiet --recursive -ll bench dev
	$(PYTHON) -m dev.secret_scan
	$(VENV)/bin/sqlfluff lint --disable-progress-bar supabase/migrations
	$(WEB_NODE) node_modules/@biomejs/biome/bin/biome ci .
	$(WEB_TYPES) --check
	$(WEB_NODE) node_modules/typescript/bin/tsc --project .
	$(WEB_NODE) node_modules/typescript/bin/tsc --project worker

fmt: $(STAMP) $(WEB_STAMP) ## Format the code, and fix what can be fixed
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format
	$(WEB_NODE) node_modules/@biomejs/biome/bin/biome check --write .

lock: $(STAMP) ## Resolve the dependencies again, with hashes
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --output-file requirements-dev.txt --group dev pyproject.toml
	$(COMPILE) --output-file requirements-deploy.txt --group dev --group deploy pyproject.toml
	$(COMPILE) --output-file requirements-telemetry.txt --group telemetry --constraint requirements-dev.txt pyproject.toml
	$(COMPILE) --output-file requirements-bench.txt --group bench --constraint requirements-dev.txt
	$(PYTHON) -m dev.node npm install --prefix dev --package-lock-only
	$(PYTHON) -m dev.node npm install --prefix dev/deploy --package-lock-only
	$(PYTHON) -m dev.node npm install --prefix web --package-lock-only
	$(PYTHON) -m dev.node npm install --prefix bench/lighthouse --package-lock-only
	$(PYTHON) -m dev.lockfiles dev dev/deploy web bench/lighthouse

$(BENCH_STAMP): requirements-bench.txt $(STAMP)
	@echo "Installing what draws the pictures ..."
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --require-hashes -r requirements-bench.txt
	@touch $@

bench: $(BENCH_STAMP) $(DEPLOY_STAMP) $(LIGHTHOUSE_STAMP) web/dist/index.html ## Measure, print the tables, draw docs/bench; B=coldstart measures that alone, SHORT=1 not for hours
	@$(BENCH_BROWSER)
	@$(PYTHON) -m bench $(B) $(if $(SHORT),--short)

bench-check: $(BENCH_STAMP) $(DEPLOY_STAMP) $(LIGHTHOUSE_STAMP) web/dist/index.html ## Measure, and say what worsened (bench/baseline.json); RECORD=1 keeps it
	@$(BENCH_BROWSER)
	@rm -rf $(BENCH_RESULTS)
	@failed=0; export BENCH_RESULTS=$(BENCH_RESULTS); \
	$(if $(RECORD),,BENCH_PICTURES=$(BENCH_RESULTS)) $(PYTHON) -m bench $(B) $(if $(SHORT),--short) || failed=1; \
	$(PYTHON) -m bench.check $(if $(RECORD),--record $(if $(B)$(SHORT),,$$([ $$failed = 1 ] || echo --whole))) || failed=1; exit $$failed

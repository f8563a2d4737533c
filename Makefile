# Everything that development needs. `make` lists the targets; each sets up what it uses.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DJANGO_VENV := .venv-django
STAMP := $(VENV)/.installed
DJANGO_STAMP := $(DJANGO_VENV)/.installed
HOST ?= 127.0.0.1
PORT ?= 8000
AREAS ?=

.PHONY: fuzz help setup test demo lint format bench conformance conformance-check conformance-servers clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12) and "Nuages needs Python 3.12 or later; say make PYTHON=/path/to/python")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# The real Django, apart from everything: some tests compare the two engines.
$(DJANGO_STAMP): conformance/requirements.txt
	@echo "Setting up $(DJANGO_VENV), for comparisons with Django itself"
	@test -x $(DJANGO_VENV)/bin/python || $(PYTHON) -m venv $(DJANGO_VENV)
	@$(DJANGO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt Django==6.1.3 Jinja2 uvicorn pytest-asyncio pytest-django
	@touch $@

setup: $(STAMP)  ## make the virtual environment

test: $(STAMP) $(DJANGO_STAMP)  ## run the test suite
	@echo "Running the tests"
	@NUAGES_TEST_DJANGO=$(CURDIR)/$(DJANGO_VENV)/bin/python $(BIN)/python -m pytest

fuzz: $(STAMP)  ## the fuzzers for a while: make fuzz SECONDS_IN_ALL=1200
	@NUAGES_FUZZ_SECONDS=$(or $(SECONDS_IN_ALL),600) $(BIN)/python -m pytest tests/fuzz

demo: $(STAMP)  ## migrate, fill and serve the demo site
	@echo "Preparing the demo (examples/hotclub)"
	@cd examples/hotclub && $(CURDIR)/$(BIN)/nuages run python manage.py migrate --verbosity 0
	@cd examples/hotclub && $(CURDIR)/$(BIN)/nuages run python manage.py seed
	@echo "The hot club is open: http://$(HOST):$(PORT)/ (stop with Ctrl-C)"
	@cd examples/hotclub && exec $(CURDIR)/$(BIN)/nuages run python manage.py runserver $(HOST):$(PORT) --noreload

lint: $(STAMP)  ## ruff, mypy and the floors (import-linter)
	@echo "Linting"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=src:. $(BIN)/lint-imports --no-cache

format: $(STAMP)  ## let ruff put the code in order
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: $(STAMP) $(DJANGO_STAMP)  ## the benchmarks, beside Django and the practical limits
	@echo "Benchmarks: CPU time, ratios, best of several rounds"
	@NUAGES_BENCH_DJANGO=$(CURDIR)/$(DJANGO_VENV)/bin/python $(BIN)/python -m benchmarks

conformance: $(STAMP)  ## Django's own tests: make conformance AREAS="basic lookup" DB=mariadb
	@$(BIN)/python conformance/check.py --db $(or $(DB),sqlite) $(AREAS)

conformance-check: $(STAMP)  ## the areas that are reached must stay so
	@$(BIN)/python conformance/check.py --reached

conformance-servers: $(STAMP)  ## a handful of them, on PostgreSQL and MariaDB
	@$(BIN)/python conformance/check.py --reached --db postgres
	@$(BIN)/python conformance/check.py --reached --db mariadb

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(DJANGO_VENV) .cache .mypy_cache .ruff_cache .pytest_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

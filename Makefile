# make run        serve everything on http://127.0.0.1:8000 (PORT=8000 DATA_DIR=var)
# make test       the test suite (ARGS="tests/chat -k resume")
# make lint       style, types, import rules, templates, migrations, texts, lengths of files
# make bench      speed against a floor measured in the same run
# make chaos      kill and restart real processes under traffic (CHAOS_ROUNDS=100)
#
# Needs only: make python3 python3-venv. The rest comes from uv.lock.

PYTHON := .venv/bin/python
UV_VERSION := 0.13.9
# A uv on the PATH counts only if it runs: version managers leave shims that don't.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
LOCK := uv.lock pyproject.toml .python-version
export UV_PROJECT_ENVIRONMENT := .venv
# Without byte code every start would compile for seconds.
unexport VIRTUAL_ENV DJANGO_SETTINGS_MODULE PYTHONDONTWRITEBYTECODE

.PHONY: run test lint types style bench chaos
.DEFAULT_GOAL := run

run: .venv/.installed
	@$(PYTHON) manage.py serve

test: .venv/.installed-dev
	$(PYTHON) -m pytest -n auto -m "not servers" $(ARGS)

# Types take as long as all the rest: with -j2 both go at once.
lint: style types

types: .venv/.installed-dev
	$(PYTHON) -m mypy

style: .venv/.installed-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/djade --check $$(find templates -name "*.html")
	$(PYTHON) manage.py makemigrations --check --dry-run
	PYTHONPATH=. $(PYTHON) .ci/texts.py
	$(PYTHON) .ci/lengths.py

bench: .venv/.installed-dev
	$(PYTHON) -m benchmarks $(ARGS)

chaos: export CHAOS_ROUNDS ?= 100
chaos: .venv/.installed-dev
	$(PYTHON) -m pytest tests/faults $(ARGS)

# Two stamps, so that a first `make run` doesn't wait for browsers' drivers and linters, and
# neither run does anything when the lock hasn't changed. --inexact keeps the other's packages.
.venv/.installed: $(LOCK) | $(filter .tools/%,$(UV))
	$(UV) sync --frozen --quiet --inexact --no-dev
	@touch $@

.venv/.installed-dev: $(LOCK) | $(filter .tools/%,$(UV))
	$(UV) sync --frozen --quiet
	@touch $@ .venv/.installed

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

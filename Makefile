# make demo, make test: they bring everything they need. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
# An account without a home of its own keeps the package cache in the clone.
export UV_CACHE_DIR := $(shell if [ -n "$$UV_CACHE_DIR" ]; then echo "$$UV_CACHE_DIR"; elif [ -w "$$HOME" ]; then echo "$$HOME/.cache/uv"; else echo "$(CURDIR)/var/uv-cache"; fi)
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Certificates of the machine: a laboratory's network may end TLS with one of its own.
export UV_SYSTEM_CERTS = 1

.PHONY: help demo test test-browser screenshots browser services environment lint types contracts reference bench requirements clean
help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: environment ## the whole trial with nine synthetic subjects; ONCE=1 does not serve
	@$(BIN)/python manage.py demo $(if $(ONCE),--once)

test: environment ## all tests, against real PostgreSQL and a real broker
	@$(BIN)/python -m pytest -q -n 2

test-browser: browser ## the desk as a coordinator uses it, in Chromium
	@$(BIN)/python -m pytest -q -n 2 tests/browser

screenshots: browser ## draw the pictures of docs/images again
	@TRIALSITE_PICTURES=docs/images $(BIN)/python -m pytest -q -n 0 tests/browser/test_pictures.py

services: environment ## private PostgreSQL and broker, until Ctrl-C
	@$(BIN)/python manage.py services

environment: .venv/complete

# Without --upgrade pip: uv installs, pip only brings uv.
.venv/complete: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11, 3.12 or 3.13 is needed; PYTHON=... names one." if not (3, 11) <= sys.version_info < (3, 14) else 0)'
	@echo "Making the environment in .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --no-cache-dir uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-python-downloads --require-hashes -r requirements-dev.txt
	@touch $@

browser: environment .venv/browser-complete

.venv/browser-complete: requirements-browser.txt
	@command -v chromium > /dev/null || test -n "$$TRIALSITE_CHROMIUM" || { echo "Chromium is needed: apt-get install chromium, or TRIALSITE_CHROMIUM names the program."; exit 1; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-python-downloads --require-hashes -r requirements-browser.txt
	@touch $@

lint: environment ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: environment ## mypy
	@DATABASE_URL=postgresql://types@127.0.0.1:1/types $(BIN)/mypy

contracts: environment ## who may import whom
	@$(BIN)/lint-imports

reference: environment ## write the generated pages of docs/reference again
	@$(BIN)/python -m trialsite.reference

bench: environment ## speed beside its limit
	@$(BIN)/python -m bench

requirements: environment ## compile the pinned requirements anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.txt --custom-compile-command "make requirements"
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev --extra devservices pyproject.toml -o requirements-dev.txt --custom-compile-command "make requirements"
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group browser --constraint requirements-dev.txt -o requirements-browser.txt --custom-compile-command "make requirements"

clean: ## remove environment, data of the demo, output
	rm -rf .venv var out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

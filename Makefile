# Two commands do all there is to do on a fresh machine with Python 3.11+ and make:
#   make demo    fit a real data set, show the leaderboard, predict
#   make test    lint, types, spelling and the default tests
# Another Python: make test PYTHON=/path/to/python3.13

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
READY := .venv/.ready

# The first of these that runs, is 3.11 or newer, and can make virtual environments.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
FIT_FOR_USE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

CODE := src tests examples benchmarks
WORDS := $(CODE) docs README.md CONTRIBUTING.md CHANGELOG.md
JOBS ?= 2

# Bytecode is kept: else each of the hundreds of processes of the tests compiles the package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-long test-slow lint types spelling format bench bench-tabular docs clean

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

demo: $(READY)  ## fit a real data set, show the leaderboard, predict
	$(PY) -m modelwright demo

test: lint types spelling  ## lint, types, spelling and the default tests
	$(PY) -m compileall -q -j $(JOBS) src
	$(PY) -m pytest -q -n $(JOBS)

test-long: $(READY)  ## the guide, the examples and other tests of half a second and more
	$(PY) -m pytest -q -n $(JOBS) -m "long and not slow"

test-slow: lint types spelling  ## the same, with kill and fuzz runs and new random examples
	$(PY) -m pytest -q -n $(JOBS) -m "" --hypothesis-profile=search

lint: $(READY)
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)

types: $(READY)
	$(PY) -m mypy

spelling: $(READY)
	$(PY) -m codespell_lib $(WORDS)

format: $(READY)  ## format the code, fix what can be fixed
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

bench: $(READY)  ## run every benchmark (about an hour); results in benchmarks/results/
	$(PY) benchmarks/startup.py
	$(PY) benchmarks/reading.py
	$(PY) benchmarks/ingest.py
	$(PY) benchmarks/repeat.py
	$(PY) benchmarks/kill.py
	$(PY) benchmarks/fit50.py
	$(PY) benchmarks/trust/bias_variance.py
	$(PY) benchmarks/explore/profiles.py million --peers
	$(PY) benchmarks/explore/profiles.py large
	$(PY) benchmarks/explore/profiles.py wide

bench-tabular: $(READY)  ## 15 fixed tables, a minute each, beside what was measured of others (13 minutes)
	$(PY) benchmarks/tabular.py --subset --systems modelwright --again --limit 15

docs: $(READY)  ## build the documentation into site/
	$(PY) -m mkdocs build --quiet --strict --clean

clean:  ## remove what these commands made
	rm -rf .venv site demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment, made anew when what it is made of changes.
$(READY): pyproject.toml constraints.txt
	@python=; \
	for candidate in $(CANDIDATES); do \
		if "$$candidate" -c "$(FIT_FOR_USE)" >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "expected Python 3.11 or newer with venv; tried: $(CANDIDATES);" \
			"install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
		exit 2; \
	fi; \
	[ -x $(PY) ] || "$$python" -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e ".[dev]"
	@touch $(READY)

# Every task sets up what it needs, once, in .venv. All it asks for is Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEV := $(VENV)/.stamp-dev
# The browser that the tests of the studio drive.
CHROMIUM := $(VENV)/.stamp-chromium
# The demo needs torch and little else; an environment for developers has that too.
DEMO := $(if $(wildcard $(DEV)),$(DEV),$(VENV)/.stamp-demo)
# Two workers, one thread each: the machine we measure on has two cores. Each takes whole files, for
# what the tests of a file share is then made once, and takes over tests of the other at the end.
WORKERS := -n 2 --dist worksteal
# In CI the order of the tests is the same every time; elsewhere it is shuffled, and pytest prints
# the seed.
pytest = OMP_NUM_THREADS=1 $(1)/bin/pytest $(if $(CI),--randomly-seed=1)
PYTEST := $(call pytest,$(VENV))
# How often: make fuzz RUNS=..., make test-random RUNS=...
fuzz: RUNS ?= 1000000
fuzz: SECONDS ?= 0
test-random test-busy: RUNS ?= 10
# What `make mutants` judges, and how: see tests/mutants/scripts/mutate.py.
MUTATE ?= core drive
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help demo test test-fast test-long reliability coverage test-random test-busy golden fuzz mutants test-minimum \
	test-matrix test-trainers lint types wheel changes release bench docs clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO) ## train a small network with and without warm-up, and write a report
	$(BIN)/gradatim race digits --out demo

test: lint types wheel $(CHROMIUM) ## everything that CI checks on the latest versions
	$(PYTEST) $(WORKERS)

test-fast: $(DEV) ## the core and the rules of the house, in seconds
	$(PYTEST) tests/core tests/test_house.py src/gradatim/core

test-long: $(DEV) $(CHROMIUM) ## the searches that take minutes, with their counts
	$(PYTEST) $(WORKERS) -m long --hypothesis-profile=long --hypothesis-show-statistics

test-random: $(DEV) $(CHROMIUM) ## the whole suite in a random order, ten times (RUNS=...)
	$(BIN)/python tests/repeat/run_suite.py $(RUNS)

test-busy: $(DEV) $(CHROMIUM) ## the same while two busy loops per core run beside it
	$(BIN)/python tests/repeat/run_suite.py $(RUNS) --busy

reliability: $(DEV) ## measure the rows of docs/reliability.md that are not (ROWS="R3 R7" SHARE=0.1)
	$(BIN)/python -m tests.reliability $(ROWS)

coverage: $(DEV) ## the branches of the core that its tests reach
	$(BIN)/coverage run -m pytest -q tests/core tests/drive tests/findings tests/look tests/release src/gradatim/core
	$(BIN)/coverage report --show-missing --skip-covered

golden: $(DEV) ## read what version 0.1 writes, run from git, and compare bit for bit
	$(PYTEST) -m long -s tests/golden

fuzz: $(VENV)-fuzz/.stamp ## let Atheris search for a plan file that breaks a reader (RUNS=..., SECONDS=...)
	PYTHONPATH=src $(VENV)-fuzz/bin/python tests/plans/scripts/fuzz.py $(VENV)-fuzz/corpus \
		-runs=$(RUNS) -max_total_time=$(SECONDS) -max_len=2000 -artifact_prefix=$(VENV)-fuzz/ -print_final_stats=1

mutants: $(VENV)-mutants/.stamp-test-torch ## change the code, line by line, and count what the tests detect (MUTATE=...)
	PYTHONHASHSEED=0 OMP_NUM_THREADS=1 $(VENV)-mutants/bin/python tests/mutants/scripts/mutate.py $(MUTATE)

test-minimum: $(VENV)-minimum/.stamp-test-torch ## core, driver and torch on the oldest versions we promise
	@$(VENV)-minimum/bin/python -VV
	@$(VENV)-minimum/bin/python -m pip list --format freeze | grep -E '^(torch|numpy|jax|transformers)=='
	$(call pytest,$(VENV)-minimum) $(WORKERS) @tests/parts/old_warnings.txt @tests/parts/torch.txt

test-matrix: ## the suite on other versions, a table of them: constraints/matrix.toml (ROWS='"torch 2.9.1"')
	$(PYTHON) tests/release/matrix.py $(ROWS)

test-trainers: $(VENV)-trainers/.stamp-test-trainers ## train with the trainers that are not in .venv
	$(call pytest,$(VENV)-trainers) $(WORKERS) -m trainers tests/trainers/test_trainers.py

lint: $(DEV) ## rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV) ## mypy, strict
	$(BIN)/mypy

wheel: $(DEV) ## build the wheel and try it where nothing else is installed
	$(BIN)/python tests/wheel/check_wheel.py

changes: $(DEV) ## what the files in changes/ will look like in CHANGELOG.md
	$(BIN)/towncrier build --draft --name gradatim --version NEXT

release: $(DEV) ## build, check and try the files of a release, and stop before the upload
	$(BIN)/python -m tests.release.release

bench: $(DEV) ## measure against the peers
	@set -e; for file in $(sort $(wildcard benchmarks/*.py)); do \
		echo "== $$file"; $(BIN)/python $$file; \
	done

docs: $(DEV) ## build the site, strictly
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean: ## remove everything that the other tasks made
	rm -rf $(VENV) $(VENV)-minimum $(VENV)-fuzz $(VENV)-mutants $(VENV)-trainers mutants build dist demo site .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# $(call install,constraints.txt,extra,more,packages) makes the environment that the stamp lies in. The stamp
# is touched last, so an interrupted install is done again; one without pip is made anew.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Gradatim needs Python 3.11 or newer. Name one: make PYTHON=python3.12 ...")'
	@echo "Setting up $(@D) for '$(2)', once. This takes some minutes."
	@$(@D)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check -c $(1) -e '.[$(2)]' $(4)
	$(3)
	@touch $@
endef

NO_DEPS = @$(@D)/bin/python -m pip install -qq --disable-pip-version-check --no-deps -r constraints/no-deps.txt

$(VENV)/.stamp-dev: pyproject.toml constraints/latest.txt constraints/no-deps.txt
	$(call install,constraints/latest.txt,dev,$(NO_DEPS))

# Any Chromium of the system will do; where there is none, Debian's is installed.
$(CHROMIUM): $(DEV)
	@command -v chromium >/dev/null || { \
		echo "Installing Chromium, once."; \
		$(AS_ROOT) apt-get update -qq && \
		$(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium >/dev/null; }
	@touch $@

$(VENV)/.stamp-demo: pyproject.toml constraints/latest.txt
	$(call install,constraints/latest.txt,race)

# Atheris has wheels for Linux and some versions of Python; nothing else here needs it.
$(VENV)-fuzz/.stamp: constraints/latest.txt
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check -c constraints/latest.txt atheris==3.0.0 PyYAML
	@touch $@

# pip takes one version of each package: that of minimum.txt, trainers.txt or mutants.txt, and of latest.txt what
# the other does not name.
build/%.txt: constraints/%.txt constraints/latest.txt
	@mkdir -p $(@D)
	@awk -F== 'NR == FNR { oldest[$$1] } NR == FNR || !($$1 in oldest)' $^ >$@

$(VENV)-minimum/.stamp-test-torch: pyproject.toml build/minimum.txt constraints/no-deps.txt
	$(call install,build/minimum.txt,test-torch,$(NO_DEPS))

$(VENV)-mutants/.stamp-test-torch: pyproject.toml build/mutants.txt constraints/no-deps.txt
	$(call install,build/mutants.txt,test-torch,$(NO_DEPS),mutmut jsonschema lightning)

$(VENV)-trainers/.stamp-test-trainers: pyproject.toml build/trainers.txt
	$(call install,build/trainers.txt,test-trainers)

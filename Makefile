# Everything a developer does here. `make` lists the targets.
# A fresh machine needs Python >= 3.11 with venv and pip, and make; the rest is fetched into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/.armdbt-run
DEV    := $(BIN)/.armdbt-dev
CODE   := armdbt dbt frontends backends tests benchmarks docs

ARCHITECTURE ?= armel
COUNT  ?= 200000
SEED   ?= 1
SHARE  ?= 10
RUNS   ?= 20
MUTANTS ?= 2000
SECONDS ?= 600
SEEDS  ?= 100

# Tests run on every core; PYTEST_ARGS="-n 0" for a debugger.
PYTEST := $(BIN)/python -m pytest -q -n auto --dist worksteal

.DEFAULT_GOAL := help

help:           ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# -- The environment, made once ------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "armdbt needs Python 3.11 or newer; set PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# pip learned --group in 25.1; older ones get the same lists as a file.
$(DEV): $(RUN)
	@$(BIN)/python -c 'import tomllib; \
	    groups = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]; \
	    print("\n".join(groups["test"] + groups["lint"] + groups["docs"]))' > $(VENV)/groups.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -r $(VENV)/groups.txt
	@touch $@

setup: $(DEV)   ## make the virtual environment with everything for development

# -- Running -------------------------------------------------------------------------------------

demo: $(RUN)    ## run the bundled ARM program, intercepted, chained and unchained
	$(BIN)/armdbt demo

# -- Checking ------------------------------------------------------------------------------------

test: lint types imports tests  ## all checks: what CI runs

check: test     ## the same

lint: $(DEV)    ## style: ruff
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(DEV)   ## mypy --strict
	$(BIN)/mypy

imports: $(DEV) ## who may import whom
	$(BIN)/lint-imports

tests: $(DEV)   ## pytest; what needs Debian's tools skips when they are missing
	$(PYTEST) $(PYTEST_ARGS)

format: $(DEV)  ## rewrite the code as lint wants it
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

syscalls: $(DEV) ## make the list of system calls in docs/syscalls.md anew
	PYTHONPATH=tests $(BIN)/python -m support.syscall_page

# -- Documentation -------------------------------------------------------------------------------

site: $(DEV)    ## make the documentation as a site into build/site; a warning is an error
	$(BIN)/python -m sphinx -q -E -W --keep-going -c docs -b html . build/site
	@echo "build/site/index.html"

# -- Longer checks -------------------------------------------------------------------------------

root:           ## unpack Debian's programs into .cache/debian-ARCHITECTURE, armel or armhf (apt-get, dpkg-deb)
	$(PYTHON) tests/support/debian_root.py --architecture $(ARCHITECTURE)

wheels: $(DEV)  ## fetch programs in Go and Rust for armhf, which PyPI has, into .cache/armhf-wheels
	$(BIN)/python tests/support/wheel_programs.py

oracles: $(DEV) root wheels ## every comparison with qemu-arm, nothing skipped
	ARMDBT_REQUIRE_ORACLES=1 ARMDBT_FULL=1 $(PYTEST) tests/differential $(PYTEST_ARGS)

fuzz: $(DEV)    ## COUNT random instructions of each state against the oracles; OUT=DIR keeps the figures as JSON
	PYTHONPATH=tests $(BIN)/python -m support.stencil_trials --count $(COUNT) --seed $(SEED) \
	    $(if $(OUT),--json $(OUT)/stencils.json) $(if $(RESUME),--resume)
	PYTHONPATH=tests $(BIN)/python -m support.arm_fuzz --count $(COUNT) --seed $(SEED) \
	    --share $(SHARE) $(if $(OUT),--json $(OUT)/instructions.json) $(if $(RESUME),--resume)
	PYTHONPATH=tests $(BIN)/python -m support.vfp_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit
	PYTHONPATH=tests $(BIN)/python -m support.vfp_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit --thumb
	PYTHONPATH=tests $(BIN)/python -m support.neon_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit
	PYTHONPATH=tests $(BIN)/python -m support.neon_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit --thumb
	PYTHONPATH=tests $(BIN)/python -m support.v8_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit
	PYTHONPATH=tests $(BIN)/python -m support.v8_fuzz --count $(COUNT) --seed $(SEED) \
	    --setting copied --setting quick --setting unit --thumb

million: $(DEV) ## 1,000,000 instructions of each state, all of them in every setting; OUT=DIR RESUME=1 goes on with an interrupted run
	$(MAKE) fuzz COUNT=1000000 SHARE=1

full: $(DEV) root wheels ## every test in every mode: for nights, and before a release
	ARMDBT_REQUIRE_ORACLES=1 ARMDBT_FULL=1 $(PYTEST) $(PYTEST_ARGS)

settings: $(DEV) ## guest programs in all settings for SECONDS: tier, unit, memory checks, library
	PYTHONPATH=tests $(BIN)/python -m support.settings --seconds $(SECONDS) --seed $(SEED) \
	    $(if $(OUT),--json $(OUT)/settings.json)

threads: $(DEV) ## the programs with threads with SEEDS seeds, from SEED on: the same results in every tier
	PYTHONPATH=tests $(BIN)/python -m support.thread_campaign --seeds $(SEEDS) --first $(SEED)

soak: $(DEV)    ## unit and integration tests RUNS times, in part in a full address space
	PYTHONPATH=tests $(BIN)/python -m support.soak --runs $(RUNS)

mutate: $(DEV)  ## MUTANTS damaged ELF files: no traceback, no hang, no crash
	PYTHONPATH=tests $(BIN)/python -m support.elf_mutation --count $(MUTANTS) --seed $(SEED)

attack: $(DEV)  ## attack the sandbox and the host for SECONDS: 0 findings, or what to repeat
	PYTHONPATH=tests $(BIN)/python -m support.attack --seconds $(SECONDS) --seed $(SEED) $(KINDS)

bench: $(DEV)   ## all benchmarks; BENCH_ARGS=--short for one quick round
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

experiments: $(DEV) ## make docs/experiments anew, 2 h; ONLY="chaining-fib …", OUT=DIR
	$(BIN)/python -m benchmarks.experiments $(if $(OUT),--out $(OUT)) $(EXPERIMENTS_ARGS) $(ONLY)

speed: $(DEV)   ## small and Debian programs against qemu-arm, 1 h; SPEED_ARGS=--short, one round
	$(BIN)/python -m benchmarks.experiments $(if $(OUT),--out $(OUT)) $(SPEED_ARGS) speed-all

growth: $(DEV)   ## time and memory against code, denied targets, hooks; GROWTH_ARGS=--short
	$(BIN)/python -m benchmarks.experiments $(if $(OUT),--out $(OUT)) $(GROWTH_ARGS) growth-all

second-run: $(DEV) ## the experiments once more, and whether they differ by more than noise
	$(BIN)/python -m benchmarks.experiments --again $(EXPERIMENTS_ARGS) $(ONLY)

guests:         ## rebuild the small ELF files (gcc-arm-linux-gnueabi)
	$(MAKE) -C tests/guests

clean:          ## remove what was made, the environment included
	rm -rf $(VENV) build .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help setup syscalls demo test check lint types imports tests format site root wheels oracles full threads soak fuzz million settings mutate attack bench speed growth experiments second-run guests clean

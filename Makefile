# `make demo` and `make test` are all that a newcomer needs: each sets everything up by itself.

PYTHON ?=
DEV := .venv/.ready
BENCH := .venv-bench/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench faults scale lock setup clean

help:
	@echo 'make demo    the application of the forum thread, in your browser   (ARGS="--port 9000")'
	@echo 'make test    all checks, all tests, coverage'
	@echo 'make check   format, lint, strict types, floors'
	@echo 'make format  let ruff mend what it can'
	@echo 'make bench   what a request costs, beside the bare app and other libraries'
	@echo 'make faults  harm the stores while they are used, and check what was promised   (ARGS="--quick")'
	@echo 'make scale   bytes and costs of a thousand to a million sessions'
	@echo 'make lock    pin the development requirements again   (ARGS="--upgrade")'
	@echo 'make setup   only make .venv'
	@echo 'make clean   remove everything that the others made'

demo: setup
	.venv/bin/guardhouse demo $(ARGS)

test: setup
	sh scripts/test $(ARGS)

check: setup
	sh scripts/check

format: setup
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .

faults: setup
	.venv/bin/python -m benchmarks.faults $(ARGS)

scale: setup
	.venv/bin/python -m benchmarks.scale $(ARGS)

bench: $(BENCH)
	.venv-bench/bin/python -m benchmarks $(ARGS)

lock: setup
	.venv/bin/python scripts/lock $(ARGS)

setup: $(DEV)

# The stamps are older than what they were made from exactly when something has to be installed again.
$(DEV): pyproject.toml requirements/dev.txt scripts/setup
	@PYTHON='$(PYTHON)' sh scripts/setup .venv requirements/dev.txt
	@touch $@

# A second environment, so that the tests never see the libraries that the benchmarks compare with.
$(BENCH): pyproject.toml requirements/bench.txt scripts/setup
	@PYTHON='$(PYTHON)' sh scripts/setup .venv-bench requirements/bench.txt
	@touch $@

clean:
	rm -rf .venv .venv-bench build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

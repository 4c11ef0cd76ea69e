# The project's commands. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo proof generated test test-long test-server bench format check clean

# What `make demo` passes to `cst demo`.
DEMO_OPTIONS ?= --out demo-out
# Tests are built in release (a model at -O0 takes minutes a test) and in a folder of their own: sharing one with the
# tool's build would compile everything again on each change between them. CONFIGURATION=debug checks more and is slow.
CONFIGURATION ?= release
TEST_BUILD := .build-tests
TEST_FLAGS := --configuration $(CONFIGURATION) --scratch-path $(TEST_BUILD) -Xswiftc -enable-testing
# Passed to `swift test`, e.g. make test TEST_OPTIONS='--filter Tokenizer'
TEST_OPTIONS ?=
# What `make bench` passes to Benchmarks/bench, and rows (system, prompt, chosen, rejected) for it to train on.
BENCH_DATA ?=
BENCH_OPTIONS ?=

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install missing system packages and fetch the model (both only once)
	@Scripts/setup
	@Scripts/fetch-model

demo: setup ## train the example's safety switch and show it: about three quarters of an hour
	swift build --configuration release --product cst
	.build/release/cst demo $(DEMO_OPTIONS)

proof: setup ## measure base, vanilla and the switch under every condition on rows that nobody tuned on: about an hour
	@Scripts/fetch-capability
	swift build --configuration release --product cst
	@test -f demo-out/cst/adapter_config.json && test -f demo-out/vanilla/adapter_config.json || \
	  .build/release/cst demo --out demo-out --compare
	.build/release/cst eval --model .cache/models/SmolLM2-135M-Instruct.Q4_1.gguf --adapter demo-out/cst \
	  --beside base demo-out/vanilla --policy Examples/advice/policy.json --data Examples/advice/proof.jsonl \
	  --conditions all --max-tokens 48 --html demo-out/proof.html --capability .cache/capability/*.jsonl

test: setup check ## all checks and tests: under fifteen minutes
	@mkdir -p $(TEST_BUILD)
	swift build --build-tests $(TEST_FLAGS) 2>&1 | tee $(TEST_BUILD)/build.log
	Scripts/check --build-log $(TEST_BUILD)/build.log
	Scripts/check-kernels $(TEST_BUILD)/$(CONFIGURATION)
	Scripts/check-docs $(TEST_BUILD)/$(CONFIGURATION)
	CST_EXPECT_KERNELS=$$(Scripts/expected-kernels) swift test --skip-build $(TEST_FLAGS) $(TEST_OPTIONS)

test-long: test ## the same, and the model's reference numbers with every kernel variant
	for variant in $$(Scripts/expected-kernels | tr ',' ' '); do \
	  CST_KERNELS=$$variant swift test --skip-build $(TEST_FLAGS) --filter 'ReferenceScoreTests|TinyModelTests'; \
	done

test-server: setup ## a teacher over HTTP and exported files against llama.cpp, installed into .venv once
	Scripts/setup-server
	@mkdir -p $(TEST_BUILD)
	swift build --build-tests $(TEST_FLAGS)
	CST_SERVER_PYTHON=$(CURDIR)/.venv/bin/python swift test --skip-build $(TEST_FLAGS) --filter 'RealServerTests|LlamaCppTests'

generated: setup ## regenerate the advice data with the small model, check it, train on it: about half an hour
	swift build --configuration release --product cst
	Scripts/advice-generated

bench: setup ## speed of kernels and model beside their peers; BENCH_DATA=rows.jsonl, BENCH_OPTIONS='--rounds 5'
	swift build --configuration release --product cst
	swift build --package-path Benchmarks --configuration release --product measure
	@if command -v python3 >/dev/null; then \
	  python3 Benchmarks/bench $(if $(BENCH_DATA),--data $(BENCH_DATA)) $(BENCH_OPTIONS); \
	else \
	  Benchmarks/.build/release/measure; \
	fi

format: ## put Swift and C sources into the project's format
	git ls-files --cached --others --exclude-standard '*.swift' | xargs -r swift format --in-place --parallel
	git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs -r Scripts/clang-format -i

check: ## format, floors, file sizes and stray files, without building
	@Scripts/check

clean: ## remove build products (the fetched model stays in .cache)
	rm -rf .build $(TEST_BUILD)

# What a person needs to know: make deps | build | static | demo | test | check-full | conformance | hostile | soak | bench |
# bench-full | lint | format. Each does its own set-up. docs/building.md says which to run when.
#
#   PRESET=release|debug|asan|tsan   which build, by CMakePresets.json; it lands in build/PRESET
#   JOBS=N                           how many compilers, tests or checks run at a time
#   MINUTES=N                        how long the soak lasts
#   FUZZ_SECONDS=N                   how long check-full runs each fuzz target
#   CTEST_FLAGS=...                  further arguments of ctest
SHELL := /bin/bash
.DEFAULT_GOAL := build
PRESET ?= release
JOBS ?= $(shell nproc)
MINUTES ?= 10
export FUZZ_SECONDS ?= 600
CTEST_FLAGS ?=
BUILD := build/$(PRESET)

.PHONY: deps build demo test check-full conformance hostile soak bench bench-full static lint format

deps:
	@.ci/deps build test lint

build: $(BUILD)/build.ninja
	cmake --build $(BUILD) --parallel $(JOBS)

# A snapshot, a sandbox and a volume against the emulator: needs no account.
demo: $(BUILD)/build.ninja
	cmake --build $(BUILD) --parallel $(JOBS) --target daytonad daytonactl daytona-emulator
	client/cli/demo.sh $(BUILD)/bin

test:
	@.ci/deps build test
	@$(MAKE) --no-print-directory build
	tests/sdk/setup.sh
	ctest --preset $(PRESET) --parallel $(JOBS) $(CTEST_FLAGS)

# What is too dear for every change, for some hours: ASan and UBSan over all tests, clang-tidy over all files, every case of the
# conformance suite, each fuzz target for FUZZ_SECONDS.
check-full:
	@JOBS=$(JOBS) .ci/run dependencies build asan tidy conformance fuzz

# Every case against the official SDKs; `make test` runs those that stand for the others.
conformance: export TEST_ENV_DIR := build/test-env/conformance
conformance: export REQUIREMENTS_DIR := tests/conformance
conformance:
	@.ci/deps build test
	@$(MAKE) --no-print-directory build
	tests/sdk/setup.sh
	$(TEST_ENV_DIR)/python/bin/python tests/conformance/run.py --bin-dir $(BUILD)/bin

# Every attack of docs/hostile.md, one at a time, for some 20 minutes; `make test` runs a short form.
hostile:
	@.ci/deps build test
	@$(MAKE) --no-print-directory build
	tests/sdk/setup.sh python
	build/test-env/python/bin/python tests/hostile/run.py --bin-dir $(BUILD)/bin

# Mixed load, while the way to Daytona is cut again and again.
soak:
	@.ci/deps build test
	@$(MAKE) --no-print-directory build
	tests/sdk/setup.sh python
	build/test-env/python/bin/python tests/hostile/soak.py --bin-dir $(BUILD)/bin --minutes $(MINUTES)

# build/static/bin/daytonad and daytonactl, which need nothing but glibc to run.
static:
	@.ci/deps build static
	.ci/static-deps build/static-deps
	cmake --preset static
	cmake --build build/static --parallel $(JOBS) --target daytonad daytonactl

# A minute long, with a thousand calls where the promises are about ten thousand. With `make static` and the official SDKs
# (tests/sdk/setup.sh) before, those are looked at, too.
bench: build
	tests/bench/run.sh $(BUILD)

# Everything that is promised; some minutes.
bench-full: build static
	tests/sdk/setup.sh
	tests/bench/run.sh $(BUILD) --full --daemon build/static/bin/daytonad

# clang-tidy reads the generated headers and the compile commands of a build.
lint:
	@.ci/deps build lint
	@$(MAKE) --no-print-directory build
	tests/lint/run.sh $(BUILD) $(JOBS)

format:
	@.ci/deps lint
	tests/lint/format.sh

# Ninja itself configures again when a CMakeLists.txt changes; it does not know of the presets and the packages.
$(BUILD)/build.ninja: CMakePresets.json .ci/deps
	@.ci/deps build
	cmake --preset $(PRESET)

# The commands of the house. `make test` is what the README and CI run; nothing weaker exists.

CARGO ?= cargo
APT_PACKAGES := curl faketime openssl redis-server
FUZZ = $(if $(shell rustup run nightly rustc --version 2>/dev/null),rustup run nightly,RUSTC_BOOTSTRAP=1) $(CARGO) fuzz
# The tests have built it: with their features, so that nothing is compiled a second time.
DEBUG = $${CARGO_TARGET_DIR:-target}/debug
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help build demo test lint unit doc bench faults fuzz api-fuzz soak audit fmt packages

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## the release binary, target/release/parcelwire
	$(CARGO) build --release --locked

demo: build ## a shop, the relay and a marketing API on this machine, for about a minute
	target/release/parcelwire demo --once

test: packages lint unit doc ## everything that must hold: format, lints, tests, rule files, docs

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit:
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --locked --no-fail-fast
else
	$(CARGO) test --workspace --locked --no-fail-fast --lib --bins --tests
endif
	$(DEBUG)/parcelwire check
	$(DEBUG)/parcelwire simulate scenarios

doc:
	$(CARGO) test --workspace --locked --doc --quiet
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --locked --no-deps --document-private-items --quiet

# Installed only where something is missing, so that a second run needs no network.
packages:
	@for package in $(APT_PACKAGES); do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  $(if $(filter 0,$(shell id -u)),,sudo) apt-get update -qq && \
	  $(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

bench: build ## speed beside two baselines of the same run; takes about half an hour
	$(CARGO) bench --locked --bench mapping
	$(CARGO) bench --locked --bench relay
	$(CARGO) bench --locked --bench store

# The short form is part of `make test`. FAULT=part-of-a-name runs some of them.
faults: packages ## every fault at length, with a table of what came of it; as root, takes about a quarter of an hour
	@mkdir -p target
	PARCELWIRE_FAULTS=$(CURDIR)/target/faults.md PARCELWIRE_FAULT="$(FAULT)" $(CARGO) test --locked --test it -- \
	  --nocapture --exact faults::what_is_promised_holds_in_all_faults_at_length
	@echo "the table is in target/faults.md, as docs/RELIABILITY.md has it"

# Ten minutes for each target. Without a nightly toolchain the stable one is told to act as one.
fuzz: ## random bytes for each target, for FUZZ_SECONDS (default 600); installs what is missing
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-fuzz
	@for target in yaml expression evaluator signature; do \
	  mkdir -p fuzz/corpus/$$target; \
	  (cd fuzz && $(FUZZ) run $$target corpus/$$target seeds/$$target -- \
	    -max_total_time=$${FUZZ_SECONDS:-600} -timeout=10 -max_len=4096 -print_final_stats=1) || exit 1; \
	done

api-fuzz: ## the API against its description, where schemathesis is installed (ST=/path/to/st)
	$(CARGO) build --locked
	.ci/api-fuzz

soak: ## new simulated worlds for SOAK_SECONDS (default 600), from the seed SOAK_SEED (default: of the day)
	PARCELWIRE_SOAK_SECONDS=$${SOAK_SECONDS:-600} PARCELWIRE_SOAK_SEED=$${SOAK_SEED:-$$(date +%Y%m%d)000000} \
	  $(CARGO) test --release --locked -p parcelwire-sim --test soak -- --nocapture

audit: ## licences, bans and advisories, where cargo-deny is installed
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install cargo-deny"; exit 1; }
	$(CARGO) deny check

fmt: ## format everything
	$(CARGO) fmt --all

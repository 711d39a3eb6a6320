# The only entry a person needs. `make help` lists it; whatever takes more than a line is in scripts/.

# Outside the checkout, so that a fresh clone builds warm.
export CACHE_DIR ?= $(HOME)/.cache/status-tracker
export CARGO_TARGET_DIR ?= $(CACHE_DIR)/target
export npm_config_cache ?= $(CACHE_DIR)/npm
# rustup's cargo is often missing from the PATH of a shell that is no login shell.
export PATH := $(PATH):$(HOME)/.cargo/bin

# One recipe after the other: two builds at once would only wait for each other.
.NOTPARALLEL:
.PHONY: help run demo test dev check generate e2e e2e-limits bench attack release clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo 'Settings: PORT (8080), API_PORT (8081), DATA_DIR (./data), as in: make run PORT=8090'

run: ## build what has changed and run everything at http://localhost:8080 until Ctrl-C
	@scripts/run.sh run

demo: ## the same on a database with two people and a year of entries each (./data-demo)
	@scripts/run.sh demo

test: ## everything that must hold: formats, lints, all tests, the browser, the contract
	@scripts/test.sh all

dev: ## the debug build on the demo data, with the page reloaded as its sources change
	@scripts/run.sh dev

check: ## the quick part of the tests: formats, lints, types
	@scripts/test.sh check

generate: ## openapi.json and the page's types from the API's source, and the table of operations from its tests
	@scripts/generate.sh

e2e: ## the browser tests alone; ARGS="history.spec.ts --headed" goes to Playwright
	@scripts/test.sh e2e

e2e-limits: ## what people do in a browser, with the limits on as they come: nobody is refused
	@scripts/test.sh e2e-limits

bench: ## requests a second beside a bare handler and a peer; what a million entries, changing all of many, 50 sign-ins at once and 10,000 streams cost
	@scripts/install-tools.sh bench
	cargo bench --locked --bench throughput
	cargo bench --locked --bench bulk
	cargo bench --locked --bench history
	cargo bench --locked --bench sign_in
	cargo bench --locked --bench streams

attack: ## sqlmap, wapiti and slowhttptest against a fresh server; fails if one of them finds anything (ten minutes)
	@scripts/install-tools.sh attack
	cargo build --release --locked --bin status-tracker
	@scripts/build-web.sh
	@STATUS_TRACKER_BIN='$(CARGO_TARGET_DIR)/release/status-tracker' scripts/with-server.sh scripts/attack.sh

release: ## an archive with the program, the page and what an operator needs
	@scripts/release.sh

clean: ## remove what was built; data stays
	rm -rf web/dist web/node_modules '$(CARGO_TARGET_DIR)'

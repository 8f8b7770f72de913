# `make help` lists what this can do. Everything needs Go; the tests also need a C compiler, for the race detector, and
# fetch or name what else they lack: test/with-mysql starts a private MariaDB or MySQL server.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

GO ?= go
# Run by version, so that the linter's many dependencies stay out of ours.
GOLANGCI_LINT ?= $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# What is tested, and how: make test PACKAGES=./tickets/... TESTFLAGS='-run Refresh -count 10'
PACKAGES ?= ./...
TESTFLAGS ?=
RACE ?= -race
# Arguments of the server, the benchmark and the cluster: make run ARGS='account --help'
ARGS ?=
FUZZTIME ?= 30s

.PHONY: help
help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Builds the server, one static file: bin/authtickets
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w -X main.version=$$(git describe --tags --always --dirty 2>/dev/null || echo development)" -o bin/authtickets .

.PHONY: run
run: ## Runs the server: make run ARGS='serve'
	$(GO) run . $(or $(ARGS),serve)

.PHONY: test
test: unit clients consumers client playground storefront pages lint generated tidy ## All that must hold before a change lands: the tests on every database, and every check

.PHONY: unit
unit: ## Runs the tests alone, on SQLite and MySQL
	@test/with-mysql $(GO) run ./test/report $(RACE) -timeout 20m $(TESTFLAGS) $(PACKAGES)

.PHONY: clients
clients: build ## Runs Apollo Client and the audits of GraphQL over HTTP against the server; needs Node
	@test/with-node test/clients/run

.PHONY: consumers
consumers: build ## Runs generators, typed clients and a federation gateway on the schema and the server; needs Node
	@test/with-node test/consumers/run

.PHONY: client
client: ## Builds and tests the package for browsers, client/; needs Node
	@test/with-node client/run

.PHONY: playground
playground: build ## Clicks through the playground in Chromium; needs Node
	@test/with-node test/playground/run

.PHONY: storefront
storefront: build ## Plays the scenes of examples/storefront in Chromium; needs Node
	@test/with-node examples/storefront/scenes/run

.PHONY: browser
browser: build ## Runs pages in Chromium through a network with faults, five minutes; needs Node
	@test/with-node test/browser/run $(ARGS)

.PHONY: pages
pages: build ## The short rows of browser
	@test/with-node test/browser/run short

.PHONY: cluster
cluster: ## Tries servers on databases that fail: Galera nodes, a lagging replica, a clock that steps
	@$(GO) run ./test/cluster $(ARGS)

.PHONY: lint
lint: ## Checks the rules of .golangci.yml, and how wide and long the code is
	@echo 'lint'; $(GOLANGCI_LINT) run; $(GO) run ./test/shape -check

.PHONY: shape
shape: ## Measures how the code reads: the length of files, the width of lines, and so on
	@$(GO) run ./test/shape $(ARGS)

.PHONY: format
format: ## Lays the code out as .golangci.yml wants it
	@$(GOLANGCI_LINT) fmt

.PHONY: generated
generated: ## Checks that the generated code is what go generate makes
	@echo 'generated'; test/unchanged $(GO) generate ./...

.PHONY: tidy
tidy: ## Checks that go.mod and go.sum are what go mod tidy makes
	@echo 'tidy'; $(GO) mod tidy -diff | sed -n '1,40p'

.PHONY: fuzz
fuzz: ## Fuzzes each fuzz target for FUZZTIME (30s)
	@test/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Measures the server on a private MySQL server: make bench ARGS='...'
	@test/with-mysql $(GO) run ./bench $(ARGS)

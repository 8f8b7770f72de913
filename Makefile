# `make help` lists the targets. All need Go. The tests also need a C compiler, for the race detector.
# They install whatever else is missing, or name it. test/with-mysql starts a private MariaDB or MySQL
# server.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

GO ?= go
# Run by version, so that the linter's many dependencies stay out of ours.
GOLANGCI_LINT ?= $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Which packages to test, and how: make test PACKAGES=./tickets/... TESTFLAGS='-run Refresh -count 10'
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
	version=$$(git describe --tags --always --dirty 2>/dev/null || echo development); \
		CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w -X main.version=$$version" -o bin/authtickets .

.PHONY: run
run: ## Runs the server: make run ARGS='serve'
	$(GO) run . $(or $(ARGS),serve)

.PHONY: test
test: unit clients consumers kibo client playground storefront pages lint generated tidy ## Runs all tests and checks that a change must pass

.PHONY: unit
unit: ## Runs the tests alone, on SQLite and MySQL
	@test/with-mysql $(GO) run ./test/report $(RACE) -timeout 20m $(TESTFLAGS) $(PACKAGES)

.PHONY: clients
clients: build ## Tests the server with Apollo Client and the audits of GraphQL over HTTP; needs Node
	@test/with-node test/clients/run

.PHONY: consumers
consumers: build ## Tests generators, typed clients and a federation gateway; needs Node
	@test/with-node test/consumers/run

.PHONY: kibo
kibo: build ## Tests the server with the npm packages for Kibo's APIs; needs Node
	@test/with-node test/kibo/run

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
pages: build ## Runs only the short rows of `make browser`
	@test/with-node test/browser/run short

.PHONY: cluster
cluster: ## Tests servers on failing databases: Galera nodes, a lagging replica, a clock that steps
	@$(GO) run ./test/cluster $(ARGS)

.PHONY: lint
lint: ## Checks the rules of .golangci.yml, and the length and width of the code
	@echo 'lint'; $(GOLANGCI_LINT) run; $(GO) run ./test/shape -check

.PHONY: shape
shape: ## Measures how the code reads, for example the length of files and the width of lines
	@$(GO) run ./test/shape $(ARGS)

.PHONY: format
format: ## Formats the code as .golangci.yml requires
	@$(GOLANGCI_LINT) fmt

.PHONY: generated
generated: ## Checks that the generated code is up to date
	@echo 'generated'; test/unchanged $(GO) generate ./...

.PHONY: tidy
tidy: ## Checks that go.mod and go.sum are up to date
	@echo 'tidy'; $(GO) mod tidy -diff | sed -n '1,40p'

.PHONY: fuzz
fuzz: ## Fuzzes each fuzz target for FUZZTIME (30s)
	@test/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Measures the server on a private MySQL server: make bench ARGS='...'
	@test/with-mysql $(GO) run ./bench $(ARGS)

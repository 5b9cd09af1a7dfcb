# What one does with the source. `make help` lists it.

.DEFAULT_GOAL := help
.PHONY: help build demo test torture compat compat-go fmt vet lint generate fuzz bench clean

# The modules in this repository that hold Go code, and the tools, which have versions of their own.
MODULES  := . tools internal/kernel/_gen compat
TOOL     := go tool -modfile=tools/go.mod
FUZZTIME ?= 30s

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/inkling, without cgo
	CGO_ENABLED=0 go build -trimpath -o bin/inkling ./cmd/inkling

demo: build ## train on text that is already here, in about a minute, and write some
	bin/inkling demo

test: bin/gotest ## the whole test suite; ends with a count of passed, failed and skipped
	bin/gotest ./...

KILLS ?= 1000

torture: ## kill trainings KILLS times (1000) at random instants and compare what they end with
	KILLS=$(KILLS) go test ./cmd/inkling -run 'TestKilled$$' -count=1 -v -timeout 0

compat: bin/gotest ## tests against other people's software; needs Node, npm, Python and pip
	cd compat && ../bin/gotest -tags tokenizers ./...

compat-go: bin/gotest ## those of them that need Go only
	cd compat && ../bin/gotest ./...

fmt: ## format every file (gofumpt)
	$(TOOL) gofumpt -w .

vet: ## go vet in every module
	@for m in $(MODULES); do echo "go vet in $$m"; go -C $$m vet ./... || exit 1; done

lint: ## formatting and staticcheck in every module
	@files=$$($(TOOL) gofumpt -l .); [ -z "$$files" ] || { echo "make fmt would change:"; echo "$$files"; exit 1; }
	@check=$$($(TOOL) -n staticcheck); for m in $(MODULES); do echo "staticcheck in $$m"; (cd $$m && $$check ./...) || exit 1; done

generate: ## write the assembly of internal/kernel again
	go generate ./internal/kernel

fuzz: ## every fuzz target for FUZZTIME (30s)
	.ci/fuzz $(FUZZTIME)

bench: ## Inkling and PyTorch side by side (PEER_PYTHON names the Pythons)
	go run ./bench

clean: ## remove what was built
	rm -rf bin

bin/gotest: $(wildcard tools/gotest/*.go)
	go -C tools build -o ../$@ ./gotest

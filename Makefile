# Clave's commands. "make help" lists them; CONTRIBUTING.md says more.

# The packages looked at: make test PKG=./internal/nif/...
PKG = ./...
# Arguments of make bench, and how long make fuzz stays with each target.
ONLY =
FUZZTIME = 30s
# How often make killtest and make failover kill, and how long make soak lasts.
ROUNDS = 100
MINUTES = 60

# The project's own tools come first, among them a later Node.js where the system's is too old.
export PATH := $(CURDIR)/.cache/bin:$(PATH)

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

# Tests that drive browsers, or start whole installations and let them die. They run by themselves, afterwards: what chooses a primary
# wants to be asked in time, and the race detector sees nothing of other processes.
#
# The rest runs with the race detector, but not inside SQLite: it is translated C, each of whose steps would cost ten, and one goroutine
# at a time has a connection.
ALONE = ^(TestRule22PrimaryDies|TestTrials|TestUpgrade|TestJourneys|TestParts|TestBrowser)$$

test: install check ## install what is missing, check the code, run every test; a skipped test is a failure
	@.cache/bin/testsum -tags pkcs11 -race -gcflags='modernc.org/...=-race=false' -count=1 -timeout=25m -skip '$(ALONE)' $(PKG)
	@alone=$$(go list $(PKG) | grep -E '^clave/(bench|internal/store|stories)$$' || true); \
	if [ -n "$$alone" ]; then .cache/bin/testsum -tags pkcs11 -p=1 -count=1 -timeout=25m -run '$(ALONE)' $$alone; fi

install: ## install what the tests need and the machine has not (Debian packages, npm packages, build tools)
	@bash scripts/install.sh

check: install ## gofmt, go vet, staticcheck, govulncheck
	@bash scripts/check.sh $(PKG)

demo: ## start a complete Clave on this machine, offline, with test citizens
	@go run ./cmd/clave demo

bench: ## what complete journeys cost, and a crowd, a million people, a start; ONLY=pin-saml for one part (docs/performance.md lists them)
	@go run ./bench -only '$(ONLY)'

killtest: ## kill nodes with SIGKILL, ROUNDS=100 times on each database, and look for what was lost or done twice
	@go run ./bench trial kill -rounds $(ROUNDS)
	@go run ./bench trial kill -rounds $(ROUNDS) -nodes 2 -postgres

failover: ## kill the primary of a replicated PostgreSQL under load
	@go run ./bench trial failover -nodes 2

upgrade: ## nodes of the newest tag v* are replaced by this program, and once back again, while people go in and out
	@previous=$$(bash scripts/previous.sh) && test -z "$$previous" || \
		{ go run ./bench trial upgrade -program "$$previous" && go run ./bench trial upgrade -nodes 2 -postgres -program "$$previous"; }

soak: ## people go in and out for MINUTES=60: nothing may grow
	@go run ./bench trial soak -minutes $(MINUTES)

store-bench: ## time the store alone
	@go test -run '^$$' -bench . -benchmem ./internal/store/...

fuzz: ## feed every parser random input for FUZZTIME=30s each
	@FUZZTIME='$(FUZZTIME)' bash scripts/fuzz.sh $(PKG)

.PHONY: help test install check demo bench killtest failover upgrade soak store-bench fuzz

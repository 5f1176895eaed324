#!/bin/bash
# What can be said of the code without running it: layout, vet, staticcheck, known vulnerabilities; and that the test runner works.
# VULNDB is the address of a vulnerability database for govulncheck, file:///DIR for a copy.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=("${@:-./...}")

unformatted=$(find . \( -name node_modules -o -name '.?*' \) -prune -o -name '*.go' -print0 | xargs -0r gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'not as gofmt writes it:\n%s\n' "$unformatted" >&2
	exit 1
fi

# Keys in hardware need cgo and a tag; without both the program is one static file, which must go on building.
go vet -tags pkcs11 "${packages[@]}"
CGO_ENABLED=0 go build -o /dev/null ./cmd/clave
.cache/bin/staticcheck -tags pkcs11 "${packages[@]}"
.cache/bin/staticcheck ./internal/keyring
(cd tools && go vet ./... && ../.cache/bin/staticcheck ./... && go test ./...)

if [ -n "${VULNDB:-}" ]; then
	.cache/bin/govulncheck -db "$VULNDB" "${packages[@]}"
else
	echo "known vulnerabilities were NOT looked for: VULNDB names no database for govulncheck"
fi

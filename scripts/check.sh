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

go vet "${packages[@]}"
.cache/bin/staticcheck "${packages[@]}"
(cd tools && go vet ./... && ../.cache/bin/staticcheck ./... && go test ./...)

if [ -n "${VULNDB:-}" ]; then
	.cache/bin/govulncheck -db "$VULNDB" "${packages[@]}"
else
	echo "known vulnerabilities were NOT looked for: VULNDB names no database for govulncheck"
fi

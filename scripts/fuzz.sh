#!/bin/bash
# Runs every fuzz target of the given packages for FUZZTIME (a duration as go test takes it), one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."

# "go test -list" prints the names of a package's targets, then a line with the package.
targets=$(go test -list '^Fuzz' "${@:-./...}" | awk '/^Fuzz/ { names[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }')
[ -n "$targets" ] || { echo "no fuzz target found" >&2; exit 1; }
while read -r package target; do
	echo "== $package $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$package" </dev/null
done <<<"$targets"

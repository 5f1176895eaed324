#!/bin/bash
# Builds the program of the release before, which is the newest tag v* that this commit comes after, in .cache/previous, and
# prints where it is. Without such a tag it says so, prints nothing, and is content.
set -euo pipefail
cd "$(dirname "$0")/.."

tag=$(git tag --list 'v*' --merged HEAD --no-contains HEAD --sort=-version:refname | head -n 1)
if [ -z "$tag" ]; then
	echo "There is no release before this one (no tag v*): nothing to upgrade from." >&2
	exit 0
fi
commit=$(git rev-parse "$tag^{commit}")
program=$PWD/.cache/previous/clave-$commit
if [ ! -x "$program" ]; then
	tree=$PWD/.cache/previous/tree-$commit
	trap 'git worktree remove --force "$tree"' EXIT
	git worktree prune
	git worktree add --quiet --force --detach "$tree" "$commit"
	(cd "$tree" && go build -o "$program" ./cmd/clave)
fi
echo "The release before this one is $tag." >&2
echo "$program"

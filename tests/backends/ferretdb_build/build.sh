#!/usr/bin/env bash
# Builds FerretDB, a server of others that speaks MongoDB's wire protocol, once for all clones of this machine.
# go.sum pins the module, and the module's own go.sum what it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=v1.24.0
folder="${XDG_CACHE_HOME:-$HOME/.cache}/trstctl-tests"
program="$folder/ferretdb-$version"
if [[ -x $program ]]; then
  exit 0
fi

export GOTOOLCHAIN=local GOFLAGS=
mkdir -p "$folder"
work="$(mktemp -d "$folder/build.XXXXXX")"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

module="$(go mod download -json github.com/FerretDB/FerretDB | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')"
cp -R "$module" "$work/source"
chmod -R u+w "$work/source"
echo "$version" >"$work/source/build/version/version.txt" # a release has it, the module does not; it will not start without
(cd "$work/source" && go build -mod=readonly -trimpath -buildvcs=false -o "$work/ferretdb" ./cmd/ferretdb)
mv "$work/ferretdb" "$program"

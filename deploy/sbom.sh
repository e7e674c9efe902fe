#!/bin/sh
# Writes what is shipped, as CycloneDX JSON: sbom-agent.json (the Debian package) and sbom.json (everything).
#
# usage: deploy/sbom.sh [OUTPUT FOLDER]      default: dist below this checkout
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
output=${1:-$root/dist}
mkdir -p "$output"
cd "$root"
npm sbom --sbom-format cyclonedx --omit dev --workspace @bothends/agent > "$output/sbom-agent.json"
npm sbom --sbom-format cyclonedx --omit dev > "$output/sbom.json"
echo "$output/sbom-agent.json"
echo "$output/sbom.json"

#!/bin/sh
# Asks the registry for known weaknesses in what is shipped.
#
# usage: deploy/audit.sh
#
# Exit status: 0 none is known; 1 some are, they are printed; 3 the registry does not answer such questions (a mirror may
# not). Then the bill of materials is written, for a scanner that has the data (osv-scanner --sbom dist/sbom.json); or ask
# again where npm is set to a registry that does answer.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

report=$(npm audit --omit dev --package-lock-only --json 2>/dev/null) && known=0 || known=1
case $report in
  *'"auditReportVersion"'*)
    npm audit --omit dev --package-lock-only || true
    exit "$known"
    ;;
esac
echo 'audit: this registry does not answer what is known of packages, so nothing was checked. The bills of materials, for a' >&2
echo 'audit: scanner that has the data, such as "osv-scanner --sbom FILE":' >&2
node deploy/sbom.mjs
exit 3

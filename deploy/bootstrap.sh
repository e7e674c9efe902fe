#!/bin/sh
# Installs bothends on a Debian host as a system service, from this checkout.
#
# usage: deploy/bootstrap.sh agent [JOIN OPTIONS]   the agent; with the options of a join line it joins, too
#        deploy/bootstrap.sh coordinator            the coordinator
#        deploy/bootstrap.sh files                  the program only: for people who call captures or analyse files
#
# As root it installs what is missing; otherwise it prints the exact command and changes nothing.
set -eu

# Where the units look for the program. ProtectHome hides a checkout below /home or /root.
PREFIX=/opt/bothends
# The first Node with everything that bothends uses.
NODE_MAJOR=20

root=$(cd "$(dirname "$0")/.." && pwd)

say() { printf 'bootstrap: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
usage() { sed -n '4,6s/^# //p' "$0" >&2; exit 2; }

packages_for() {
  case $1 in
    agent) echo 'nodejs npm tcpdump libpcap0.8 libpcap-dev python3 make g++' ;;
    *) echo 'nodejs npm libpcap-dev python3 make g++' ;;
  esac
}

# A Node that does not come from a Debian package is as good.
missing_packages() {
  for package in $(packages_for "$1"); do
    case $package in
      nodejs) command -v node >/dev/null || echo "$package" ;;
      npm) command -v npm >/dev/null || echo "$package" ;;
      *) installed "$package" || echo "$package" ;;
    esac
  done
}

# libpcap0.8 is libpcap0.8t64 on releases with 64-bit time.
installed() {
  dpkg-query -W -f '${Status}\n' "$1" "$1t64" 2>/dev/null | grep -q '^install ok installed$'
}

install_packages() {
  missing=$(missing_packages "$1" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  say "installing $missing"
  # shellcheck disable=SC2086 # one word per package
  DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -q && apt-get install -qy --no-install-recommends $missing" >&2
}

check_node() {
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge "$NODE_MAJOR" ] || fail "Node $major is too old; bothends needs $NODE_MAJOR or newer (Debian 13 has it; for Debian 12 take it from nodesource.com), then run this again"
}

install_program() {
  say "building in $root"
  (
    cd "$root"
    # What npm wrote last is newer than the lock file when nothing changed since.
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error
    npm run --silent build
  )
  say "installing to $PREFIX"
  rm -rf "$PREFIX.new"
  mkdir -p "$PREFIX.new"
  cp -a "$root/package.json" "$root/package-lock.json" "$root/LICENSE" "$root/node_modules" "$PREFIX.new/"
  for package in proto agent coordinator cli; do
    mkdir "$PREFIX.new/$package"
    cp -a "$root/$package/package.json" "$root/$package/dist" "$PREFIX.new/$package/"
  done
  cp -a "$root/cli/bin" "$PREFIX.new/cli/"
  # The coordinator tells its contracts to whoever asks (server reflection).
  cp -a "$root/proto/bothends" "$PREFIX.new/proto/"
  # The tests' package stays behind; npm wants its manifest to prune what only development needs.
  mkdir "$PREFIX.new/test" && cp "$root/test/package.json" "$PREFIX.new/test/"
  find "$PREFIX.new" -path '*/dist/*' -name '*.test.*' -delete
  (cd "$PREFIX.new" && npm prune --omit=dev --no-audit --no-fund --loglevel=error)
  chown -R root:root "$PREFIX.new"
  chmod -R u=rwX,go=rX "$PREFIX.new"
  rm -rf "$PREFIX"
  mv "$PREFIX.new" "$PREFIX"
  ln -sfn "$PREFIX/cli/bin/bothends.js" /usr/local/bin/bothends
  mkdir -p /usr/local/share/man/man1
  bothends man > /usr/local/share/man/man1/bothends.1
}

install_service() {
  unit=bothends-$1
  if ! id "$unit" >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$unit"
  fi
  # systemd makes these too; joining happens before the service first starts.
  install -d -m 0755 /var/lib/bothends
  install -d -m 0700 -o "$unit" -g "$unit" "/var/lib/bothends/$1"
  # The owner's file: an upgrade leaves it as it is.
  if [ "$1" = agent ] && [ ! -e /etc/bothends/policy.yaml ]; then
    install -D -m 0644 "$root/deploy/policy.yaml" /etc/bothends/policy.yaml
  fi
  install -m 0644 "$root/deploy/$unit.service" "/etc/systemd/system/$unit.service"
  if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

# The token comes on standard input, and is kept from the arguments of every process; so is it from apt-get and npm,
# which would read it away.
take_token() {
  for option; do
    if [ "$option" = - ]; then IFS= read -r token || :; fi
  done
  exec </dev/null
}

join_fleet() {
  say 'joining'
  printf '%s\n' "$token" | setpriv --reuid bothends-agent --regid bothends-agent --clear-groups \
    bothends agent --data /var/lib/bothends/agent --join-only "$@"
}

start_service() {
  if [ -d /run/systemd/system ]; then
    systemctl enable "bothends-$1"
    # One that runs already is of the program that was here before.
    systemctl restart "bothends-$1"
    say "bothends-$1 runs; journalctl -u bothends-$1 shows its log"
  else
    say "systemd does not run here; the unit is installed and was not started"
  fi
}

[ $# -ge 1 ] || usage
part=$1
shift
case $part in agent | coordinator | files) ;; *) usage ;; esac

if [ "$(id -u)" -ne 0 ]; then
  say "not root, so nothing was changed. Missing Debian packages: $(missing_packages "$part" | tr '\n' ' ')"
  say "run: sudo $root/deploy/bootstrap.sh $part${*:+ $*}"
  exit 1
fi
command -v apt-get >/dev/null || fail "no apt-get here: install $(packages_for "$part") by other means, then follow deploy/README.md"

token=
take_token "$@"
install_packages "$part"
check_node
install_program
[ "$part" = files ] || install_service "$part"
if [ "$part" = agent ] && [ $# -gt 0 ]; then join_fleet "$@"; fi
case $part in
  files) say "bothends is installed" ;;
  coordinator) start_service coordinator ;;
  agent)
    if [ -e /var/lib/bothends/agent/identity.json ]; then start_service agent
    else say "not joined yet: on the coordinator run bothends join-token, then here: echo TOKEN | sudo deploy/bootstrap.sh agent OPTIONS"; fi ;;
esac

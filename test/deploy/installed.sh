#!/bin/sh
# What the package's scripts do on this very system, in a copy of its files that vanishes with this process.
#
# usage: unshare --mount --propagation private test/deploy/installed.sh PACKAGE FOLDER
#   FOLDER  empty; the copy is mounted there
set -eu

package=$1
folder=$2

. "$(dirname "$0")/system-copy.sh"
copy_system "$folder"
cp "$package" "$root/tmp/agent.deb"

inside dpkg -i /tmp/agent.deb >&2
say "user $(inside id -un bothends-agent)"
say "folder $(inside stat -c '%U %a' /var/lib/bothends/agent)"
say "version $(inside bothends --version)"
say "policy $(inside bothends policy check /etc/bothends/policy.yaml)"
say "unit $(inside systemd-analyze verify bothends-agent.service 2>&1 || true)"

say '# mine' | inside tee -a /etc/bothends/policy.yaml > /dev/null
inside install -m 0600 /dev/null /var/lib/bothends/agent/identity.json
inside dpkg -i /tmp/agent.deb >&2
say "upgraded $(inside tail -n 1 /etc/bothends/policy.yaml)"

inside dpkg -r bothends-agent >&2
say "removed $(inside sh -c 'cd /; ls -d var/lib/bothends/agent/identity.json etc/bothends/policy.yaml usr/bin/bothends usr/lib/bothends 2>/dev/null' | tr '\n' ' ')"

inside dpkg -P bothends-agent >&2
say "purged $(inside sh -c 'cd /; ls -d var/lib/bothends etc/bothends usr/lib/bothends 2>/dev/null' | tr '\n' ' ')"

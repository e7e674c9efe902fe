#!/bin/sh
# What deploy/bootstrap.sh does on this very system, in a copy of its files that vanishes with this process.
#
# usage: unshare --mount --propagation private test/deploy/bootstrapped.sh REPOSITORY FOLDER JOIN-OPTION...
#   FOLDER       empty; the copy is mounted there
#   JOIN-OPTION  of a join line; its token comes on standard input
set -eu

repository=$1
folder=$2
shift 2
token=$(cat)

. "$(dirname "$0")/system-copy.sh"
copy_system "$folder"
# What it builds in the checkout vanishes, too.
mkdir "$folder/built" "$folder/scratch" "$root/src"
mount -t overlay overlay -o "lowerdir=$repository,upperdir=$folder/built,workdir=$folder/scratch" "$root/src"
# Packages are there as the lock file says: this test asks no registry.
touch "$root/src/node_modules/.package-lock.json"
script=/src/deploy/bootstrap.sh

not_root() { inside setpriv --reuid nobody --regid nogroup --clear-groups "$@" 2>&1 || say "exit $?"; }
say "refused $(not_root $script agent --join x | tail -n 2 | tr '\n' ' ')"
say "unchanged $(inside sh -c 'ls -d /opt/bothends /etc/bothends 2>/dev/null' | tr '\n' ' ')"
say "usage $(inside $script nothing 2>/dev/null || printf 'exit %s' $?)"

printf '%s\n' "$token" | inside $script agent "$@" >&2
say "user $(inside id -un bothends-agent)"
say "folder $(inside stat -c '%U %a' /var/lib/bothends/agent)"
say "identity $(inside stat -c '%U %a' /var/lib/bothends/agent/identity.json)"
say "version $(inside bothends --version)"
say "policy $(inside bothends policy check /etc/bothends/policy.yaml)"
say "unit $(inside systemd-analyze verify /etc/systemd/system/bothends-agent.service 2>&1 || true)"
say "manual $(inside head -c 3 /usr/local/share/man/man1/bothends.1)"
say "development $(inside sh -c 'ls -d /opt/bothends/node_modules/typescript /opt/bothends/node_modules/vitest 2>/dev/null' | tr '\n' ' ')"
say "token $(inside grep -rl "$token" /var/lib/bothends /etc/bothends /opt/bothends/cli 2>/dev/null | tr '\n' ' ')"

say '# mine' | inside tee -a /etc/bothends/policy.yaml > /dev/null
inside $script agent < /dev/null >&2
say "again $(inside tail -n 1 /etc/bothends/policy.yaml)"

inside $script coordinator < /dev/null >&2
say "coordinator $(inside stat -c '%U %a' /var/lib/bothends/coordinator)"
say "unit $(inside systemd-analyze verify /etc/systemd/system/bothends-coordinator.service 2>&1 || true)"

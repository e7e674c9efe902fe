#!/bin/sh
# Builds the Debian package of the agent: the program without the coordinator and what only that needs.
#
# usage: deploy/build-deb.sh [OUTPUT FOLDER]      default: dist below this checkout
#
# Needs a checkout that is set up and built (npm run setup), and dpkg-deb. Prints the path of the package. It is of this
# machine's architecture where the capture back end packet-mmap was built, else of all. DEBFULLNAME and DEBEMAIL say who
# maintains it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
output=${1:-$root/dist}
version=$(node -p "require('$root/cli/package.json').version")
# Where a distribution's package keeps a program's own modules.
home=usr/lib/bothends

# The same commit makes the same package, byte for byte.
commit=$(cd "$root" && git rev-parse --short HEAD 2>/dev/null || echo 'no git checkout')
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(cd "$root" && git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
maintainer="${DEBFULLNAME:-bothends} <${DEBEMAIL:-root@$(hostname -f 2>/dev/null || hostname)}>"

# The add-ons, where they could be built: Node-API is the same in all releases, the machine's code is not.
addon=agent/dist/native/packet-mmap.node
if [ -e "$root/$addon" ]; then
  architecture=$(dpkg --print-architecture)
  libc='libc6, '
else
  architecture=all
  libc=
fi

say() { printf 'build-deb: %s\n' "$*" >&2; }

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
tree=$stage/tree
mkdir -p "$tree/$home/node_modules/@bothends" "$tree/DEBIAN"

copy_modules() {
  node "$root/deploy/modules.mjs" agent | while read -r folder; do
    target=$tree/$home/$folder
    mkdir -p "$(dirname "$target")"
    cp -a "$root/$folder" "$target"
  done
  find "$tree/$home/node_modules" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' -o -name '*.html' \
    -o -name '.npmignore' -o -name '.git*' -o -name '*.sh' -o -name 'bin.*js' \) -delete
  find "$tree/$home/node_modules" -type d \( -name test -o -name bin -o -name '.husky' \) -prune -exec rm -r {} +
  # Some archives have modules marked as programs; none of them is one.
  find "$tree/$home/node_modules" -type f -exec chmod a-x {} +
}

copy_packages() {
  for package in proto agent cli; do
    mkdir -p "$tree/$home/$package"
    cp -a "$root/$package/package.json" "$root/$package/dist" "$tree/$home/$package/"
    ln -s "../../$package" "$tree/$home/node_modules/@bothends/$package"
  done
  cp -a "$root/cli/bin" "$tree/$home/cli/"
  find "$tree/$home" -path '*/dist/*' \( -name '*.test.*' -o -name '*.map' -o -name '*.d.ts' -o -name '*.tsbuildinfo' \) -delete
  find "$tree/$home" -path '*/dist/testing' -prune -exec rm -r {} +
  if [ -e "$tree/$home/$addon" ]; then strip --strip-unneeded "$tree/$home/$addon"; fi
}

copy_system_files() {
  doc=$tree/usr/share/doc/bothends-agent
  mkdir -p "$tree/usr/bin" "$tree/usr/lib/systemd/system" "$tree/usr/share/man/man1" "$doc/examples" "$tree/etc/bothends"
  ln -s "../lib/bothends/cli/bin/bothends.js" "$tree/usr/bin/bothends"
  sed "s#/opt/bothends#/$home#g" "$root/deploy/bothends-agent.service" > "$tree/usr/lib/systemd/system/bothends-agent.service"
  cp "$root/deploy/policy.yaml" "$tree/etc/bothends/policy.yaml"
  node "$root/cli/bin/bothends.js" man | gzip -9n > "$tree/usr/share/man/man1/bothends.1.gz"
  sed "s#/opt/bothends#/$home#g" "$root/deploy/bothends-agent-pods.conf" > "$doc/examples/pods.conf"
  cp "$root/LICENSE" "$doc/copyright"
  changelog | gzip -9n > "$doc/changelog.gz"
}

changelog() {
  printf 'bothends-agent (%s) unstable; urgency=medium\n\n  * Built from %s.\n\n -- %s  %s\n' \
    "$version" "$commit" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

control_files() {
  size=$(du -sk "$tree" | cut -f1)
  cat > "$tree/DEBIAN/control" <<END
Package: bothends-agent
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $size
Depends: ${libc}nodejs (>= 20.11), tcpdump, adduser
Recommends: iproute2, ethtool
Section: net
Priority: optional
Description: captures at one end of a connection for bothends
 The agent of one host. It opens taps when its coordinator asks and the
 policy in /etc/bothends/policy.yaml allows, and ships headers and keyed
 digests, never payload.
END
  echo /etc/bothends/policy.yaml > "$tree/DEBIAN/conffiles"
  cp "$root/deploy/debian/postinst" "$root/deploy/debian/prerm" "$root/deploy/debian/postrm" "$tree/DEBIAN/"
  chmod 0755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm" "$tree/DEBIAN/postrm"
}

copy_modules
copy_packages
copy_system_files
[ "$architecture" != all ] || say 'without packet-mmap, which this checkout has not built: it captures with tcpdump'
chmod -R u=rwX,go=rX "$tree"
control_files
mkdir -p "$output"
package=$output/bothends-agent_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$tree" "$package" >&2
say "built from $commit"
echo "$package"

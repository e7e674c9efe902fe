# A copy of this very system's files that vanishes with the process: to be sourced, in a mount namespace of its own.

# usage: copy_system FOLDER
#   FOLDER  empty; the copy is mounted below it, and its path is in $root
copy_system() {
  mount -t tmpfs tmpfs "$1"
  mkdir "$1/changes" "$1/work" "$1/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
  root=$1/root
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  # Nothing of this system's services is started or stopped.
  mount -t tmpfs tmpfs "$root/run"
}

inside() { chroot "$root" "$@"; }
say() { printf '%s\n' "$*"; }

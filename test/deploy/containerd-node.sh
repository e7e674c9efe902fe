#!/bin/sh
# A node of Kubernetes as an agent sees it: containerd with its CRI plugin, real pod sandboxes on a bridge, and no kubelet.
# Runs a program in it, and all of it ends with that.
#
# usage: unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
#          test/deploy/containerd-node.sh FOLDER PROGRAM...
#   FOLDER  empty; images and state are kept there
set -eu

folder=$1
shift

# Their sockets and their networks' files are where an agent looks for them, and not those of this machine.
mount -t tmpfs tmpfs /run
mkdir -p "$folder/cni" "$folder/image/layer" /run/netns
ip link set lo up
# crun takes one version of control groups or the other; what is mounted here is this process's alone.
umount /sys/fs/cgroup/unified 2>/dev/null || true

cat > "$folder/cni/10-pods.conflist" <<EOF
{ "cniVersion": "0.4.0", "name": "pods", "plugins": [{ "type": "bridge", "bridge": "pods0", "isGateway": true,
  "ipam": { "type": "host-local", "dataDir": "$folder/ipam", "ranges": [[{ "subnet": "198.51.100.0/24" }]] } }] }
EOF
cat > "$folder/config.toml" <<EOF
version = 2
root = "$folder/root"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "bothends.test/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "$(command -v crun)"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$folder/cni"
EOF

# The image of the process that holds a sandbox's network: one program that waits.
printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' | gcc -static -O2 -x c -o "$folder/image/layer/pause" -
image=$folder/image
tar -C "$image/layer" -cf "$image/layer.tar" pause
digest=$(sha256sum "$image/layer.tar" | cut -d' ' -f1)
cat > "$image/config.json" <<EOF
{ "architecture": "$(dpkg --print-architecture)", "os": "linux", "config": { "Entrypoint": ["/pause"] },
  "rootfs": { "type": "layers", "diff_ids": ["sha256:$digest"] }, "history": [{}] }
EOF
cat > "$image/manifest.json" <<EOF
[{ "Config": "config.json", "RepoTags": ["bothends.test/pause:1"], "Layers": ["layer.tar"] }]
EOF
tar -C "$image" -cf "$folder/pause.tar" manifest.json config.json layer.tar

containerd --config "$folder/config.toml" > "$folder/containerd.log" 2>&1 &
for _ in $(seq 100); do
  ctr version > /dev/null 2>&1 && break
  sleep 0.1
done
ctr --namespace k8s.io images import "$folder/pause.tar" > /dev/null

status=0
"$@" || status=$?
[ "$status" = 0 ] || tail -n 20 "$folder/containerd.log" >&2
exit "$status"

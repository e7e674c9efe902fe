#!/bin/sh
# Makes the secret that lets every node's agent join, with a token for each node's name that works once, for an hour.
#
# usage: deploy/helm/join-nodes.sh RELEASE NAMESPACE
#
# Needs kubectl, and bothends with the administrator's context. Run it before the first `helm install` of the agents,
# and again for new nodes; agents that have joined take no notice.
set -eu

[ $# -eq 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
release=$1
namespace=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 0700 "$folder"

kubectl get nodes -o name | sed 's#^node/##' | while read -r node; do
  # `echo TOKEN | bothends agent OPTIONS`: the token under the node's name, the options once for all.
  bothends join-token --name "$node" --valid 1h > "$folder/line"
  sed 's/^echo \([^ ]*\) .*/\1/' "$folder/line" > "$folder/$node"
  sed 's/^.*| bothends agent //' "$folder/line" > "$folder/options.join"
  rm "$folder/line"
done
kubectl create secret generic "$release-join" --namespace "$namespace" --from-file "$folder" --dry-run=client -o yaml |
  kubectl apply -f -

#!/usr/bin/env bash
# Installs the real tools that tests drive beyond Node: helm 3 and 4, promtool, and podman with what a build of the image
# needs. Idempotent, and quick when all is present. Needs root on Debian for the last; everything else goes into a cache.
#   bash test/tools/install.sh [helm] [promtool] [podman]      (all three by default)
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
tools=$(node test/tools/main.ts directory)
mkdir -p "$tools"

updated=''
apt_update() {
  [ -n "$updated" ] || apt-get update -qq
  updated=yes
}

install_helm() {
  if [ -x "$tools/helm-3" ] && [ -x "$tools/helm-4" ]; then return; fi
  local work
  work=$(mktemp -d)
  cp test/tools/helm/package.json test/tools/helm/package-lock.json test/tools/helm/.npmrc "$work/"
  npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --silent
  node test/tools/main.ts unpack-helm "$work/node_modules/@aws-cdk"
  rm -rf "$work"
}

# Debian's prometheus package would start a service; its promtool alone is wanted.
install_promtool() {
  if [ -x "$tools/promtool" ]; then return; fi
  local work
  work=$(mktemp -d)
  chmod 755 "$work"
  apt_update
  (cd "$work" && apt-get download -qq prometheus 2>/dev/null && dpkg -x prometheus_*.deb .)
  install -m 755 "$work/usr/bin/promtool" "$tools/promtool"
  rm -rf "$work"
}

install_podman() {
  local absent=''
  for tool in podman runc debootstrap catatonit; do
    command -v "$tool" >/dev/null || absent=yes
  done
  [ -n "$absent" ] || return 0
  apt_update
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    podman runc debootstrap catatonit ca-certificates >/dev/null
}

[ $# -gt 0 ] || set -- helm promtool podman
for part in "$@"; do
  case $part in
    helm | promtool | podman) "install_$part" ;;
    *) echo "unknown tool: $part (helm, promtool, podman)" >&2 && exit 64 ;;
  esac
done
node test/tools/main.ts list

#!/usr/bin/env bash
# install-peers.sh: put the real registries, clients, Kubernetes API server and load
# generators that the end-to-end tests and benchmarks talk to in one folder.
#
#   tools/install-peers.sh [GROUP|TOOL ...]      (default: core)
#
# Groups:
#   core     registry-3.0.0 registry-3.1.2 crane skopeo
#   clients  registry-2.8 buildah oras regctl helm buildctl buildkitd (+ runc)
#   kube     etcd kube-apiserver kubectl cert-manager-crds
#   monitoring  promtool prometheus-operator-crds
#   bench    vegeta wrk keycloak async-profiler
#   all      the five above
#
# The folder is $REGISTRY_AUTH_PEERS (default: ~/.cache/registry-auth-peers), the
# programs are in its bin/ (put that first in PATH), other files in its share/. What
# is there already at the pinned version is skipped, so a second run takes well under
# a second. Go tools are built, and Go modules read, with the Go on PATH and its own
# settings (module proxy, checksum database, caches); what Maven Central has comes by
# ./mvnw, with its settings; the others are the system's own, or come from apt-get,
# which needs root once. Nothing is fetched in any other way.
#
# A tool that cannot be had does not keep the others away: the end lists what is
# missing and why, and the status is 1.
set -euo pipefail
shopt -s inherit_errexit 2>/dev/null || true # bash 4.4 and newer

# ---- pinned versions -------------------------------------------------------
REGISTRY_A=v3.0.0
REGISTRY_B=v3.1.2
CRANE=v0.22.1
ORAS=v1.3.6
REGCTL=v0.11.7
HELM=v3.22.0
BUILDKIT=v0.34.2
KUBERNETES=v1.34.4   # its staging modules are v0.${KUBERNETES#v1.}
ETCD=v3.6.16
CERT_MANAGER=v1.21.2
PROMETHEUS=v0.316.0  # that is 3.16.0
PROMETHEUS_OPERATOR=v0.85.0
VEGETA=v12.13.0
KEYCLOAK=26.7.3
KEYCLOAK_SHA256=77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47
ASYNC_PROFILER=4.1
ASYNC_PROFILER_SHA256=5535baa56133628cfffe2f05ca9bfef1fae3d5abe49835447262b1c6da4a9582

# ---- arguments -------------------------------------------------------------
usage() { sed -n '2,24p' "$0" | sed 's/^# \{0,1\}//'; }
log() { printf 'peers: %s\n' "$*" >&2; }
case ${1:-} in -h | --help) usage; exit 0 ;; esac
[[ $# -gt 0 ]] || set -- core
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEST=${REGISTRY_AUTH_PEERS:-$HOME/.cache/registry-auth-peers}
mkdir -p "$DEST/bin" "$DEST/stamps" "$DEST/mod"
DEST=$(cd "$DEST" && pwd)
BIN=$DEST/bin

# One installer at a time in one folder: parallel test jobs may all call this.
if command -v flock >/dev/null; then
  exec 9>"$DEST/lock"
  if ! flock -n 9; then
    log "waiting for another run to finish"
    flock 9
  fi
  rm -rf "$DEST"/build.* # what an interrupted run left
else
  log "no flock here: run this only once at a time"
fi
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

have() { [[ -x $BIN/$1 && -f $DEST/stamps/$1@$2 ]]; } # tool version
stamp() { rm -f "$DEST/stamps/$1@"*; : >"$DEST/stamps/$1@$2"; }
# give_up WHY...: this tool cannot be had here.
give_up() {
  printf '%s' "$*" >"$WORK/why"
  exit 1
}
# Leave cores to whatever else runs.
NICE=(nice -n "${PEERS_NICE:-5}")

# ---- helpers ---------------------------------------------------------------
need_go() { command -v go >/dev/null || give_up "needs Go on PATH to be built"; }

# go_tool NAME VERSION PACKAGE: `go install PACKAGE@VERSION`, as BIN/NAME.
go_tool() {
  local name=$1 version=$2 pkg=$3 tmp built t0=$SECONDS
  have "$name" "$version" && return
  need_go
  log "building $name $version"
  tmp=$(mktemp -d "$DEST/build.XXXXXX")
  # Run outside any module or workspace so that neither has a say.
  (cd "$tmp" && GOWORK=off CGO_ENABLED=0 GOBIN=$tmp/out "${NICE[@]}" go install -trimpath -ldflags='-s -w' "$pkg@$version")
  built=("$tmp/out/"*)
  mv -f "${built[0]}" "$BIN/$name"
  rm -rf "$tmp"
  stamp "$name" "$version"
  log "$name $version in $((SECONDS - t0)) s"
}

# go_wrapped NAME VERSION MODDIR PACKAGE LDFLAGS: build PACKAGE from a small
# module of ours that requires its module; for tools whose go.mod has `replace`
# or `exclude` lines, which `go install PKG@VERSION` refuses.
go_wrapped() {
  local name=$1 version=$2 mod=$3 pkg=$4 ldflags=$5 t0=$SECONDS
  have "$name" "$version" && return
  need_go
  log "building $name $version"
  (cd "$mod" && GOWORK=off CGO_ENABLED=0 "${NICE[@]}" go build -mod=mod -trimpath -ldflags="-s -w $ldflags" -o "$BIN/.$name.new" "$pkg")
  mv -f "$BIN/.$name.new" "$BIN/$name"
  stamp "$name" "$version"
  log "$name $version in $((SECONDS - t0)) s"
}

# system_tool NAME PROGRAM PACKAGE...: a link BIN/NAME to the system's PROGRAM, which
# apt-get installs if it is not there.
system_tool() {
  local name=$1 program=$2 path others=:$PATH:
  shift 2
  # Not BIN itself, which may be first in PATH already.
  others=${others//:$BIN:/:}:/usr/local/sbin:/usr/sbin:/sbin
  if ! path=$(PATH=$others command -v "$program"); then
    command -v apt-get >/dev/null || give_up "$program is not on PATH and there is no apt-get: install it with your package manager"
    [[ $EUID -eq 0 ]] || give_up "needs root once: apt-get install --no-install-recommends $*"
    log "apt-get install $*"
    if [[ ! -f $WORK/apt-ready ]]; then
      apt-get update -qq >&2
      : >"$WORK/apt-ready"
    fi
    # A package's service should not start by itself (tests start their own, on
    # loopback): RUNLEVEL=1 has invoke-rc.d leave it alone.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >&2
    path=$(PATH=$others command -v "$program")
  fi
  ln -sfn "$path" "$BIN/$name"
}

# ---- tools -----------------------------------------------------------------
tool_registry-3.0.0() { go_tool registry-3.0.0 "$REGISTRY_A" github.com/distribution/distribution/v3/cmd/registry; }
tool_registry-3.1.2() { go_tool registry-3.1.2 "$REGISTRY_B" github.com/distribution/distribution/v3/cmd/registry; }
tool_registry-2.8() { system_tool registry-2.8 docker-registry docker-registry; }
tool_crane() { go_tool crane "$CRANE" github.com/google/go-containerregistry/cmd/crane; }
tool_skopeo() { system_tool skopeo skopeo skopeo; }
tool_buildah() { system_tool buildah buildah buildah; }
tool_oras() { go_tool oras "$ORAS" oras.land/oras/cmd/oras; }
tool_regctl() { go_tool regctl "$REGCTL" github.com/regclient/regclient/cmd/regctl; }
tool_helm() { go_tool helm "$HELM" helm.sh/helm/v3/cmd/helm; }
tool_runc() { system_tool runc runc runc; }
# Without what finds targets in clouds, which is most of its code and no part of testing rules.
tool_promtool() { GOFLAGS="${GOFLAGS:-} -tags=remove_all_sd" go_tool promtool "$PROMETHEUS" github.com/prometheus/prometheus/cmd/promtool; }
tool_vegeta() { go_tool vegeta "$VEGETA" github.com/tsenart/vegeta/v12; }
tool_wrk() { system_tool wrk wrk wrk; }

# plain_mod NAME MODULE VERSION: the folder of a module that requires only that.
plain_mod() {
  local mod=$DEST/mod/$1-$3
  mkdir -p "$mod"
  [[ -f $mod/go.mod ]] || printf 'module peers.invalid/%s\n\ngo 1.26.0\n\nrequire %s %s\n' "$1" "$2" "$3" >"$mod/go.mod"
  printf '%s' "$mod"
}
tool_etcd() { go_wrapped etcd "$ETCD" "$(plain_mod etcd go.etcd.io/etcd/server/v3 "$ETCD")" go.etcd.io/etcd/server/v3 ""; }
buildkit_mod() { plain_mod buildkit github.com/moby/buildkit "$BUILDKIT"; }
BUILDKIT_LD="-X github.com/moby/buildkit/version.Version=$BUILDKIT"
tool_buildctl() { go_wrapped buildctl "$BUILDKIT" "$(buildkit_mod)" github.com/moby/buildkit/cmd/buildctl "$BUILDKIT_LD"; }
tool_buildkitd() {
  tool_runc
  go_wrapped buildkitd "$BUILDKIT" "$(buildkit_mod)" github.com/moby/buildkit/cmd/buildkitd "$BUILDKIT_LD"
}

# k8s.io/kubernetes names its staging modules by relative path; a module that
# requires it names their published versions instead.
kube_mod() {
  local mod=$DEST/mod/kubernetes-$KUBERNETES staging=v0.${KUBERNETES#v1.} gomod
  if [[ ! -f $mod/go.mod ]]; then
    mkdir -p "$mod"
    gomod=$(cd "$mod" && GOWORK=off go mod download -json "k8s.io/kubernetes@$KUBERNETES" | sed -n 's/^[[:space:]]*"GoMod": "\(.*\)",\{0,1\}$/\1/p')
    {
      printf 'module peers.invalid/kubernetes\n\n'
      sed -n '/^go /p; /^godebug /p' "$gomod"
      printf '\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$KUBERNETES"
      awk -v v="$staging" '/=> \.\/staging\/src\//{print "\t" $1 " => " $1 " " v}' "$gomod"
      printf ')\n'
    } >"$mod/go.mod.new"
    mv -f "$mod/go.mod.new" "$mod/go.mod"
  fi
  printf '%s' "$mod"
}
kube_ld() {
  local minor=${KUBERNETES#v1.}
  printf -- '-X k8s.io/component-base/version.gitVersion=%s -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=%s' "$KUBERNETES" "${minor%%.*}"
}
kube_tool() { # NAME
  local mod
  have "$1" "$KUBERNETES" && return
  need_go
  mod=$(kube_mod)
  go_wrapped "$1" "$KUBERNETES" "$mod" "k8s.io/kubernetes/cmd/$1" "$(kube_ld)"
}
tool_kube-apiserver() { kube_tool kube-apiserver; }
tool_kubectl() { kube_tool kubectl; }

# module_crds NAME MODULE VERSION FOLDER FILE...: definitions of resources, as a module has
# them in FOLDER; for manifests that hold such resources. What they are for is not installed.
module_crds() {
  local name=$1 module=$2 version=$3 folder=$4 share=$DEST/share/$1 dir
  shift 4
  [[ -d $share && -f $DEST/stamps/$name@$version ]] && return
  need_go
  log "downloading $name $version"
  dir=$(cd "$WORK" && GOWORK=off go mod download -json "$module@$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p')
  rm -rf "$share"
  mkdir -p "$share"
  # Not `cp -r`: what is in Go's module cache is read-only.
  (cd "$dir/$folder" && install -m 644 -- $* "$share/")
  stamp "$name" "$version"
}
tool_cert-manager-crds() { module_crds cert-manager-crds github.com/cert-manager/cert-manager "$CERT_MANAGER" deploy/crds '*.yaml'; }
tool_prometheus-operator-crds() {
  module_crds prometheus-operator-crds github.com/prometheus-operator/prometheus-operator "$PROMETHEUS_OPERATOR" \
    example/prometheus-operator-crd monitoring.coreos.com_podmonitors.yaml monitoring.coreos.com_prometheusrules.yaml
}

# maven_artifact GROUP:NAME:VERSION:TYPE SHA256: downloads a file, and prints its path.
maven_artifact() {
  local name version kind file
  command -v java >/dev/null || give_up "needs a JDK on PATH, for Maven"
  IFS=: read -r _ name version kind <<<"$1"
  log "downloading $name $version"
  (cd "$ROOT" && ./mvnw -q -ntp -N dependency:copy -Dartifact="$1" -DoutputDirectory="$WORK" >&2)
  file=$WORK/$name-$version.$kind
  [[ $(sha256sum "$file" | cut -d' ' -f1) == "$2" ]] || give_up "what was downloaded as $1 has another SHA-256 than $2"
  printf '%s' "$file"
}
# Built once, for its token protocol of Docker, as its operators would.
tool_keycloak() {
  local share=$DEST/share/keycloak file
  have keycloak "$KEYCLOAK" && return
  file=$(maven_artifact "org.keycloak:keycloak-quarkus-dist:$KEYCLOAK:tar.gz" "$KEYCLOAK_SHA256")
  rm -rf "$share"
  mkdir -p "$share"
  tar -xzf "$file" -C "$share" --strip-components=1
  "${NICE[@]}" "$share/bin/kc.sh" build --features=docker --db=dev-file >&2
  ln -sfn "$share/bin/kc.sh" "$BIN/keycloak"
  stamp keycloak "$KEYCLOAK"
}
tool_async-profiler() {
  local share=$DEST/share/async-profiler file platform=linux-x64
  [[ -d $share && -f $DEST/stamps/async-profiler@$ASYNC_PROFILER ]] && return
  [[ $(uname -m) == aarch64 ]] && platform=linux-arm64
  file=$(maven_artifact "tools.profiler:async-profiler:$ASYNC_PROFILER:jar" "$ASYNC_PROFILER_SHA256")
  rm -rf "$share"
  mkdir -p "$share"
  (cd "$WORK" && jar xf "$file" "$platform/libasyncProfiler.so" && mv "$platform/libasyncProfiler.so" "$share/")
  stamp async-profiler "$ASYNC_PROFILER"
}

# ---- groups ----------------------------------------------------------------
group_core="registry-3.0.0 registry-3.1.2 crane skopeo"
group_clients="registry-2.8 buildah oras regctl helm buildctl buildkitd"
group_kube="etcd kube-apiserver kubectl cert-manager-crds"
group_monitoring="promtool prometheus-operator-crds"
group_bench="vegeta wrk keycloak async-profiler"

tools=()
for want in "$@"; do
  case $want in
    core | clients | kube | monitoring | bench)
      group=group_$want
      read -r -a members <<<"${!group}"
      tools+=("${members[@]}")
      ;;
    all)
      read -r -a members <<<"$group_core $group_clients $group_kube $group_monitoring $group_bench"
      tools+=("${members[@]}")
      ;;
    *)
      if ! declare -F "tool_$want" >/dev/null; then
        log "no such tool or group: $want"
        usage >&2
        exit 2
      fi
      tools+=("$want")
      ;;
  esac
done

missing=()
for tool in "${tools[@]}"; do
  rm -f "$WORK/why"
  # Not `if ( … )`: there, set -e would mean nothing inside the parentheses.
  set +e
  (
    set -e
    "tool_$tool"
  )
  status=$?
  set -e
  if [[ $status -ne 0 ]]; then
    missing+=("$tool")
    log "cannot install $tool: $(cat "$WORK/why" 2>/dev/null || echo 'see the output above')"
  fi
done
if [[ ${#missing[@]} -gt 0 ]]; then
  log "missing in $BIN: ${missing[*]}"
  exit 1
fi
log "ready in $BIN (took $SECONDS s)"

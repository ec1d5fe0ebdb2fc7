#!/usr/bin/env bash
# kube-up.sh: a real Kubernetes API server (etcd and kube-apiserver, nothing else) on
# loopback, with every file in one directory.
#
#   tools/kube-up.sh start DIR    start what does not run; prints the environment to use.
#                                 DIR is new, empty, or of an earlier start
#   tools/kube-up.sh stop DIR     stop both; what is stored stays for the next start
#   tools/kube-up.sh env DIR      print KUBECONFIG=... and friends again
#
# The programs are those of `tools/install-peers.sh kube`, in $REGISTRY_AUTH_PEERS
# (default: ~/.cache/registry-auth-peers). Ports are free ones, the same at each start
# in the same DIR. There is no controller and no node: pods do not run, service accounts
# must be made by hand, and deleted namespaces stay. Needs openssl, curl and python3.
set -euo pipefail

cmd=${1:-}
dir=${2:-}
if [[ -z $cmd || -z $dir ]]; then
  sed -n '2,14p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
bin=${REGISTRY_AUTH_PEERS:-$HOME/.cache/registry-auth-peers}/bin

# The number in a pid file may be another program's by now: ours have DIR in their command line.
ours() { # pidfile
  local pid
  [[ -s $1 ]] || return 1
  pid=$(cat "$1")
  [[ $pid =~ ^[0-9]+$ ]] && grep -qaF -- "$dir/" "/proc/$pid/cmdline" 2>/dev/null
}

free_ports() { # N distinct free loopback ports
  python3 - "$1" <<'PY'
import socket, sys
socks = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in socks:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in socks])
PY
}

stop_one() { # pidfile seconds
  local pid
  [[ -s $1 ]] || return 0
  pid=$(cat "$1")
  if ours "$1"; then
    kill -TERM "$pid"
    kill -CONT "$pid" # a stopped process would not hear it
    for _ in $(seq $(($2 * 20))); do
      ours "$1" || break
      sleep 0.05
    done
    if ours "$1"; then
      kill -KILL "$pid"
      echo "kube-up: pid $pid needed SIGKILL" >&2
    fi
  fi
  rm -f "$1"
}

do_stop() {
  stop_one "$dir/kube-apiserver.pid" 15
  stop_one "$dir/etcd.pid" 10
}

do_env() {
  cat <<ENV
KUBECONFIG=$dir/admin.kubeconfig
KUBE_SERVER=$(cat "$dir/server")
KUBE_CA=$dir/ca.crt
ENV
}

make_certs() {
  (
    cd "$dir"
    # ECDSA keys throughout: fast to make, and what kubeadm can use too.
    newkey() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; chmod 600 "$1"; }
    newkey ca.key
    openssl req -x509 -new -key ca.key -subj /CN=kube-up-ca -days 3650 -out ca.crt \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    sign() { # name subject extensions
      newkey "$1.key"
      openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
      openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
        -extfile <(printf '%s\n' "$3") -out "$1.crt" 2>/dev/null
      rm -f "$1.csr"
    }
    sign apiserver /CN=kube-apiserver \
      $'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc'
    # system:masters skips RBAC; it is what the test set-up uses, never the
    # program under test, which gets a service-account token or a user below.
    sign admin /O=system:masters/CN=admin 'extendedKeyUsage=clientAuth'
    newkey sa.key
    openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
  )
}

start_etcd() { # PORT PEER_PORT
  # No fsync: this store is thrown away.
  setsid "$bin/etcd" --name kube-up --data-dir "$dir/etcd-data" --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$1" --advertise-client-urls "http://127.0.0.1:$1" \
    --listen-peer-urls "http://127.0.0.1:$2" --initial-advertise-peer-urls "http://127.0.0.1:$2" \
    --initial-cluster "kube-up=http://127.0.0.1:$2" --quota-backend-bytes 8589934592 \
    --logger zap --log-level warn >>"$dir/etcd.log" 2>&1 </dev/null &
  echo $! >"$dir/etcd.pid"
}

start_apiserver() { # PORT ETCD_PORT
  setsid "$bin/kube-apiserver" \
    --etcd-servers "http://127.0.0.1:$2" \
    --bind-address 127.0.0.1 --secure-port "$1" --advertise-address 127.0.0.1 \
    --endpoint-reconciler-type none \
    --cert-dir "$dir" \
    --tls-cert-file "$dir/apiserver.crt" --tls-private-key-file "$dir/apiserver.key" \
    --client-ca-file "$dir/ca.crt" \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$dir/sa.pub" --service-account-signing-key-file "$dir/sa.key" \
    --service-cluster-ip-range 10.96.0.0/16 \
    --authorization-mode RBAC \
    --profiling=false \
    --audit-policy-file "$dir/audit-policy.yaml" --audit-log-path "$dir/audit.log" \
    >>"$dir/kube-apiserver.log" 2>&1 </dev/null &
  echo $! >"$dir/kube-apiserver.pid"
}

write_kubeconfig() { # PORT
  cat >"$dir/admin.kubeconfig" <<KC
apiVersion: v1
kind: Config
clusters:
- name: kube-up
  cluster: {server: "https://127.0.0.1:$1", certificate-authority: "$dir/ca.crt"}
users:
- name: admin
  user: {client-certificate: "$dir/admin.crt", client-key: "$dir/admin.key"}
contexts:
- name: kube-up
  context: {cluster: kube-up, user: admin}
current-context: kube-up
KC
  chmod 600 "$dir/admin.kubeconfig"
}

await_ready() { # PORT
  for _ in $(seq 1200); do
    if curl -fsS --max-time 2 --cacert "$dir/ca.crt" "https://127.0.0.1:$1/readyz" >/dev/null 2>&1; then
      return
    fi
    # Not by name: a program that was started just now may not have its own yet.
    if ! kill -0 "$(cat "$dir/kube-apiserver.pid")" "$(cat "$dir/etcd.pid")" 2>/dev/null; then
      break
    fi
    sleep 0.1
  done
  echo "kube-up: the API server did not become ready; last lines of its logs:" >&2
  tail -n 15 "$dir/etcd.log" "$dir/kube-apiserver.log" >&2
  do_stop
  exit 1
}

do_start() {
  local program ports
  for program in etcd kube-apiserver; do
    if [[ ! -x $bin/$program ]]; then
      echo "kube-up: $bin/$program is missing; install it with: tools/install-peers.sh kube" >&2
      exit 1
    fi
  done
  if [[ -d $dir && ! -e $dir/ports && -n $(ls -A "$dir") ]]; then
    echo "kube-up: $dir is not empty, and was not made by kube-up; name a new directory" >&2
    exit 1
  fi
  if [[ ! -d $dir ]]; then
    mkdir -p "$(dirname "$dir")"
    mkdir -m 700 "$dir"
  fi
  dir=$(cd "$dir" && pwd)
  [[ -s $dir/ports ]] || free_ports 3 >"$dir/ports"
  read -r -a ports <"$dir/ports"
  [[ -s $dir/ca.crt ]] || make_certs
  echo "https://127.0.0.1:${ports[0]}" >"$dir/server"
  cat >"$dir/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
YAML
  write_kubeconfig "${ports[0]}"
  ours "$dir/etcd.pid" || start_etcd "${ports[1]}" "${ports[2]}"
  ours "$dir/kube-apiserver.pid" || start_apiserver "${ports[0]}" "${ports[1]}"
  await_ready "${ports[0]}"
  do_env
}

case $cmd in
  start) do_start ;;
  stop)
    if [[ ! -e $dir/ports ]]; then
      echo "kube-up: $dir was not made by kube-up" >&2
      exit 1
    fi
    dir=$(cd "$dir" && pwd) && do_stop
    ;;
  env) dir=$(cd "$dir" && pwd) && do_env ;;
  *)
    echo "kube-up: no such command: $cmd; valid are start, stop and env" >&2
    exit 2
    ;;
esac

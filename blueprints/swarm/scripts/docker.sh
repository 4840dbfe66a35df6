set -euo pipefail
# Docker on this machine: installed, running, answering. An image that has it needs no package mirror.

# The swarm knows a machine by its host name, so it gets the member's: worker-1, after a replacement worker-1-2.
# Old and new never share one, so that removing the old can never hit the new.
node=${GANTRY_MEMBER%@1}
node=${node/@/-}
if [ "$(hostname)" != "$node" ]; then
  grep -q " $node\$" /etc/hosts 2>/dev/null || echo "127.0.1.1 $node" >> /etc/hosts
  echo "$node" > /etc/hostname
  hostname "$node"
fi

# A machine that has just booted may be updating itself: who holds apt's lock is waited for, everything else fails.
apt() {
  local log=/tmp/gantry-apt.log
  local try
  for try in $(seq 1 30); do
    if DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 "$@" 2>&1 | tee "$log"; then return 0; fi
    grep -Eqi 'could not get lock|unable to (acquire|lock)' "$log" || return 1
    echo "apt is locked, try $try of 30"
    sleep 5
  done
  return 1
}

if ! command -v dockerd > /dev/null 2>&1; then
  apt update
  apt install -y --no-install-recommends docker.io
fi

if [ -d /run/systemd/system ]; then
  systemctl enable --now docker
elif ! docker info > /dev/null 2>&1; then
  setsid dockerd > /var/log/dockerd.log 2>&1 < /dev/null &
fi

for _ in $(seq 1 120); do
  if docker info > /dev/null 2>&1; then exit 0; fi
  sleep 0.5
done
echo 'dockerd does not answer after a minute' >&2
docker info >&2 || true
exit 1

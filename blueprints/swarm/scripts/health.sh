set -euo pipefail
# Every member is Ready, every manager votes. Members are named by their slot (worker-1); a replaced one's node is
# worker-1-2.

nodes=$(docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}')
bad=0
for name in ${MANAGERS//,/ }; do
  if ! grep -Eq "^$name(-[0-9]+)? Ready (Leader|Reachable)\$" <<< "$nodes"; then
    echo "$name is not a manager that is ready and reachable"
    bad=1
  fi
done
for name in ${WORKERS//,/ }; do
  if ! grep -Eq "^$name(-[0-9]+)? Ready *\$" <<< "$nodes"; then
    echo "$name is not ready"
    bad=1
  fi
done
exit "$bad"

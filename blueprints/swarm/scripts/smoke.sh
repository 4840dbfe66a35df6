set -euo pipefail
# Changes nothing. Only a manager can tell which swarm it is in.

state=$(docker info --format '{{.Swarm.LocalNodeState}}')
if [ "$state" != active ]; then
  echo "this machine is $state in its swarm"
  exit 1
fi
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ]; then
  id=$(docker info --format '{{.Swarm.Cluster.ID}}')
  if [ "$id" != "$CLUSTER" ]; then
    echo "this machine is in the swarm $id, not in $CLUSTER"
    exit 1
  fi
fi
echo "docker answers and is $state"

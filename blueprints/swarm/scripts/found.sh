set -euo pipefail
# Makes the swarm. Run again after a crash it finds the swarm it made.

state=$(docker info --format '{{.Swarm.LocalNodeState}}')
if [ "$state" = inactive ]; then
  # It prints a join token, which is nobody's business in a log.
  docker swarm init --advertise-addr "$GANTRY_ADDRESS" > /dev/null
fi
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" != true ]; then
  echo "this machine is no manager: its swarm state was $state" >&2
  exit 1
fi
id=$(docker info --format '{{.Swarm.Cluster.ID}}')
echo "clusterId=$id" >> "$GANTRY_OUTPUT"

set -euo pipefail
# Makes the swarm. Run again after a crash it finds the swarm it made. A manager that is left of a swarm which lost its
# quorum goes on with it alone: Gantry runs this there only once a person has given the other managers up.

has_leader() {
  for _ in $(seq 1 15); do
    if docker node ls > /dev/null 2>&1; then return 0; fi
    sleep 1
  done
  return 1
}

state=$(docker info --format '{{.Swarm.LocalNodeState}}')
if [ "$state" = inactive ]; then
  # It prints a join token, which is nobody's business in a log.
  docker swarm init --advertise-addr "$GANTRY_ADDRESS" > /dev/null
fi
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" != true ]; then
  echo "this machine is no manager: its swarm state was $state" >&2
  exit 1
fi
# Its state is kept, and so are its workers; of the managers only this one remains.
if ! has_leader; then
  docker swarm init --force-new-cluster --advertise-addr "$GANTRY_ADDRESS" > /dev/null
fi
id=$(docker info --format '{{.Swarm.Cluster.ID}}')
echo "clusterId=$id" >> "$GANTRY_OUTPUT"

set -euo pipefail
# Joins as manager or worker, which the token decides. In the swarm already: done. A worker of another swarm leaves that
# one, as when all managers were lost and the swarm was founded anew; a manager of another one is an error.

state() {
  docker info --format '{{.Swarm.LocalNodeState}}'
}

# The swarm's id stands as plain text in each member's certificate (its organization), so nobody need be asked: addresses
# of managers prove nothing, a new swarm's manager may have one that the old one's had. The file may hold a chain.
in_this_swarm() {
  local file
  file=$(docker info --format '{{.DockerRootDir}}')/swarm/certificates/swarm-node.crt
  sed '/^-----END/q' "$file" | grep -v '^-----' | base64 -d | LC_ALL=C tr -cd 'a-z0-9' | grep -F "$CLUSTER" > /dev/null
}

# A join that was cut off goes on in the background for a while.
for _ in $(seq 1 20); do
  if [ "$(state)" != pending ]; then break; fi
  sleep 1
done
case "$(state)" in
  pending | error) docker swarm leave --force ;;
esac

if [ "$(state)" = active ] && ! in_this_swarm; then
  if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ]; then
    echo "this machine is a manager of another swarm than $CLUSTER: take it out of that one first" >&2
    exit 1
  fi
  echo "this worker is of another swarm than $CLUSTER, which it leaves"
  docker swarm leave --force
fi
if [ "$(state)" = active ]; then exit 0; fi

docker swarm join --advertise-addr "$GANTRY_ADDRESS" --token "$TOKEN" "$MANAGER:2377"
if [ "$(state)" != active ]; then
  echo "joined, but the swarm state is $(state)" >&2
  exit 1
fi

set -euo pipefail
# Joins as manager or worker, which the token decides. In the swarm already: done. In another one: an error.

state() {
  docker info --format '{{.Swarm.LocalNodeState}}'
}

# A manager knows the id of its swarm; a worker knows only the managers, and the one that minted the token is one.
in_this_swarm() {
  if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ]; then
    [ "$(docker info --format '{{.Swarm.Cluster.ID}}')" = "$CLUSTER" ]
  else
    case " $(docker info --format '{{range .Swarm.RemoteManagers}}{{.Addr}} {{end}}') " in
      *" $MANAGER:2377 "*) return 0 ;;
    esac
    return 1
  fi
}

# A join that was cut off goes on in the background for a while.
for _ in $(seq 1 20); do
  if [ "$(state)" != pending ]; then break; fi
  sleep 1
done
case "$(state)" in
  pending | error) docker swarm leave --force ;;
esac

if [ "$(state)" = active ]; then
  if in_this_swarm; then exit 0; fi
  echo "this machine is in another swarm than $CLUSTER" >&2
  exit 1
fi

docker swarm join --advertise-addr "$GANTRY_ADDRESS" --token "$TOKEN" "$MANAGER:2377"
if [ "$(state)" != active ]; then
  echo "joined, but the swarm state is $(state)" >&2
  exit 1
fi

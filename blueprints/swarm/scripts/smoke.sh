set -euo pipefail
# Changes nothing. The swarm's id stands as plain text in each member's certificate, as its organization.

state=$(docker info --format '{{.Swarm.LocalNodeState}}')
if [ "$state" != active ]; then
  echo "this machine is $state in its swarm"
  exit 1
fi
file=$(docker info --format '{{.DockerRootDir}}')/swarm/certificates/swarm-node.crt
if ! sed '/^-----END/q' "$file" | grep -v '^-----' | base64 -d | LC_ALL=C tr -cd 'a-z0-9' | grep -F "$CLUSTER" > /dev/null; then
  echo "this machine is in another swarm than $CLUSTER"
  exit 1
fi
echo "docker answers and is $state"

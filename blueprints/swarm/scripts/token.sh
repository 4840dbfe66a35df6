set -euo pipefail
# What a machine needs to join, from a manager that is in the swarm now.

manager=$(docker swarm join-token -q manager)
worker=$(docker swarm join-token -q worker)
{
  echo "manager=$manager"
  echo "worker=$worker"
  echo "address=$GANTRY_ADDRESS"
} >> "$GANTRY_OUTPUT"

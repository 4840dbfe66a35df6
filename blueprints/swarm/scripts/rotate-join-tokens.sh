set -euo pipefail
# The tokens themselves are told to nobody: whoever joins later is given a fresh one.

case "$ROLE" in
  both) roles="manager worker" ;;
  *) roles=$ROLE ;;
esac
for role in $roles; do
  docker swarm join-token --rotate -q "$role" > /dev/null
  echo "the $role token is a new one"
done
echo "rotated=${roles// /,}" >> "$GANTRY_OUTPUT"

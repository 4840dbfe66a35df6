set -euo pipefail
# Takes GANTRY_SUBJECT out of the swarm, from another manager: its work moves away, its vote goes, its entry goes.
# Whatever of this has happened already, or was never there, is success.

node=${GANTRY_SUBJECT%@1}
node=${node/@/-}

# id, host name, status, and for managers Leader, Reachable or Unreachable
nodes() {
  docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}} {{.ManagerStatus}}'
}

running_tasks() {
  docker node ps "$1" --format '{{.CurrentState}}' | grep -c '^Running' || true
}

# Tasks of a dead node are Swarm's to move; a live one gets time to stop them in order.
drain() {
  docker node update --availability drain "$1" > /dev/null
  local waited=0
  while [ "$(running_tasks "$1")" -gt 0 ]; do
    if [ "$waited" -ge "$DRAIN_SECONDS" ]; then
      echo "$node still runs $(running_tasks "$1") tasks after $DRAIN_SECONDS s; they end with it"
      return 0
    fi
    sleep 1
    waited=$((waited + 1))
  done
}

# Refuses to take a vote away that the rest would miss: more than half of those that stay must be reachable.
demote() {
  local counts
  counts=$(nodes | awk -v id="$1" '$1 != id && $4 != "" { all++; if ($4 != "Unreachable") up++ } END { print up + 0, all + 0 }')
  local up=${counts% *}
  local all=${counts#* }
  if [ $((up * 2)) -le "$all" ]; then
    echo "without $node only $up of $all managers are reachable: it stays until more of them are back" >&2
    exit 1
  fi
  docker node demote "$1"
}

ids=$(nodes | awk -v node="$node" '$2 == node { print $1 }')
if [ -z "$ids" ]; then
  echo "$node is not in the swarm"
  exit 0
fi
for id in $ids; do
  if [ "$GANTRY_SUBJECT_ANSWERS" = true ]; then drain "$id"; fi
  if [ -n "$(nodes | awk -v id="$id" '$1 == id { print $4 }')" ]; then demote "$id"; fi
  # A demoted manager takes a moment to lose its vote; until then it cannot be removed.
  for try in $(seq 1 60); do
    if docker node rm --force "$id"; then break; fi
    if [ "$try" = 60 ]; then exit 1; fi
    sleep 1
  done
done

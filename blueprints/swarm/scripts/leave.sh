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

# Services that have, or had, a task here and run fewer than they should: what left here runs elsewhere only when there are
# none. It is read from Swarm each time, so a script that was cut off and runs again knows as much.
short_services() {
  local here
  here=$(docker node ps "$1" --format '{{.Name}}' | awk '{ name = $NF; sub(/\.[^.]*$/, "", name); print name }')
  docker service ls --format '{{.Name}} {{.Replicas}}' | awk -v here="${here//$'\n'/ }" '
    BEGIN { n = split(here, names, " "); for (i = 1; i <= n; i++) had[names[i]] = 1 }
    { split($2, count, "/"); if ($1 in had && count[1] + 0 < count[2] + 0) print $1 " " $2 }'
}

# Tasks of a dead node are Swarm's to move; a live one gets time to stop them in order, and its work to start elsewhere.
drain() {
  docker node update --availability drain "$1" > /dev/null
  local waited=0 tasks short
  while true; do
    tasks=$(running_tasks "$1")
    short=$(short_services "$1")
    if [ "$tasks" = 0 ] && [ -z "$short" ]; then return 0; fi
    if [ "$waited" -ge "$DRAIN_SECONDS" ]; then break; fi
    sleep 1
    waited=$((waited + 1))
  done
  if [ "$tasks" != 0 ]; then echo "$node still runs $tasks tasks after $DRAIN_SECONDS s; they end with it"; fi
  if [ -n "$short" ]; then echo "not running elsewhere after $DRAIN_SECONDS s: ${short//$'\n'/, }"; fi
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

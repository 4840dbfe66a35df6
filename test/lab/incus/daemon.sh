# incusd on a folder of its own: no service manager, no system-wide Incus is touched.
# shellcheck shell=bash

incusd=/usr/libexec/incus/incusd
daemon_file=$run_dir/incusd.pid

start_daemon() {
  [ -z "$(living_process "$daemon_file")" ] || return 0
  remove_leftovers
  mkdir -p "$INCUS_DIR"
  chmod 711 "$INCUS_DIR"
  # Its own session, so that a signal meant for a test (Ctrl-C) does not reach the machines' owner.
  # 3 and 9 are ours: whoever waits for the end of our output would wait for the daemon.
  setsid "$incusd" --group root --logfile "$run_dir/incusd.log" >"$run_dir/incusd.out" 2>&1 </dev/null 3>&- 9>&- &
  remember_process $! "$daemon_file"
  incus admin waitready --timeout 60 2>>"$run_dir/incusd.out" || {
    tail -n 20 "$run_dir/incusd.log" "$run_dir/incusd.out" >&2
    die 'incusd did not become ready'
  }
}

free_port() {
  local port=${GANTRY_LAB_PORT:-18443}
  while ss -Hltn "sport = :$port" | grep -q .; do port=$((port + 1)); done
  echo "$port"
}

configure_daemon() {
  [ ! -s "$run_dir/client.crt" ] || return 0
  incus admin init --preseed <<PRESEED
config:
  core.https_address: "127.0.0.1:$(free_port)"
  images.auto_update_interval: "0"
storage_pools:
- {name: default, driver: dir}
PRESEED
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=gantry-lab \
    -keyout "$run_dir/client.key" -out "$run_dir/client.new" 2>/dev/null
  incus config trust add-certificate "$run_dir/client.new"
  mv "$run_dir/client.new" "$run_dir/client.crt" # last: its presence says that all of the above is done
}

import_image() {
  local have
  have=$(incus query "/1.0/images/aliases/$image_alias" 2>/dev/null | jq -r .target || true)
  if [ -n "$have" ]; then
    [ "$(incus query "/1.0/images/$have" | jq -r .properties.recipe)" != "$recipe" ] || return 0
    incus image delete "$have"
  fi
  incus image import "$image/meta.tar" "$image/rootfs.squashfs" --alias "$image_alias" >/dev/null
}

delete_instances() {
  local names
  mapfile -t names < <(incus list --all-projects --format json | jq -r '.[] | .project + " " + .name')
  local entry
  for entry in "${names[@]}"; do
    incus delete --force --project "${entry%% *}" "${entry#* }"
  done
}

# A clean stop while the daemon lives: instances first, so that nothing outlives it.
stop_daemon() {
  local pid
  pid=$(living_process "$daemon_file") || return 0
  delete_instances || say 'some machines were not deleted by Incus; they are stopped by process id'
  kill -TERM "$pid"
  wait_gone "$daemon_file" 30 || kill -KILL "$pid"
  wait_gone "$daemon_file" 5 || true
}

wait_gone() {
  local tries=$(($2 * 10))
  while [ -n "$(living_process "$1")" ]; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.1
  done
}

# What a killed daemon leaves: a monitor process per container (its command line names our folder) with the
# container's init below it, control groups, mounts and the folder.
remove_leftovers() {
  local monitor machine group path
  for monitor in $(monitors); do
    pkill -KILL -P "$monitor" || true # its only child is the container's init; the kernel ends the rest with it
    kill -KILL "$monitor" 2>/dev/null || true
  done
  for machine in "$INCUS_DIR"/containers/*; do
    for group in /sys/fs/cgroup{,/*}/lxc.{monitor,payload}."${machine##*/}"; do
      remove_group "$group"
    done
  done
  awk -v d="$INCUS_DIR/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r path; do
    umount -l "$path"
  done
  rm -rf "$INCUS_DIR" "$run_dir"/client.* "$run_dir"/incusd.* "$run_dir/lab.json"
}

# A control group can go when its last process is gone, which is a moment after the kill.
remove_group() {
  local tries=20
  while [ -d "$1" ] && ! find "$1" -depth -type d -exec rmdir {} + 2>/dev/null && [ $((tries -= 1)) -gt 0 ]; do
    sleep 0.1
  done
}

monitors() {
  local entry
  for entry in /proc/[0-9]*; do
    # The monitor renames itself to "[lxc monitor] <folder> <name>".
    if tr '\0' ' ' <"$entry/cmdline" 2>/dev/null | grep -qF "[lxc monitor] $INCUS_DIR/"; then echo "${entry#/proc/}"; fi
  done
}

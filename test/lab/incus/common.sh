# What every part of the lab shares: where things are, how to speak, one lock.
# Sourced by `lab`; each other file holds the functions of one part and is sourced after this one.
# shellcheck shell=bash

cache=${GANTRY_CACHE:-$HOME/.cache/gantry}
image_dir=$cache/images           # built images, by hash of their recipe; survive `down`
apt_dir=$cache/apt                # package lists of the lab's own sources; the machine's lists stay as they are

# One lab a machine, because it owns a bridge and a subnet. Not below a home folder: unprivileged containers must be
# able to walk to their own root.
run_dir=${GANTRY_LAB_DIR:-/var/lib/gantry-lab}

bridge=${GANTRY_LAB_BRIDGE:-gantrylab0}
subnet=10.99.0.0/16
gateway=10.99.0.1
prefix=16

export INCUS_DIR=$run_dir/incus
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'lab: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# Runs a function with its output in a log, of which the end is shown if it fails. The caller must not test its
# result (`||`, `if`): bash would then go on after a failed line inside the function.
logged() {
  working_log=$1
  shift
  "$@" >"$working_log" 2>&1 9>&-
  working_log=
}

exec 3>&2 # at the time of a failure, 2 may be the log itself
show_failure() {
  local status=$?
  [ "$status" = 0 ] || [ -z "${working_log:-}" ] || {
    tail -n 20 "$working_log"
    say "failed; all of it is in $working_log"
  } 1>&3 2>&3
}

need_root() {
  [ "$(id -u)" = 0 ] || die 'the lab makes bridges and containers, so it must run as root'
  # A unix socket's path has at most 107 bytes; incusd would fail later with a message that does not say so.
  local longest=$INCUS_DIR/unix.socket.user
  [ ${#longest} -le 107 ] || die "the cache folder's path is too long for a socket: set GANTRY_LAB_DIR to a shorter one than $run_dir"
}

# One `up` or `down` at a time. Descriptor 9 is closed for whatever outlives us, else a daemon would hold the lock.
take_lock() {
  mkdir -p "$run_dir" "$image_dir" "$apt_dir"
  chmod 711 "$run_dir"
  exec 9>"$run_dir/lock"
  flock -w 900 9 || die "another run holds $run_dir/lock for 15 minutes"
}

# A process is named by pid and start time: a pid alone is reused.
process_start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

remember_process() { printf '%s %s\n' "$1" "$(process_start "$1")" >"$2"; }

# Prints the pid written in a file if that very process is still alive.
living_process() {
  local pid start
  [ -s "$1" ] && read -r pid start <"$1" && [ "$(process_start "$pid")" = "$start" ] && echo "$pid"
}

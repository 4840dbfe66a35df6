# The remote runner: sent whole with every call and run by `sh -c 'eval "$(cat)"'` as root; nothing is installed.
# program.ts puts the call's parameters (g_*) in front of it and strips these comments.
#
# What it promises: an attempt is started at most once, and whatever dies between any two lines here, the answer
# afterwards is right. Three names in the attempt's folder carry that, each made in one indivisible step:
#   the folder itself   made by mkdir: who makes it may launch, nobody else ever does
#   owner               made by ln: `run <pid> <start> <boot id>` by the launched process before the script's first
#                       command, or `lost <why>` by somebody who waited in vain for it. Who links second gives way,
#                       so an attempt that was called lost cannot begin later.
#   exit.<code>         made empty: the code is in the name, so a full disk cannot truncate it
#
# Words it needs beyond POSIX sh builtins, for whoever simulates a machine: mkdir rm mv ln cat wc head tail base64
# sleep kill (-0 PID; -s KILL -- -GROUP) setsid timeout bash. It uses, where they exist: sync mkfifo stdbuf umask, /proc/<pid>/stat,
# /proc/uptime and /proc/sys/kernel/random/boot_id. `setsid sh -c TEXT gantry ARGS` must return at once, and TEXT
# must see its own process number as $$. GANTRY_ROOT in the environment moves every path of ours, for tests.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
LANG=C.UTF-8
export PATH LANG
unset LC_ALL LANGUAGE
umask 077 2>/dev/null

g_base=${GANTRY_ROOT:-}/var/lib/gantry
g_dir=$g_base/attempts/$g_id
g_boot=-
read -r g_boot 2>/dev/null < /proc/sys/kernel/random/boot_id || g_boot=-

say() { printf '\n@gantry %s %s\n' "$g_nonce" "$*"; }
fault() { say fault "$@"; exit 0; }

# Shared with the launched process, hence text. `born PID` sets $g_born to the start time of a living process: a
# process number alone may be another's by now, and a zombie is dead.
g_common='
born() {
  g_born=
  if read -r g_line 2>/dev/null < "/proc/$1/stat"; then
    g_line=${g_line##*) }
    set -- $g_line
    case $1 in Z | X | x) return 1 ;; esac
    g_born=${20}
  elif kill -0 "$1" 2>/dev/null; then
    g_born=-
  else
    return 1
  fi
}
'
eval "$g_common"

# The launched process: $1 the folder, $2 the limit in seconds, $3 the boot id. The script has a process group of its
# own (made by timeout), so that its end by the clock takes its children along.
g_wrapper=$g_common'
cd /
umask 077 2>/dev/null
born $$ || g_born=-
printf "run %s %s %s\n" $$ "$g_born" "$3" > "$1/owner.$$" && ln "$1/owner.$$" "$1/owner" || exit 1
sync "$1/owner" "$1" "${1%/*}" 2>/dev/null

keep() {
  if command -v stdbuf > /dev/null; then
    stdbuf -o0 head -c 16777088 > "$1/log"
  else
    head -c 16777088 > "$1/log"
  fi
  g_rest=$(wc -c)
  [ "$((g_rest))" -eq 0 ] ||
    printf "\n[gantry: the log is full, %s more bytes were dropped]\n" "$((g_rest))" >> "$1/log"
  printf "" > "$1/flushed"
}
run() {
  if read -r g_me g_line 2>/dev/null < /proc/self/stat; then
    born "$g_me"
    printf "%s %s\n" "$g_me" "$g_born" > "$1/group"
  fi
  umask 022 2>/dev/null
  export GANTRY_OUTPUT="$1/output"
  eval "$GANTRY_ENV"
  unset GANTRY_ENV
  exec timeout -k 10 "$2" bash "$1/script" < /dev/null
}

g_since=0
read -r g_since g_line 2>/dev/null < /proc/uptime
g_code=1
if mkfifo "$1/pipe" 2>/dev/null; then
  keep "$1" < "$1/pipe" &
  run "$1" "$2" > "$1/pipe" 2>&1 &
  g_group=$!
  wait "$g_group"
  g_code=$?
  [ "$g_code" -ne 124 ] || kill -s KILL -- "-$g_group" 2>/dev/null
  for g_nap in 0.005 0.01 0.02 0.04 0.08 0.16 0.32; do
    [ ! -e "$1/flushed" ] || break
    sleep "$g_nap"
  done
else
  { ( run "$1" "$2" ) 2>&1; printf "%s\n" "$?" > "$1/code"; } | keep "$1"
  read -r g_code < "$1/code"
fi
if [ "$g_code" -eq 137 ] && read -r g_now g_line 2>/dev/null < /proc/uptime; then
  [ "$((${g_now%.*} - ${g_since%.*}))" -lt "${2%.*}" ] || g_code=124
fi
printf "" > "$1/exit.$g_code"
'

ended() {
  for g_exit in "$g_dir"/exit.*; do
    [ -e "$g_exit" ] || continue
    g_state=ended
    g_code=${g_exit##*.}
    return 0
  done
  return 1
}

# Sets $g_state: absent, starting, running, ended or lost (with $g_why). Whoever dies writes its exit first, so a
# process that is gone is asked for its exit once more.
observe() {
  if [ ! -d "$g_dir" ]; then
    g_state=absent
    g_mark=
    read -r g_mark 2>/dev/null < "$g_base/pruned"
    [ "$g_id" \> "$g_mark" ] || { g_state=lost g_why='its record was pruned long ago'; }
    return
  fi
  ended && return
  g_state=starting
  [ -e "$g_dir/owner" ] || return
  g_owner='lost the machine lost power before its record was written'
  read -r g_owner < "$g_dir/owner" || g_owner='lost the machine lost power before its record was written'
  set -- $g_owner
  if [ "$1" = lost ]; then
    g_state=lost
    g_why=${g_owner#lost }
  elif [ "$4" != "$g_boot" ]; then
    ended && return
    g_state=lost
    g_why='the machine was started again'
  elif born "$2" && [ "$g_born" = "$3" ]; then
    g_state=running
  else
    ended && return
    g_state=lost
    g_why='its process was killed'
    end_remains
  fi
}

# The process that would write the exit code is dead; a script that outlived it would run on beside its own rerun.
end_remains() {
  g_group=
  read -r g_group g_since 2>/dev/null < "$g_dir/group"
  [ -n "$g_group" ] && born "$g_group" && [ "$g_born" = "$g_since" ] && kill -s KILL -- "-$g_group" 2>/dev/null
}

# Polls until the attempt ended or $1 ms have passed; naps grow from 10 ms to 250 ms. A launched process that has not
# come up after a grace is forbidden to.
await_end() {
  g_left=$1
  g_grace=${GANTRY_GRACE_MS:-10000}
  g_nap=10
  while :; do
    observe
    case $g_state in
      starting)
        if [ "$g_grace" -le 0 ]; then
          printf 'lost its process never came up\n' > "$g_dir/lost.$g_nonce" || fault noSpace 'cannot write the record'
          ln "$g_dir/lost.$g_nonce" "$g_dir/owner" 2>/dev/null
          [ -e "$g_dir/owner" ] || fault noSpace 'cannot link the record'
          g_left=0
          continue
        fi
        ;;
      running) [ "$g_left" -gt 0 ] || return ;;
      *) return ;;
    esac
    g_frac=000$g_nap
    sleep "0.${g_frac#"${g_frac%???}"}"
    g_left=$((g_left - g_nap))
    g_grace=$((g_grace - g_nap))
    [ "$g_nap" -ge 250 ] || g_nap=$((g_nap + g_nap / 2))
  done
}

log_size() {
  g_size=0
  [ ! -s "$g_dir/log" ] || g_size=$(wc -c < "$g_dir/log")
  g_size=$((g_size))
}

answer() {
  log_size
  case $g_state in
    absent) say absent ;;
    running | starting) say running "$g_size" ;;
    lost) say lost "$g_size" "$g_why" ;;
    ended)
      g_out=
      [ ! -s "$g_dir/output" ] || g_out=$(head -c 65537 "$g_dir/output" | base64)
      say ended "$g_code" "$g_size" $g_out
      ;;
  esac
}

# A fence is a name in a folder: one's own is made first, then all are read. Only lower ones are ever removed, so the
# highest cannot be lost between two who come at once.
check_fence() {
  g_fences=$g_base/fences/$g_scope
  [ -d "$g_base/attempts" ] && [ -d "$g_fences" ] || mkdir -p "$g_base/attempts" "$g_fences" ||
    fault noSpace 'cannot make the folder for attempts'
  [ -e "$g_fences/$g_fence" ] || printf '' > "$g_fences/$g_fence" || fault noSpace 'cannot write the fence'
  for g_seen in "$g_fences"/*; do
    g_seen=${g_seen##*/}
    if [ "$g_seen" -gt "$g_fence" ]; then
      rm -f "$g_fences/$g_fence"
      fault fenced "$g_seen"
    fi
    [ "$g_seen" -eq "$g_fence" ] || rm -f "$g_fences/$g_seen"
  done
}

# The script is on disk before the folder is claimed, so that a full disk costs no attempt.
launch() {
  g_stage=$g_base/stage.$g_nonce
  if ! printf '%s\n' "$g_script" > "$g_stage"; then
    rm -f "$g_stage"
    fault noSpace 'cannot write the script'
  fi
  if mkdir "$g_dir" 2>/dev/null; then
    mv "$g_stage" "$g_dir/script"
    printf '' > "$g_dir/output"
    GANTRY_ENV=$g_env setsid sh -c "$g_wrapper" gantry "$g_dir" "$g_limit" "$g_boot" < /dev/null > /dev/null 2>&1 &
  else
    rm -f "$g_stage"
    [ -d "$g_dir" ] || fault noSpace 'cannot make the folder of the attempt'
  fi
}

has_exit() {
  for g_exit in "$1"/exit.*; do
    [ ! -e "$g_exit" ] || return 0
  done
  return 1
}

# Ids sort by age. Of more than 400 attempts the older ended ones go, and a mark stays that says so: without a folder,
# an id at or below the mark is lost, never absent.
prune() {
  set -- "$g_base"/attempts/*
  [ "$#" -gt 400 ] || return 0
  g_old=
  g_mark=
  read -r g_mark 2>/dev/null < "$g_base/pruned"
  while [ "$#" -gt 200 ]; do
    if has_exit "$1"; then
      g_old="$g_old $1"
      [ "${1##*/}" \> "$g_mark" ] && g_mark=${1##*/}
    fi
    shift
  done
  [ -n "$g_old" ] || return 0
  printf '%s\n' "$g_mark" > "$g_base/pruned.$g_nonce" && mv "$g_base/pruned.$g_nonce" "$g_base/pruned" && rm -rf $g_old
}

start() {
  command -v bash > /dev/null || fault protocol 'there is no bash on this machine'
  check_fence
  observe
  [ "$g_state" != absent ] || launch
  await_end "$g_wait"
  answer
  prune
}

look() {
  await_end "$g_wait"
  answer
}

log() {
  log_size
  g_count=$((g_size - g_offset))
  [ "$g_count" -ge 0 ] || g_count=0
  [ "$g_count" -le "$g_max" ] || g_count=$g_max
  say log "$g_count"
  [ "$g_count" -eq 0 ] || tail -c "+$((g_offset + 1))" "$g_dir/log" | head -c "$g_count" | base64
  say end
}

"$g_verb"

# The remote runner: sent whole with every call, read whole by an `sh` that then evaluates it, as root; nothing is
# installed. program.ts puts the call's parameters (g_*) in front of it and strips these comments.
#
# What it promises: an attempt is started at most once, and whatever dies between any two lines here, the answer
# afterwards is right. Three names in the attempt's folder carry that, each made in one indivisible step:
#   the folder itself   made by mkdir: who makes it may launch, nobody else ever does
#   owner               made by ln: `run <pid> <start> <boot id>` by the launched process before the script's first
#                       command, `lost <why>` by somebody who waited in vain for it, or `stopped` by somebody who
#                       does not want it any more. Who links second gives way, so an attempt that was called lost
#                       or stopped cannot begin later.
#   exit.<code>         renamed, from a file that is there before the script begins: a full disk can neither keep it from
#                       being made nor truncate it
#
# On a full disk nothing is begun, and what was begun ends as it ends. Whatever the end needs is on the disk before:
# `pending` becomes exit.<code>, `spare` becomes `flushed` when the log is written or `full` when something of log or
# outputs was lost, and `room` gives its place to the owner's record.
#
# Attempts that travel together are launched as one process. It makes the folder of the next as a starter would, once
# the one before ended with 0 and gave its outputs, unless a higher fence was seen; when somebody else has made that
# folder, to start it or to stop it, the journey is over.
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

g_note='
[gantry: the disk of this machine was full: what was printed or given after this is lost]
'

say() { printf '\n@gantry %s %s\n' "$g_nonce" "$*"; }
fault() { say fault "$@"; exit 0; }
no_room() {
  g_why="cannot $1"
  set -- $(df -Pk "$g_base" 2>/dev/null | tail -n 1)
  [ "$#" -lt 6 ] || g_why="$g_why; $6 has $4 KiB free"
  set -- $(df -Pi "$g_base" 2>/dev/null | tail -n 1)
  [ "$#" -lt 6 ] || g_why="$g_why and $4 inodes"
  fault noSpace "$g_why"
}

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

# The launched process: $1 the folder of attempts, $2 the boot id, $3 the folder of fences, $4 its own fence, and then
# of each attempt: id, limit in seconds, outputs it must give (a,b or -). The environment of the n-th is in
# GANTRY_ENV_n, from 0 on. Each script has a process group of its own (made by timeout), so that its end by the clock
# takes its children along.
g_wrapper=$g_common'
cd /
umask 077 2>/dev/null
g_base=$1
g_boot=$2
g_fences=$3
g_fence=$4
shift 4

own() {
  born $$ || g_born=-
  rm -f "$1/room"
  printf "run %s %s %s\n" $$ "$g_born" "$g_boot" > "$1/owner.$$" && ln "$1/owner.$$" "$1/owner" || exit 1
  sync "$1/owner" "$1" "$g_base" 2>/dev/null
}
full() {
  mv "$1/spare" "$1/full" 2>/dev/null || mv "$1/flushed" "$1/full" 2>/dev/null
}
keep() {
  if command -v stdbuf > /dev/null; then
    stdbuf -o0 head -c 16777088 > "$1/log"
  else
    head -c 16777088 > "$1/log"
  fi || {
    full "$1"
    cat > /dev/null
    return
  }
  g_rest=$(wc -c)
  [ "$((g_rest))" -eq 0 ] ||
    printf "\n[gantry: the log is full, %s more bytes were dropped]\n" "$((g_rest))" >> "$1/log" || full "$1"
  mv "$1/spare" "$1/flushed" 2>/dev/null
}
run() {
  if read -r g_me g_line 2>/dev/null < /proc/self/stat; then
    born "$g_me"
    printf "%s %s\n" "$g_me" "$g_born" > "$1/group"
  fi
  umask 022 2>/dev/null
  export GANTRY_OUTPUT="$1/output"
  eval "g_line=\$GANTRY_ENV_$3"
  unset $GANTRY_ENVS
  unset GANTRY_ENVS
  eval "$g_line"
  exec timeout -k 10 "$2" bash "$1/script" < /dev/null
}
attempt() {
  g_since=0
  read -r g_since g_line 2>/dev/null < /proc/uptime
  g_code=1
  if mkfifo "$1/pipe" 2>/dev/null; then
    keep "$1" < "$1/pipe" &
    run "$1" "$2" "$3" > "$1/pipe" 2>&1 &
    g_group=$!
    wait "$g_group"
    g_code=$?
    [ "$g_code" -ne 124 ] || kill -s KILL -- "-$g_group" 2>/dev/null
    for g_nap in 0.005 0.01 0.02 0.04 0.08 0.16 0.32; do
      [ -e "$1/spare" ] || break
      sleep "$g_nap"
    done
  else
    { ( run "$1" "$2" "$3" ) 2>&1; mv "$1/pending" "$1/code.$?"; } | keep "$1"
    for g_end in "$1"/code.*; do
      [ ! -e "$g_end" ] || g_code=${g_end##*.}
    done
    mv "$1"/code.* "$1/pending" 2>/dev/null
  fi
  if [ "$g_code" -eq 137 ] && read -r g_now g_line 2>/dev/null < /proc/uptime; then
    [ "$((${g_now%.*} - ${g_since%.*}))" -lt "${2%.*}" ] || g_code=124
  fi
  if [ -s "$1/output" ] && [ -n "$(tail -c 1 "$1/output")" ]; then
    printf "\n" >> "$1/output" || full "$1"
  fi
  mv "$1/pending" "$1/exit.$g_code"
}
gave() {
  [ ! -e "$1/full" ] || return 1

  [ "$2" != - ] || return 0
  g_names=$2,
  while [ -n "$g_names" ]; do
    g_given=
    while IFS= read -r g_line || [ -n "$g_line" ]; do
      case $g_line in "${g_names%%,*}="*) g_given=1 ;; esac
    done < "$1/output"
    [ -n "$g_given" ] || return 1
    g_names=${g_names#*,}
  done
}
outrun() {
  for g_seen in "$g_fences"/*; do
    [ "${g_seen##*/}" -le "$g_fence" ] || return 0
  done
  return 1
}

g_first=$g_base/$1
g_n=0
own "$g_first"
while :; do
  attempt "$g_base/$1" "$2" "$g_n"
  [ "$g_code" -eq 0 ] && gave "$g_base/$1" "$3" && [ "$#" -gt 3 ] && ! outrun || break
  shift 3
  g_n=$((g_n + 1))
  mkdir "$g_base/$1" 2>/dev/null || break
  mv "$g_first/next.$g_n"/* "$g_base/$1"
  own "$g_base/$1"
done
rm -rf "$g_first"/next.*
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

# Sets $g_state: absent, starting, running, ended, stopped or lost (with $g_why). Whoever dies writes its exit first, so a
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
  if [ "$1" = stopped ]; then
    g_state=stopped
  elif [ "$1" = lost ]; then
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

# Makes $1 the owner's record of an attempt that has none: nobody can begin it any more.
forbid() {
  printf '%s\n' "$1" > "$g_dir/no.$g_nonce" || no_room 'write the record'
  ln "$g_dir/no.$g_nonce" "$g_dir/owner" 2>/dev/null
  [ -e "$g_dir/owner" ] || no_room 'link the record'
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
          forbid 'lost its process never came up'
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
  [ ! -e "$g_dir/full" ] || g_size=$((g_size + ${#g_note}))
}

whole_lines() {
  while IFS= read -r g_line; do printf '%s\n' "$g_line"; done < "$g_dir/output"
}

answer() {
  log_size
  case $g_state in
    absent | stopped) say "$g_state" ;;
    running | starting) say running "$g_size" ;;
    lost) say lost "$g_size" "$g_why" ;;
    ended)
      g_out=
      if [ -e "$g_dir/full" ]; then
        g_out=$(whole_lines | head -c 65537 | base64)
      elif [ -s "$g_dir/output" ]; then
        g_out=$(head -c 65537 "$g_dir/output" | base64)
      fi
      say ended "$g_code" "$g_size" $g_out
      ;;
  esac
}

# A fence is a name in a folder: one's own is made first, then all are read. Only lower ones are ever removed, so the
# highest cannot be lost between two who come at once.
check_fence() {
  g_fences=$g_base/fences/$g_scope
  [ -d "$g_base/attempts" ] && [ -d "$g_fences" ] || mkdir -p "$g_base/attempts" "$g_fences" ||
    no_room 'make the folder for attempts'
  [ -e "$g_fences/$g_fence" ] || printf '' > "$g_fences/$g_fence" || no_room 'write the fence'
  for g_seen in "$g_fences"/*; do
    g_seen=${g_seen##*/}
    if [ "$g_seen" -gt "$g_fence" ]; then
      rm -f "$g_fences/$g_fence"
      fault fenced "$g_seen"
    fi
    [ "$g_seen" -eq "$g_fence" ] || rm -f "$g_fences/$g_seen"
  done
}

# $1 is the number of an attempt of the journey, $2 a variable of it: both make a name.
of() { eval "g_text=\$g_$2_$1"; }

# What an attempt needs on the disk to begin and to end; $2 is its script.
prepare() {
  mkdir -p "$1" && printf '%s\n' "$2" > "$1/script" && printf 'room\n' > "$1/room" &&
    printf '' > "$1/output" && printf '' > "$1/pending" && printf '' > "$1/spare"
}

# All is on the disk before the folder is claimed, so that a full one costs no attempt.
launch() {
  g_stage=$g_base/stage.$g_nonce
  g_envs=
  for g_n in $g_numbers; do
    of "$g_n" script
    g_name=$g_stage/next.$g_n
    [ "$g_n" -ne 0 ] || g_name=$g_stage
    if ! prepare "$g_name" "$g_text"; then
      rm -rf "$g_stage"
      no_room 'write the script'
    fi
    g_envs="$g_envs GANTRY_ENV_$g_n"
  done
  if mkdir "$g_dir" 2>/dev/null; then
    mv "$g_stage"/* "$g_dir"
    rm -rf "$g_stage"
    for g_n in $g_numbers; do
      of "$g_n" env
      eval "export GANTRY_ENV_$g_n=\$g_text"
    done
    GANTRY_ENVS=$g_envs setsid sh -c "$g_wrapper" gantry "$g_base/attempts" "$g_boot" "$g_fences" "$g_fence" $g_journey \
      < /dev/null > /dev/null 2>&1 &
    unset $g_envs
  else
    rm -rf "$g_stage"
    [ -d "$g_dir" ] || no_room 'make the folder of the attempt'
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

# Who does not want it any more makes what a starter makes, and the record that forbids it to begin.
stop() {
  check_fence
  observe
  case $g_state in
    absent | starting)
      mkdir "$g_dir" 2>/dev/null || [ -d "$g_dir" ] || no_room 'make the folder of the attempt'
      forbid stopped
      observe
      ;;
  esac
  answer
}

log() {
  log_size
  g_count=$((g_size - g_offset))
  [ "$g_count" -ge 0 ] || g_count=0
  [ "$g_count" -le "$g_max" ] || g_count=$g_max
  say log "$g_count"
  if [ "$g_count" -gt 0 ] && [ -e "$g_dir/full" ]; then
    { cat "$g_dir/log" 2>/dev/null; printf '%s' "$g_note"; } | tail -c "+$((g_offset + 1))" | head -c "$g_count" | base64
  elif [ "$g_count" -gt 0 ]; then
    tail -c "+$((g_offset + 1))" "$g_dir/log" | head -c "$g_count" | base64
  fi
  say end
}

"$g_verb"

# A bridge made by hand, with NAT to the outside and no DHCP: machines get static addresses, as in a data centre whose
# addresses are Gantry's to give. Every rule carries the lab's name, so that removal finds exactly what was made.
# shellcheck shell=bash

rules() {
  # Accepting in FORWARD matters where the machine's own firewall drops (one with Docker does).
  cat <<RULES
-t nat POSTROUTING -s $subnet ! -d $subnet -m comment --comment $bridge -j MASQUERADE
-t filter FORWARD -i $bridge -m comment --comment $bridge -j ACCEPT
-t filter FORWARD -o $bridge -m comment --comment $bridge -j ACCEPT
RULES
}

each_rule() {
  local verb=$1 t table chain rest
  while read -r t table chain rest; do
    # shellcheck disable=SC2086 # the words of a rule
    if iptables -w "$t" "$table" -C "$chain" $rest 2>/dev/null; then
      [ "$verb" = -I ] || iptables -w "$t" "$table" -D "$chain" $rest
    else
      [ "$verb" = -D ] || iptables -w "$t" "$table" -I "$chain" $rest
    fi
  done < <(rules)
}

start_network() {
  if ! ip link show "$bridge" >/dev/null 2>&1; then
    [ -z "$(ip route show exact "$subnet")" ] || die "$subnet is in use on this machine: $(ip route show exact "$subnet")"
    ip link add "$bridge" type bridge
  fi
  ip addr replace "$gateway/$prefix" dev "$bridge"
  ip link set "$bridge" up
  # Noted once, so that a second `up` does not take our own value for the machine's.
  [ -e "$run_dir/ip_forward" ] || cat /proc/sys/net/ipv4/ip_forward >"$run_dir/ip_forward"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  each_rule -I
}

stop_network() {
  each_rule -D
  if ip link show "$bridge" >/dev/null 2>&1; then ip link del "$bridge"; fi
  [ ! -s "$run_dir/ip_forward" ] || cat "$run_dir/ip_forward" >/proc/sys/net/ipv4/ip_forward
  rm -f "$run_dir/ip_forward"
}

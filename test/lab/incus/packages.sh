# The system packages, from the machine's own mirrors: which ones those are is read from apt, so a mirror is
# configured in one place and named nowhere here. Only backports is added, in lists of the lab's own.
# shellcheck shell=bash

tools=(debootstrap squashfs-tools iptables iproute2 openssl curl jq openssh-client ca-certificates)

codename() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

# "uri release" of the Debian archives in the machine's sources, one a line, and the mirror of the main one: that which
# carries the updates too, else the first that has the release (third parties publish suites of the same name).
# Read once: apt takes most of a second.
read_archives() {
  local release
  release=$(codename)
  # shellcheck disable=SC2016 # apt's own placeholders
  archives=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v r="$release" '$3 == "main" && ($2 == r || $2 == r "-updates" || $2 == r "-security") { print $1, $2 }' |
    sort -u)
  mirror=$(awk -v r="$release" '
    $2 == r && !main { main = $1 }
    $2 == r "-updates" && !updates { updates = $1 }
    END { print updates ? updates : main }' <<<"$archives")
  [ -n "$mirror" ] || die "apt's sources name no Debian archive for $release; see apt-get indextargets"
}

# apt sources for the lab and for the image: the mirror, its updates, the security archive and, if asked, backports.
debian_sources() {
  local release signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  release=$(codename)
  printf 'deb %s %s %s main\n' "$signed" "$mirror" "$release"
  [ "${1:-}" != backports ] || printf 'deb %s %s %s-backports main\n' "$signed" "$mirror" "$release"
  awk -v m="$mirror" -v r="$release" -v s="$signed" \
    '($1 == m && $2 == r "-updates") || $2 == r "-security" { print "deb", s, $1, $2, "main" }' <<<"$archives"
}

# How the machine reaches its mirrors (proxy, dates): what the image needs to reach them the same way.
apt_transport() { apt-config dump | grep -E '^Acquire::(https?::|Check-)' || true; }

lab_apt() {
  apt-get -q -o Dir::Etc::sourcelist="$apt_dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$apt_dir/lists" -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed; }

install_packages() {
  # incus-base, not incus: the latter wants a QEMU that bookworm does not have, and containers are all we use.
  local wanted=("${tools[@]}" incus-base incus-client)
  [ "$(installed "${wanted[@]}")" != ${#wanted[@]} ] || return 0
  say "installing ${wanted[*]}"
  logged "$run_dir/packages.log" fetch_packages
}

fetch_packages() {
  mkdir -p "$apt_dir/lists/partial"
  debian_sources backports >"$apt_dir/sources.list"
  lab_apt update
  lab_apt install -y --no-install-recommends "${tools[@]}"
  lab_apt install -y --no-install-recommends "incus-base/$(codename)-backports" "incus-client/$(codename)-backports"
}

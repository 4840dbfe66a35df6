# The machine image: Debian with sshd, systemd and Debian's own docker.io, as a cloud image would be (user `debian`
# with sudo, no key and no host key inside; the provider places both per machine). Built once per recipe.
# shellcheck shell=bash

image_alias=gantry-debian-12
image_packages=(
  openssh-server sudo systemd-sysv dbus docker.io iproute2 iptables ca-certificates procps curl kmod util-linux mount
  iputils-ping netcat-openbsd conntrack ebtables ethtool socat containerd runc containernetworking-plugins
  python3-minimal busybox-static libnss-myhostname
)

# The resolver as the machine has it; behind a local stub resolver the real one is elsewhere, a container cannot ask
# the stub.
resolv_conf() {
  if grep -q '^nameserver 127\.' /etc/resolv.conf && [ -s /run/systemd/resolve/resolv.conf ]; then
    cat /run/systemd/resolve/resolv.conf
  else
    cat /etc/resolv.conf
  fi
}

# Whatever shapes the image is in this hash; the month is too, so that security updates arrive.
hash_recipe() {
  recipe=$({ cat "$here/image.sh"
    debian_sources
    apt_transport
    resolv_conf
    date -u +%Y-%m; } | sha256sum | cut -c1-16)
  image=$image_dir/debian-$recipe
}

# Builds beside and renames, so that a killed build leaves nothing that looks like an image.
build_image() {
  [ ! -d "$image" ] || return 0
  rm -rf "$image_dir"/.build-* # the lock is ours: whatever is here was left by a killed build
  say "building the machine image (about a minute, then cached in $image)"
  logged "$image_dir/build.log" assemble "$image_dir/.build-$$"
  rm -rf "$image_dir"/debian-*
  mv "$image_dir/.build-$$" "$image"
}

assemble() {
  local build=$1 root=$1/root
  mkdir -p "$root"
  debootstrap --variant=minbase --include=ca-certificates "$(codename)" "$root" "$mirror"
  fill_root "$root"
  configure_root "$root"
  tiny_image "$root" "$build/tiny.tar"
  rm -rf "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man}
  mksquashfs "$root" "$build/rootfs.squashfs" -comp zstd -Xcompression-level 3 -noappend -no-progress
  image_metadata "$build/meta.tar"
  rm -rf "$root"
}

# Packages in a chroot: nothing is started in there, and apt needs no /proc to speak of.
fill_root() {
  local root=$1
  debian_sources >"$root/etc/apt/sources.list"
  apt_transport >"$root/etc/apt/apt.conf.d/90mirror"
  resolv_conf >"$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  chroot "$root" apt-get -q -o Acquire::Retries=3 update
  chroot "$root" apt-get -q -o Acquire::Retries=3 -y --no-install-recommends upgrade
  chroot "$root" apt-get -q -o Acquire::Retries=3 -y --no-install-recommends install "${image_packages[@]}"
  chroot "$root" apt-get -q clean
  rm "$root/usr/sbin/policy-rc.d"
}

configure_root() {
  local root=$1 unit
  # debootstrap copies the builder's host name; systemd would give it to every machine.
  rm -f "$root/etc/hostname" "$root"/etc/ssh/ssh_host_*
  : >"$root/etc/machine-id"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"

  chroot "$root" useradd --create-home --shell /bin/bash debian
  printf 'debian ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/90-debian"
  chmod 440 "$root/etc/sudoers.d/90-debian"

  # A machine whose provider placed no host key makes its own at first boot, as Debian's cloud images do.
  mkdir -p "$root/etc/systemd/system/ssh.service.d"
  cat >"$root/etc/systemd/system/ssh.service.d/host-key.conf" <<'UNIT'
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -e /etc/ssh/ssh_host_ed25519_key || ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key'
ExecStartPre=/usr/sbin/sshd -t
UNIT
  printf 'PasswordAuthentication no\nHostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n' >"$root/etc/ssh/sshd_config.d/10-lab.conf"

  # What a container has no use for, and what would wake up in the middle of a test.
  for unit in systemd-binfmt.service getty@.service console-getty.service systemd-logind.service apt-daily.timer \
    apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer systemd-udevd.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  # A blueprint starts Docker itself, so that its script is proven.
  chroot "$root" systemctl disable docker.service docker.socket containerd.service
}

image_metadata() {
  local dir
  dir=$(mktemp -d)
  printf 'architecture: %s\ncreation_date: %s\nproperties:\n  os: Debian\n  release: %s\n  recipe: %s\n' \
    "$(uname -m)" "$(date +%s)" "$(codename)" "$recipe" >"$dir/metadata.yaml"
  tar -C "$dir" -cf "$1" metadata.yaml
  rm -r "$dir"
}

# A container image for `docker import`, so that a service can run where no registry is reachable: busybox, static.
tiny_image() {
  local dir
  dir=$(mktemp -d)
  mkdir -p "$dir/bin" "$dir/tmp" "$dir/etc" "$dir/www"
  cp "$1/bin/busybox" "$dir/bin/busybox"
  chroot "$dir" /bin/busybox --install -s /bin
  printf 'root:x:0:0:root:/:/bin/sh\n' >"$dir/etc/passwd"
  tar -C "$dir" --owner=0 --group=0 -cf "$2" .
  rm -r "$dir"
}

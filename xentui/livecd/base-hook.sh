#!/bin/sh
# Run by mmdebstrap when Debian is installed: accounts and services. $1 is the root of the new system, $2 a locale
# to generate, or nothing.
# Files that the Live CD adds stand in rootfs/, not here: changing them must not mean installing Debian again.
set -eu
root=$1

chroot "$root" useradd --create-home --shell /bin/bash --groups sudo livexen
# "live", with a fixed salt so that two builds are the same
chroot "$root" usermod --password '$6$xentui$G3.HzWODSNom9kCpIzLNZhwKyJ3/BDfMicaoS6LSO2M0kDLlt.zwYQxcsmi86./h2jgVxuR5HsTW0jKXNfZP80' livexen

if [ -n "${2:-}" ]; then
    echo "$2 UTF-8" > "$root/etc/locale.gen"
    chroot "$root" locale-gen >/dev/null
fi

# No key of the build machine, no identity shared by all who boot it.
rm -f "$root"/etc/ssh/ssh_host_*
: > "$root/etc/machine-id"

chroot "$root" systemctl enable systemd-networkd.service systemd-resolved.service
# sshd only listens when the ISO was built with somebody's key in it.
chroot "$root" systemctl disable ssh.service ssh.socket sshd-keygen.service 2>/dev/null || true
# libvirtd starts when somebody connects, and leaves again: dom0 has 640 MB.
chroot "$root" systemctl disable libvirtd.service virtlogd.service libvirt-guests.service 2>/dev/null || true
chroot "$root" systemctl enable libvirtd.socket
# Nothing to maintain on a read-only medium.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-networkd-wait-online.service \
    lvm2-monitor.service >/dev/null 2>&1
# No service manager for each user: 10 MB and, emulated, ten seconds at every login.
chroot "$root" systemctl mask user@.service >/dev/null 2>&1

# It stands beside the squashfs on the medium.
rm -f "$root"/boot/initrd.img-* "$root"/initrd.img* "$root"/vmlinuz*

# libvirt's unit conflicts with xendomains: the first connection to libvirtd's socket would shut down every
# guest that was started at boot. Here both are wanted.
sed '/^Conflicts=xendomains\.service$/d' "$root/usr/lib/systemd/system/libvirtd.service" \
    > "$root/etc/systemd/system/libvirtd.service"

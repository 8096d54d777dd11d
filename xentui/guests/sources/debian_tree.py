"""What makes a tree of Debian packages a guest: accounts, network, file systems, boot menu.

Accounts are made by a script that mmdebstrap runs in the tree; it has its names from files beside it, so that none
ever stands in a command. The rest are files, written once mmdebstrap is done.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xentui.guests.errors import GuestError
from xentui.guests.files import write_file
from xentui.host import Host

#: Called with the tree as $1; beside it stand users, passwords, keys and locale.
_ACCOUNTS = """\
#!/bin/sh
set -e
here=$(dirname "$0")
while read -r user; do
    chroot "$1" useradd --create-home --shell /bin/bash --groups sudo "$user"
done < "$here/users"
chroot "$1" chpasswd < "$here/passwords"
if [ -s "$here/keys" ]; then
    { echo root; cat "$here/users"; } | while read -r user; do
        home=$(chroot "$1" getent passwd "$user" | cut -d: -f6)
        mkdir -p -m 0700 "$1$home/.ssh"
        cp "$here/keys" "$1$home/.ssh/authorized_keys"
        chmod 0600 "$1$home/.ssh/authorized_keys"
        chroot "$1" chown -R "$user:" "$home/.ssh"
    done
fi
if [ -s "$here/locale" ]; then
    read -r locale < "$here/locale"
    echo "$locale UTF-8" > "$1/etc/locale.gen"
    chroot "$1" locale-gen
    echo "LANG=$locale" > "$1/etc/locale.conf"
    ln -sf ../locale.conf "$1/etc/default/locale"
fi
chroot "$1" systemctl enable systemd-networkd.service systemd-resolved.service
"""

#: Read by GRUB for PVH, which has looked for it on all the guest's disks and set root to where it was.
#: The links in / lead to the newest kernel, also after an upgrade.
GRUB_CFG = """\
# Written by xentui. GRUB for PVH (grub-i386-xen_pvh.bin) reads it.
set default=0
set timeout=3
menuentry "Debian GNU/Linux" {
    linux /vmlinuz root=LABEL=root ro console=hvc0 quiet
    initrd /initrd.img
}
menuentry "Debian GNU/Linux, the kernel before" {
    linux /vmlinuz.old root=LABEL=root ro console=hvc0
    initrd /initrd.img.old
}
menuentry "Debian GNU/Linux, single user" {
    linux /vmlinuz root=LABEL=root ro console=hvc0 single
    initrd /initrd.img
}
"""

#: On a busy host udev can take minutes to find /dev/hvc0: after the usual 90 seconds there would be no login on it.
SLOW_HOSTS = """\
[Manager]
DefaultDeviceTimeoutSec=10min
DefaultTimeoutStartSec=10min
"""
#: A vCPU that comes back (xl vcpu-set) is one more processor to the kernel, which uses it when udev says so. Debian has
#: no rule for that; others do (40-vm-hotadd.rules).
VCPUS = 'SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}="1"\n'
#: systemd-update-done.service(8): the packages' own scripts have just done what the first boot would do once more.
UPDATED = "# Everything was brought up to date when the system was installed.\n"


@dataclass(frozen=True, slots=True)
class Network:
    """The guest's address as IP/PREFIX, "" for DHCP, with its gateway and name servers."""

    address: str = ""
    gateway: str = ""
    nameservers: tuple[str, ...] = ()

    def text(self) -> str:
        """As systemd.network(5)."""
        lines = ["[Match]", "Type=ether", "", "[Network]"]
        if not self.address:
            return "\n".join([*lines, "DHCP=yes", "", "[DHCPv4]", "SendHostname=yes", ""])
        own = ipaddress.ip_interface(self.address)
        lines.append(f"Address={own}")
        at_the_other_end = _point_to_point(own)
        lines += [f"Gateway={self.gateway}"] if self.gateway and not at_the_other_end else []
        lines += [f"DNS={server}" for server in self.nameservers]
        if self.gateway and at_the_other_end:
            lines += ["", "[Route]", f"Gateway={self.gateway}", "GatewayOnLink=yes"]
        return "\n".join([*lines, ""])

    def complaint(self) -> str | None:
        """Why a guest could not have this network, in a sentence; None if it could."""
        if not self.address:
            alone = "gateway" if self.gateway else "nameserver" if self.nameservers else ""
            return f"--{alone} goes with --ip; without it the guest asks by DHCP." if alone else None
        if "/" not in self.address:
            return f"{self.address}: give the address with its network, as {self.address}/24."
        try:
            own = ipaddress.ip_interface(self.address)
            gateway = ipaddress.ip_address(self.gateway) if self.gateway else None
            for server in self.nameservers:
                ipaddress.ip_address(server)
        except ValueError as error:
            return f"{error}."
        if gateway is None or (gateway.is_link_local and gateway.version == own.version == 6):
            return None
        if gateway == own.ip:
            return f"The gateway {gateway} is the guest's own address: name the router."
        if gateway in own.network or (_point_to_point(own) and gateway.version == own.version):
            return None
        return (
            f"The gateway {gateway} is not in the guest's network {own.network}, so it could not be reached."
            f" Where there is a point-to-point link, the address is {own.ip}/{own.max_prefixlen}."
        )


def _point_to_point(own: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> bool:
    """Whether the address is a network by itself: a gateway can only be at the other end of the wire."""
    return own.network.num_addresses == 1


def write_hooks(
    host: Host,
    scratch: str,
    users: Sequence[str],
    ssh_keys: Sequence[str],
    roles: Sequence[str],
    locale: str,
    password: str,
) -> None:
    """Write mmdebstrap's hooks and what they read. Only root can read them. Raises GuestError."""
    folder = host.path(f"{scratch}/hooks")
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    locale = locale if not locale or "." in locale or "@" in locale else f"{locale}.UTF-8"
    keys = [host.path(path).read_text(encoding="utf-8").strip() for path in ssh_keys]
    passwords = "".join(f"{user}:{password}\n" for user in ("root", *users))
    for name, text in (
        ("users", "".join(f"{user}\n" for user in users)),
        ("passwords", passwords),
        ("keys", "".join(f"{key}\n" for key in keys)),
        ("locale", f"{locale}\n" if locale else ""),
    ):
        write_file(host, f"{scratch}/hooks/{name}", text, mode=0o600)
    write_file(host, f"{scratch}/hooks/accounts", _ACCOUNTS, mode=0o700)
    for number, role in enumerate(roles, 1):
        target = folder / f"role-{number}"
        shutil.copyfile(host.path(role), target)
        target.chmod(0o700)


def check(tree: Path) -> None:
    """Raises GuestError for a tree that would not boot, though mmdebstrap was content."""
    if (tree / "sbin/start-stop-daemon.REAL").exists():
        raise GuestError("start-stop-daemon is still diverted in the installed Debian: services would not start.")
    if not (tree / "sbin/init").exists() and not (tree / "sbin/init").is_symlink():
        raise GuestError("The installed Debian has no /sbin/init.")


def furnish(tree: Path, name: str, network: Network, swap: str, *, own_kernel: bool) -> None:
    """Write the guest's own files into the tree; `swap` is the name of its swap disk, or "". Raises GuestError."""
    if own_kernel:
        for link in ("vmlinuz", "initrd.img"):
            if not os.path.lexists(tree / link) or not (tree / (tree / link).readlink()).exists():
                raise GuestError(f"The installed Debian has no /{link}: its kernel package was not installed whole.")
    fstab = "LABEL=root / ext4 defaults,errors=remount-ro 0 1\n"
    if swap:
        fstab += f"/dev/{swap} none swap sw 0 0\n"
    files = {
        "etc/hostname": f"{name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n",
        "etc/fstab": fstab,
        "etc/systemd/network/20-wired.network": network.text(),
        "etc/systemd/system.conf.d/slow-hosts.conf": SLOW_HOSTS,
        "etc/udev/rules.d/80-vcpus.rules": VCPUS,
        "etc/.updated": UPDATED,
        "var/.updated": UPDATED,
    }
    if own_kernel:
        files["boot/grub/grub.cfg"] = GRUB_CFG
    try:
        for path, text in files.items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_text(text, encoding="utf-8")
            target.chmod(0o644)
        resolv = tree / "etc/resolv.conf"
        resolv.unlink(missing_ok=True)
        resolv.symlink_to("../run/systemd/resolve/stub-resolv.conf")
        # Xen has no vsock for it: all that it would do is write of a failure on the console, at each boot.
        generator = tree / "etc/systemd/system-generators/systemd-ssh-generator"
        generator.parent.mkdir(parents=True, exist_ok=True)
        generator.unlink(missing_ok=True)
        generator.symlink_to("/dev/null")
    except OSError as error:
        raise GuestError(f"{error.filename}: {error.strerror}") from error

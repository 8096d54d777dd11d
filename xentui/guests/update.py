"""Bringing the Debian on the disk of a guest that is off up to date, as xen-update-image does: by the guest's own apt.

Its programs run on dom0's kernel and with dom0's network, so they are shut in: the disk is mounted in a mount namespace
of their own (nodev, nosuid), with no other process, device or file of dom0 to be seen, /proc read-only, and the
capabilities(7) by which root could leave a chroot(2) taken away. When it ends, however it does, all of it is gone.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from xentui.domains.domain import State
from xentui.guests.errors import GuestCancelledError, GuestError
from xentui.guests.look import look, read_file
from xentui.guests.manifest import Manifest
from xentui.guests.site import Site
from xentui.guests.spec import Disk
from xentui.guests.work import Work

_DEADLINE = 2 * 3600.0
#: What apt and dpkg need of root. What is not here, as dac_read_search, sys_admin, sys_chroot, mknod, is taken away.
_KEPT = frozenset({"chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setfcap"})
_CAPABILITIES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service"
    " net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin"
    " sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override"
    " mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
)
#: File systems of a guest that may be elsewhere than on its root: nothing is installed there.
_ELSEWHERE = re.compile(r"none|swap|/|(?:/dev|/home|/media|/mnt|/proc|/run|/srv|/sys|/tmp)(?:/.*)?")
_SUMMARY = re.compile(r"^\d+ upgraded, \d+ newly installed.*$", re.MULTILINE)

#: In namespaces of its own: $1 the disk, $2 where its file system begins, $3 what is taken away, $4 what is then run.
_SHUT_IN = """set -e
mount -o "loop,offset=$2,nodev,nosuid" -- "$1" /mnt
for folder in proc dev run tmp; do
    if [ -L "/mnt/$folder" ] || [ ! -d "/mnt/$folder" ]; then echo "its /$folder is no folder" >&2; exit 1; fi
done
mount -t proc -o ro,nosuid,nodev,noexec proc /mnt/proc
mount -t tmpfs -o mode=0755,nosuid,noexec tmpfs /mnt/dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 0666 "/mnt/dev/${node%:*}" c 1 "${node#*:}"
done
ln -s /proc/self/fd /mnt/dev/fd
mkdir /mnt/dev/pts /mnt/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /mnt/dev/pts
ln -s pts/ptmx /mnt/dev/ptmx
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /mnt/run
mkdir -p /mnt/run/systemd/resolve /mnt/run/resolvconf /mnt/run/lock
for file in systemd/resolve/stub-resolv.conf systemd/resolve/resolv.conf resolvconf/resolv.conf; do
    cat /etc/resolv.conf > "/mnt/run/$file"
done
if [ -f /mnt/etc/resolv.conf ] && [ ! -L /mnt/etc/resolv.conf ]; then
    mount --bind /mnt/run/systemd/resolve/resolv.conf /mnt/etc/resolv.conf
fi
cd /mnt
exec env -i ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \\
    PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root DEBIAN_FRONTEND=noninteractive \\
    "$(command -v capsh)" --chroot=/mnt --drop="$3" --shell=/bin/sh -- -c "$4"
"""
#: In the guest. Services are neither started nor stopped: policy-rc.d says so, unless the guest has its own.
_IN_GUEST = """set -e
cd /
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] || grep -q "made by xentui" "$policy"; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 143' TERM INT HUP
    printf '#!/bin/sh\\n# made by xentui update\\nexit 101\\n' > "$policy"
    chmod 0755 "$policy"
fi
dpkg --configure -a
apt-get -q -o APT::Update::Error-Mode=any update
apt-get -q -y --with-new-pkgs -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold upgrade
apt-get clean
"""
#: After one that was killed.
_TIDY = "policy=/usr/sbin/policy-rc.d; if grep -qs 'made by xentui' $policy; then rm -f $policy; fi"


@dataclass(frozen=True, slots=True)
class Update:
    """The Debian of a guest: on which disk, and where on it, in bytes, its file system begins."""

    name: str
    path: str
    offset: int
    debian: str

    def describe(self) -> str:
        """What would be done, in a sentence."""
        return f"{self.name}: apt-get update and upgrade in the Debian {self.debian} on {self.path}."


def plan(site: Site, name: str) -> Update:
    """Raises GuestError for what stands in the way."""
    site.check_local()
    domain = site.snapshot.domain(name)
    if domain is None:
        raise GuestError(f"There is no guest {name}: see xentui list")
    if domain.is_dom0 or domain.state.alive:
        raise GuestError(f"{name} is {domain.state.said}: update it from inside (apt upgrade), or shut it down first.")
    if domain.state is State.SAVED:
        raise GuestError(f"{name} is saved: what is in its memory would not match its disk. Restore it first.")
    if site.host.is_demo:
        raise GuestError("The guests of the demo dom0 have no Debian on their disks to bring up to date.")
    disks = [disk for disk in domain.disks if disk.writable and not disk.cdrom and disk.target]
    if not disks:
        raise GuestError(f"{name} has no disk that it writes to.")
    site.check_tools("unshare", "capsh", "debugfs")
    if os.geteuid() != 0:
        raise GuestError("Mounting a guest's disk needs root: run sudo xentui.")
    for disk in disks:
        path = disk.target or ""
        site.check_disk(Disk(path, None, disk.format or "raw"), but=name)
        root = look(site, path) if disk.format in (None, "raw") else None
        debian = read_file(site, path, root.offset, "/etc/debian_version").strip() if root is not None else ""
        if root is not None and debian:
            apart = [place for _device, place in root.mounts if _ELSEWHERE.fullmatch(place) is None]
            if apart:
                raise GuestError(f"{name} has {apart[0]} on a file system of its own: update it from inside.")
            return Update(name, path, root.offset, debian)
    raise GuestError(
        f"There is no Debian that can be seen on the disks of {name} (ext2, 3 or 4 on a raw image or a volume): update"
        " it from inside."
    )


def update(
    site: Site,
    plan: Update,
    say: Callable[[str], None] = lambda _line: None,
    cancel: threading.Event | None = None,
) -> str:
    """Do it; give what was done, in a sentence. Raises GuestError."""
    domain = site.snapshot.domain(plan.name)
    if domain is None or domain.state is not State.OFF:
        raise GuestError(f"{plan.name} is not off any more; nothing was done.")
    say(plan.describe())
    work = Work(site.host, Manifest(plan.name), say, cancel)
    try:
        record = work.really(_argv(site, plan, _IN_GUEST), deadline=_DEADLINE, growing=plan.path)
    except GuestError as error:
        # Where it was killed, its own tidying up did not come to pass.
        with contextlib.suppress(GuestError):
            Work(site.host, Manifest(plan.name)).really(_argv(site, plan, _TIDY), deadline=60)
        if isinstance(error, GuestCancelledError):
            half = f"Packages of {plan.name} may be half installed: xentui update {plan.name} goes on with them."
            raise GuestCancelledError(f"Cancelled. {half}") from error
        said = error.details.partition("\n")[2]  # without the command, which is a script
        last = said.splitlines()[-1] if said else error.headline
        raise GuestError(f"{plan.name} was not updated: {last}", said) from error
    found = _SUMMARY.findall(record.stdout)
    return f"{plan.name}: {found[-1] if found else 'done'}"


def _argv(site: Site, plan: Update, script: str) -> list[str]:
    taken = ",".join(f"cap_{name}" for name in _CAPABILITIES.split() if name not in _KEPT)
    return [
        "unshare", "--mount", "--propagation", "private", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--",
        "sh", "-c", _SHUT_IN, "sh", str(site.host.path(plan.path)), str(plan.offset), taken, script,
    ]  # fmt: skip

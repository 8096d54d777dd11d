"""The keys that xl reads, from keys.toml beside this file, and those that only xm read.

Sources: xl.cfg(5) and tools/xl/xl_parse.c of Xen 4.20; xm's keys: tools/python/xen/xm/create.py of Xen 3.2.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Key:
    """What is known about a key of xl.cfg(5).

    `kind` is text, path, uuid, number, flag, words, list, list of lists, or two of them with "or". `minimum` and
    `maximum` are in `unit`. `guests` are the types it has a meaning for.
    """

    name: str
    group: str
    kind: str
    help: str
    words: tuple[str, ...] = ()
    guests: tuple[str, ...] = ("pv", "pvh", "hvm")
    arch: str = ""
    minimum: int | None = None
    maximum: int | None = None
    unit: str = ""
    default: str = ""


@cache
def keys() -> Mapping[str, Key]:
    """All keys by name, in the order of the groups."""
    table = tomllib.loads(files(__package__).joinpath("keys.toml").read_text(encoding="utf-8"))
    return {name: _key(name, group, entry) for group, entries in table.items() for name, entry in entries.items()}


def _key(name: str, group: str, entry: dict[str, object]) -> Key:
    values = {{"min": "minimum", "max": "maximum"}.get(word, word): value for word, value in entry.items()}
    for word in ("words", "guests"):
        if isinstance(found := values.get(word), list):
            values[word] = tuple(found)
    return Key(name=name, group=group, **values)  # type: ignore[arg-type]


def nearest(name: str, among: Mapping[str, object] | tuple[str, ...] | list[str]) -> str | None:
    """The spelling that was probably meant; None if nothing is near."""
    lowered = name.lower()
    if lowered in among:
        return lowered
    bare = lowered.replace("_", "").replace("-", "")
    for candidate in among:
        if candidate.replace("_", "").replace("-", "") == bare:
            return candidate
    found = get_close_matches(lowered, list(among), n=1, cutoff=0.75)
    return found[0] if found else None


_COMMAND_LINE = (
    "xm put it on the kernel's command line; write it into extra, as ip=ADDRESS::GATEWAY:NETMASK:HOST:eth0:off"
)

#: Keys of xm that xl does not read and does not complain about, with what to do instead.
XM_KEYS: dict[str, str] = {
    "access_control": "XSM labels are set by seclabel now",
    "apic_sap": "it has no successor and may go",
    "audio": "write soundhw",
    "blkif": "a driver domain is made by driver_domain = 1",
    "bootargs": "write bootloader_args, a list",
    "bootentry": 'write bootloader_args = ["--entry=..."]',
    "cpu": 'write cpus = "..."',
    "cpu_cap": "write cap",
    "dhcp": "xm put it on the kernel's command line; write ip=dhcp into extra, or set it within the guest",
    "dom_name": "write name",
    "en_raw": "it has no successor and may go",
    "fda": "floppies are gone with QEMU's traditional device model; make a disk of it",
    "fdb": "floppies are gone with QEMU's traditional device model; make a disk of it",
    "features": "it has no successor and may go",
    "gateway": _COMMAND_LINE,
    "guest_os_type": "it has no successor and may go",
    "hostname": _COMMAND_LINE,
    "interface": _COMMAND_LINE,
    "ip": _COMMAND_LINE,
    "irq": "write irqs, a list",
    "isa": "it has no successor and may go",
    "keyboard": "write keymap",
    "monitor": "write device_model_args",
    "ne2000": "write model=ne2k_pci into the vif, or leave it to rtl8139 and the PV drivers",
    "netif": "a driver domain is made by driver_domain = 1",
    "netmask": _COMMAND_LINE,
    "nfs_root": "write root=/dev/nfs nfsroot=SERVER:PATH into extra",
    "nfs_server": "write root=/dev/nfs nfsroot=SERVER:PATH into extra",
    "nics": "the number of interfaces is the number of items of vif",
    "on_xend_start": "for a start with the host, link the file into /etc/xen/auto",
    "on_xend_stop": "what happens when the host goes down is set in /etc/default/xendomains",
    "ostype": "it has no successor and may go",
    "platform": "write its items as keys of their own",
    "restart": "write on_poweroff, on_reboot and on_crash",
    "snapshot": "it has no successor and may go",
    "tpmif": "write vtpm",
    "vcpu_avail": "write vcpus (at the start) and maxvcpus (at most)",
    "vhpt": "it was for Itanium and may go",
    "vncconsole": "xl create -V opens the viewer",
    "xen_shell": "it was a hint for another program and may go",
}

#: xm's keys that live on under another name and take the same value.
RENAMED = {"cpu_cap": "cap", "dom_name": "name", "audio": "soundhw", "keyboard": "keymap"}

#: Keys that xl reads and then leaves alone.
IGNORED = {
    "device_model": "xl takes Debian's QEMU; another one is device_model_override",
    "vncviewer": "xl create -V opens the viewer",
    "vif2": "netchannel2 is gone; write vif",
    "slice": "the sedf scheduler is gone",
    "latency": "the sedf scheduler is gone",
}

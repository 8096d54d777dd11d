"""What xm's settings are called today: names, words, disks and interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from xentui.xlcfg.boot_rules import PVH_GRUB
from xentui.xlcfg.by_hand import PyValue
from xentui.xlcfg.diskspec import DiskSpecError, parse_disk
from xentui.xlcfg.diskwriter import modern_disk
from xentui.xlcfg.keys import IGNORED, RENAMED, XM_KEYS, keys

_RESTART = {
    "always": ("restart", "restart", "restart"),
    "onreboot": ("destroy", "restart", "destroy"),
    "never": ("destroy", "destroy", "destroy"),
}
_NETWORK = ("ip", "netmask", "gateway", "hostname", "interface", "dhcp", "nfs_server", "nfs_root")
_VIF_WORDS = (
    "type", "mac", "bridge", "ip", "script", "backend", "vifname", "model", "rate", "gatewaydev", "netdev", "devid",
    "mtu",
)  # fmt: skip
_FLAGS = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0, "off": 0}


@dataclass(frozen=True, slots=True)
class Today:
    """A setting of today: its `key` and `value`, and what to say about it; no key where none is left."""

    key: str
    value: PyValue
    remark: str = ""


def guest_type(names: dict[str, PyValue]) -> str:
    """pv, pvh or hvm, by what the whole file says."""
    kind, builder = names.get("type"), names.get("builder")
    if isinstance(kind, str) and kind in ("pv", "pvh", "hvm"):
        return kind
    return "hvm" if builder == "hvm" else "pv"


def today(key: str, value: PyValue, names: dict[str, PyValue]) -> list[Today]:
    """What becomes of a setting, in a file whose names stand for `names`."""
    guest = guest_type(names)
    if key not in keys() and key not in XM_KEYS:
        return [Today("", None, "a name of the file's own, which xl does not know")]
    if value is None:
        return [Today("", None, "None sets nothing")]
    if key in XM_KEYS:
        return _xm_key(key, value, names)
    if key in IGNORED:
        return [Today("", None, IGNORED[key])]
    if key == "builder":
        if isinstance(names.get("type"), str):
            return [Today("", None, "type says it")]
        return [Today("type", guest)]
    if reason := _useless(key, value, guest, names):
        return [Today("", None, reason)]
    if key == "bootloader" and isinstance(value, str) and value.endswith("/pygrub"):
        remark = (
            "pygrub reads the guest's disk in dom0, as root unless bootloader_restrict = 1. Safer is the guest's own "
            f"GRUB instead of bootloader: {PVH_GRUB}"
        )
        return [Today(key, "pygrub", remark)]
    if key in ("sdl", "vnc"):
        return _screen(key, value, names)
    return [Today(key, _value(key, value))]


def _xm_key(key: str, value: PyValue, names: dict[str, PyValue]) -> list[Today]:
    if key in RENAMED:
        return [Today(RENAMED[key], value)]
    if key == "cpu":
        if value in (-1, "", "-1"):
            return [Today("", None, "any CPU is the default")]
        return [*([] if "vcpus" in names else [Today("vcpus", 1)]), Today("cpus", str(value))]
    if key == "restart" and isinstance(value, str) and value in _RESTART:
        words = ("on_poweroff", "on_reboot", "on_crash")
        return [Today(word, action) for word, action in zip(words, _RESTART[value], strict=True)]
    if key in _NETWORK and not network_words(names):
        return [Today("", None, "xm put it on the kernel's command line; this guest has none, or does not need it")]
    if key in _NETWORK:
        return [Today("", None, "xm put it on the kernel's command line: see the end of this file")]
    return [Today("", None, f"only xm read it: {XM_KEYS[key]}")]


def _useless(key: str, value: PyValue, guest: str, names: dict[str, PyValue]) -> str:
    """Why a setting of xm must go; "" if it may stay."""
    kernel = names.get("kernel")
    loader = isinstance(kernel, str) and PurePosixPath(kernel).name == "hvmloader"
    if guest == "hvm" and key == "kernel" and loader:
        return "hvmloader is loaded anyway"
    if guest == "hvm" and key in ("ramdisk", "root", "extra", "cmdline") and (loader or not kernel):
        return "an HVM guest without a kernel boots from its disks"
    if key == "timer_mode" and guest == "pv":
        return "a PV guest has no timer_mode"
    if key == "vncpasswd" and value:
        return "Debian's QEMU for Xen knows no VNC password; keep VNC on 127.0.0.1"
    if key == "soundhw" and value:
        return "Debian's QEMU for Xen has no sound card"
    return ""


def _screen(key: str, value: PyValue, names: dict[str, PyValue]) -> list[Today]:
    sdl, vnc = _value("sdl", names.get("sdl")), _value("vnc", names.get("vnc"))
    wanted = bool(sdl) or bool(vnc)
    if key == "vnc":
        return [
            Today("vnc", 1 if wanted else _value(key, value), "there is no SDL any more" if sdl and not vnc else "")
        ]
    if not _value(key, value):
        return [Today(key, 0)]
    if vnc is not None:
        return [Today("", None, "Debian's QEMU for Xen has no SDL; vnc shows the screen")]
    return [Today("vnc", 1, "Debian's QEMU for Xen has no SDL; vnc shows the screen")]


def _value(key: str, value: PyValue) -> PyValue:
    if key in ("disk", "vif", "vfb"):
        listed = value if isinstance(value, list) else [value]
        rule = {"disk": _disk, "vif": _vif, "vfb": _vfb}[key]
        return [rule(item) if isinstance(item, str) else item for item in listed if item is not None]
    kind = keys()[key].kind
    if isinstance(value, str):
        word = value.strip()
        if kind == "flag" and word.lower() in _FLAGS:
            return _FLAGS[word.lower()]
        if kind in ("number", "flag") and word.isdecimal():
            return int(word)
    if isinstance(value, int) and kind in ("text", "path", "uuid"):
        return str(value)
    if key == "bootloader_args" and isinstance(value, str):
        return list(value.split())
    return value


def _disk(text: str) -> str:
    try:
        spec = parse_disk(",".join(part.strip() for part in text.split(",")))
    except DiskSpecError:
        return text  # the checker says what is wrong with it
    if spec.target and spec.prefixes and not spec.target.startswith("/") and not spec.script and "phy" in spec.prefixes:
        spec.target = f"/dev/{spec.target}"
    return modern_disk(spec)


def _vif(text: str) -> str:
    kept = []
    for part in text.split(","):
        word, equals, value = (piece.strip() for piece in part.partition("="))
        if equals and word in _VIF_WORDS:
            kept.append(f"{'gatewaydev' if word == 'netdev' else word}={value}")
    return ", ".join(kept)


def _vfb(text: str) -> str:
    kept = []
    for part in text.split(","):
        word, _equals, value = (piece.strip() for piece in part.partition("="))
        if (word == "type" and value in ("vnc", "sdl")) or word == "sdl":
            kept += ["vnc=1"] if value != "0" and "vnc=1" not in kept else []
        elif word and word not in ("vncpasswd", "display", "xauthority", "opengl"):
            kept += [f"{word}={value}"] if f"{word}={value}" not in kept else []
    return ", ".join(kept)


def network_words(names: dict[str, PyValue]) -> str:
    """What xm put on the kernel's command line for the guest's network; "" if nothing."""
    if guest_type(names) == "hvm":
        return ""
    said = {key: str(names.get(key) or "") for key in _NETWORK}
    words = []
    if said["dhcp"] not in ("", "off", "0"):
        words.append("ip=dhcp")
    elif said["ip"]:
        fields = (said["ip"], said["nfs_server"], said["gateway"], said["netmask"], said["hostname"])
        words.append(f"ip={':'.join(fields)}:{said['interface'] or 'eth0'}:off")
    if said["nfs_server"] and said["nfs_root"]:
        words.append(f"root=/dev/nfs nfsroot={said['nfs_server']}:{said['nfs_root']}")
    return " ".join(words)

"""From a text in the language of xl.cfg(5) to the configuration that libxl keeps of a domain.

The result has the shape of libxl's own JSON, as `xl list -l` and `xl -N create` print it. Source:
tools/xl/xl_parse.c and tools/libs/light/libxl_types.idl.
"""

from __future__ import annotations

import re
import uuid
import zlib
from typing import Any

from xentui.xlcfg.parser import Config, ConfigError, parse

#: libxl's defaults for what is to happen when a domain ends, by the reason.
ON_END = {"on_poweroff": "destroy", "on_reboot": "restart", "on_watchdog": "destroy", "on_crash": "destroy"}
ACTIONS = ("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart", "soft-reset")
_OLD_PREFIX = re.compile(r"^(?:(?:phy|file|raw|qcow2?|vhd|tap2?|aio|ioemu|tapdisk):)+")
_VDEV = re.compile(r"(xvd|sd|hd)([a-z]{1,3})(\d{0,2})")
_FORMATS = ("raw", "qcow", "qcow2", "vhd", "qed", "empty")

Json = dict[str, Any]


def new_uuid() -> str:
    return str(uuid.uuid4())


class RefusedError(Exception):
    """xl refuses the configuration. `message` is what it prints, `status` its exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def read(text: str, filename: str) -> Json:
    """The domain's configuration. Raises RefusedError as `xl create` would."""
    try:
        config = parse(text, filename)
    except ConfigError as error:
        near = f"{filename}:{error.line}: config parsing error: {error.message}"
        raise RefusedError(f"{near}\nFailed to parse config: Invalid argument") from error
    return _domain(config)


def _domain(config: Config) -> Json:
    name = config.string("name")
    if name is None:
        raise RefusedError("Domain name must be specified.")
    kind = _type(config)
    uid = config.string("uuid") or new_uuid()
    try:
        uid = str(uuid.UUID(uid))
    except ValueError as error:
        raise RefusedError(f"Failed to parse UUID: {uid}") from error
    memory = config.number("memory")
    memory_kb = (32 if memory is None else memory) * 1024
    maximum = config.number("maxmem")
    vcpus = config.number("vcpus") or 1
    max_vcpus = config.number("maxvcpus") or vcpus
    build: Json = {
        "max_vcpus": max_vcpus,
        "avail_vcpus": list(range(vcpus)),
        "max_memkb": memory_kb if maximum is None else maximum * 1024,
        "target_memkb": memory_kb,
        "sched_params": _present(config, {"weight": "cpu_weight", "cap": "cap"}),
        "claim_mode": "True",
    }
    for key, option in (("kernel", "kernel"), ("ramdisk", "ramdisk"), ("bootloader", "bootloader")):
        if (value := config.string(option)) is not None:
            build[key] = value
    if (line := config.string("cmdline") or config.string("extra")) is not None:
        build["cmdline"] = line
    build[f"type.{kind}"] = {"serial": config.string("serial")} if kind == "hvm" and config.string("serial") else {}
    result: Json = {
        "c_info": {"type": kind, "name": name, "uuid": uid, "run_hotplug_scripts": "True"},
        "b_info": build,
        "disks": [disk_of(text) for text in config.strings("disk")],
        "nics": [nic_of(text, number, name) for number, text in enumerate(config.strings("vif"))],
    }
    for key, default in ON_END.items():
        action = config.string(key) or default
        if action not in ACTIONS:
            raise RefusedError(f'Unknown {key} action "{action}" specified')
        result[key] = action
    return {key: value for key, value in result.items() if value != []}


def _type(config: Config) -> str:
    asked = config.string("type")
    if asked is None:
        return "hvm" if config.string("builder") == "hvm" else "pv"
    for kind in ("hvm", "pv", "pvh"):
        if kind.startswith(asked):  # xl compares as many characters as were given
            return kind
    raise RefusedError(f'Invalid domain type "{asked}".')


def _present(config: Config, keys: dict[str, str]) -> Json:
    found = {name: config.number(option) for name, option in keys.items()}
    return {name: number for name, number in found.items() if number is not None}


def disk_of(text: str) -> Json:
    """A disk as libxl keeps it. Raises RefusedError."""
    disk: Json = {"pdev_path": "", "vdev": "", "backend": "qdisk", "format": "raw", "readwrite": 1}
    old = _OLD_PREFIX.match(text)
    positional = ["target", "vdev", "access"] if old else ["target", "format", "vdev", "access"]
    if old:
        kinds = old.group()
        disk["format"] = "qcow2" if "qcow2" in kinds else "vhd" if "vhd" in kinds else "raw"
        text = text[old.end() :]
    for part in (part.strip() for part in text.split(",")):
        key, sign, value = part.partition("=")
        if not sign and part in ("cdrom", "devtype=cdrom"):
            key, sign, value = "devtype", "=", "cdrom"
        elif not sign:
            key, value = (positional.pop(0) if positional else "?"), part
            if key == "format" and part not in _FORMATS and part:
                key = positional.pop(0) if positional else "?"
        _set_disk(disk, key, value)
    if disk["pdev_path"].startswith("/dev/"):
        disk["backend"] = "phy"
    if not disk["vdev"]:
        raise RefusedError(f"config parsing error in disk specification: no vdev specified in `{text}'")
    return disk


def _set_disk(disk: Json, key: str, value: str) -> None:
    if key == "target":
        disk["pdev_path"] = value
    elif key == "vdev":
        disk["vdev"], _, kind = value.partition(":")
        if kind == "cdrom":
            disk["is_cdrom"] = 1
    elif key == "format" and value:
        disk["format"] = value
    elif key == "access":
        disk["readwrite"] = int(value in ("w", "rw", "w!"))
    elif key == "devtype" and value == "cdrom":
        disk.update(is_cdrom=1, readwrite=0, removable=1)
    elif key == "backendtype":
        disk["backend"] = value


def nic_of(text: str, number: int, name: str) -> Json:
    """An interface as libxl keeps it: the one of that `number` of the guest."""
    digest = zlib.crc32(f"{name}#{number}".encode("utf-8", "surrogateescape"))
    nic: Json = {
        "devid": number,
        "mac": "00:16:3e:" + ":".join(f"{digest >> shift & 0xFF:02x}" for shift in (16, 8, 0)),
        "bridge": "xenbr0",
        "script": "/etc/xen/scripts/vif-bridge",
        "nictype": "vif",
    }
    for part in (part.strip() for part in text.split(",")):
        key, sign, value = part.partition("=")
        if sign and key in ("mac", "bridge", "script", "model", "ip", "vifname"):
            nic[{"vifname": "ifname"}.get(key, key)] = value
    return nic


def vdev_number(vdev: str) -> int | None:
    """The number of a virtual disk by its name, as xenstore has it (xen-vbd-interface(7)); None if it has none."""
    found = _VDEV.fullmatch(vdev)
    if found is None:
        return None
    kind, letters, digits = found.groups()
    disk = 0
    for letter in letters:
        disk = disk * 26 + ord(letter) - ord("a") + 1
    disk, partition = disk - 1, int(digits or 0)
    if kind == "xvd":
        return 202 << 8 | disk << 4 | partition if disk < 16 and partition < 16 else 1 << 28 | disk << 8 | partition
    if kind == "sd":
        return 8 << 8 | disk << 4 | partition if disk < 16 and partition < 16 else None
    return (3 << 8 | disk << 6 if disk < 2 else 22 << 8 | (disk - 2) << 6) | partition if disk < 4 else None

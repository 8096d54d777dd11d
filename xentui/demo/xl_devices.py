"""xl's commands that attach, detach and change devices of a domain that runs (xl_block.c, xl_nic.c, xl_cdrom.c)."""

from __future__ import annotations

from typing import Any

from xentui.demo import configuration
from xentui.demo.domain import Domain
from xentui.demo.session import Exit, Session, options
from xentui.demo.xl_lifecycle import find


async def block_attach(session: Session, words: list[str]) -> int:
    """Create a new virtual block device."""
    _, rest = options(words, "block-attach", "", needs=2)
    domain = find(session, rest[0])
    try:
        disk = configuration.disk_of(",".join(rest[1:]))
    except configuration.RefusedError as error:
        raise Exit(1, f"{error.message}\n") from error
    number = configuration.vdev_number(str(disk["vdev"]))
    if number is None:
        said = f"libxl_disk.c:213:libxl__device_from_disk: Domain {domain.id}:Invalid or unsupported virtual disk "
        raise Exit(1, f"libxl: error: {said}identifier {disk['vdev']}\nlibxl_device_disk_add failed.\n")
    if any(configuration.vdev_number(str(other["vdev"])) == number for other in _disks(domain)):
        said = f"libxl_device.c:389:libxl__device_disk_add: Domain {domain.id}:device already exists in xenstore"
        raise Exit(1, f"libxl: error: {said}\nlibxl_device_disk_add failed.\n")
    _check_there(session, domain, disk, "libxl_device_disk_add failed.\n")
    domain.config["disks"] = [*_disks(domain), disk]
    session.machine.on_change()
    return 0


async def block_detach(session: Session, words: list[str]) -> int:
    """Destroy a domain's virtual block device."""
    _, rest = options(words, "block-detach", "", ["force"], needs=2)
    domain = find(session, rest[0])
    found = _disk(domain, rest[1])
    if found is None:
        raise Exit(1, f"Error: Device {rest[1]} not connected.\n")
    domain.config["disks"] = [disk for disk in _disks(domain) if disk is not found]
    session.machine.on_change()
    return 0


async def network_attach(session: Session, words: list[str]) -> int:
    """Create a new virtual network device."""
    _, rest = options(words, "network-attach", "", needs=1)
    domain = find(session, rest[0])
    nics = _nics(domain)
    number = max((int(nic["devid"]) for nic in nics), default=-1) + 1
    domain.config["nics"] = [*nics, configuration.nic_of(",".join(rest[1:]), number, domain.shown_name)]
    session.machine.on_change()
    return 0


async def network_detach(session: Session, words: list[str]) -> int:
    """Destroy a domain's virtual network device."""
    _, rest = options(words, "network-detach", "", needs=2)
    domain = find(session, rest[0])
    found = next((nic for nic in _nics(domain) if rest[1].lower() in (str(nic["devid"]), nic["mac"].lower())), None)
    if found is None:
        raise Exit(1, f"Unknown device {rest[1]}.\n")
    domain.config["nics"] = [nic for nic in _nics(domain) if nic is not found]
    session.machine.on_change()
    return 0


async def cd_insert(session: Session, words: list[str]) -> int:
    """Insert a cdrom into a guest's cd drive."""
    _, rest = options(words, "cd-insert", "", needs=3)
    return _change_cd(session, rest[0], rest[1], rest[2])


async def cd_eject(session: Session, words: list[str]) -> int:
    """Eject a cdrom from a guest's cd drive."""
    _, rest = options(words, "cd-eject", "", needs=2)
    return _change_cd(session, rest[0], rest[1], "")


def _change_cd(session: Session, name: str, vdev: str, image: str) -> int:
    domain = find(session, name)
    where = f"libxl: error: libxl_disk.c:773:libxl_cdrom_insert: Domain {domain.id}:"
    if domain.type != "hvm":
        raise Exit(1, f"{where}cdrom-insert requires an HVM domain\n")
    drive = _disk(domain, vdev)
    if drive is None or not drive.get("is_cdrom"):
        raise Exit(1, f"{where}Virtual device not found\n")
    changed = {**drive, "pdev_path": image, "format": "raw" if image else "empty"}
    _check_there(session, domain, changed, "")
    domain.config["disks"] = [changed if disk is drive else disk for disk in _disks(domain)]
    session.machine.on_change()
    return 0


def _check_there(session: Session, domain: Domain, disk: dict[str, Any], also: str) -> None:
    target = disk["pdev_path"]
    if target and not session.machine.layout.path(target).exists():
        said = f"libxl: error: libxl_device.c:286:libxl__device_disk_set_backend: Domain {domain.id}:"
        missing = f"Disk vdev={disk['vdev']} failed to stat: {target}: No such file or directory\n"
        raise Exit(1, f"{said}{missing}{also}")


def _disk(domain: Domain, vdev: str) -> dict[str, Any] | None:
    return next((disk for disk in _disks(domain) if disk["vdev"] == vdev), None)


def _disks(domain: Domain) -> list[dict[str, Any]]:
    return list(domain.config.get("disks", []))


def _nics(domain: Domain) -> list[dict[str, Any]]:
    return list(domain.config.get("nics", []))


COMMANDS = {
    "block-attach": block_attach,
    "block-detach": block_detach,
    "network-attach": network_attach,
    "network-detach": network_detach,
    "cd-insert": cd_insert,
    "cd-eject": cd_eject,
}

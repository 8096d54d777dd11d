"""What libvirt's XML says of a domain. Format: https://libvirt.org/formatdomain.html"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from xentui.domains.domain import Disk, Interface

#: What <os><type> calls them: Xen's own three, and hvm for all others' full virtualization.
_TYPES = {"xen": "pv", "linux": "pv", "xenpvh": "pvh", "hvm": "hvm"}


@dataclass(frozen=True, slots=True)
class Description:
    """What does not change while a domain runs."""

    type: str | None
    disks: tuple[Disk, ...]
    interfaces: tuple[Interface, ...]
    interface_names: tuple[str, ...]  # the host's names for them, for statistics


NOTHING = Description(None, (), (), ())


def parse_domain(xml: str) -> Description:
    """Read ``virsh dumpxml``'s output; what cannot be read is left out."""
    try:
        # From libvirtd, which runs as root and is trusted; it declares no entities.
        root = ElementTree.fromstring(xml)  # noqa: S314
    except ElementTree.ParseError:
        return NOTHING
    return Description(
        type=_TYPES.get(root.findtext("os/type", "")),
        disks=tuple(_disk(disk) for disk in root.iterfind("devices/disk")),
        interfaces=tuple(_interface(nic) for nic in root.iterfind("devices/interface")),
        interface_names=tuple(
            name for nic in root.iterfind("devices/interface/target") if (name := nic.get("dev")) is not None
        ),
    )


def _disk(disk: ElementTree.Element) -> Disk:
    source, target, driver = disk.find("source"), disk.find("target"), disk.find("driver")
    where = next(iter(source.attrib.values()), None) if source is not None else None
    for key in ("file", "dev", "name", "volume"):
        if source is not None and source.get(key):
            where = source.get(key)
            break
    return Disk(
        vdev=(target.get("dev") if target is not None else None) or "?",
        target=where,
        format=driver.get("type") if driver is not None else None,
        writable=disk.find("readonly") is None and disk.get("device") != "cdrom",
        cdrom=disk.get("device") == "cdrom",
    )


def _interface(nic: ElementTree.Element) -> Interface:
    mac, source, model = nic.find("mac"), nic.find("source"), nic.find("model")
    bridge = (source.get("bridge") or source.get("network") or source.get("dev")) if source is not None else None
    return Interface(
        mac=mac.get("address") if mac is not None else None,
        bridge=bridge,
        model=model.get("type") if model is not None else None,
    )

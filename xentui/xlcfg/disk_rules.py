"""Rules about disks: xl-disk-configuration(5), and what libxl's real create refuses or lets pass to the data's harm."""

from __future__ import annotations

import posixpath
import re

from xentui.xlcfg.diskspec import DiskSpec, DiskSpecError, parse_disk
from xentui.xlcfg.diskwriter import modern_disk
from xentui.xlcfg.findings import Repair
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet
from xentui.xlcfg.vdev import VirtualDevice, parse_vdev

#: An HVM guest sees its first four disks as emulated ones, too.
_EMULATED = 4
#: With more of them, no free name is looked for.
_MOST_DISKS = 100
_OTHER_FORMATS = {
    ".qcow2": "qcow2",
    ".qcow": "qcow",
    ".vhd": "vhd",
    ".vhdx": "",
    ".vmdk": "",
    ".vdi": "",
    ".qed": "qed",
}
_BLANK_BEFORE_COMMA = re.compile(r"[ \t]+,")


def check(sheet: Sheet) -> None:
    disks: list[tuple[Value, DiskSpec, VirtualDevice | None]] = []
    for value in sheet.items("disk"):
        text = str(value.content)
        try:
            spec = parse_disk(text)
        except DiskSpecError as error:
            sheet.report(
                ERROR, "bad-disk", "disk", f"{text[:60]!r}: {error}", at=value, repair=_unblanked(sheet, value)
            )
            continue
        device = parse_vdev(spec.vdev or "")
        disks.append((value, spec, device))
        _disk(sheet, value, spec, device)
    _twice(sheet, disks)
    _shared(sheet, disks)


def _disk(sheet: Sheet, value: Value, spec: DiskSpec, device: VirtualDevice | None) -> None:
    text, target = str(value.content), spec.target or ""
    if device is None:
        says = f"{spec.vdev!r} is no name of a disk: it is like xvda, xvda1, hdc or sdb"
        sheet.report(ERROR, "bad-vdev", "disk", says, at=value, repair=_unblanked(sheet, value))
        return
    if target != target.strip():
        says = f"the blank belongs to the target: {target!r}"
        sheet.report(WARNING, "blank-in-field", "disk", says, at=value, repair=_unblanked(sheet, value))
    if (
        target
        and not target.startswith("/")
        and spec.script is None
        and spec.options.get("backendtype") != "standalone"
    ):
        says = f"{target} is looked for where xl happens to run; xm looked in /dev. Write the whole path"
        repair = None
        if "phy" in spec.prefixes:
            spec.target = f"/dev/{target}"
            repair = sheet.text_instead(value, modern_disk(spec))
            spec.target = target
        sheet.report(WARNING, "relative-target", "disk", says, at=value, repair=repair)
    _format(sheet, value, spec, target)
    if sheet.guest == "hvm" and not spec.cdrom and not spec.writable and _emulated(device):
        says = (
            f"an HVM guest's {spec.vdev} is emulated, and no emulated disk can be read-only: "
            "write access=rw, devtype=cdrom, or a vdev from xvde on"
        )
        sheet.report(ERROR, "read-only-hvm", "disk", says, at=value)
    if spec.options.get("backendtype") == "tap":
        sheet.report(
            WARNING, "debian-lacks", "disk", "Debian's kernel has no blktap: leave backendtype=tap away", at=value
        )
    if _old_form(text, spec):
        says = "this way to write a disk is from xm's days and may be dropped"
        repair = sheet.text_instead(value, modern_disk(spec)) if target.startswith("/") or not target else None
        sheet.report(INFO, "old-disk", "disk", says, at=value, repair=repair)


def _emulated(device: VirtualDevice) -> bool:
    return device.family in ("xvd", "hd") and device.disk < _EMULATED and device.partition == 0


def _old_form(text: str, spec: DiskSpec) -> bool:
    return bool(spec.prefixes) or bool(re.search(r":(?:cdrom|disk)\s*(?:,|$)", text))


def _format(sheet: Sheet, value: Value, spec: DiskSpec, target: str) -> None:
    suffix = posixpath.splitext(target)[1].lower()
    if spec.format != "raw" or suffix not in _OTHER_FORMATS:
        return
    real = _OTHER_FORMATS[suffix]
    if real:
        says = f"{suffix[1:]} by its name, but the guest gets it as raw bytes: write format={real}"
    else:
        says = (
            f"xl cannot read {suffix[1:]} images; the guest gets raw bytes. Make a raw or qcow2 image of it (qemu-img)"
        )
    repair = None
    if real and not spec.prefixes:
        spec.format = real
        repair = sheet.text_instead(value, modern_disk(spec))
        spec.format = "raw"
    sheet.report(WARNING, "disk-format", "disk", says, at=value, repair=repair)


def _unblanked(sheet: Sheet, value: Value) -> Repair | None:
    """Take blanks before commas out, and at the end."""
    text = str(value.content)
    mended = _BLANK_BEFORE_COMMA.sub(",", text).strip()
    if mended == text:
        return None
    try:
        spec = parse_disk(mended)
    except DiskSpecError:
        return None
    return sheet.text_instead(value, mended) if parse_vdev(spec.vdev or "") else None


def _twice(sheet: Sheet, disks: list[tuple[Value, DiskSpec, VirtualDevice | None]]) -> None:
    numbers: dict[int, str] = {}
    places: dict[int, str] = {}
    for value, spec, device in disks:
        if device is None:
            continue
        if device.number in numbers:
            says = f"{spec.vdev} is given twice (also as {numbers[device.number]})"
            sheet.report(ERROR, "vdev-twice", "disk", says, at=value, repair=_free_vdev(sheet, value, spec, disks))
        elif sheet.guest == "hvm" and _emulated(device):
            if device.disk in places:
                says = f"{spec.vdev} and {places[device.disk]} are the same emulated disk; QEMU has one place for both"
                sheet.report(WARNING, "vdev-same-place", "disk", says, at=value)
            places.setdefault(device.disk, str(spec.vdev))
        numbers.setdefault(device.number, str(spec.vdev))


def _free_vdev(
    sheet: Sheet, value: Value, spec: DiskSpec, disks: list[tuple[Value, DiskSpec, VirtualDevice | None]]
) -> Repair | None:
    if len(disks) > _MOST_DISKS:
        return None
    taken = {device.disk for _value, _spec, device in disks if device is not None}
    letter = next((chr(ord("a") + disk) for disk in range(26) if disk not in taken), None)
    text, vdev = str(value.content), spec.vdev or ""
    if letter is None or not vdev.startswith("xvd") or text.count(vdev) != 1:
        return None
    return sheet.text_instead(value, text.replace(vdev, f"xvd{letter}"))


def _shared(sheet: Sheet, disks: list[tuple[Value, DiskSpec, VirtualDevice | None]]) -> None:
    seen: dict[str, bool] = {}
    for value, spec, _device in disks:
        if not spec.target or spec.script:
            continue
        target = posixpath.normpath(spec.target)
        if target in seen and (spec.writable or seen[target]):
            says = f"{spec.target} is two disks of this guest, and written to: that destroys it, and xl does not notice"
            sheet.report(WARNING, "target-twice", "disk", says, at=value)
        seen[target] = seen.get(target, False) or spec.writable

"""Rules about what the guest is called, what type it is, and what it boots."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from xentui.xlcfg.findings import Repair
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet, prefixed

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_GOOD_NAME = re.compile(r"[A-Za-z0-9._+-]+")
_KERNEL_32 = re.compile(r"i[3-6]86|[-_.]686\b|x86_32|pvgrub32")
#: A PV kernel sees so much of its command line.
_LONGEST_COMMAND_LINE = 1023
#: GRUB as the guest's kernel (Debian's grub-xen-host). The one for PV cannot load today's zstd kernels.
PVH_GRUB = 'type = "pvh" with kernel = "/usr/lib/grub-xen/grub-i386-xen_pvh.bin" (package grub-xen-host)'


def check(sheet: Sheet) -> None:
    _name(sheet)
    _uuid(sheet)
    _type(sheet)
    if sheet.guest == "hvm":
        _hvm_kernel(sheet)
    else:
        _kernel(sheet)
        _bootloader(sheet)
    _command_line(sheet)
    _labels(sheet)


def _name(sheet: Sheet) -> None:
    name = sheet.config.string("name")
    if name is None:
        if sheet.whole and sheet.config.value("name") is None:
            sheet.report(ERROR, "no-name", "name", "the guest has no name")
    elif not name:
        sheet.report(
            WARNING, "bad-name", "name", "xl takes an empty name, and then nothing can be done to the guest by name"
        )
    elif name.isdecimal():
        says = f"a name of digits only is taken for a domain ID: xl destroy {name} may hit another guest"
        sheet.report(WARNING, "bad-name", "name", says)
    elif not _GOOD_NAME.fullmatch(name):
        says = "the name becomes part of log files' names: letters, digits and . _ - only are safe"
        sheet.report(WARNING, "bad-name", "name", says)


def _uuid(sheet: Sheet) -> None:
    uuid = sheet.config.string("uuid")
    if uuid is None or _UUID.fullmatch(uuid):
        return
    setting, repair = sheet.setting("uuid"), None
    if setting and not setting.adds and re.fullmatch(r"[0-9a-fA-F]{32}", bare := uuid.strip("{}").replace("-", "")):
        dashed = "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
        repair = sheet.text_instead(setting.value, dashed)
    says = f"{uuid[:40]!r} is no UUID: 8-4-4-4-12 hexadecimal digits with dashes"
    sheet.report(ERROR, "bad-uuid", "uuid", says, repair=repair)


def _type(sheet: Sheet) -> None:
    kind = prefixed(sheet.config.string("type"), ("hvm", "pv", "pvh"))
    builder = prefixed(sheet.config.string("builder"), ("hvm", "generic"))
    setting = sheet.setting("builder")
    if setting is not None and builder is not None:
        means = "hvm" if builder == "hvm" else "pv"
        if kind is not None and kind != means:
            says = f"builder means {means} and type says {kind}: xl refuses the contradiction"
            sheet.report(ERROR, "builder-type", "builder", says, repair=sheet.without(setting))
        elif kind is not None:
            says = "type says it already; builder is its old form"
            sheet.report(INFO, "old-form", "builder", says, repair=sheet.without(setting))
        else:
            edits = sheet.rename(setting, "type").edits
            if builder != means or setting.value.content != means:
                edits += sheet.text_instead(setting.value, means).edits
            repair = None if setting.adds else Repair(f'write type = "{means}"', edits)
            sheet.report(INFO, "old-form", "builder", f'builder is the old form of type = "{means}"', repair=repair)
    elif sheet.whole and sheet.config.value("type") is None and sheet.config.value("builder") is None:
        sheet.report(
            INFO, "no-type", "type", 'there is no type; xl makes a PV guest. Say it: type = "pv", "pvh" or "hvm"'
        )


def _hvm_kernel(sheet: Sheet) -> None:
    kernel = sheet.config.string("kernel")
    loader = kernel is not None and PurePosixPath(kernel).name == "hvmloader"
    if loader:
        setting = sheet.setting("kernel")
        says = "xl ignores hvmloader as a kernel; it is loaded anyway"
        repair = sheet.without(setting) if setting else None
        sheet.report(WARNING, "kernel-hvmloader", "kernel", says, repair=repair)
    if kernel and not loader:
        return
    for key in ("ramdisk", "cmdline", "extra", "root"):
        if sheet.whole and sheet.config.string(key) is not None:
            sheet.report(
                ERROR, "no-kernel", key, f"{key} without a kernel: xl refuses it. An HVM guest boots from its disks"
            )


def _kernel(sheet: Sheet) -> None:
    kernel, firmware = sheet.config.string("kernel"), sheet.config.string("firmware")
    guest = sheet.guest.upper()
    if firmware is not None:
        if kernel is not None:
            sheet.report(ERROR, "kernel-and-firmware", "firmware", "kernel and firmware exclude each other")
        elif prefixed(firmware, ("pvgrub32", "pvgrub64")) is None:
            says = f"{firmware[:40]!r} boots no {guest} guest: it is pvgrub64 or pvgrub32, or give a kernel"
            sheet.report(ERROR, "unknown-word", "firmware", says)
        else:
            says = f"Debian has no pvgrub firmware; write {PVH_GRUB}"
            sheet.report(WARNING, "debian-lacks", "firmware", says)
    elif sheet.whole and kernel is None and sheet.config.string("bootloader") is None:
        says = f'a {guest} guest needs a kernel, or bootloader = "pygrub"'
        at = sheet.setting("type") or sheet.setting("name")
        sheet.report(ERROR, "no-kernel", "kernel", says, at=at)
    if kernel and sheet.guest == "pv" and _KERNEL_32.search(PurePosixPath(kernel).name):
        says = "this looks like a 32-bit kernel: Debian's Xen runs no 32-bit PV guests; as PVH or HVM it may"
        sheet.report(WARNING, "debian-lacks", "kernel", says)


def _bootloader(sheet: Sheet) -> None:
    loader = sheet.config.string("bootloader")
    setting = sheet.setting("bootloader")
    if not loader or setting is None or PurePosixPath(loader).name not in ("pygrub", "pypxeboot"):
        return
    if "/" in loader and not setting.adds:
        says = f"{loader} is where pygrub was; xl finds it by name alone"
        name = PurePosixPath(loader).name
        sheet.report(WARNING, "pygrub-path", "bootloader", says, repair=sheet.text_instead(setting.value, name))
    if not sheet.flag("bootloader_restrict", False) and sheet.config.string("bootloader_user") is None:
        says = (
            "pygrub reads the guest's disk as root; only bootloader_restrict = 1 has security support. Better: the "
            f"guest's own GRUB, {PVH_GRUB}"
        )
        sheet.report(INFO, "pygrub", "bootloader", says)


def _command_line(sheet: Sheet) -> None:
    cmdline = sheet.config.string("cmdline")
    beside = [key for key in ("root", "extra") if sheet.config.string(key)]
    if cmdline is not None:
        for key in beside:
            setting = sheet.setting(key)
            repair = sheet.without(setting) if setting and not setting.adds else None
            sheet.report(WARNING, "cmdline-wins", key, f"beside cmdline, xl ignores {key}", repair=repair)
    else:
        cmdline = " ".join(filter(None, (sheet.config.string(key) for key in ("root", "extra"))))
    length = len(cmdline.encode(errors="surrogateescape"))
    if sheet.guest == "pv" and length > _LONGEST_COMMAND_LINE:
        key = "cmdline" if sheet.config.string("cmdline") is not None else "extra"
        says = f"the command line has {length} bytes; a PV guest sees the first {_LONGEST_COMMAND_LINE}"
        sheet.report(WARNING, "long-cmdline", key, says)


def _labels(sheet: Sheet) -> None:
    for key in ("seclabel", "init_seclabel", "device_model_stubdomain_seclabel"):
        setting = sheet.setting(key)
        if setting is not None:
            says = "Debian's Xen is built without XSM: there are no labels"
            sheet.report(WARNING, "debian-lacks", key, says, repair=None if setting.adds else sheet.without(setting))

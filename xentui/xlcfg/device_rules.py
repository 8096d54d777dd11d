"""Rules about the rarer devices, each with a small language of its own: tools/xl/xl_parse.c."""

from __future__ import annotations

import re
from collections.abc import Callable

from xentui.xlcfg.keys import keys, nearest
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, WARNING, Sheet
from xentui.xlcfg.specs import Part, parts

_VFB = ("vnc", "vnclisten", "vncdisplay", "vncunused", "vncpasswd", "sdl", "opengl", "display", "xauthority", "keymap")
_VKB = (
    "unique-id", "backend", "backend-type", "feature-disable-keyboard", "feature-disable-pointer",
    "feature-abs-pointer", "feature-raw-pointer", "feature-multi-touch", "multi-touch-width", "multi-touch-height",
    "multi-touch-num-contacts", "width", "height",
)  # fmt: skip
_P9 = ("type", "tag", "security_model", "path", "backend", "max-files", "max-open-files", "max-space", "auto-delete")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_BDF = re.compile(
    r"(?:[0-9a-fA-F]{1,4}:)?[0-9a-fA-F]{1,2}:[0-9a-fA-F]{1,2}\.(?:[0-7](?:[0-9a-fA-F=,-]*)|\*)(?:@[0-9a-fA-F]{1,2})?"
)
_PCI = ("msitranslate", "power_mgmt", "permissive", "seize", "rdm_policy", "bdf", "vslot", "name")
_PORTS = re.compile(r"\s*(?:0[xX])?[0-9a-fA-F]+(?:-\s*(?:0[xX])?[0-9a-fA-F]+)?")
_IRQ = re.compile(r"\s*[0-9]+")
_IOMEM = re.compile(r"\s*(?:0[xX])?[0-9a-fA-F]+,\s*(?:0[xX])?[0-9a-fA-F]+(?:@\s*(?:0[xX])?[0-9a-fA-F]+)?")


def check(sheet: Sheet) -> None:
    for key, rule in _RULES.items():
        for value in sheet.items(key):
            rule(sheet, value)
    if sheet.guest == "hvm":
        _words(sheet, "mca_caps", "mca_caps")
        _words(sheet, "viridian", "viridian")
        for value in sheet.items("smbios"):
            _smbios(sheet, value)
    _cpuid(sheet)
    _loader_arguments(sheet)


def _refuse(sheet: Sheet, key: str, value: Value, says: str, code: str = "bad-device") -> None:
    sheet.report(ERROR, code, key, says, at=value)


def _known(sheet: Sheet, key: str, value: Value, known: tuple[str, ...]) -> dict[str, str]:
    """The items of a specification whose unknown ones xl refuses; at one without = it stops reading."""
    found: dict[str, str] = {}
    for part in parts(sheet, value):
        if part.value is None:
            says = f"{part.text[:40]!r} has no =; xl stops reading here, and the rest is lost"
            sheet.report(WARNING, "unknown-part", key, says, at=value)
            break
        if part.key not in known:
            _unknown(sheet, key, value, part, known)
        found[part.key] = part.value
    return found


def _unknown(sheet: Sheet, key: str, value: Value, part: Part, known: tuple[str, ...]) -> None:
    meant = nearest(part.key, known)
    says = f"{part.key[:40]!r} is no word of {key}: they are {', '.join(known)}"
    repair = part.replaced(f"write {meant}", len(part.key), meant) if meant else None
    sheet.report(ERROR, "bad-device", key, says, at=value, repair=repair)


def _vfb(sheet: Sheet, value: Value) -> None:
    for part in parts(sheet, value):
        if part.value is None:
            says = f"{part.text[:40]!r} has no =; xl stops reading here, and the rest is lost"
            sheet.report(WARNING, "unknown-part", "vfb", says, at=value)
            break
        if part.key not in _VFB:
            meant = nearest(part.key, _VFB)
            if part.key == "type":
                says, repair = (
                    "type=vnc is xm's way; write vnc=1",
                    part.replaced("write vnc=1", len(part.text), "vnc=1"),
                )
            else:
                says = f"xl ignores {part.key[:40]!r} in vfb" + (f"; {meant} was meant?" if meant else "")
                repair = part.replaced(f"write {meant}", len(part.key), meant) if meant else None
            sheet.report(WARNING, "unknown-part", "vfb", says, at=value, repair=repair)
        elif part.key == "sdl" and part.value.strip() not in ("", "0"):
            repair = part.replaced("write vnc=1", len(part.text), "vnc=1")
            sheet.report(
                WARNING, "debian-lacks", "vfb", "Debian's QEMU for Xen has no SDL; use vnc=1", at=value, repair=repair
            )
        elif part.key == "vncpasswd" and part.value.strip():
            says = "Debian's QEMU for Xen knows no VNC password; keep VNC on 127.0.0.1 instead"
            sheet.report(WARNING, "debian-lacks", "vfb", says, at=value)
        elif part.key in ("vnc", "sdl") and not part.value.strip().isdigit():
            says = f"{part.value[:20]!r} counts as 0: write {part.key}=1"
            repair = part.replaced(f"write {part.key}=1", len(part.text), f"{part.key}=1")
            sheet.report(WARNING, "word-flag", "vfb", says, at=value, repair=repair)


def _vkb(sheet: Sheet, value: Value) -> None:
    found: dict[str, str] = {}
    for part in parts(sheet, value):
        if part.value is None or part.key not in _VKB:
            _unknown(sheet, "vkb", value, part, _VKB)
        else:
            found[part.key] = part.value
    kind = found.get("backend-type")
    if kind is None or kind.lower() not in ("qemu", "linux"):
        _refuse(sheet, "vkb", value, "vkb needs backend-type=qemu or linux")


def _p9(sheet: Sheet, value: Value) -> None:
    found = _known(sheet, "p9", value, _P9)
    missing = [word for word in ("tag", "security_model", "path") if not found.get(word)]
    if missing and found.get("type") != "xen_9pfsd":
        _refuse(sheet, "p9", value, f"p9 needs {' and '.join(missing)}")


def _vtpm(sheet: Sheet, value: Value) -> None:
    found = _known(sheet, "vtpm", value, ("backend", "uuid"))
    if "backend" not in found:
        _refuse(sheet, "vtpm", value, "vtpm needs a backend")
    if "uuid" in found and not _UUID.fullmatch(found["uuid"]):
        _refuse(sheet, "vtpm", value, f"{found['uuid'][:40]!r} is no UUID", "bad-uuid")


def _vdispl(sheet: Sheet, value: Value) -> None:
    found: dict[str, str] = {}
    for part in parts(sheet, value):
        if part.value is None or part.key not in ("backend", "be-alloc", "connectors"):
            _unknown(sheet, "vdispl", value, part, ("backend", "be-alloc", "connectors"))
        else:
            found[part.key] = part.value
    connectors = [c for c in found.get("connectors", "").split(";") if c]
    if not connectors or not all(re.match(r"[^:]+:[0-9]+x[0-9]+", connector) for connector in connectors):
        _refuse(sheet, "vdispl", value, "vdispl needs connectors, like connectors=id0:1920x1080;id1:800x600")


def _pvcalls(sheet: Sheet, value: Value) -> None:
    _known(sheet, "pvcalls", value, ("backend",))


def _channel(sheet: Sheet, value: Value) -> None:
    found: dict[str, str] = {}
    for part in parts(sheet, value):
        if not part.value or not part.key:
            _refuse(sheet, "channel", value, f"{part.text[:40]!r} is no NAME=VALUE")
            return
        word = part.key.strip()
        if word not in ("backend", "name", "path", "connection"):
            sheet.report(WARNING, "unknown-part", "channel", f"xl ignores {word[:40]!r} in channel", at=value)
        found[word] = part.value.strip()
    connection = found.get("connection")
    if connection not in ("pty", "socket"):
        _refuse(sheet, "channel", value, "channel needs connection=pty or connection=socket")
    elif connection == "socket" and "path" not in found:
        _refuse(sheet, "channel", value, "a channel with connection=socket needs a path")
    elif "name" not in found:
        _refuse(sheet, "channel", value, "channel needs a name")


def _usbctrl(sheet: Sheet, value: Value) -> None:
    known = ("type", "version", "ports")
    for part in parts(sheet, value):
        if part.value is None or part.key not in known:
            _unknown(sheet, "usbctrl", value, part, known)
        elif part.key == "type" and part.value.lower() not in ("auto", "pv", "qusb", "devicemodel"):
            _refuse(sheet, "usbctrl", value, f"{part.value[:30]!r} is no type: auto, pv, qusb or devicemodel")


def _usbdev(sheet: Sheet, value: Value) -> None:
    known = ("type", "hostbus", "hostaddr", "controller", "port")
    for part in parts(sheet, value):
        if part.value is None or part.key not in known:
            _unknown(sheet, "usbdev", value, part, known)
        elif part.key == "type" and part.value.lower() != "hostdev":
            _refuse(sheet, "usbdev", value, f"{part.value[:30]!r} is no type: it is hostdev")


def _pci(sheet: Sheet, value: Value) -> None:
    items = [item.strip() for item in str(value.content).split(",")]
    named = [item for item in items if item.startswith(("bdf=", "name="))]
    place = (named[0].partition("=")[2] if named else items[0]).partition("@")[0]
    if not any(item.startswith("name=") for item in items) and not _BDF.fullmatch(place):
        _refuse(
            sheet,
            "pci",
            value,
            f"{place[:30]!r} is no PCI device: it is like 03:00.0 or 0000:03:00.0, as lspci -D shows it",
        )
    for item in items[0 if named else 1 :]:
        if item.partition("=")[0] not in _PCI:
            says = f"{item[:30]!r} is no word of pci: they are {', '.join(_PCI)}"
            sheet.report(WARNING, "unknown-part", "pci", says, at=value)


def _matches(pattern: re.Pattern[str], key: str, example: str) -> Callable[[Sheet, Value], None]:
    def rule(sheet: Sheet, value: Value) -> None:
        if not pattern.match(str(value.content)):
            _refuse(sheet, key, value, f"{str(value.content)[:30]!r} is not like {example}")

    return rule


_RULES: dict[str, Callable[[Sheet, Value], None]] = {
    "vfb": _vfb,
    "vkb": _vkb,
    "p9": _p9,
    "vtpm": _vtpm,
    "vdispl": _vdispl,
    "pvcalls": _pvcalls,
    "channel": _channel,
    "usbctrl": _usbctrl,
    "usbdev": _usbdev,
    "pci": _pci,
    "ioports": _matches(_PORTS, "ioports", "2f8-2ff (hexadecimal)"),
    "irqs": _matches(_IRQ, "irqs", "11"),
    "iomem": _matches(_IOMEM, "iomem", "fd000,10 (pages, hexadecimal)"),
}


def _words(sheet: Sheet, key: str, what: str) -> None:
    known = keys()[key].words
    for value in sheet.items(key):
        word = str(value.content).removeprefix("!" if key == "viridian" else "")
        if word in known or (key == "viridian" and word.lower() in known and word.lower() not in ("all", "defaults")):
            continue
        meant = nearest(word, known)
        repair = sheet.text_instead(value, str(value.content).replace(word, meant)) if meant and word else None
        says = f"{word[:40]!r} is no word of {what}: they are {', '.join(known)}"
        sheet.report(ERROR, "unknown-word", key, says, at=value, repair=repair)


def _smbios(sheet: Sheet, value: Value) -> None:
    known = keys()["smbios"].words
    for part in parts(sheet, value):
        if part.key not in known:
            _unknown(sheet, "smbios", value, part, known)
        break  # a comma may belong to the text


def _cpuid(sheet: Sheet) -> None:
    text = sheet.config.string("cpuid")
    if text and text.split(",")[0] != "host":
        says = "its first word must be host; xl prints an error and goes on without"
        sheet.report(WARNING, "bad-cpuid", "cpuid", says)


def _loader_arguments(sheet: Sheet) -> None:
    if sheet.items("bootloader_args") and not sheet.config.string("bootloader") and sheet.whole:
        sheet.report(WARNING, "needs-other", "bootloader_args", "without a bootloader they do nothing")

"""Rules about the rarer devices, each with a small language of its own: tools/xl/xl_parse.c."""

from __future__ import annotations

import re
from collections.abc import Callable

from xentui.xlcfg.cnumbers import parse_ulong
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
_VDISPL = ("backend", "be-alloc", "connectors")
_VIRTIO = ("backend", "type", "transport", "grant_usage")
_VSND_SHARED = ("sample-rates", "sample-formats", "channels-min", "channels-max", "buffer-size")
#: What the items of a sound card begin with, and what may follow.
_VSND = {
    "card": (*_VSND_SHARED, "backend", "short-name", "long-name"),
    "pcm": (*_VSND_SHARED, "name"),
    "stream": (*_VSND_SHARED, "unique-id", "type"),
}
#: What xl takes of a connector: both numbers, or none at all, which make it 0x0.
_RESOLUTION = re.compile(r"[^:]*:(?:\s*[+-]?[0-9]+x\s*[+-]?[0-9]|\s*[^\s0-9+-])")
_PCM_FORMATS = re.compile(
    r"[su](?:8|(?:16|24|32)_[lb]e)|f(?:32|64)_[lb]e|iec958_subframe_[lb]e|mu_law|a_law|ima_adpcm|mpeg|gsm",
    re.IGNORECASE,
)


def check(sheet: Sheet) -> None:
    for key, rule in _RULES.items():
        for value in sheet.items(key):
            rule(sheet, value)
    if sheet.guest == "hvm":
        _words(sheet, "mca_caps", "mca_caps")
        _words(sheet, "viridian", "viridian")
        for value in sheet.items("smbios"):
            _smbios(sheet, value)
    _sound(sheet)
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
        elif part.key == "backend-type" and part.value.lower() not in ("qemu", "linux", "unknown"):
            _refuse(sheet, "vkb", value, f"{part.value[:30]!r} is no backend-type: it is qemu or linux")
            return
        else:
            found[part.key] = part.value
    if found.get("backend-type", "unknown").lower() == "unknown":
        _refuse(sheet, "vkb", value, "vkb needs backend-type=qemu or linux")
    sizes = any(_nonzero(found.get(f"multi-touch-{what}")) for what in ("width", "height", "num-contacts"))
    if _nonzero(found.get("feature-multi-touch")) and not sizes:
        _refuse(sheet, "vkb", value, "feature-multi-touch needs multi-touch-width, -height and -num-contacts")


def _nonzero(text: str | None) -> bool:
    """Whether strtoul(3) makes anything but 0 of it."""
    found = re.match(r"\s*[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)", text or "")
    return found is not None and re.search(r"[1-9a-fA-F]", found[0].lower().replace("0x", "")) is not None


def _pairs(sheet: Sheet, key: str, value: Value) -> list[tuple[str, str]] | None:
    """The NAME=VALUE items of `value`, without the blanks around either; None where xl refuses one."""
    found = []
    for part in parts(sheet, value):
        word, content = part.key.strip(), (part.value or "").strip()
        if not content:
            _refuse(sheet, key, value, f"{part.text[:40]!r} is no NAME=VALUE")
            return None
        found.append((word, content))
    if not found:
        _refuse(sheet, key, value, f"{key} is empty, which crashes xl")
        return None
    return found


def _p9(sheet: Sheet, value: Value) -> None:
    pairs = _pairs(sheet, "p9", value)
    if pairs is None:
        return
    for word, content in pairs:
        if word not in _P9:
            says = f"{word[:40]!r} is no word of p9: they are {', '.join(_P9)}"
            sheet.report(ERROR, "bad-device", "p9", says, at=value)
        elif word == "type" and content.lower() not in ("qemu", "xen_9pfsd", "unknown"):
            _refuse(sheet, "p9", value, f"{content[:30]!r} is no type: qemu or xen_9pfsd")
        elif word.startswith("max-") and parse_ulong(content) is None:
            _refuse(sheet, "p9", value, f"{content[:30]!r} is no number for {word}")
    found = dict(pairs)
    missing = [word for word in ("tag", "security_model", "path") if word not in found]
    if missing and found.get("type", "").lower() != "xen_9pfsd":
        # Seen on Xen 4.20: xl creates the guest all the same.
        says = f"without {' and '.join(missing)}, the guest gets no folder; xl starts it all the same"
        sheet.report(WARNING, "bad-device", "p9", says, at=value)


def _vtpm(sheet: Sheet, value: Value) -> None:
    found = _known(sheet, "vtpm", value, ("backend", "uuid"))
    if "backend" not in found:
        _refuse(sheet, "vtpm", value, "vtpm needs a backend")
    for part in parts(sheet, value):
        if part.value is None:
            break
        if part.key == "uuid" and not _UUID.fullmatch(part.value):
            _refuse(sheet, "vtpm", value, f"{part.value[:40]!r} is no UUID", "bad-uuid")


def _vdispl(sheet: Sheet, value: Value) -> None:
    says = "vdispl needs connectors, like connectors=id0:1920x1080;id1:800x600"
    connectors: list[str] = []
    for part in parts(sheet, value):
        if part.value is None or part.key not in _VDISPL:
            _unknown(sheet, "vdispl", value, part, _VDISPL)
        elif part.key == "connectors":
            connectors = [connector for connector in part.value.split(";") if connector]
            if not connectors or not all(_RESOLUTION.match(connector) for connector in connectors):
                _refuse(sheet, "vdispl", value, says)
                return
            if not all(re.match(r"[^:]+:[0-9]+x[0-9]", c) for c in connectors):
                sheet.report(WARNING, "bad-device", "vdispl", f"{part.value[:40]!r}: {says}", at=value)
    if not connectors:
        _refuse(sheet, "vdispl", value, says)


def _virtio(sheet: Sheet, value: Value) -> None:
    swallowed = False
    found = parts(sheet, value)
    for place, part in enumerate(found):
        if swallowed:
            swallowed = False
        elif part.value is None or part.key not in _VIRTIO:
            _unknown(sheet, "virtio", value, part, _VIRTIO)
        elif part.key == "transport" and part.value.lower() not in ("mmio", "unknown"):
            _refuse(sheet, "virtio", value, f"{part.value[:30]!r} is no transport: it is mmio")
        elif part.key == "type" and part.value.startswith("virtio"):
            swallowed = True  # its name has a comma in it: type=virtio,device22
            if place == len(found) - 1:
                _refuse(sheet, "virtio", value, "type=virtio without ,deviceNN crashes xl")


def _sound(sheet: Sheet) -> None:
    value = sheet.config.value("vsnd")
    for card in value.content if value is not None and isinstance(value.content, tuple) else ():
        if not isinstance(card.content, tuple):
            says = 'each sound card is a list of its own: ["card, short-name=Main", "pcm, name=dev1", "stream, type=p"]'
            sheet.report(ERROR, "bad-device", "vsnd", says, at=card)
            return
        for item in card.content:
            if item.is_list:
                break
            _sound_item(sheet, item)


def _sound_item(sheet: Sheet, item: Value) -> None:
    found = parts(sheet, item)
    if not found:
        return
    kind = found[0].text.lower()
    if kind not in _VSND:
        _refuse(sheet, "vsnd", item, f"{found[0].text[:30]!r} is no part of a sound card: card, pcm or stream")
        return
    for part in found[1:]:
        if part.value is None or part.key not in _VSND[kind]:
            _unknown(sheet, "vsnd", item, part, _VSND[kind])
        elif part.key == "type" and part.value.lower() not in ("p", "c"):
            _refuse(sheet, "vsnd", item, f"{part.value[:30]!r} is no type of stream: p (playing) or c (recording)")
        elif part.key == "sample-formats":
            for name in part.value.split(";"):
                if name and not _PCM_FORMATS.fullmatch(name):
                    _refuse(sheet, "vsnd", item, f"{name[:30]!r} is no sample format, like s16_le")


def _pvcalls(sheet: Sheet, value: Value) -> None:
    _known(sheet, "pvcalls", value, ("backend",))


def _channel(sheet: Sheet, value: Value) -> None:
    pairs = _pairs(sheet, "channel", value)
    if pairs is None:
        return
    for word, content in pairs:
        if word not in ("backend", "name", "path", "connection"):
            sheet.report(WARNING, "unknown-part", "channel", f"xl ignores {word[:40]!r} in channel", at=value)
        elif word == "connection" and content not in ("pty", "socket"):
            _refuse(sheet, "channel", value, f"{content[:30]!r} is no connection: it is pty or socket")
            return
    found = dict(pairs)
    connection = found.get("connection")
    if connection is None:
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
    "virtio": _virtio,
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
    word, equals, content = str(value.content).partition("=")
    if word.lower() not in known:
        meant = nearest(word, known)
        repair = sheet.text_instead(value, f"{meant}={content}") if meant and equals else None
        says = f"{word[:40]!r} is no word of smbios: they are {', '.join(known)}"
        sheet.report(ERROR, "bad-device", "smbios", says, at=value, repair=repair)
    elif not content:
        _refuse(sheet, "smbios", value, f"smbios wants a text: {word}=...")


def _cpuid(sheet: Sheet) -> None:
    text = sheet.config.string("cpuid")
    if text and text.split(",")[0] != "host":
        says = "its first word must be host; xl prints an error and goes on without"
        sheet.report(WARNING, "bad-cpuid", "cpuid", says)


def _loader_arguments(sheet: Sheet) -> None:
    text, setting = sheet.config.string("bootloader_args"), sheet.setting("bootloader_args")
    if text is not None and not text.strip(" \t\n") and setting is not None:
        repair = None if setting.adds else sheet.without(setting)
        sheet.report(ERROR, "single-for-list", "bootloader_args", "an empty text here crashes xl", repair=repair)
    if sheet.items("bootloader_args") and not sheet.config.string("bootloader") and sheet.whole:
        sheet.report(WARNING, "needs-other", "bootloader_args", "without a bootloader they do nothing")

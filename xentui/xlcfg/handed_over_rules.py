"""Rules about the host's own hardware handed over to a guest: PCI devices, I/O ports, interrupts and memory.

Sources: libxlu_pci.c and tools/xl/xl_parse.c of Xen 4.20, tried with its xl.
"""

from __future__ import annotations

import re

from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, WARNING, Sheet

#: DOMAIN:BUS:DEVICE.FUNCTION@SLOT; the later numbers as strtoul(3) reads them: blanks, +, 0x and zeros do not count.
_SIGN = r"\s*\+?(?:0[xX])?0*"
_BDF = re.compile(
    rf"(?:0*[0-9a-fA-F]{{1,4}}:)?0*[0-9a-fA-F]{{1,2}}:{_SIGN}[01]?[0-9a-fA-F]"
    rf"\.(?:{_SIGN}[0-7]|\*)(?:@{_SIGN}[01]?[0-9a-fA-F])?"
)
_SLOT = re.compile(rf"{_SIGN}[01]?[0-9a-fA-F]")
_PCI = ("msitranslate", "power_mgmt", "permissive", "seize", "rdm_policy", "bdf", "vslot", "name")
_PORTS = re.compile(r"\s*(?:0[xX])?([0-9a-fA-F]++)(?:-\s*(?:0[xX])?([0-9a-fA-F]++)|(?!-).*)")
_IRQ = re.compile(r"\s*\+?([0-9]+)")
_IOMEM = re.compile(
    r"\s*(?:0[xX])?[0-9a-fA-F]{1,16},\s*(?:0[xX])?[0-9a-fA-F]{1,16}(?:@\s*(?:0[xX])?[0-9a-fA-F]{1,16})?"
)
_MOST_PORT = 2**32 - 1


def check(sheet: Sheet) -> None:
    _passthrough(sheet)
    for value in sheet.items("pci"):
        _pci(sheet, value)
    for value in sheet.items("ioports"):
        _ports(sheet, value)
    for value in sheet.items("irqs"):
        found = _IRQ.fullmatch(str(value.content))
        if found is None or int(found[1]) >= _MOST_PORT:
            _refuse(sheet, "irqs", value, f"{str(value.content)[:30]!r} is no interrupt: it is a number, like 11")
    for value in sheet.items("iomem"):
        if not _IOMEM.fullmatch(str(value.content)):
            says = f"{str(value.content)[:30]!r} is not like fd000,10 (pages, hexadecimal)"
            _refuse(sheet, "iomem", value, says)
    for key in ("ioports", "irqs", "iomem"):
        _whole_list(sheet, key)


def _refuse(sheet: Sheet, key: str, value: Value, says: str) -> None:
    sheet.report(ERROR, "bad-device", key, says, at=value)


def _passthrough(sheet: Sheet) -> None:
    """libxl__arch_passthrough_mode_setdefault, which only a real create asks."""
    mode = (sheet.config.string("passthrough") or "default").lower()
    given = next((key for key in ("pci", "dtdev") if sheet.items(key)), None)
    if mode == "disabled":
        if given is not None:
            says = f'passthrough = "disabled", and yet {given} hands devices over'
            sheet.report(ERROR, "passthrough", "passthrough", says)
    elif sheet.guest == "pvh" and (given or mode != "default"):
        says = "a PVH guest cannot have devices of the host; an HVM or PV guest can"
        sheet.report(ERROR, "passthrough", given or "passthrough", says)
    elif sheet.guest == "pv" and mode == "share_pt":
        value = sheet.config.value("passthrough")
        repair = sheet.text_instead(value, "sync_pt") if value and sheet.config.string("passthrough") else None
        sheet.report(ERROR, "passthrough", "passthrough", "share_pt is not for PV guests", repair=repair)


def _whole_list(sheet: Sheet, key: str) -> None:
    """These three are counted before they are read, so a list among them is not the end but an error."""
    value = sheet.config.value(key)
    for item in value.content if value is not None and isinstance(value.content, tuple) else ():
        if item.is_list:
            sheet.report(ERROR, "nested-list", key, f"a list within {key}: xl refuses it", at=item)
            break


def _ports(sheet: Sheet, value: Value) -> None:
    text = str(value.content)
    found = _PORTS.fullmatch(text)
    if found is None or any(number and int(number, 16) >= _MOST_PORT for number in found.groups()):
        _refuse(sheet, "ioports", value, f"{text[:30]!r} is not like 2f8-2ff (hexadecimal)")
    elif not re.fullmatch(r"\s*(?:0[xX])?[0-9a-fA-F]+(?:-.*)?", text):
        says = f"{text[:30]!r}: xl stops reading after the number, and says so, and goes on"
        sheet.report(WARNING, "unknown-part", "ioports", says, at=value)


def _pci(sheet: Sheet, value: Value) -> None:
    text = str(value.content)
    items = text.removesuffix(",").split(",")
    if "=" not in items[0]:
        place, items = items[0], items[1:]
    else:
        places = [item.partition("=")[2] for item in items if item.partition("=")[0] == "bdf"]
        place = next((found for found in places if not _BDF.fullmatch(found)), places[-1] if places else "")
    named = any(item.partition("=")[0] == "name" for item in items)
    if named and place:
        _refuse(sheet, "pci", value, "name and an address exclude each other")
    elif not named and not _BDF.fullmatch(place):
        says = f"{place[:30]!r} is no PCI device: it is like 03:00.0 or 0000:03:00.0, as lspci -D shows it"
        _refuse(sheet, "pci", value, says)
    for item in items:
        word, equals, content = item.partition("=")
        if word not in _PCI or not equals:
            says = f"{item[:30]!r} is no word of pci: they are {', '.join(f'{known}=' for known in _PCI)}"
            _refuse(sheet, "pci", value, says)
            return
        if word == "rdm_policy" and content not in ("strict", "relaxed"):
            _refuse(sheet, "pci", value, f"{content[:30]!r} is no rdm_policy: it is strict or relaxed")
        elif word == "bdf" and not _BDF.fullmatch(content) and content != place:
            _refuse(sheet, "pci", value, f"{content[:30]!r} is no PCI device")
        elif word == "vslot" and not _SLOT.fullmatch(content):
            _refuse(sheet, "pci", value, f"{content[:30]!r} is no slot: it is from 0 to 1f")

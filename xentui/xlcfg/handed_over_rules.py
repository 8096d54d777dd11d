"""Rules about the host's own hardware handed over to a guest: PCI devices, I/O ports, interrupts and memory.

Sources: libxlu_pci.c and tools/xl/xl_parse.c of Xen 4.20, tried with its xl.
"""

from __future__ import annotations

import re

from xentui.xlcfg.cnumbers import scan_hex, strtoul
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, WARNING, Sheet

#: What stands before the function of DOMAIN:BUS:DEVICE.FUNCTION@SLOT, each with the most it may be.
_PLACES = {1: (0xFF, 0x1F), 2: (0xFFFF, 0xFF, 0x1F)}
_HIGHEST_FUNCTION, _HIGHEST_SLOT = 7, 0x1F
_DIGITS_AND_COLONS = re.compile(r"[0-9a-fA-F:]*")
_PCI = ("msitranslate", "power_mgmt", "permissive", "seize", "rdm_policy", "bdf", "vslot", "name")
_MOST_PORT = 2**32 - 1


def check(sheet: Sheet) -> None:
    _passthrough(sheet)
    for value in sheet.items("pci"):
        _pci(sheet, value)
    for value in sheet.items("ioports"):
        _ports(sheet, value)
    for value in sheet.items("irqs"):
        found = strtoul(str(value.content))
        if found is None or found[1] or found[0] >= _MOST_PORT:
            _refuse(sheet, "irqs", value, f"{str(value.content)[:30]!r} is no interrupt: it is a number, like 11")
    for value in sheet.items("iomem"):
        if not _is_iomem(str(value.content)):
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
    first = last = strtoul(text, 16)
    if first is not None and first[1].startswith("-"):
        last = strtoul(first[1][1:], 16)
    if first is None or last is None or (first is not last and last[1]) or max(first[0], last[0]) >= _MOST_PORT:
        _refuse(sheet, "ioports", value, f"{text[:30]!r} is not like 2f8-2ff (hexadecimal)")
    elif last[1]:
        says = f"{text[:30]!r}: xl stops reading after the number, and says so, and goes on"
        sheet.report(WARNING, "unknown-part", "ioports", says, at=value)


def _is_iomem(text: str) -> bool:
    """``START,COUNT`` or ``START,COUNT@PLACE``, as sscanf(3) reads them."""
    first = scan_hex(text)
    count = scan_hex(first[1][1:]) if first is not None and first[1].startswith(",") else None
    if count is None or not count[1]:
        return count is not None
    place = scan_hex(count[1][1:]) if count[1].startswith("@") else None
    return place is not None and not place[1]


def _is_bdf(text: str) -> bool:
    """parse_bdf of libxlu_pci.c, and the slot that may follow."""
    begin = _DIGITS_AND_COLONS.match(text)
    rest = text
    for number, most in enumerate(places := _PLACES.get(begin[0].count(":") if begin else 0, ())):
        found = scan_hex(rest)
        mark = "." if number == len(places) - 1 else ":"
        if found is None or found[0] > most or not found[1].startswith(mark):
            return False
        rest = found[1][1:]
    if not places:
        return False
    function = (0, rest[1:]) if rest.startswith("*") else scan_hex(rest)
    if function is None or function[0] > _HIGHEST_FUNCTION:
        return False
    return not function[1] or (function[1].startswith("@") and _is_slot(function[1][1:]))


def _is_slot(text: str) -> bool:
    found = scan_hex(text)
    return found is not None and not found[1] and found[0] <= _HIGHEST_SLOT


def _pci(sheet: Sheet, value: Value) -> None:
    text = str(value.content)
    items = text.removesuffix(",").split(",")
    if "=" not in items[0]:
        place, items = items[0], items[1:]
    else:
        places = [item.partition("=")[2] for item in items if item.partition("=")[0] == "bdf"]
        place = next((found for found in places if not _is_bdf(found)), places[-1] if places else "")
    named = any(item.partition("=")[0] == "name" for item in items)
    if named and place:
        _refuse(sheet, "pci", value, "name and an address exclude each other")
    elif not named and not _is_bdf(place):
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
        elif word == "bdf" and not _is_bdf(content) and content != place:
            _refuse(sheet, "pci", value, f"{content[:30]!r} is no PCI device")
        elif word == "vslot" and not _is_slot(content):
            _refuse(sheet, "pci", value, f"{content[:30]!r} is no slot: it is from 0 to 1f")

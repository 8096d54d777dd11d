"""Rules about network interfaces: xl-network-configuration(5)."""

from __future__ import annotations

import re

from xentui.xlcfg.cnumbers import ULONG_MAX, parse_ulong, strtoul
from xentui.xlcfg.keys import nearest
from xentui.xlcfg.parser import Value
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet
from xentui.xlcfg.specs import Part, parts

_KEYS = (
    "type", "mac", "bridge", "ip", "script", "backend", "vifname", "model", "rate", "gatewaydev", "netdev",
    "accel", "devid", "mtu", "vlan", "forwarddev",
)  # fmt: skip
_FLAGS = ("trusted", "untrusted")
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}")
_RATE = re.compile(r"([0-9]+)([GMK]?)([Bb])/s(?:@([0-9]+)([mu]?)s?)?")
_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
#: The units of the time after the @, and what it is without, in microseconds.
_MICROSECONDS = {"": 1_000_000, "m": 1000, "u": 1}
_USUAL_TIME = 50_000
_MOST_32 = 2**32 - 1


def check(sheet: Sheet) -> None:
    macs: set[str] = set()
    devids: set[str] = set()
    for value in sheet.items("vif"):
        seen: dict[str, str] = {}
        for part in parts(sheet, value):
            _part(sheet, value, part)
            if part.value is not None:
                seen[part.key] = part.value
        mac = seen.get("mac", "").lower()
        if _MAC.fullmatch(mac):
            if mac in macs:
                sheet.report(WARNING, "mac-twice", "vif", f"{mac} is on two interfaces of this guest", at=value)
            macs.add(mac)
        devid = seen.get("devid")
        if devid is not None:
            if devid in devids:
                sheet.report(ERROR, "devid-twice", "vif", f"the devid {devid} is given twice", at=value)
            devids.add(devid)


def _part(sheet: Sheet, value: Value, part: Part) -> None:
    key, content = part.key, part.value
    if key in _FLAGS and content is None:
        return
    if content is None or (key not in _KEYS and not key.startswith("colo_")):
        _unknown(sheet, value, part)
        return
    if content != content.rstrip(" \t"):
        bare = content.rstrip(" \t")
        repair = part.replaced("take the blank out", len(part.text), f"{key}={bare}")
        says = f"the blank before the comma belongs to the {key}: {content!r}"
        sheet.report(WARNING, "blank-in-field", "vif", says, at=value, repair=repair)
    if key == "mac":
        _mac(sheet, value, part, content.strip())
    elif key == "type":
        _type(sheet, value, part, content.strip())
    elif key == "rate" and not _is_rate(content):
        says = f"{content[:30]!r} is no rate: it is like 10Mb/s or 1MB/s@20ms, b for bits and B for bytes"
        sheet.report(ERROR, "bad-vif", "vif", says, at=value)
    elif key in ("devid", "mtu") and parse_ulong(content) is None:
        sheet.report(ERROR, "bad-vif", "vif", f"{content[:30]!r} is no number for {key}", at=value)
    elif key in ("devid", "mtu") and content.lstrip().startswith("-"):
        says = f"{content[:30]!r} is no {key}: xl counts it from 2^64 down, without a word"
        sheet.report(WARNING, "bad-vif", "vif", says, at=value)
    elif key == "netdev":
        repair = part.replaced("write gatewaydev", len(key), "gatewaydev")
        sheet.report(INFO, "old-form", "vif", "netdev is the old name of gatewaydev", at=value, repair=repair)
    elif key == "accel":
        sheet.report(WARNING, "ignored-key", "vif", "xl ignores accel", at=value)
    elif key == "script" and content.rpartition("/")[2] == "vif-route":
        sheet.report(INFO, "needs-package", "vif", "vif-route needs ifconfig: install net-tools", at=value)


def _is_rate(text: str) -> bool:
    """xlu_vif_parse_rate of libxlu_vif.c. Its numbers have base 0, and 0 of them is none."""
    found = _RATE.fullmatch(text)
    if found is None:
        return False
    digits, factor, unit, time_digits, time_unit = found.groups()
    rate, _rest = strtoul(digits, 0) or (0, "")
    time = _USUAL_TIME
    if time_digits is not None:
        time, _rest = strtoul(time_digits, 0) or (0, "")
        time *= _MICROSECONDS[time_unit]
    if not (0 < rate <= _MOST_32 and 0 < time <= _MOST_32):
        return False
    return rate * _FACTORS[factor] // (8 if unit == "b" else 1) < ULONG_MAX // time


def _unknown(sheet: Sheet, value: Value, part: Part) -> None:
    bare = part.key.strip()
    if part.value is not None and bare in _KEYS:
        repair = part.replaced(f"take the blanks out of {bare}", len(part.text), f"{bare}={part.value.strip()}")
        says = f"{part.key!r} with its blank is none of xl's words: write {bare}={part.value.strip()[:40]}"
    else:
        meant = nearest(bare, _KEYS) if part.value is not None else None
        repair = part.replaced(f"write {meant}", len(part.key), meant) if meant else None
        says = f"xl does not know {part.text[:40]!r} and goes on without"
        if meant:
            says += f"; {meant} was meant?"
        elif bare == "dhcp":
            says += ": an address by DHCP is set within the guest"
    sheet.report(WARNING, "unknown-part", "vif", says, at=value, repair=repair)


def _mac(sheet: Sheet, value: Value, part: Part, mac: str) -> None:
    if not _MAC.fullmatch(mac):
        says = (
            f"{mac[:30]!r} is no MAC address; xl takes the bytes it can read. It is six pairs, like 00:16:3e:12:34:56"
        )
        dashes = mac.replace("-", ":")
        repair = part.replaced(f"write {dashes}", len(part.text), f"mac={dashes}") if _MAC.fullmatch(dashes) else None
        sheet.report(WARNING, "bad-mac", "vif", says, at=value, repair=repair)
    elif int(mac[:2], 16) & 1:
        says = f"{mac} is a multicast address; no interface can have it. Use 00:16:3e:.. or one that begins with 02"
        sheet.report(WARNING, "bad-mac", "vif", says, at=value)


def _type(sheet: Sheet, value: Value, part: Part, kind: str) -> None:
    if kind not in ("ioemu", "vif"):
        meant = nearest(kind, ("ioemu", "vif"))
        repair = part.replaced(f"write type={meant}", len(part.text), f"type={meant}") if meant else None
        says = f"{kind[:30]!r} is no type of an interface: it is ioemu or vif; xl goes on without"
        sheet.report(WARNING, "unknown-part", "vif", says, at=value, repair=repair)
    elif kind == "ioemu" and sheet.guest != "hvm":
        says = f"type=ioemu is an emulated card, which a {sheet.guest.upper()} guest cannot have; write type=vif"
        repair = part.replaced("write type=vif", len(part.text), "type=vif")
        sheet.report(WARNING, "vif-emulated", "vif", says, at=value, repair=repair)
